/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of the primary. What it says beats the configuration file.
 */
#ifndef HF_PRIMARY_OPTIONS_H
#define HF_PRIMARY_OPTIONS_H

#include "log.h"

/* Strings point into argv. */
struct hf_primary_options {
	const char *config_path;
	const char *instance; /* NULL: as in the file; already checked */
	int check;            /* read and check the file, then end */
	int verbose;          /* with check: print the effective configuration */
	int has_log_level;    /* log_level was given; else as in the file */
	enum hf_log_level log_level;
	char **eal_argv; /* what stands behind "--", for rte_eal_init(); not NULL-terminated */
	int eal_argc;
};

/*
 * Reads argv into *o. Main thread, after hf_log_init(). Returns
 *   0        go on;
 *   1        help, keys or version were printed to stdout: exit 0;
 *   -EINVAL  one line was written to stderr: exit 2.
 */
int options_parse(int argc, char **argv, struct hf_primary_options *o);

#endif

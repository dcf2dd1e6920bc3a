/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of holdfast-lab share. A measurement is one file with a run function and one row
 * of the table in main.c; it runs what it compares alternately, in one process, and prints medians
 * and ratios.
 */
#ifndef HF_LAB_H
#define HF_LAB_H

#include <stdint.h>

#define LAB_EXIT_USAGE 2
#define LAB_ROUNDS_MAX 101U

struct lab_command {
	const char *name;
	const char *help;                  /* one line */
	int (*run)(int argc, char **argv); /* argv[0] is the command; returns the exit status */
};

/* --- options.c ------------------------------------------------------------------------------ */

struct lab_list {
	uint32_t n;
	uint64_t value[16];
};

/* "2K,64K,1M" (K = 1024, M = 1024 K), each from min to max. Returns 0 or -EINVAL. */
int lab_parse_list(const char *text, uint64_t min, uint64_t max, struct lab_list *list);

/* --- series.c ------------------------------------------------------------------------------- */

/* The values of one quantity in the rounds of a run. */
struct lab_series {
	uint32_t n;
	double value[LAB_ROUNDS_MAX];
};

void lab_add(struct lab_series *s, double value);
double lab_median(const struct lab_series *s);
double lab_least(const struct lab_series *s);
double lab_most(const struct lab_series *s);

uint64_t lab_now_ns(void); /* monotonic */

/* --- measure.c ------------------------------------------------------------------------------ */

/* CPU time of this thread in ns: what other programs take meanwhile does not count. */
uint64_t lab_cpu_ns(void);

/*
 * Starts EAL in this process alone: no PCI, no files left behind, hugepages taken as needed and
 * given back at the end. Returns 0 or -errno (logged).
 */
int lab_eal_start(void);

/* --- commands ------------------------------------------------------------------------------- */

int lab_flow_table(int argc, char **argv);
int lab_forward(int argc, char **argv);
int lab_monitor_scan(int argc, char **argv);

#endif

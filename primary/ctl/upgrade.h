/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of `holdfastctl upgrade` know of each other. One thread.
 */
#ifndef HF_CTL_UPGRADE_H
#define HF_CTL_UPGRADE_H

#include <stddef.h>
#include <sys/types.h>

#define REPLACE_ATTACH_S 10.0

/* A worker and the process that is to replace it. */
struct replacement {
	pid_t old;    /* worker */
	pid_t child;  /* what was started: the worker, or the parent of one with --respawn */
	pid_t worker; /* once it has attached */
	int ended;    /* it was waited for */
};

/* --- replace.c ------------------------------------------------------------------------------ */

/*
 * Starts binary as the old worker was started: its arguments, environment, folder, CPUs and output,
 * in a session of its own. Returns 0, or -1: why says why not.
 */
int replace_start(struct replacement *r, const char *binary, char *why, size_t why_len);

/* The first line of `binary --version`. Returns 0, or -1: it did not say one in time. */
int replace_ask_version(const char *binary, char *line, size_t len);

/* Has it ended? Fills why if so. */
int replace_ended(struct replacement *r, char *why, size_t why_len);

/* Is pid the process that was started, or its child? */
int replace_is(const struct replacement *r, pid_t pid);

/* Ends it, if it lives, and waits for that, a few seconds at most. */
void replace_stop(struct replacement *r);

#endif

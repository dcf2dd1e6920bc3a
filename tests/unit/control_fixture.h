/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control socket in an instance of its own, and clients that drive it. The rest of the primary is
 * made up: hand-overs take a few polls and end as a test says. For the control tests alone.
 */
#ifndef HF_CONTROL_FIXTURE_H
#define HF_CONTROL_FIXTURE_H

#include "control.h"

#define LANES 3
#define FRESH 5 /* worker slot that lanes go to */

/* What the made-up parts were asked, and how they are to answer. */
struct fake {
	struct hf_primary p;
	char instance[HF_INSTANCE_LEN];
	char dir[128], path[160];
	int census, census_err, samples, clears;
	int polls_left, begun;
	int to_standby[LANES], begin_err[LANES], fails[LANES], gap_known;
	int released[HF_MAX_WORKERS]; /* command, 0: not released */
	int drained;
};

/* The one there is; made afresh for every test. */
struct fake *fake_get(void);

/*
 * Set-up and tear-down of a test: lanes 0 and 1 belong to worker a (slot 0), lane 2 to b (slot 1),
 * and worker next (slot FRESH) owns none. The tear-down checks that no file is left.
 */
int control_make(void **state);
int control_drop(void **state);

/* Can the instance's folder be made here? Returns 0, or 77 after saying what is missing. */
int control_check_place(void);

/* Turns of a main loop, 5 ms at most each. */
void turn(void);
void turns(int n);

/* A client's connection, a text to send, and the next reply (NULL: the connection ended, or none
 * came). get() turns the loop meanwhile. */
int dial(void);
void put(int fd, const char *text);
json_t *get(int fd);
json_t *ask(int fd, const char *line);

/* Of a reply: is it a success; a number in it; a request that must be refused with code. */
int ok(const json_t *reply);
int number(const json_t *object, const char *key);
void refused(int fd, const char *line, int code);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ways to run: a loop that writes blocks, one that draws a screen, one that serves metrics; and
 * what all need: signals that end them, and waiting that such a signal cuts short. Main thread
 * only.
 */
#ifndef HF_MONITOR_LOOP_H
#define HF_MONITOR_LOOP_H

#include <time.h>

#include "options.h"

/* Blocks SIGINT, SIGTERM and SIGHUP but for the time of loop_wait(), and ignores SIGPIPE. */
void loop_init(void);

/* 1 once a signal asked the program to end. */
int loop_stopped(void);

/*
 * Sleeps until the monotonic clock shows *deadline, a signal comes, or fd (-1: none) can be read.
 * Returns 1 when fd is readable, -1 when fd is no more, else 0.
 */
int loop_wait(int fd, const struct timespec *deadline);

/* The monotonic clock now plus seconds. */
struct timespec loop_after(double seconds);

/* *deadline moved on by seconds, but not into the past. */
void loop_advance(struct timespec *deadline, double seconds);

/* Seconds until *deadline; negative when it has passed. */
double loop_left(const struct timespec *deadline);

/* Has *deadline come? */
int loop_due(const struct timespec *deadline);

/* CLOCK_REALTIME in seconds. */
double loop_now(void);

/* Run until count samples, a signal, or (screen) `q`. Return the exit status of the program. */
int batch_run(const struct hf_options *o);
int batch_replay(const struct hf_options *o);
int screen_run(const struct hf_options *o);
int export_run(const struct hf_options *o);

#endif

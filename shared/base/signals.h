/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals as file descriptors, for the main threads of primary and worker.
 */
#ifndef HF_SIGNALS_H
#define HF_SIGNALS_H

/*
 * Blocks a signal in the calling thread, and in those it starts later. Returns a descriptor (closed
 * by exec, never blocking) that is readable when one has come, or -errno.
 */
int hf_signals_open_one(int signum);

/* The same for those that end a process: SIGTERM, SIGINT, SIGHUP. SIGPIPE is ignored from here. */
int hf_signals_open_end(void);

#endif

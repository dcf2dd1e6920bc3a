/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel says of a thread of another process. Any thread; waits for nobody.
 */
#ifndef HF_THREAD_LOOK_H
#define HF_THREAD_LOOK_H

#include <stdint.h>

struct thread_look {
	char state;       /* of /proc/PID/task/TID/stat: R, S, D, T, t, Z ... */
	int cpu;          /* on which it runs, or ran last */
	uint64_t run_ns;  /* CPU time it has had */
	uint64_t wait_ns; /* time it was runnable and had no CPU, up to when it last got one */
};

/* Returns 0, or -errno: -ENOENT when there is no such thread, or it is just gone. */
int thread_look(int32_t pid, int32_t tid, struct thread_look *look);

/* Does the state say that somebody stopped it (a signal, or a debugger)? */
static inline int
thread_is_stopped(const struct thread_look *look)
{
	return look->state == 'T' || look->state == 't';
}

#endif

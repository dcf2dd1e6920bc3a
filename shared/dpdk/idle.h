/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a polling thread does when it finds nothing: one rule for lane threads and I/O threads. A
 * thread that may sleep does so after few polls: where threads share CPUs, one that polls on takes
 * the CPU from those that have packets. Headers of DPDK only.
 */
#ifndef HF_IDLE_H
#define HF_IDLE_H

#include <rte_pause.h>
#include <stdint.h>
#include <time.h>

#include "segment.h"

#define HF_IDLE_SPIN_POLLS  64 /* empty polls before pauses grow longer */
#define HF_IDLE_SLEEP_POLLS 8  /* empty polls before sleeping */
#define HF_IDLE_SLEEP_STEP  10 /* us by which sleeps grow */

/* Has the thread come to where it waits longer than a pause? idle: enum hf_idle. */
static inline int
hf_idle_waits(uint32_t idle, unsigned int empty)
{
	return empty >= (idle == HF_IDLE_SLEEP ? HF_IDLE_SLEEP_POLLS : HF_IDLE_SPIN_POLLS);
}

/* After the empty-th empty poll in a row. Sleeps at most sleep_us microseconds. */
static inline void
hf_idle_wait(uint32_t idle, uint32_t sleep_us, unsigned int empty)
{
	rte_pause();
	if (idle == HF_IDLE_POLL || !hf_idle_waits(idle, empty))
		return;
	if (idle == HF_IDLE_SLEEP) {
		uint64_t us = (uint64_t)(empty - HF_IDLE_SLEEP_POLLS + 1) * HF_IDLE_SLEEP_STEP;
		struct timespec ts = {0, (long)(us < sleep_us ? us : sleep_us) * 1000};

		nanosleep(&ts, NULL);
		return;
	}
	for (int i = 0; i < 32; i++)
		rte_pause();
}

#endif

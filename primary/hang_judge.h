/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does a thread hang whose heartbeat is old? Judged by what was seen of it at a few looks. Pure: no
 * clock, no system call, nothing shared.
 */
#ifndef HF_HANG_JUDGE_H
#define HF_HANG_JUDGE_H

#include <stdint.h>

#include "thread_look.h"

/* One heartbeat, and how its thread stood since it was first found old. */
struct hang_suspect {
	uint64_t beat; /* 0: none */
	uint64_t since_ns, looked_ns;
	uint64_t stopped_ns;    /* first seen stopped, 0: it is not */
	uint64_t ran_ns;        /* CPU time it was seen to have since */
	uint64_t first_wait_ns; /* time without a CPU, as of the first look */
	struct thread_look now;
	uint32_t probe; /* of the CPU it sleeps on; 0: not asked yet */
	int cpu_runs;   /* the probe answered, at an earlier look than this one */
};

/* One look. */
struct hang_sight {
	uint64_t beat;
	uint64_t now_ns, age_ns; /* of the heartbeat */
	uint64_t limit_ns;
	int beats; /* 0: it does not beat at present: only a stop counts */
	struct thread_look look;
};

/* Notes the look. 1: the thread hangs. */
int hang_judge(struct hang_suspect *s, const struct hang_sight *w);

/*
 * 1: the thread sleeps, and it is time to find out whether the CPU that would wake it runs at all.
 * After hang_judge() with the same look.
 */
int hang_wants_probe(const struct hang_suspect *s, const struct hang_sight *w);

#endif

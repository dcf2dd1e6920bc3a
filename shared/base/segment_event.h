/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segment's log of events. Part of the layout: see segment.h, which includes it.
 */
#ifndef HF_SEGMENT_EVENT_H
#define HF_SEGMENT_EVENT_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "segment_limits.h"

enum hf_event_type {
	HF_EVENT_NONE,
	HF_EVENT_READY,         /* the primary serves */
	HF_EVENT_WORKER_START,  /* pid */
	HF_EVENT_WORKER_EXIT,   /* pid left by itself; code: HF_EXIT_CODE */
	HF_EVENT_WORKER_DEATH,  /* pid died without giving its lanes back; value: lanes held; code:
				   HF_EXIT_CODE */
	HF_EVENT_LANE_START,    /* lane's first owner: pid */
	HF_EVENT_LANE_HANDOVER, /* lane, new owner's pid; value: gap in ns */
	HF_EVENT_LANE_TAKEOVER, /* lane, new owner's pid; value: gap in ns */
	HF_EVENT_LANE_ORPHANED, /* lane has no owner */
	HF_EVENT_LINK,          /* port in lane field; value: enum hf_link */
	HF_EVENT_NUMA_MISMATCH, /* lane; value: its CPU's node */
	HF_EVENT_CLEAR,         /* counters were cleared */
	HF_EVENT_STOP,
	HF_EVENT_WORKER_CRASH, /* pid, lane; code: HF_CRASH_CODE; value: fault address; text: stage
				*/
	HF_EVENT_WORKER_HANG,  /* pid, lane or -1; value: ns since its heartbeat; it was killed */
	HF_EVENT_LANE_RECOVERED, /* lane made whole by the primary; value: ns it took */
	HF_EVENT_ADOPTED, /* the primary took over a kept segment; value: packets lost with the old
			   */
	HF_EVENT_QUARANTINED, /* lane, pid of the second owner that died on it; code: HF_CRASH_CODE,
			       * signal 0: a hang; value: ring index; text: stage */
	HF_EVENT_QUARANTINE_FULL, /* lane; value: packets dropped so and not written */
	HF_EVENT_COUNT,
};

struct hf_event {
	_Atomic(uint64_t) seq; /* number of this event from 1; stored last (release) */
	int64_t realtime_ns;
	uint32_t type; /* enum hf_event_type */
	int32_t pid;
	int32_t lane;  /* or port; -1 none */
	uint32_t code; /* HF_EVENT_WORKER_CRASH: see there; else 0 */
	uint64_t value;
	char text[24]; /* worker's or port's name */
};
static_assert(sizeof(struct hf_event) == 64, "an event is one cache line");

/* Signal and enum hf_step in an event's code. */
#define HF_CRASH_CODE(signal, step) ((uint32_t)(signal) | (uint32_t)(step) << 8)
#define HF_CRASH_CODE_SIGNAL(code)  ((int)((code)&0xff))
#define HF_CRASH_CODE_STEP(code)    ((code) >> 8)

/* enum hf_exit and its number in an event's code. */
#define HF_EXIT_CODE(reason, number) ((uint32_t)(reason) | (uint32_t)(number) << 8)
#define HF_EXIT_CODE_REASON(code)    ((code)&0xff)
#define HF_EXIT_CODE_NUMBER(code)    ((code) >> 8)

/* Writer: primary's main thread. Event n is at [(n - 1) % HF_MAX_EVENTS]. */
struct hf_event_log {
	alignas(64) _Atomic(uint64_t) last; /* number of the newest event; 0: none */
	alignas(64) struct hf_event event[HF_MAX_EVENTS];
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parts of sample_take(), for the files of this folder alone. Each reads the segment, or what was
 * copied out of it, and fills its rows of the sample. Main thread only.
 */
#ifndef HF_MONITOR_TAKE_H
#define HF_MONITOR_TAKE_H

#include "sample.h"

/* Pools, and what the segment's bytes are for. */
void take_pools(struct hf_sample *s, const struct hf_segment *seg);
void take_parts(struct hf_sample *s, const struct hf_segment *seg);

/* A lane's load, ring and gaps, its gap counts having been taken; its room against before. */
void take_load(struct hf_lane_row *row, const struct hf_segment *seg);
void compare_load(struct hf_lane_row *now, const struct hf_lane_row *before, uint64_t tsc_hz);
void forget_load(struct hf_lane_row *row);

/* What became of workers of this one's name. */
void take_past(struct hf_worker_row *row, const struct hf_segment *seg);

/* Queues of the ports, which were taken before. */
void take_queues(struct hf_sample *s, const struct hf_segment *seg);

/* By reason, and by reason and lane; from the lanes' totals, which were taken before. */
void take_drops(struct hf_sample *s);

/* Why packets were counted in no flow. Reason 0 is "it is a flow" and never counted. */
void take_skips(struct hf_sample *s, const struct hf_segment *seg);

/* Parts of sample_compare(). seconds: between the two. */
void compare_drops(struct hf_sample *s, const struct hf_sample *before, double seconds);
void forget_drops(struct hf_sample *s);

/* Queues, and the spread over lanes, whose rates are known. */
void compare_queues(struct hf_sample *s, const struct hf_sample *before, double seconds);
void forget_queues(struct hf_sample *s);

static inline uint32_t
take_u32(const _Atomic(uint32_t) *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

static inline uint32_t
take_least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Seconds from then to now by the time stamp counter; 0 when then is later (another CPU's). */
static inline double
take_age(const struct hf_sample *s, uint64_t then)
{
	return s->tsc > then ? (double)(s->tsc - then) / (double)s->tsc_hz : 0;
}

/* Growth a second; unknown when one is unknown, the counter went back, or there was no time. */
double take_rate(uint64_t now, uint64_t before, double seconds);

#endif

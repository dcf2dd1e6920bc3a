/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A histogram of times in tsc ticks: 32 buckets to each power of two, so that a value is known to
 * about 3 %; smallest and largest exactly. One thread; add is for the hot path.
 */
#ifndef HF_WIRE_LATENCY_H
#define HF_WIRE_LATENCY_H

#include <stdint.h>

#define WIRE_LATENCY_SUB_BITS 5
#define WIRE_LATENCY_SUB      (1U << WIRE_LATENCY_SUB_BITS)
#define WIRE_LATENCY_BUCKETS  ((64 - WIRE_LATENCY_SUB_BITS + 1) * WIRE_LATENCY_SUB)

/* Zeroed is empty. */
struct wire_latency {
	uint64_t n;
	uint64_t min, max;
	uint64_t bucket[WIRE_LATENCY_BUCKETS];
};

static inline uint32_t
wire_latency_bucket(uint64_t ticks)
{
	uint32_t shift;

	if (ticks < WIRE_LATENCY_SUB)
		return (uint32_t)ticks;
	shift = 63 - (uint32_t)__builtin_clzll(ticks) - WIRE_LATENCY_SUB_BITS;
	return (shift << WIRE_LATENCY_SUB_BITS) + (uint32_t)(ticks >> shift);
}

static inline void
wire_latency_add(struct wire_latency *l, uint64_t ticks)
{
	l->min = l->n == 0 || ticks < l->min ? ticks : l->min;
	l->max = ticks > l->max ? ticks : l->max;
	l->n++;
	l->bucket[wire_latency_bucket(ticks)]++;
}

/* The time that part (0 to 1) of the values do not exceed, in ticks; 0 when there is none. */
uint64_t wire_latency_quantile(const struct wire_latency *l, double part);

#endif

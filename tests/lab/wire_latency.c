/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire_latency.h"

/* Middle of a bucket. */
static uint64_t
value_of(uint32_t bucket)
{
	uint32_t shift;

	if (bucket < 2 * WIRE_LATENCY_SUB)
		return bucket;
	shift = (bucket >> WIRE_LATENCY_SUB_BITS) - 1;
	return ((uint64_t)(bucket % WIRE_LATENCY_SUB + WIRE_LATENCY_SUB) << shift) +
	       (UINT64_C(1) << shift) / 2;
}

uint64_t
wire_latency_quantile(const struct wire_latency *l, double part)
{
	uint64_t below = 0, want = (uint64_t)(part * (double)l->n), value;

	want = want < 1 ? 1 : want;
	for (uint32_t i = 0; i < WIRE_LATENCY_BUCKETS; i++) {
		below += l->bucket[i];
		if (below < want)
			continue;
		value = value_of(i);
		return value < l->min ? l->min : value > l->max ? l->max : value;
	}
	return l->max;
}

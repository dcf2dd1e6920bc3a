/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is remembered of a record from one scan to the next. For flows.c alone; main thread.
 */
#ifndef HF_MONITOR_FLOW_MARK_H
#define HF_MONITOR_FLOW_MARK_H

#include <math.h>

#include "flow_peek.h"
#include "flows.h"

#define MARK_UNKNOWN  2U /* generation of an entry whose record could not be read */
#define PACKETS_RANGE (UINT64_C(1) << 36)
#define BYTES_RANGE   (UINT64_C(1) << 44)

static inline struct hf_flow_mark
mark_pack(const struct hf_flow_counts *c)
{
	return (struct hf_flow_mark){
		.packets_low = (uint32_t)c->packets,
		.bytes_low = (uint32_t)c->bytes,
		.generation = c->generation | 1,
		.high = (uint16_t)((c->packets >> 32 & 0xf) | (c->bytes >> 32 & 0xfff) << 4),
	};
}

/* More than a mark can tell from a small count. */
static inline int
mark_overflows(const struct hf_flow_counts *c)
{
	return c->packets >= PACKETS_RANGE || c->bytes >= BYTES_RANGE;
}

static inline uint64_t
mark_packets(const struct hf_flow_mark *m)
{
	return m->packets_low | (uint64_t)(m->high & 0xf) << 32;
}

static inline uint64_t
mark_bytes(const struct hf_flow_mark *m)
{
	return m->bytes_low | (uint64_t)(m->high >> 4) << 32;
}

/* Is it of the flow that has these counts? */
static inline int
mark_is_of(const struct hf_flow_mark *m, const struct hf_flow_counts *c)
{
	return m->generation == (c->generation | 1);
}

/* now - before, modulo range; a count that recovery took back is not negative but 0. */
static inline double
mark_difference(uint64_t now, uint64_t before, uint64_t range)
{
	uint64_t d = (now - before) & (range - 1);

	return d < range / 2 ? (double)d : 0;
}

/* Rates since the scan before (seconds 0: there was none). A flow newer than that began with 0. */
static inline double
mark_pps(const struct hf_flow_mark *m, const struct hf_flow_counts *c, double seconds)
{
	uint64_t before = mark_is_of(m, c) ? mark_packets(m) : 0;

	if (!(seconds > 0) || m->generation == MARK_UNKNOWN)
		return NAN;
	return mark_difference(c->packets, before, PACKETS_RANGE) / seconds;
}

static inline double
mark_bps(const struct hf_flow_mark *m, const struct hf_flow_counts *c, double seconds)
{
	uint64_t before = mark_is_of(m, c) ? mark_bytes(m) : 0;

	if (!(seconds > 0) || m->generation == MARK_UNKNOWN)
		return NAN;
	return mark_difference(c->bytes, before, BYTES_RANGE) * 8 / seconds;
}

#endif

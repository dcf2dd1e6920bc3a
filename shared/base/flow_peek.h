/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a whole flow table beside its owner, inline: what a bucket says of its records without
 * touching them, and the counts of one without its key. For programs that look at all of it often
 * (the monitor); hf_flow_read() is the whole record. Nothing here writes.
 */
#ifndef HF_FLOW_PEEK_H
#define HF_FLOW_PEEK_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "flow_table.h"

#define HF_FLOW_SLOTS_ALL ((1U << HF_FLOW_BUCKET_SLOTS) - 1)

/* The counts of a record at one instant. */
struct hf_flow_counts {
	uint64_t packets;
	uint64_t bytes; /* may lack the packet being counted */
	uint32_t first_tick;
	uint32_t last_tick;
	uint16_t generation;
};

/* Bit i: slot i of the bucket is in use. Pairs with the release stores of tags. */
static inline uint32_t
hf_flow_slots_used(const struct hf_flow_bucket *b)
{
	uint32_t empty = 0;

#ifdef __SSE2__
	/* Each tag is loaded whole: x86 does not tear an aligned one. */
	__m128i tags = _mm_load_si128((const __m128i *)(const void *)b->tag);
	__m128i zero = _mm_setzero_si128();

	empty = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(_mm_cmpeq_epi16(tags, zero), zero));
#else
	for (uint32_t i = 0; i < HF_FLOW_BUCKET_SLOTS; i++)
		empty |= (uint32_t)(atomic_load_explicit(&b->tag[i], memory_order_relaxed) == 0)
			 << i;
#endif
	atomic_thread_fence(memory_order_acquire);
	return ~empty & HF_FLOW_SLOTS_ALL;
}

/* Bit i: slot i was last seen before tick (of the last 24 days). */
static inline uint32_t
hf_flow_slots_before(const struct hf_flow_bucket *b, uint32_t tick)
{
#ifdef __SSE2__
	const __m128i *seen = (const __m128i *)(const void *)b->seen_tick;
	__m128i limit = _mm_set1_epi32((int)tick);
	__m128i low = _mm_sub_epi32(_mm_load_si128(&seen[0]), limit);
	__m128i high = _mm_sub_epi32(_mm_load_si128(&seen[1]), limit);

	/* the signs of eight differences */
	return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(low)) |
	       (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
#else
	uint32_t before = 0;

	for (uint32_t i = 0; i < HF_FLOW_BUCKET_SLOTS; i++) {
		uint32_t seen = atomic_load_explicit(&b->seen_tick[i], memory_order_relaxed);

		before |= (uint32_t)((int32_t)(seen - tick) < 0) << i;
	}
	return before;
#endif
}

/*
 * The counts of a record whose slot is in use. Returns 1, or 0 when its owner changed it meanwhile
 * or it is being written: ask hf_flow_read(), which tries again. Lock-free.
 */
static inline int
hf_flow_peek(const struct hf_flow_table *t, uint32_t index, struct hf_flow_counts *c)
{
	const struct hf_flow_record *r = &t->records[index];
	const _Atomic(uint16_t) *tag =
		&t->buckets[index / HF_FLOW_BUCKET_SLOTS].tag[index % HF_FLOW_BUCKET_SLOTS];
	/* Pairs with the release stores of the even generation and of each count. */
	uint64_t packets = atomic_load_explicit(&r->packets_gen, memory_order_acquire);

	c->bytes = atomic_load_explicit(&r->bytes, memory_order_relaxed);
	c->first_tick = atomic_load_explicit(&r->first_tick, memory_order_relaxed);
	c->last_tick = atomic_load_explicit(&r->last_tick, memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	c->packets = packets & HF_FLOW_PACKETS_MASK;
	c->generation = (uint16_t)(packets >> HF_FLOW_PACKETS_BITS);
	return (c->generation & 1) == 0 &&
	       atomic_load_explicit(&r->packets_gen, memory_order_relaxed) == packets &&
	       atomic_load_explicit(tag, memory_order_relaxed) != 0;
}

#endif

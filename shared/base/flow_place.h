/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the flow table's owner share: where a key may live, and how tags, keys and idle
 * times are compared. For flow_table.c, flow_bulk.c and flow_age.c alone; owner thread.
 */
#ifndef HF_FLOW_PLACE_H
#define HF_FLOW_PLACE_H

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "flow_table.h"

#define FLOW_KEY_WORDS (sizeof(struct hf_flow_key) / sizeof(uint64_t))
/* "Seen" this far ahead of now is a clock behind, not a long idle time. */
#define FLOW_SKEW_TICKS 60000U

/* Where a key may live. */
struct flow_place {
	uint32_t bucket[2]; /* may be equal */
	uint32_t tag;       /* 16 bits, never 0 */
};

static inline uint32_t
flow_tag(uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 48);

	return tag != 0 ? tag : 1;
}

static inline struct flow_place
flow_locate(const struct hf_flow_table *t, uint64_t hash)
{
	return (struct flow_place){
		.bucket = {hf_flow_bucket(t, hash, 0), hf_flow_bucket(t, hash, 1)},
		.tag = flow_tag(hash),
	};
}

/* Bit i: slot i has this tag. Owner only, so the tags need no atomic loads. */
static inline uint32_t
flow_match_tags(const struct hf_flow_bucket *b, uint32_t tag)
{
#ifdef __SSE2__
	__m128i tags = _mm_load_si128((const __m128i *)(const void *)b->tag);
	/* not _mm_set1_epi16: gcc 12 spills 2 bytes and reloads 4, a stall in each find */
	__m128i same = _mm_cmpeq_epi16(tags, _mm_set1_epi32((int)(tag << 16 | tag)));

	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128()));
#else
	uint32_t bits = 0;

	for (uint32_t i = 0; i < HF_FLOW_BUCKET_SLOTS; i++)
		bits |= (uint32_t)(atomic_load_explicit(&b->tag[i], memory_order_relaxed) == tag)
			<< i;
	return bits;
#endif
}

static inline uint64_t
flow_key_word(const struct hf_flow_key *k, uint32_t i)
{
	uint64_t v;

	memcpy(&v, (const uint8_t *)k + i * sizeof(v), sizeof(v));
	return v;
}

static inline int
flow_same_key(const struct hf_flow_key *a, const struct hf_flow_key *b)
{
	uint64_t differ = 0;

	for (uint32_t i = 0; i < FLOW_KEY_WORDS; i++)
		differ |= flow_key_word(a, i) ^ flow_key_word(b, i);
	return differ == 0;
}

/* A slot is marked once a tick: the line of a busy bucket stays clean in between. */
static inline void
flow_mark_seen(struct hf_flow_table *t, uint32_t slot, uint32_t now)
{
	_Atomic(uint32_t) *seen =
		&t->buckets[slot / HF_FLOW_BUCKET_SLOTS].seen_tick[slot % HF_FLOW_BUCKET_SLOTS];

	if (atomic_load_explicit(seen, memory_order_relaxed) != now)
		atomic_store_explicit(seen, now, memory_order_relaxed);
	HF_POINT("flow_found_seen");
}

static inline uint32_t
flow_idle_since(uint32_t now, uint32_t seen)
{
	uint32_t idle = now - seen;

	return idle <= UINT32_MAX - FLOW_SKEW_TICKS ? idle : 0;
}

/* Where a key may live, and where it does: HF_FLOW_NONE when it is nowhere and there is no room. */
struct flow_placed {
	struct flow_place place;
	uint32_t slot;
};

/* Finds key, or inserts it where that needs no eviction; marks it seen. */
struct flow_placed flow_find_or_fill(struct hf_flow_table *t, const struct hf_flow_key *key,
				     uint64_t hash, uint32_t now);

/*
 * Inserts a key that has no room, instead of the idlest flow of its two buckets. taken: bit i, slot
 * i of the first bucket must stay; bit 8 + i: slot i of the second. HF_FLOW_NONE: all of them must.
 */
uint32_t flow_evict_for(struct hf_flow_table *t, struct flow_place p, const struct hf_flow_key *key,
			uint32_t now, uint32_t taken);

/* The empty slot an insert takes, HF_FLOW_NONE when both buckets are full. */
uint32_t flow_free_slot(const struct hf_flow_table *t, struct flow_place p);

/* Removes the record in slot: writes the journal, then does what it says. */
void flow_remove(struct hf_flow_table *t, uint32_t slot, uint32_t expired);

#endif

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
/* The first bucket takes inserts while it has so many empty slots. */
#define FLOW_FIRST_FREE_MIN 4

static inline uint32_t
flow_tag(uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 48);

	return tag != 0 ? tag : 1;
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

#ifdef __SSE2__
static inline __m128i
flow_same_bytes(const uint8_t *a, const uint8_t *b)
{
	return _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
			      _mm_loadu_si128((const __m128i *)(const void *)b));
}
#endif

static inline int
flow_same_key(const struct hf_flow_key *a, const struct hf_flow_key *b)
{
	uint64_t differ =
		flow_key_word(a, FLOW_KEY_WORDS - 1) ^ flow_key_word(b, FLOW_KEY_WORDS - 1);
#ifdef __SSE2__
	__m128i same =
		_mm_and_si128(flow_same_bytes(a->src, b->src), flow_same_bytes(a->dst, b->dst));

	differ |= (uint32_t)_mm_movemask_epi8(same) ^ 0xffffU;
#else
	for (uint32_t i = 0; i < FLOW_KEY_WORDS - 1; i++)
		differ |= flow_key_word(a, i) ^ flow_key_word(b, i);
#endif
	return differ == 0;
}

/*
 * Record index of key, or HF_FLOW_NONE. Both buckets are matched before any branch: which one has
 * the key cannot be predicted.
 */
static inline uint32_t
flow_find_key(const struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash)
{
	uint32_t bucket0 = hf_flow_bucket(t, hash, 0), bucket1 = hf_flow_bucket(t, hash, 1);
	uint32_t tag = flow_tag(hash);
	uint32_t hits = flow_match_tags(&t->buckets[bucket0], tag) |
			flow_match_tags(&t->buckets[bucket1], tag) << HF_FLOW_BUCKET_SLOTS;

	for (; hits != 0; hits &= hits - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(hits);
		uint32_t bucket = i < HF_FLOW_BUCKET_SLOTS ? bucket0 : bucket1;
		uint32_t slot = bucket * HF_FLOW_BUCKET_SLOTS + i % HF_FLOW_BUCKET_SLOTS;

		if (flow_same_key(&t->records[slot].key, key))
			return slot;
	}
	return HF_FLOW_NONE;
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

/* Slots of a bucket that are idle for longest, and how long: as many bits as share that time. */
struct flow_idlest {
	uint32_t slots; /* bit i: slot i; 0: none */
	uint32_t idle;  /* ticks */
};

#ifdef __SSE2__
static inline __m128i
flow_greater(__m128i a, __m128i b)
{
	__m128i more = _mm_cmpgt_epi32(a, b);

	return _mm_or_si128(_mm_and_si128(more, a), _mm_andnot_si128(more, b));
}
#endif

/* Of the slots of b that are not taken (bit i: slot i must stay). */
static inline struct flow_idlest
flow_find_idlest(const struct hf_flow_bucket *b, uint32_t now, uint32_t taken)
{
#ifdef __SSE2__
	/*
	 * Idle ticks, seen ahead of now included, become signed numbers of the same order: from
	 * FLOW_SKEW_TICKS - 2^31 on. Taken slots get the least number there is.
	 */
	const __m128i *seen = (const __m128i *)(const void *)b->seen_tick;
	const __m128i zero = _mm_set1_epi32((int)(FLOW_SKEW_TICKS ^ 1U << 31));
	const __m128i at = _mm_set1_epi32((int)(now + (FLOW_SKEW_TICKS ^ 1U << 31)));
	const __m128i bits = _mm_set1_epi32((int)taken), least = _mm_set1_epi32(INT32_MIN);
	__m128i idle[2], most;

	for (int i = 0; i < 2; i++) {
		const __m128i slot =
			i == 0 ? _mm_set_epi32(8, 4, 2, 1) : _mm_set_epi32(128, 64, 32, 16);
		__m128i gone = _mm_cmpeq_epi32(_mm_and_si128(bits, slot), slot);

		idle[i] = flow_greater(_mm_sub_epi32(at, _mm_load_si128(&seen[i])), zero);
		idle[i] = _mm_or_si128(_mm_andnot_si128(gone, idle[i]), _mm_and_si128(gone, least));
	}
	most = flow_greater(idle[0], idle[1]);
	most = flow_greater(most, _mm_shuffle_epi32(most, _MM_SHUFFLE(1, 0, 3, 2)));
	most = flow_greater(most, _mm_shuffle_epi32(most, _MM_SHUFFLE(2, 3, 0, 1)));
	return (struct flow_idlest){
		.slots = (uint32_t)_mm_movemask_epi8(
				 _mm_packs_epi16(_mm_packs_epi32(_mm_cmpeq_epi32(idle[0], most),
								 _mm_cmpeq_epi32(idle[1], most)),
						 _mm_setzero_si128())) &
			 ~taken,
		.idle = (uint32_t)_mm_cvtsi128_si32(most) - (FLOW_SKEW_TICKS ^ 1U << 31),
	};
#else
	struct flow_idlest most = {0, 0};

	for (uint32_t i = 0; i < HF_FLOW_BUCKET_SLOTS; i++) {
		uint32_t seen = atomic_load_explicit(&b->seen_tick[i], memory_order_relaxed);
		uint32_t idle = flow_idle_since(now, seen);
		uint32_t bit = ~taken & 1U << i;

		if (bit == 0 || (most.slots != 0 && idle < most.idle))
			continue;
		most.slots = most.slots != 0 && idle == most.idle ? most.slots | bit : bit;
		most.idle = idle;
	}
	return most;
#endif
}

/* The slot that an insert takes from another flow: the first of the idlest of two buckets. */
static inline uint32_t
flow_choose_victim(uint32_t bucket0, struct flow_idlest idlest0, uint32_t bucket1,
		   struct flow_idlest idlest1)
{
	if ((idlest0.slots | idlest1.slots) == 0)
		return HF_FLOW_NONE;
	if (idlest1.slots == 0 || (idlest0.slots != 0 && idlest0.idle >= idlest1.idle))
		return bucket0 * HF_FLOW_BUCKET_SLOTS + (uint32_t)__builtin_ctz(idlest0.slots);
	return bucket1 * HF_FLOW_BUCKET_SLOTS + (uint32_t)__builtin_ctz(idlest1.slots);
}

/* Number of bits of 8; the builtin is a call where the instruction is not certain to exist. */
static inline uint32_t
flow_count_bits(uint32_t bits)
{
	bits -= bits >> 1 & 0x55;
	bits = (bits & 0x33) + (bits >> 2 & 0x33);
	return (bits + (bits >> 4)) & 0xf;
}

/*
 * The slot an insert takes, of the empty ones of the first and the second bucket, HF_FLOW_NONE
 * when there are none: in the first bucket, while it is not close to full: a find then reads two
 * lines instead of three. From there on in the emptier one, so that both are full as late as with a
 * choice from the start (at a load of 70 %: 16 % of the keys in their second bucket, one in a
 * million without room).
 */
static inline uint32_t
flow_choose_free(uint32_t bucket0, uint32_t free0, uint32_t bucket1, uint32_t free1)
{
	uint32_t n0;

	if ((free0 | free1) == 0)
		return HF_FLOW_NONE;
	n0 = flow_count_bits(free0);
	if (n0 >= FLOW_FIRST_FREE_MIN || n0 >= flow_count_bits(free1))
		return bucket0 * HF_FLOW_BUCKET_SLOTS + (uint32_t)__builtin_ctz(free0);
	return bucket1 * HF_FLOW_BUCKET_SLOTS + (uint32_t)__builtin_ctz(free1);
}

/*
 * Finds key, or inserts it where that needs no eviction; marks it seen. HF_FLOW_NONE: it is nowhere
 * and there is no room.
 */
uint32_t flow_find_or_fill(struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash,
			   uint32_t now);

/* Inserts key instead of the flow in slot. */
void flow_replace(struct hf_flow_table *t, uint32_t slot, const struct hf_flow_key *key,
		  uint64_t hash, uint32_t now);

/* Removes the record in slot: writes the journal, then does what it says. */
void flow_remove(struct hf_flow_table *t, uint32_t slot, uint32_t expired);

#endif

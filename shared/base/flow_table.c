/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table of a lane, its owner's side: find, insert, evict, age, recover. Runs in the lane
 * thread that holds the lease; owns the order of the stores in flow regions and accounts. Must not
 * allocate, lock, make a system call, or do work that grows with the number of flows (ageing takes
 * a bound). The layout and the readers' side are in flow_read.c.
 *
 * A death of the owner between any two stores leaves one of these, and what follows repairs it:
 *   insert begun      tag 0, the generation may be odd: the slot is still empty
 *   removal begun     journal not valid yet: the record still lives
 *   removal decided   journal valid: hf_flow_recover() stores the same absolute totals again
 * Each HF_POINT keeps the stores around it in program order, which is all the next owner needs;
 * release stores and fences are for readers in other processes.
 */
#include "flow_table.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "points.h"

#define KEY_WORDS (sizeof(struct hf_flow_key) / sizeof(uint64_t))
#define SKEW_TICKS                                                                                 \
	60000 /* "seen" this far ahead of now is a clock behind, not a long idle time              \
	       */

/* Where a key may live. */
struct place {
	uint32_t bucket[2]; /* may be equal */
	uint32_t tag;       /* 16 bits, never 0 */
};

static inline struct place
locate(const struct hf_flow_table *t, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 48);

	return (struct place){
		.bucket = {hf_flow_bucket(t, hash, 0), hf_flow_bucket(t, hash, 1)},
		.tag = tag != 0 ? tag : 1,
	};
}

uint64_t
hf_flow_hash(const struct hf_flow_table *t, const struct hf_flow_key *key)
{
	return XXH3_64bits_withSeed(key, sizeof(*key), t->seed);
}

void
hf_flow_prefetch(const struct hf_flow_table *t, uint64_t hash)
{
	struct place p = locate(t, hash);

	__builtin_prefetch(&t->buckets[p.bucket[0]]);
	__builtin_prefetch(&t->buckets[p.bucket[1]]);
}

/* Bit i: slot i has this tag. Owner only, so the tags need no atomic loads. */
static inline uint32_t
match_tags(const struct hf_flow_bucket *b, uint32_t tag)
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
key_word(const struct hf_flow_key *k, uint32_t i)
{
	uint64_t v;

	memcpy(&v, (const uint8_t *)k + i * sizeof(v), sizeof(v));
	return v;
}

static inline int
same_key(const struct hf_flow_key *a, const struct hf_flow_key *b)
{
	uint64_t differ = 0;

	for (uint32_t i = 0; i < KEY_WORDS; i++)
		differ |= key_word(a, i) ^ key_word(b, i);
	return differ == 0;
}

/* Bit i: slot i of the first bucket has the tag; bit 8 + i: slot i of the second. */
static inline uint32_t
match_place(const struct hf_flow_table *t, struct place p)
{
	return match_tags(&t->buckets[p.bucket[0]], p.tag) |
	       match_tags(&t->buckets[p.bucket[1]], p.tag) << HF_FLOW_BUCKET_SLOTS;
}

/* Both buckets are matched before any branch: which one has the key cannot be predicted. */
static inline uint32_t
find_in_place(const struct hf_flow_table *t, struct place p, const struct hf_flow_key *key)
{
	uint32_t hits = match_place(t, p);

	for (; hits != 0; hits &= hits - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(hits);
		uint32_t bucket = i < HF_FLOW_BUCKET_SLOTS ? p.bucket[0] : p.bucket[1];
		uint32_t slot = bucket * HF_FLOW_BUCKET_SLOTS + i % HF_FLOW_BUCKET_SLOTS;

		if (same_key(&t->records[slot].key, key))
			return slot;
	}
	return HF_FLOW_NONE;
}

uint32_t
hf_flow_find(const struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash)
{
	return find_in_place(t, locate(t, hash), key);
}

static inline uint64_t
get(const _Atomic(uint64_t) *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

static inline void
set(_Atomic(uint64_t) *v, uint64_t n)
{
	atomic_store_explicit(v, n, memory_order_relaxed);
}

/*
 * Inserted is counted before the tag commits and removals are exact, so this may be too high by
 * the deaths between the two stores, and is never negative.
 */
static void
update_live(struct hf_flow_account *a)
{
	set(&a->live_flows,
	    get(&a->inserted_flows) - get(&a->evicted_flows) - get(&a->expired_flows));
	HF_POINT("flow_account_live");
}

static void
set_totals(const struct hf_flow_account *a, _Atomic(uint64_t) *flows, _Atomic(uint64_t) *pkts,
	   _Atomic(uint64_t) *bytes)
{
	set(flows, a->new_flows);
	HF_POINT("flow_evict_flows");
	set(pkts, a->new_pkts);
	HF_POINT("flow_evict_pkts");
	set(bytes, a->new_bytes);
	HF_POINT("flow_evict_bytes");
}

/* Carries out the removal in the journal. All its stores are absolute: it may run many times. */
static void
finish_removal(struct hf_flow_table *t, uint32_t slot)
{
	struct hf_flow_account *a = t->account;
	struct hf_flow_bucket *b = &t->buckets[slot / HF_FLOW_BUCKET_SLOTS];

	if (a->expired)
		set_totals(a, &a->expired_flows, &a->expired_pkts, &a->expired_bytes);
	else
		set_totals(a, &a->evicted_flows, &a->evicted_pkts, &a->evicted_bytes);
	atomic_store_explicit(&b->tag[slot % HF_FLOW_BUCKET_SLOTS], 0, memory_order_release);
	HF_POINT("flow_evict_tag");
	update_live(a);
	atomic_store_explicit(&a->slot_plus1, 0, memory_order_release);
	HF_POINT("flow_evict_done");
}

/* Removes the record in slot: writes the journal, then does what it says. */
static void
remove_record(struct hf_flow_table *t, uint32_t slot, uint32_t expired)
{
	struct hf_flow_account *a = t->account;
	struct hf_flow_record *r = &t->records[slot];

	a->expired = expired;
	HF_POINT("flow_evict_journal_kind");
	a->new_flows = get(expired ? &a->expired_flows : &a->evicted_flows) + 1;
	HF_POINT("flow_evict_journal_flows");
	a->new_pkts = get(expired ? &a->expired_pkts : &a->evicted_pkts) +
		      (get(&r->packets_gen) & HF_FLOW_PACKETS_MASK);
	HF_POINT("flow_evict_journal_pkts");
	a->new_bytes = get(expired ? &a->expired_bytes : &a->evicted_bytes) + get(&r->bytes);
	HF_POINT("flow_evict_journal_bytes");
	atomic_store_explicit(&a->slot_plus1, slot + 1, memory_order_release);
	HF_POINT("flow_evict_journal_valid");
	finish_removal(t, slot);
}

void
hf_flow_recover(struct hf_flow_table *t)
{
	struct hf_flow_account *a = t->account;
	uint32_t slot_plus1 = atomic_load_explicit(&a->slot_plus1, memory_order_relaxed);

	if (slot_plus1 == 0) {
		update_live(a); /* a death in an insert may have left it behind */
	} else if (slot_plus1 <= t->n_buckets * HF_FLOW_BUCKET_SLOTS) {
		finish_removal(t, slot_plus1 - 1);
	} else { /* no owner writes such an index: the journal was scribbled over */
		atomic_store_explicit(&a->slot_plus1, 0, memory_order_relaxed);
		HF_POINT("flow_recover_journal");
	}
}

static inline uint32_t
idle_since(uint32_t now, uint32_t seen)
{
	uint32_t idle = now - seen;

	return idle <= UINT32_MAX - SKEW_TICKS ? idle : 0;
}

/* Bit i: slot i of the first bucket is pinned; bit 8 + i: slot i of the second. */
static uint32_t
find_pinned(struct place p, const uint32_t *pinned, uint32_t n_pinned)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < n_pinned; i++) {
		uint32_t bucket = pinned[i] / HF_FLOW_BUCKET_SLOTS;
		uint32_t bit = UINT32_C(1) << pinned[i] % HF_FLOW_BUCKET_SLOTS;

		bits |= bucket == p.bucket[0] ? bit : 0;
		bits |= bucket == p.bucket[1] ? bit << HF_FLOW_BUCKET_SLOTS : 0;
	}
	return bits;
}

/* The slot of both buckets that is idle for longest and not pinned. */
static uint32_t
find_victim(const struct hf_flow_table *t, struct place p, uint32_t now, const uint32_t *pinned,
	    uint32_t n_pinned)
{
	uint32_t taken = find_pinned(p, pinned, n_pinned);
	uint32_t victim = HF_FLOW_NONE, longest = 0;

	for (uint32_t i = 0; i < 2 * HF_FLOW_BUCKET_SLOTS; i++) {
		uint32_t bucket = p.bucket[i / HF_FLOW_BUCKET_SLOTS];
		uint32_t slot = i % HF_FLOW_BUCKET_SLOTS;
		uint32_t seen = atomic_load_explicit(&t->buckets[bucket].seen_tick[slot],
						     memory_order_relaxed);

		if (taken >> i & 1)
			continue;
		if (victim == HF_FLOW_NONE || idle_since(now, seen) > longest) {
			victim = bucket * HF_FLOW_BUCKET_SLOTS + slot;
			longest = idle_since(now, seen);
		}
	}
	return victim;
}

/* An empty slot, made by an eviction if need be; HF_FLOW_NONE when all of them are pinned. */
static uint32_t
make_room(struct hf_flow_table *t, struct place p, uint32_t now, const uint32_t *pinned,
	  uint32_t n_pinned)
{
	uint32_t free0 = match_tags(&t->buckets[p.bucket[0]], 0);
	uint32_t free1 = match_tags(&t->buckets[p.bucket[1]], 0);
	uint32_t victim;

	if ((free0 | free1) != 0) {
		if (__builtin_popcount(free0) >= __builtin_popcount(free1))
			return p.bucket[0] * HF_FLOW_BUCKET_SLOTS + (uint32_t)__builtin_ctz(free0);
		return p.bucket[1] * HF_FLOW_BUCKET_SLOTS + (uint32_t)__builtin_ctz(free1);
	}
	victim = find_victim(t, p, now, pinned, n_pinned);
	if (victim != HF_FLOW_NONE)
		remove_record(t, victim, 0);
	return victim;
}

/* Key bytes are copied as words, so that a reader beside us races with no plain access. */
static void
store_key(struct hf_flow_key *dst, const struct hf_flow_key *src)
{
	_Atomic(uint64_t) *to = (_Atomic(uint64_t) *)(void *)dst;

	for (uint32_t i = 0; i < KEY_WORDS; i++) {
		set(&to[i], key_word(src, i));
		HF_POINT("flow_insert_key");
	}
}

/* Fills an empty slot. The generation a dead owner left may be odd: both cases lead to the next. */
static void
fill_slot(struct hf_flow_table *t, uint32_t slot, uint32_t tag, const struct hf_flow_key *key,
	  uint32_t now)
{
	struct hf_flow_bucket *b = &t->buckets[slot / HF_FLOW_BUCKET_SLOTS];
	struct hf_flow_record *r = &t->records[slot];
	uint64_t odd = get(&r->packets_gen) >> HF_FLOW_PACKETS_BITS | 1;

	set(&r->packets_gen, odd << HF_FLOW_PACKETS_BITS);
	HF_POINT("flow_insert_odd");
	atomic_thread_fence(memory_order_release);
	store_key(&r->key, key);
	set(&r->bytes, 0);
	HF_POINT("flow_insert_bytes");
	atomic_store_explicit(&r->first_tick, now, memory_order_relaxed);
	HF_POINT("flow_insert_first");
	atomic_store_explicit(&r->last_tick, now, memory_order_relaxed);
	HF_POINT("flow_insert_last");
	atomic_store_explicit(&r->packets_gen, (odd + 1) << HF_FLOW_PACKETS_BITS,
			      memory_order_release);
	HF_POINT("flow_insert_even");
	atomic_store_explicit(&b->seen_tick[slot % HF_FLOW_BUCKET_SLOTS], now,
			      memory_order_relaxed);
	HF_POINT("flow_insert_seen");
	set(&t->account->inserted_flows, get(&t->account->inserted_flows) + 1);
	HF_POINT("flow_insert_count");
	update_live(t->account);
	atomic_store_explicit(&b->tag[slot % HF_FLOW_BUCKET_SLOTS], (uint16_t)tag,
			      memory_order_release);
	HF_POINT("flow_insert_tag");
}

uint32_t
hf_flow_find_or_insert(struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash,
		       uint32_t now, const uint32_t *pinned, uint32_t n_pinned)
{
	struct place p = locate(t, hash);
	uint32_t slot = find_in_place(t, p, key);

	if (slot != HF_FLOW_NONE) {
		atomic_store_explicit(&t->buckets[slot / HF_FLOW_BUCKET_SLOTS]
					       .seen_tick[slot % HF_FLOW_BUCKET_SLOTS],
				      now, memory_order_relaxed);
		HF_POINT("flow_found_seen");
		return slot;
	}
	slot = make_room(t, p, now, pinned, n_pinned);
	if (slot != HF_FLOW_NONE)
		fill_slot(t, slot, p.tag, key, now);
	return slot;
}

/* Removes the records of one bucket that are idle for too long. */
static uint32_t
age_bucket(struct hf_flow_table *t, uint32_t bucket, uint32_t now)
{
	struct hf_flow_bucket *b = &t->buckets[bucket];
	uint32_t used = ~match_tags(b, 0) & ((1U << HF_FLOW_BUCKET_SLOTS) - 1);
	uint32_t removed = 0;

	for (; used != 0; used &= used - 1) {
		uint32_t slot = (uint32_t)__builtin_ctz(used);
		uint32_t seen = atomic_load_explicit(&b->seen_tick[slot], memory_order_relaxed);

		if (idle_since(now, seen) <= t->idle_ticks)
			continue;
		remove_record(t, bucket * HF_FLOW_BUCKET_SLOTS + slot, 1);
		removed++;
	}
	return removed;
}

uint32_t
hf_flow_age(struct hf_flow_table *t, uint32_t now, uint32_t n_buckets)
{
	uint32_t removed = 0;

	if (t->idle_ticks == 0)
		return 0;
	if (n_buckets > t->n_buckets)
		n_buckets = t->n_buckets;
	for (uint32_t i = 0; i < n_buckets; i++) {
		removed += age_bucket(t, t->age_cursor, now);
		t->age_cursor = (t->age_cursor + 1) & t->bucket_mask;
	}
	return removed;
}

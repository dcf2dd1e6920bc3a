/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table of a lane, its owner's side: find, insert, evict, recover. Runs in the lane thread
 * that holds the lease; owns the order of the stores in flow regions and accounts. Must not
 * allocate, lock, make a system call, or do work that grows with the number of flows. Bursts are in
 * flow_bulk.c, ageing in flow_age.c, the layout and the readers' side in flow_read.c.
 *
 * A death of the owner between any two stores leaves one of these, and what follows repairs it:
 *   insert begun      tag 0, the generation may be odd: the slot is still empty
 *   removal begun     journal not valid yet: the record still lives
 *   removal decided   journal valid: hf_flow_recover() stores the same absolute totals again, and
 *                     empties the slot, whether the old record is in it, a part of the new, or that
 * Each HF_POINT keeps the stores around it in program order, which is all the next owner needs;
 * release stores and fences are for readers in other processes.
 */
#include "flow_hash.h"
#include "flow_place.h"

uint64_t
hf_flow_hash(const struct hf_flow_table *t, const struct hf_flow_key *key)
{
	return flow_hash_key(key, t->seed);
}

uint32_t
hf_flow_find(const struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash)
{
	return flow_find_key(t, key, hash);
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

/* Totals of an account after a removal. */
struct totals {
	uint64_t flows, pkts, bytes;
};

static inline void
set_totals(struct hf_flow_account *a, uint32_t expired, struct totals n)
{
	set(expired ? &a->expired_flows : &a->evicted_flows, n.flows);
	HF_POINT("flow_evict_flows");
	set(expired ? &a->expired_pkts : &a->evicted_pkts, n.pkts);
	HF_POINT("flow_evict_pkts");
	set(expired ? &a->expired_bytes : &a->evicted_bytes, n.bytes);
	HF_POINT("flow_evict_bytes");
}

/* Carries out the removal in the journal. All its stores are absolute: it may run many times. */
static void
finish_removal(struct hf_flow_table *t, uint32_t slot)
{
	struct hf_flow_account *a = t->account;
	struct hf_flow_bucket *b = &t->buckets[slot / HF_FLOW_BUCKET_SLOTS];

	set_totals(a, a->expired, (struct totals){a->new_flows, a->new_pkts, a->new_bytes});
	atomic_store_explicit(&b->tag[slot % HF_FLOW_BUCKET_SLOTS], 0, memory_order_release);
	HF_POINT("flow_evict_tag");
	update_live(a);
	atomic_store_explicit(&a->slot_plus1, 0, memory_order_release);
	HF_POINT("flow_evict_done");
}

/*
 * Decides on a removal: from the last store on, recovery carries it out. Returns the totals that
 * are in the journal: to load them again would wait for the stores.
 */
static inline struct totals
write_journal(struct hf_flow_table *t, uint32_t slot, uint32_t expired)
{
	struct hf_flow_account *a = t->account;
	struct hf_flow_record *r = &t->records[slot];
	struct totals n = {
		.flows = get(expired ? &a->expired_flows : &a->evicted_flows) + 1,
		.pkts = get(expired ? &a->expired_pkts : &a->evicted_pkts) +
			(get(&r->packets_gen) & HF_FLOW_PACKETS_MASK),
		.bytes = get(expired ? &a->expired_bytes : &a->evicted_bytes) + get(&r->bytes),
	};

	a->expired = expired;
	HF_POINT("flow_evict_journal_kind");
	a->new_flows = n.flows;
	HF_POINT("flow_evict_journal_flows");
	a->new_pkts = n.pkts;
	HF_POINT("flow_evict_journal_pkts");
	a->new_bytes = n.bytes;
	HF_POINT("flow_evict_journal_bytes");
	atomic_store_explicit(&a->slot_plus1, slot + 1, memory_order_release);
	HF_POINT("flow_evict_journal_valid");
	return n;
}

void
flow_remove(struct hf_flow_table *t, uint32_t slot, uint32_t expired)
{
	write_journal(t, slot, expired);
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

#define ALL_SLOTS ((1U << 2 * HF_FLOW_BUCKET_SLOTS) - 1)

/* Bit i: slot i of the first bucket is pinned; bit 8 + i: slot i of the second. */
static uint32_t
find_pinned(uint32_t bucket0, uint32_t bucket1, const uint32_t *pinned, uint32_t n_pinned)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < n_pinned && bits != ALL_SLOTS; i++) {
		uint32_t bucket = pinned[i] / HF_FLOW_BUCKET_SLOTS;
		uint32_t bit = UINT32_C(1) << pinned[i] % HF_FLOW_BUCKET_SLOTS;

		bits |= bucket == bucket0 ? bit : 0;
		bits |= bucket == bucket1 ? bit << HF_FLOW_BUCKET_SLOTS : 0;
	}
	return bits;
}

/* Key bytes are copied as words, so that a reader beside us races with no plain access. */
static void
store_key(struct hf_flow_key *dst, const struct hf_flow_key *src)
{
	_Atomic(uint64_t) *to = (_Atomic(uint64_t) *)(void *)dst;

#pragma GCC unroll 5
	for (uint32_t i = 0; i < FLOW_KEY_WORDS; i++) {
		set(&to[i], flow_key_word(src, i));
		HF_POINT("flow_insert_key");
	}
}

/* A record for key. The generation a dead owner left may be odd: both cases lead to the next. */
static void
store_record(struct hf_flow_record *r, const struct hf_flow_key *key, uint32_t now)
{
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
}

static void
count_insert(struct hf_flow_account *a)
{
	set(&a->inserted_flows, get(&a->inserted_flows) + 1);
	HF_POINT("flow_insert_count");
}

/* Fills an empty slot. */
static void
fill_slot(struct hf_flow_table *t, uint32_t slot, uint32_t tag, const struct hf_flow_key *key,
	  uint32_t now)
{
	struct hf_flow_bucket *b = &t->buckets[slot / HF_FLOW_BUCKET_SLOTS];

	store_record(&t->records[slot], key, now);
	atomic_store_explicit(&b->seen_tick[slot % HF_FLOW_BUCKET_SLOTS], now,
			      memory_order_relaxed);
	HF_POINT("flow_insert_seen");
	count_insert(t->account);
	update_live(t->account);
	atomic_store_explicit(&b->tag[slot % HF_FLOW_BUCKET_SLOTS], (uint16_t)tag,
			      memory_order_release);
	HF_POINT("flow_insert_tag");
}

/*
 * Evicts what is in a slot and puts key there, in one removal: the journal stays valid until the
 * new record is whole. A death before that leads to an empty slot; the new record has counted
 * nothing yet. One flow more, one less: live_flows stays.
 */
void
flow_replace(struct hf_flow_table *t, uint32_t slot, const struct hf_flow_key *key, uint64_t hash,
	     uint32_t now)
{
	struct hf_flow_bucket *b = &t->buckets[slot / HF_FLOW_BUCKET_SLOTS];
	struct hf_flow_account *a = t->account;

	set_totals(a, 0, write_journal(t, slot, 0));
	store_record(&t->records[slot], key, now);
	atomic_store_explicit(&b->seen_tick[slot % HF_FLOW_BUCKET_SLOTS], now,
			      memory_order_relaxed);
	HF_POINT("flow_replace_seen");
	atomic_store_explicit(&b->tag[slot % HF_FLOW_BUCKET_SLOTS], (uint16_t)flow_tag(hash),
			      memory_order_release);
	HF_POINT("flow_replace_tag");
	count_insert(a);
	atomic_store_explicit(&a->slot_plus1, 0, memory_order_release);
	HF_POINT("flow_replace_done");
}

/*
 * Hits and empty slots are taken from one load of the tags: right after an insert's store of a tag
 * each such load waits for it to leave the store buffer.
 */
uint32_t
flow_find_or_fill(struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash,
		  uint32_t now)
{
	uint32_t bucket0 = hf_flow_bucket(t, hash, 0), bucket1 = hf_flow_bucket(t, hash, 1);
	uint32_t free0 = flow_match_tags(&t->buckets[bucket0], 0);
	uint32_t free1 = flow_match_tags(&t->buckets[bucket1], 0);
	uint32_t slot = flow_find_key(t, key, hash);

	if (slot != HF_FLOW_NONE) {
		flow_mark_seen(t, slot, now);
		return slot;
	}
	slot = flow_choose_free(bucket0, free0, bucket1, free1);
	if (slot != HF_FLOW_NONE)
		fill_slot(t, slot, flow_tag(hash), key, now);
	return slot;
}

uint32_t
hf_flow_find_or_insert(struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash,
		       uint32_t now, const uint32_t *pinned, uint32_t n_pinned)
{
	uint32_t slot = flow_find_or_fill(t, key, hash, now), bucket0, bucket1, taken;

	if (slot != HF_FLOW_NONE)
		return slot;
	bucket0 = hf_flow_bucket(t, hash, 0);
	bucket1 = hf_flow_bucket(t, hash, 1);
	taken = find_pinned(bucket0, bucket1, pinned, n_pinned);
	slot = flow_choose_victim(bucket0, flow_find_idlest(&t->buckets[bucket0], now, taken),
				  bucket1,
				  flow_find_idlest(&t->buckets[bucket1], now,
						   taken >> HF_FLOW_BUCKET_SLOTS));
	if (slot != HF_FLOW_NONE)
		flow_replace(t, slot, key, hash, now);
	return slot;
}

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

#define FIRST_FREE_MIN 4 /* the first bucket takes inserts while it has so many empty slots */

uint64_t
hf_flow_hash(const struct hf_flow_table *t, const struct hf_flow_key *key)
{
	return flow_hash_key(key, t->seed);
}

/* Bit i: slot i of the first bucket has the tag; bit 8 + i: slot i of the second. */
static inline uint32_t
match_place(const struct hf_flow_table *t, struct flow_place p)
{
	return flow_match_tags(&t->buckets[p.bucket[0]], p.tag) |
	       flow_match_tags(&t->buckets[p.bucket[1]], p.tag) << HF_FLOW_BUCKET_SLOTS;
}

/* Both buckets are matched before any branch: which one has the key cannot be predicted. */
static inline uint32_t
find_in_place(const struct hf_flow_table *t, struct flow_place p, const struct hf_flow_key *key)
{
	uint32_t hits = match_place(t, p);

	for (; hits != 0; hits &= hits - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(hits);
		uint32_t bucket = i < HF_FLOW_BUCKET_SLOTS ? p.bucket[0] : p.bucket[1];
		uint32_t slot = bucket * HF_FLOW_BUCKET_SLOTS + i % HF_FLOW_BUCKET_SLOTS;

		if (flow_same_key(&t->records[slot].key, key))
			return slot;
	}
	return HF_FLOW_NONE;
}

uint32_t
hf_flow_find(const struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash)
{
	return find_in_place(t, flow_locate(t, hash), key);
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

/* Decides on a removal: from the last store on, recovery carries it out. */
static void
write_journal(struct hf_flow_table *t, uint32_t slot, uint32_t expired)
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
#define ALL_ORDER (2U * HF_FLOW_BUCKET_SLOTS - 1)

/* Bit i: slot i of the first bucket is pinned; bit 8 + i: slot i of the second. */
static uint32_t
find_pinned(struct flow_place p, const uint32_t *pinned, uint32_t n_pinned)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < n_pinned && bits != ALL_SLOTS; i++) {
		uint32_t bucket = pinned[i] / HF_FLOW_BUCKET_SLOTS;
		uint32_t bit = UINT32_C(1) << pinned[i] % HF_FLOW_BUCKET_SLOTS;

		bits |= bucket == p.bucket[0] ? bit : 0;
		bits |= bucket == p.bucket[1] ? bit << HF_FLOW_BUCKET_SLOTS : 0;
	}
	return bits;
}

/* The greatest of best and the ranks of a bucket's slots: idle ticks + 1, then the order of slots.
 */
static inline uint64_t
rank_slots(const struct hf_flow_bucket *b, uint32_t now, uint32_t taken, uint64_t best,
	   uint64_t order)
{
	for (uint32_t i = 0; i < HF_FLOW_BUCKET_SLOTS; i++) {
		uint32_t seen = atomic_load_explicit(&b->seen_tick[i], memory_order_relaxed);
		uint64_t rank = ((uint64_t)flow_idle_since(now, seen) + 1) << 4 | (order - i);

		rank = taken >> i & 1 ? 0 : rank;
		best = rank > best ? rank : best;
	}
	return best;
}

/* The slot of both buckets that is idle for longest and not taken. */
static uint32_t
find_victim(const struct hf_flow_table *t, struct flow_place p, uint32_t now, uint32_t taken)
{
	uint64_t best;
	uint32_t at;

	best = rank_slots(&t->buckets[p.bucket[0]], now, taken, 0, ALL_ORDER);
	best = rank_slots(&t->buckets[p.bucket[1]], now, taken >> HF_FLOW_BUCKET_SLOTS, best,
			  ALL_ORDER - HF_FLOW_BUCKET_SLOTS);
	at = ALL_ORDER - (uint32_t)best % (ALL_ORDER + 1);
	return p.bucket[at / HF_FLOW_BUCKET_SLOTS] * HF_FLOW_BUCKET_SLOTS +
	       at % HF_FLOW_BUCKET_SLOTS;
}

/* Number of bits of 8; the builtin is a call where the instruction is not certain to exist. */
static inline uint32_t
count_bits(uint32_t bits)
{
	bits -= bits >> 1 & 0x55;
	bits = (bits & 0x33) + (bits >> 2 & 0x33);
	return (bits + (bits >> 4)) & 0xf;
}

/*
 * The first bucket, while it is not close to full: a find then reads two lines instead of three.
 * From there on the emptier one, so that both are full as late as with a choice from the start
 * (at a load of 70 %: 16 % of the keys in their second bucket, one in a million without room).
 */
static inline uint32_t
choose_free(struct flow_place p, uint32_t free0, uint32_t free1)
{
	uint32_t n0 = count_bits(free0);

	if ((free0 | free1) == 0)
		return HF_FLOW_NONE;
	if (n0 >= FIRST_FREE_MIN || n0 >= count_bits(free1))
		return p.bucket[0] * HF_FLOW_BUCKET_SLOTS + (uint32_t)__builtin_ctz(free0);
	return p.bucket[1] * HF_FLOW_BUCKET_SLOTS + (uint32_t)__builtin_ctz(free1);
}

uint32_t
flow_free_slot(const struct hf_flow_table *t, struct flow_place p)
{
	return choose_free(p, flow_match_tags(&t->buckets[p.bucket[0]], 0),
			   flow_match_tags(&t->buckets[p.bucket[1]], 0));
}

/* Key bytes are copied as words, so that a reader beside us races with no plain access. */
static void
store_key(struct hf_flow_key *dst, const struct hf_flow_key *src)
{
	_Atomic(uint64_t) *to = (_Atomic(uint64_t) *)(void *)dst;

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
static void
replace_slot(struct hf_flow_table *t, uint32_t slot, uint32_t tag, const struct hf_flow_key *key,
	     uint32_t now)
{
	struct hf_flow_bucket *b = &t->buckets[slot / HF_FLOW_BUCKET_SLOTS];
	struct hf_flow_account *a = t->account;

	write_journal(t, slot, 0);
	set_totals(a, &a->evicted_flows, &a->evicted_pkts, &a->evicted_bytes);
	store_record(&t->records[slot], key, now);
	atomic_store_explicit(&b->seen_tick[slot % HF_FLOW_BUCKET_SLOTS], now,
			      memory_order_relaxed);
	HF_POINT("flow_replace_seen");
	atomic_store_explicit(&b->tag[slot % HF_FLOW_BUCKET_SLOTS], (uint16_t)tag,
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
struct flow_placed
flow_find_or_fill(struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash,
		  uint32_t now)
{
	struct flow_place p = flow_locate(t, hash);
	uint32_t free0 = flow_match_tags(&t->buckets[p.bucket[0]], 0);
	uint32_t free1 = flow_match_tags(&t->buckets[p.bucket[1]], 0);
	uint32_t slot = find_in_place(t, p, key);

	if (slot != HF_FLOW_NONE) {
		flow_mark_seen(t, slot, now);
	} else {
		slot = choose_free(p, free0, free1);
		if (slot != HF_FLOW_NONE)
			fill_slot(t, slot, p.tag, key, now);
	}
	return (struct flow_placed){p, slot};
}

uint32_t
flow_evict_for(struct hf_flow_table *t, struct flow_place p, const struct hf_flow_key *key,
	       uint32_t now, uint32_t taken)
{
	uint32_t slot;

	if (taken == ALL_SLOTS)
		return HF_FLOW_NONE;
	slot = find_victim(t, p, now, taken);
	replace_slot(t, slot, p.tag, key, now);
	return slot;
}

uint32_t
hf_flow_find_or_insert(struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash,
		       uint32_t now, const uint32_t *pinned, uint32_t n_pinned)
{
	struct flow_placed found = flow_find_or_fill(t, key, hash, now);

	if (found.slot != HF_FLOW_NONE)
		return found.slot;
	return flow_evict_for(t, found.place, key, now, find_pinned(found.place, pinned, n_pinned));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table of a lane: crash-consistent, one writer (the lane's owner), lock-free readers in
 * other processes, valid after SIGKILL of the writer at any instruction, nothing to rebuild.
 *
 * Memory model. The table is an array of buckets and an array of records in shared memory. Slot i
 * of bucket b is record 8*b + i: there is no index and no free list. A key may live in one of two
 * buckets, chosen by its seeded hash; a record never moves.
 *   insert: generation odd; release fence; key and fields; generation even (release);
 *           tag (release: pairs with the reader's acquire of the tag).
 *   evict:  journal the absolute new totals of the account; store the totals; tag 0 (release);
 *           clear the journal. hf_flow_recover() finishes what the journal holds.
 *   replace: as evict, but with an insert over the old record in place of tag 0: the tag is never 0
 *           in between, the generation tells readers that the flow is another.
 *   reader: tag (acquire), generation even, copy, acquire fence, same generation and tag, else
 *           retry a few times and skip.
 * A record found or inserted in the plan of a burst is counted in its apply: one 8-byte store that
 * keeps the generation in the upper 16 bits.
 */
#ifndef HF_FLOW_TABLE_H
#define HF_FLOW_TABLE_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_key.h"
#include "points.h"

#define HF_FLOW_BUCKET_SLOTS 8
#define HF_FLOW_PACKETS_BITS 48
#define HF_FLOW_PACKETS_MASK ((UINT64_C(1) << HF_FLOW_PACKETS_BITS) - 1)
#define HF_FLOW_NONE         UINT32_MAX
#define HF_FLOW_CAPACITY_MIN 1024U
#define HF_FLOW_CAPACITY_MAX 16777216U /* records a lane */
#define HF_FLOW_BULK_MAX     128U
#define HF_FLOW_BUCKET_BITS  24 /* of a hash, for each of the two buckets */

#define HF_FLOW_AGE_ROUND_MIN     1024U /* ticks */
#define HF_FLOW_AGE_PER_TICK      64U   /* buckets; large tables take longer instead */
#define HF_FLOW_AGE_TURN_BUCKETS  64U
#define HF_FLOW_AGE_TURN_REMOVALS 64U

/* 64 bytes. Writer: the lane's owner. Readers: any process. */
struct hf_flow_bucket {
	alignas(64) _Atomic(uint16_t) tag[HF_FLOW_BUCKET_SLOTS]; /* 0: empty */
	_Atomic(uint32_t) seen_tick[HF_FLOW_BUCKET_SLOTS];       /* last seen, ms ticks (wraps) */
	uint8_t spare[16];
};
static_assert(sizeof(struct hf_flow_bucket) == 64, "a bucket is one cache line");

/* 64 bytes. Writer: the lane's owner. Readers: any process. */
struct hf_flow_record {
	alignas(64) struct hf_flow_key key;
	_Atomic(uint64_t) packets_gen; /* packets in the low 48 bits, generation in the upper 16 */
	_Atomic(uint64_t) bytes;       /* frame bytes without FCS */
	_Atomic(uint32_t) first_tick;  /* ms ticks */
	_Atomic(uint32_t) last_tick;
};
static_assert(sizeof(struct hf_flow_record) == 64, "a record is one cache line");
static_assert(HF_FLOW_CAPACITY_MAX / HF_FLOW_BUCKET_SLOTS <= 1 << HF_FLOW_BUCKET_BITS &&
		      2 * HF_FLOW_BUCKET_BITS + 16 <= 64,
	      "two buckets and a tag come from disjoint bits of a hash");

/*
 * Where the counts of removed records go, so that Σ records + account + Σ skipped = packets in.
 * In the lane's block of the segment. Writer: the lane's owner. Readers: any process.
 * Evicted: removed to make room. Expired: idle longer than the time-out.
 */
struct hf_flow_account {
	alignas(64) _Atomic(uint64_t) evicted_flows;
	_Atomic(uint64_t) evicted_pkts;
	_Atomic(uint64_t) evicted_bytes;
	_Atomic(uint64_t) expired_flows;
	_Atomic(uint64_t) expired_pkts;
	_Atomic(uint64_t) expired_bytes;
	_Atomic(uint64_t)
		inserted_flows; /* statistics: a death between two stores may count one twice */
	_Atomic(uint64_t) live_flows; /* inserted - removed; readers that need it exact scan */
	/* Journal of the one removal under way; valid while slot_plus1 != 0. Redone by recovery. */
	alignas(64) _Atomic(uint32_t) slot_plus1;
	uint32_t expired;   /* 1: the totals below are the expired ones, 0: the evicted ones */
	uint64_t new_flows; /* absolute totals after the removal */
	uint64_t new_pkts;
	uint64_t new_bytes;
};
static_assert(sizeof(struct hf_flow_account) == 128, "account and journal: two cache lines");

/* A process's handle on one table (private memory, pointers of this process). */
struct hf_flow_table {
	struct hf_flow_bucket *buckets;
	struct hf_flow_record *records;
	struct hf_flow_account *account;
	uint32_t n_buckets; /* power of two */
	uint32_t bucket_mask;
	uint32_t age_cursor; /* next bucket hf_flow_age() looks at */
	uint32_t age_tick;   /* of the last hf_flow_age_turn() */
	uint32_t idle_ticks; /* idle time-out in ticks; 0: never */
	uint64_t age_owed;   /* buckets not yet looked at, times the ticks of a round */
	uint64_t seed;
};

/* A consistent copy of one record. */
struct hf_flow_view {
	struct hf_flow_key key;
	uint64_t packets;
	uint64_t bytes;
	uint32_t first_tick;
	uint32_t last_tick;
	uint16_t generation; /* of the slot; a new flow in the same slot has another one */
};

/* Bytes of a region for capacity records (rounded up to a power of two from _MIN to _MAX). */
size_t hf_flow_region_bytes(uint32_t capacity);

/* Zeroes a region. Primary, before READY. */
void hf_flow_region_format(void *region, uint32_t capacity);

/*
 * Fills t for a region formatted with the same capacity. account may be NULL for readers.
 * Any process; touches no shared memory.
 */
void hf_flow_table_attach(struct hf_flow_table *t, void *region, uint32_t capacity,
			  struct hf_flow_account *account, uint64_t seed, uint32_t idle_ticks);

/* Seeded 64-bit hash of a key; well mixed in all bits. Any thread. */
uint64_t hf_flow_hash(const struct hf_flow_table *t, const struct hf_flow_key *key);

/*
 * The first (0) or second (1) bucket of hash; the two may be the same one. The tag is the upper 16
 * bits, or 1 where these are 0: buckets and tag share no bit of the hash. Any process.
 */
static inline uint32_t
hf_flow_bucket(const struct hf_flow_table *t, uint64_t hash, uint32_t which)
{
	return (uint32_t)(hash >> which * HF_FLOW_BUCKET_BITS) & t->bucket_mask;
}

/* Hints the first bucket of hash, where most keys are, into the cache. */
static inline void
hf_flow_prefetch(const struct hf_flow_table *t, uint64_t hash)
{
	__builtin_prefetch(&t->buckets[hf_flow_bucket(t, hash, 0)], 1);
}

/* Record index of key, or HF_FLOW_NONE. Owner thread. */
uint32_t hf_flow_find(const struct hf_flow_table *t, const struct hf_flow_key *key, uint64_t hash);

/*
 * Finds key or inserts it with zero counts, and marks it seen at now. Idempotent: after a death
 * anywhere inside, the next call with the same key leads to the same state. May evict the idlest
 * slot of the two buckets, but never a record named in pinned[0 .. n_pinned - 1] (those that
 * packets of the current burst were given). Work is bounded. Owner thread.
 * Returns the record's index, or HF_FLOW_NONE when every candidate slot is pinned.
 */
uint32_t hf_flow_find_or_insert(struct hf_flow_table *t, const struct hf_flow_key *key,
				uint64_t hash, uint32_t now, const uint32_t *pinned,
				uint32_t n_pinned);

/*
 * hf_flow_find_or_insert() for a burst of n packets, at most HF_FLOW_BULK_MAX: record[i] is what it
 * would return for pkt[i].key with record[0 .. i - 1] pinned, and a packet that gets no record is
 * marked HF_SKIP_TABLE_FULL. Of a packet that is no flow (skip) neither key nor hash is looked at,
 * and it has no record. Keys may be repeated. The lines of all packets are fetched at the same
 * time; the first buckets should be on their way (hf_flow_prefetch()). Owner thread.
 */
void hf_flow_find_or_insert_bulk(struct hf_flow_table *t, struct hf_packet *pkt,
				 const uint64_t *hash, uint32_t n, uint32_t now, uint32_t *record);

/*
 * Counts one packet of len frame bytes on a record. Two stores; the caller has saved the old
 * values (undo record) when it must survive a death. Owner thread, in apply.
 */
static inline void
hf_flow_count(struct hf_flow_record *r, uint32_t len, uint32_t now)
{
	uint64_t v = atomic_load_explicit(&r->packets_gen, memory_order_relaxed);
	uint64_t pkts = (v + 1) & HF_FLOW_PACKETS_MASK;

	/* release: pairs with hf_flow_read(), which then finds the bytes of all packets before */
	atomic_store_explicit(&r->packets_gen, (v & ~HF_FLOW_PACKETS_MASK) | pkts,
			      memory_order_release);
	HF_POINT("flow_count_packets");
	atomic_store_explicit(&r->bytes,
			      atomic_load_explicit(&r->bytes, memory_order_relaxed) + len,
			      memory_order_relaxed);
	HF_POINT("flow_count_bytes");
	atomic_store_explicit(&r->last_tick, now, memory_order_relaxed);
}

/*
 * Looks at the next n_buckets buckets and removes records idle longer than the time-out. Owner
 * thread, between bursts. Returns how many were removed.
 */
uint32_t hf_flow_age(struct hf_flow_table *t, uint32_t now, uint32_t n_buckets);

/*
 * Ageing by the clock. _begin: this owner starts at now, where the round stands by the clock, so
 * that frequent changes of owner leave no part of the table out. _turn: looks at what the ticks
 * since the turn before ask for, at most HF_FLOW_AGE_TURN_BUCKETS buckets and about
 * HF_FLOW_AGE_TURN_REMOVALS removals; the rest is owed to the next turn. Returns how many records
 * were removed. _round: ticks in which the whole table is looked at: a second, for large tables
 * more, but never more than a quarter of the idle time-out. Owner thread, between bursts; a turn
 * with nothing to do costs a comparison.
 */
void hf_flow_age_begin(struct hf_flow_table *t, uint32_t now);
uint32_t hf_flow_age_turn(struct hf_flow_table *t, uint32_t now);
uint32_t hf_flow_age_round(const struct hf_flow_table *t);

/* Finishes a removal that a dead owner left in the journal. New owner, before its first burst. */
void hf_flow_recover(struct hf_flow_table *t);

/*
 * Reader: copies record index if its slot is in use. Lock-free; the memory may be mapped
 * PROT_READ. Key, counts and ticks are of one flow. The counts are not of one instant: bytes lacks
 * at most the packet being counted, and has more than packets says when a busy flow is counted
 * during each of some tries. Returns 1 copied, 0 empty (or no such index), -EAGAIN when a writer
 * kept changing it.
 */
int hf_flow_read(const struct hf_flow_table *t, uint32_t index, struct hf_flow_view *view);

#endif

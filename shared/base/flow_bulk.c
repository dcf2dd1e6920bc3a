/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Find or insert for a whole burst: the cache lines of all its packets are under way at the same
 * time. Runs in the lane thread that holds the lease. It only guesses where keys are; what a guess
 * does not settle goes through hf_flow_find_or_insert(), in the order of the burst.
 */
#include "flow_place.h"

/* Where the packets of a burst seem to be, and which of them the first bucket did not settle. */
struct guesses {
	uint32_t slot[HF_FLOW_BULK_MAX]; /* HF_FLOW_NONE: in neither bucket */
	uint8_t missed[HF_FLOW_BULK_MAX];
	uint32_t n_missed;
};

/* The first slot of a bucket that has the tag, and its record on the way; else HF_FLOW_NONE. */
static inline uint32_t
guess_in(const struct hf_flow_table *t, uint32_t bucket, uint32_t tag)
{
	uint32_t hits = flow_match_tags(&t->buckets[bucket], tag), slot;

	if (hits == 0)
		return HF_FLOW_NONE;
	slot = bucket * HF_FLOW_BUCKET_SLOTS + (uint32_t)__builtin_ctz(hits);
	__builtin_prefetch(&t->records[slot], 1);
	return slot;
}

static void
guess_first(const struct hf_flow_table *t, const uint64_t *hash, uint32_t n, struct guesses *g)
{
	g->n_missed = 0;
	for (uint32_t i = 0; i < n; i++) {
		g->slot[i] = guess_in(t, hf_flow_bucket(t, hash[i], 0), flow_tag(hash[i]));
		if (g->slot[i] != HF_FLOW_NONE)
			continue;
		__builtin_prefetch(&t->buckets[hf_flow_bucket(t, hash[i], 1)], 1);
		g->missed[g->n_missed++] = (uint8_t)i;
	}
}

/* A key in neither bucket is new: the record it will fill is fetched. */
static void
guess_second(const struct hf_flow_table *t, const uint64_t *hash, struct guesses *g)
{
	for (uint32_t k = 0; k < g->n_missed; k++) {
		uint32_t i = g->missed[k];
		struct flow_place p = flow_locate(t, hash[i]);
		uint32_t room;

		g->slot[i] = guess_in(t, p.bucket[1], p.tag);
		if (g->slot[i] != HF_FLOW_NONE)
			continue;
		room = flow_free_slot(t, p);
		if (room != HF_FLOW_NONE)
			__builtin_prefetch(&t->records[room], 1);
	}
}

/*
 * A guess is still true when its packet's turn comes, or its key differs: an eviction by a packet
 * before it fills the slot anew at once.
 */
void
hf_flow_find_or_insert_bulk(struct hf_flow_table *t, const struct hf_flow_key *const *key,
			    const uint64_t *hash, uint32_t n, uint32_t now, uint32_t *record)
{
	struct guesses g;

	guess_first(t, hash, n, &g);
	guess_second(t, hash, &g);
	for (uint32_t i = 0; i < n; i++) {
		if (g.slot[i] != HF_FLOW_NONE &&
		    flow_same_key(&t->records[g.slot[i]].key, key[i])) {
			flow_mark_seen(t, g.slot[i], now);
			record[i] = g.slot[i];
		} else {
			record[i] = hf_flow_find_or_insert(t, key[i], hash[i], now, record, i);
		}
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Find or insert for a whole burst: the cache lines of all its packets are under way at the same
 * time. Runs in the lane thread that holds the lease. It only guesses where keys are; what a guess
 * does not settle goes through hf_flow_find_or_insert(), in the order of the burst.
 */
#include "flow_place.h"
#include "reasons.h"

/* Where the packets of a burst seem to be, and which of them the first bucket did not settle. */
struct guesses {
	uint32_t slot[HF_FLOW_BULK_MAX]; /* HF_FLOW_NONE: in neither bucket */
	uint8_t missed[HF_FLOW_BULK_MAX + 1];
	uint32_t n_missed;
};

/*
 * The first slot of the first bucket that has the tag, its record on the way. Without a branch:
 * which packets are in their second bucket cannot be predicted, and a needless fetch is cheap.
 */
static void
guess_first(const struct hf_flow_table *t, const struct hf_packet *pkt, const uint64_t *hash,
	    uint32_t n, struct guesses *g)
{
	uint32_t n_missed = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t bucket = hf_flow_bucket(t, hash[i], 0);
		uint32_t hits = flow_match_tags(&t->buckets[bucket], flow_tag(hash[i]));
		uint32_t slot = bucket * HF_FLOW_BUCKET_SLOTS +
				(uint32_t)__builtin_ctz(hits | 1U << (HF_FLOW_BUCKET_SLOTS - 1));

		__builtin_prefetch(&t->records[slot], 1);
		g->slot[i] = slot;
		g->missed[n_missed] = (uint8_t)i;
		n_missed += (hits == 0) & (pkt[i].skip == HF_SKIP_NONE);
	}
	g->n_missed = n_missed;
	for (uint32_t k = 0; k < n_missed; k++)
		__builtin_prefetch(&t->buckets[hf_flow_bucket(t, hash[g->missed[k]], 1)], 1);
}

/* A key in neither bucket is new: the record it will fill is fetched. */
static void
guess_second(const struct hf_flow_table *t, const uint64_t *hash, struct guesses *g)
{
	for (uint32_t k = 0; k < g->n_missed; k++) {
		uint32_t i = g->missed[k];
		struct flow_place p = flow_locate(t, hash[i]);
		uint32_t hits = flow_match_tags(&t->buckets[p.bucket[1]], p.tag);
		uint32_t fetch;

		g->slot[i] = hits == 0 ? HF_FLOW_NONE
				       : p.bucket[1] * HF_FLOW_BUCKET_SLOTS +
						 (uint32_t)__builtin_ctz(hits);
		fetch = hits == 0 ? flow_free_slot(t, p) : g->slot[i];
		if (fetch != HF_FLOW_NONE)
			__builtin_prefetch(&t->records[fetch], 1);
	}
}

/*
 * The records that packets of this burst were given, by bucket: a set made when the first packet
 * needs an eviction, so that a flood of new flows does not compare each packet with all before it.
 */
#define PINS      (2 * HF_FLOW_BULK_MAX) /* a power of two */
#define PINS_BITS 8
struct pins {
	uint32_t n; /* packets whose records are in it */
	uint32_t bucket[PINS];
	uint8_t slots[PINS]; /* 0: unused */
};
static_assert(PINS == 1 << PINS_BITS, "the set's size and its bits");

/* Where a bucket is in the set, or would be. */
static inline uint32_t
find_pins(const struct pins *s, uint32_t bucket)
{
	uint32_t at = bucket * UINT32_C(2654435769) >> (32 - PINS_BITS);

	while (s->slots[at] != 0 && s->bucket[at] != bucket)
		at = (at + 1) % PINS;
	return at;
}

/* Takes in what the packets before i were given. */
static void
update_pins(struct pins *s, const uint32_t *record, uint32_t i)
{
	if (s->n == 0)
		memset(s->slots, 0, sizeof(s->slots));
	for (; s->n < i; s->n++) {
		uint32_t bucket = record[s->n] / HF_FLOW_BUCKET_SLOTS, at;

		if (record[s->n] == HF_FLOW_NONE)
			continue;
		at = find_pins(s, bucket);
		s->bucket[at] = bucket;
		s->slots[at] |= (uint8_t)(1U << record[s->n] % HF_FLOW_BUCKET_SLOTS);
	}
}

/* What the guess did not settle, and packets that are no flows. */
static uint32_t
place_one(struct hf_flow_table *t, struct hf_packet *pkt, uint64_t hash, uint32_t now,
	  const uint32_t *record, uint32_t i, struct pins *pins)
{
	struct flow_placed found;
	uint32_t taken, slot;

	if (pkt->skip != HF_SKIP_NONE)
		return HF_FLOW_NONE;
	found = flow_find_or_fill(t, &pkt->key, hash, now);
	if (found.slot != HF_FLOW_NONE)
		return found.slot;
	update_pins(pins, record, i);
	taken = pins->slots[find_pins(pins, found.place.bucket[0])] |
		(uint32_t)pins->slots[find_pins(pins, found.place.bucket[1])]
			<< HF_FLOW_BUCKET_SLOTS;
	slot = flow_evict_for(t, found.place, &pkt->key, now, taken);
	if (slot == HF_FLOW_NONE)
		pkt->skip = HF_SKIP_TABLE_FULL;
	return slot;
}

/*
 * A guess is still true when its packet's turn comes, or its key differs: an eviction by a packet
 * before it fills the slot anew at once.
 */
void
hf_flow_find_or_insert_bulk(struct hf_flow_table *t, struct hf_packet *pkt, const uint64_t *hash,
			    uint32_t n, uint32_t now, uint32_t *record)
{
	struct guesses g;
	struct pins pins;

	pins.n = 0;
	guess_first(t, pkt, hash, n, &g);
	guess_second(t, hash, &g);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = g.slot[i];

		if (slot != HF_FLOW_NONE && pkt[i].skip == HF_SKIP_NONE &&
		    flow_same_key(&t->records[slot].key, &pkt[i].key)) {
			flow_mark_seen(t, slot, now);
			record[i] = slot;
		} else {
			record[i] = place_one(t, &pkt[i], hash[i], now, record, i, &pins);
		}
	}
}

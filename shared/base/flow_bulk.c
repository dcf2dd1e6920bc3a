/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Find or insert for a burst, or a part of it: the cache lines of all its packets are under way at
 * the same time. Runs in the lane thread that holds the lease. It only guesses where keys are; what
 * a guess does not settle is looked for in both buckets, in the order of the burst.
 */
#include "flow_bulk.h"
#include "flow_place.h"
#include "reasons.h"

/* A key that was in neither of its buckets; _FULL: nor is there an empty slot. */
#define GUESS_NEW      HF_FLOW_NONE
#define GUESS_NEW_FULL (HF_FLOW_NONE - 1)
static_assert(GUESS_NEW_FULL > HF_FLOW_CAPACITY_MAX, "no record has these numbers");

/* Packets that the first bucket did not settle. */
struct missed {
	uint32_t n;
	uint8_t packet[HF_FLOW_BULK_MAX + 1];
};

/*
 * The first slot of the first bucket that has the tag, its record on the way. Without a branch:
 * which packets are in their second bucket cannot be predicted, and a needless fetch is cheap.
 */
static void
guess_first(const struct hf_flow_table *t, const struct hf_packet *pkt, const uint64_t *hash,
	    uint32_t from, uint32_t to, struct hf_flow_search *s, struct missed *missed)
{
	uint32_t n_missed = 0;

	for (uint32_t i = from; i < to; i++) {
		uint32_t bucket = hf_flow_bucket(t, hash[i], 0);
		uint32_t hits = flow_match_tags(&t->buckets[bucket], flow_tag(hash[i]));
		uint32_t slot = bucket * HF_FLOW_BUCKET_SLOTS +
				(uint32_t)__builtin_ctz(hits | 1U << (HF_FLOW_BUCKET_SLOTS - 1));

		__builtin_prefetch(&t->records[slot], 1);
		s->guess[i] = slot;
		missed->packet[n_missed] = (uint8_t)i;
		n_missed += (hits == 0) & (pkt[i].skip == HF_SKIP_NONE);
	}
	missed->n = n_missed;
	for (uint32_t k = 0; k < n_missed; k++)
		__builtin_prefetch(&t->buckets[hf_flow_bucket(t, hash[missed->packet[k]], 1)], 1);
}

/* A key in neither bucket is new: the record it will fill is fetched. */
static void
guess_second(const struct hf_flow_table *t, const uint64_t *hash, const struct missed *missed,
	     struct hf_flow_search *s)
{
	for (uint32_t k = 0; k < missed->n; k++) {
		uint32_t i = missed->packet[k];
		uint32_t bucket0 = hf_flow_bucket(t, hash[i], 0);
		uint32_t bucket1 = hf_flow_bucket(t, hash[i], 1);
		uint32_t hits = flow_match_tags(&t->buckets[bucket1], flow_tag(hash[i]));
		uint32_t slot = bucket1 * HF_FLOW_BUCKET_SLOTS +
				(uint32_t)__builtin_ctz(hits | 1U << HF_FLOW_BUCKET_SLOTS);

		s->guess[i] = slot;
		if (hits == 0) {
			slot = flow_choose_free(bucket0, flow_match_tags(&t->buckets[bucket0], 0),
						bucket1, flow_match_tags(&t->buckets[bucket1], 0));
			s->guess[i] = slot != HF_FLOW_NONE ? GUESS_NEW : GUESS_NEW_FULL;
		}
		if (slot != HF_FLOW_NONE)
			__builtin_prefetch(&t->records[slot], 1);
	}
}

/* Where a bucket is in the set, or would be. */
static inline uint32_t
find_pins(const struct hf_flow_pins *s, uint32_t bucket)
{
	uint32_t at = bucket * UINT32_C(2654435769) >> (32 - HF_FLOW_PINS_BITS);

	while (s->pinned[at] != 0 && s->bucket[at] != bucket)
		at = (at + 1) % HF_FLOW_PINS;
	return at;
}

/* Pins a record; its bucket is, or will be, at place at. */
static inline void
pin(struct hf_flow_pins *s, uint32_t at, uint32_t record)
{
	if (s->pinned[at] == 0) {
		s->bucket[at] = record / HF_FLOW_BUCKET_SLOTS;
		s->idlest[at] = 0;
	}
	s->pinned[at] |= (uint8_t)(1U << record % HF_FLOW_BUCKET_SLOTS);
}

/* Takes in what the packets before i were given. */
static inline void
update_pins(struct hf_flow_pins *s, const uint32_t *record, uint32_t i)
{
	if (s->n == 0)
		memset(s->pinned, 0, sizeof(s->pinned));
	for (; s->n < i; s->n++)
		if (record[s->n] != HF_FLOW_NONE)
			pin(s, find_pins(s, record[s->n] / HF_FLOW_BUCKET_SLOTS), record[s->n]);
}

/*
 * The idlest slots of a bucket that are not pinned. Those of a bucket with pins are kept: in a
 * burst nothing changes the time of a slot but what pins it as well.
 */
static inline struct flow_idlest
find_unpinned(const struct hf_flow_table *t, struct hf_flow_pins *s, uint32_t at, uint32_t bucket,
	      uint32_t now)
{
	uint32_t pinned = s->pinned[at];
	struct flow_idlest found = {0, 0};

	if (pinned == (1U << HF_FLOW_BUCKET_SLOTS) - 1)
		return found;
	if (pinned != 0 && (s->idlest[at] & ~pinned) != 0)
		return (struct flow_idlest){s->idlest[at] & ~pinned, s->idle[at]};
	found = flow_find_idlest(&t->buckets[bucket], now, pinned);
	if (pinned != 0) {
		s->idlest[at] = (uint8_t)found.slots;
		s->idle[at] = found.idle;
	}
	return found;
}

/* Packet i has a key without room: the record that it gets instead of another flow, if any. */
static uint32_t
evict_one(struct hf_flow_table *t, struct hf_packet *pkt, uint64_t hash, uint32_t now,
	  const uint32_t *record, uint32_t i, struct hf_flow_pins *pins)
{
	uint32_t bucket0 = hf_flow_bucket(t, hash, 0), bucket1 = hf_flow_bucket(t, hash, 1);
	uint32_t at0, at1, slot;

	update_pins(pins, record, i);
	at0 = find_pins(pins, bucket0);
	at1 = find_pins(pins, bucket1);
	slot = flow_choose_victim(bucket0, find_unpinned(t, pins, at0, bucket0, now), bucket1,
				  find_unpinned(t, pins, at1, bucket1, now));
	pins->n = i + 1;
	if (slot == HF_FLOW_NONE) {
		pkt->skip = HF_SKIP_TABLE_FULL;
		return slot;
	}
	flow_replace(t, slot, &pkt->key, hash, now);
	pin(pins, slot / HF_FLOW_BUCKET_SLOTS == bucket0 ? at0 : at1, slot);
	return slot;
}

/*
 * What the guess did not settle, and packets that are no flows. A full bucket stays full. Inline in
 * the loop over a burst it makes flows that are found 3 % slower.
 */
static __attribute__((noinline)) uint32_t
place_one(struct hf_flow_table *t, struct hf_packet *pkt, uint64_t hash, uint32_t now,
	  const uint32_t *record, uint32_t i, uint32_t guess, struct hf_flow_pins *pins)
{
	uint32_t slot;

	if (pkt->skip != HF_SKIP_NONE)
		return HF_FLOW_NONE;
	if (guess != GUESS_NEW_FULL) {
		slot = flow_find_or_fill(t, &pkt->key, hash, now);
	} else {
		slot = flow_find_key(t, &pkt->key, hash);
		if (slot != HF_FLOW_NONE)
			flow_mark_seen(t, slot, now);
	}
	return slot != HF_FLOW_NONE ? slot : evict_one(t, pkt, hash, now, record, i, pins);
}

void
hf_flow_search_begin(struct hf_flow_search *s)
{
	s->pins.n = 0;
}

void
hf_flow_search_guess(const struct hf_flow_table *t, struct hf_flow_search *s,
		     const struct hf_packet *pkt, const uint64_t *hash, uint32_t from, uint32_t to)
{
	struct missed missed;

	guess_first(t, pkt, hash, from, to, s, &missed);
	guess_second(t, hash, &missed, s);
}

/*
 * A guess is still true when its packet's turn comes, or its key differs: an eviction by a packet
 * before it fills the slot anew at once.
 */
void
hf_flow_search_settle(struct hf_flow_table *t, struct hf_flow_search *s, struct hf_packet *pkt,
		      const uint64_t *hash, uint32_t from, uint32_t to, uint32_t now,
		      uint32_t *record)
{
	for (uint32_t i = from; i < to; i++) {
		uint32_t slot = s->guess[i];

		if (slot < GUESS_NEW_FULL && pkt[i].skip == HF_SKIP_NONE &&
		    flow_same_key(&t->records[slot].key, &pkt[i].key)) {
			flow_mark_seen(t, slot, now);
			record[i] = slot;
		} else {
			record[i] = place_one(t, &pkt[i], hash[i], now, record, i, slot, &s->pins);
		}
	}
}

void
hf_flow_find_or_insert_bulk(struct hf_flow_table *t, struct hf_packet *pkt, const uint64_t *hash,
			    uint32_t n, uint32_t now, uint32_t *record)
{
	struct hf_flow_search s;

	hf_flow_search_begin(&s);
	hf_flow_search_guess(t, &s, pkt, hash, 0, n);
	hf_flow_search_settle(t, &s, pkt, hash, 0, n, now, record);
}

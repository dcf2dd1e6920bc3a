/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ageing of the flow table: removes records that are idle for too long, a few buckets at a time.
 * Runs in the lane thread that holds the lease, between bursts. How much is looked at follows from
 * the time that went by, so that the whole table is looked over once a round whatever the load; one
 * turn is bounded, and what it leaves is owed to the next.
 */
#include "flow_place.h"

#define GROUP 8 /* buckets whose expired records are fetched together */

/* Bit i: slot i is in use and idle for longer than the time-out. */
static inline uint32_t
find_expired(const struct hf_flow_table *t, const struct hf_flow_bucket *b, uint32_t now)
{
	uint32_t used = ~flow_match_tags(b, 0) & ((1U << HF_FLOW_BUCKET_SLOTS) - 1);
	uint32_t expired = 0;

	for (uint32_t i = 0; i < HF_FLOW_BUCKET_SLOTS; i++) {
		uint32_t seen = atomic_load_explicit(&b->seen_tick[i], memory_order_relaxed);

		expired |= (uint32_t)(flow_idle_since(now, seen) > t->idle_ticks) << i;
	}
	return used & expired;
}

/* Removes what has expired in n buckets from the cursor on, n at most GROUP. */
static uint32_t
age_group(struct hf_flow_table *t, uint32_t now, uint32_t n)
{
	uint32_t expired[GROUP], removed = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t bucket = (t->age_cursor + i) & t->bucket_mask;
		const struct hf_flow_bucket *ahead =
			&t->buckets[(bucket + 2 * GROUP) & t->bucket_mask];

		__builtin_prefetch(ahead);
		expired[i] = find_expired(t, &t->buckets[bucket], now);
		for (uint32_t bits = expired[i]; bits != 0; bits &= bits - 1)
			__builtin_prefetch(&t->records[bucket * HF_FLOW_BUCKET_SLOTS +
						       (uint32_t)__builtin_ctz(bits)]);
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t first = ((t->age_cursor + i) & t->bucket_mask) * HF_FLOW_BUCKET_SLOTS;

		for (; expired[i] != 0; expired[i] &= expired[i] - 1, removed++)
			flow_remove(t, first + (uint32_t)__builtin_ctz(expired[i]), 1);
	}
	t->age_cursor = (t->age_cursor + n) & t->bucket_mask;
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
	for (uint32_t done = 0; done < n_buckets; done += GROUP) {
		uint32_t left = n_buckets - done;

		removed += age_group(t, now, left < GROUP ? left : GROUP);
	}
	return removed;
}

uint32_t
hf_flow_age_round(const struct hf_flow_table *t)
{
	uint32_t round = t->n_buckets / HF_FLOW_AGE_PER_TICK, most = t->idle_ticks / 4;

	if (round > most)
		round = most;
	return round < HF_FLOW_AGE_ROUND_MIN ? HF_FLOW_AGE_ROUND_MIN : round;
}

void
hf_flow_age_begin(struct hf_flow_table *t, uint32_t now)
{
	uint32_t round = hf_flow_age_round(t);

	t->age_cursor = (uint32_t)((uint64_t)(now % round) * t->n_buckets / round);
	t->age_tick = now;
	t->age_owed = 0;
}

uint32_t
hf_flow_age_turn(struct hf_flow_table *t, uint32_t now)
{
	uint32_t round, due, removed = 0;

	if (now == t->age_tick && t->age_owed == 0)
		return 0;
	round = hf_flow_age_round(t);
	t->age_owed += (uint64_t)(now - t->age_tick) * t->n_buckets;
	t->age_tick = now;
	if (t->age_owed > (uint64_t)round * t->n_buckets) /* more than all of it helps nobody */
		t->age_owed = (uint64_t)round * t->n_buckets;
	due = (uint32_t)(t->age_owed / round);
	if (due > HF_FLOW_AGE_TURN_BUCKETS)
		due = HF_FLOW_AGE_TURN_BUCKETS;
	t->age_owed -= (uint64_t)due * round;
	while (due > 0 && removed < HF_FLOW_AGE_TURN_REMOVALS) {
		uint32_t n = due < GROUP ? due : GROUP;

		removed += hf_flow_age(t, now, n);
		due -= n;
	}
	t->age_owed += (uint64_t)due * round;
	return removed;
}

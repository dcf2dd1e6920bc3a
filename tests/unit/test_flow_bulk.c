/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst looked up at once, or part by part, gives what its packets one by one would give;
 * and ageing by the clock looks at the whole table in time, in turns of bounded work.
 */
#include "flow_bulk.h"
#include "flow_world.h"
#include "reasons.h"

#define BURST HF_FLOW_BULK_MAX

static uint32_t
next_random(uint32_t *x)
{
	*x = *x * 1664525U + 1013904223U;
	return *x >> 8;
}

/* A burst in parts of any size, each guessed some time before it is settled. */
static void
search_in_parts(struct hf_flow_table *t, struct hf_packet *pkt, const uint64_t *hash, uint32_t n,
		uint32_t now, uint32_t *record, uint32_t *x)
{
	uint32_t guessed = 0, settled = 0;
	struct hf_flow_search s;

	hf_flow_search_begin(&s);
	while (settled < n) {
		uint32_t ahead = guessed - settled, to;

		if (ahead == 0 || (guessed < n && next_random(x) % 2 == 0)) {
			to = guessed + 1 + next_random(x) % (n - guessed);
			hf_flow_search_guess(t, &s, pkt, hash, guessed, to);
			guessed = to;
		} else {
			to = settled + 1 + next_random(x) % ahead;
			hf_flow_search_settle(t, &s, pkt, hash, settled, to, now, record);
			settled = to;
		}
	}
}

/* Looks up n ids as one burst; in parts of random sizes when x is not NULL. */
static void
bulk(struct fixture *f, const uint32_t *ids, uint32_t n, uint32_t now, uint32_t *record,
     uint32_t *x)
{
	struct hf_packet pkt[BURST] = {0};
	uint64_t hash[BURST];

	for (uint32_t i = 0; i < n; i++) {
		pkt[i].key = make_key(ids[i]);
		hash[i] = hf_flow_hash(&f->t, &pkt[i].key);
	}
	if (x != NULL)
		search_in_parts(&f->t, pkt, hash, n, now, record, x);
	else
		hf_flow_find_or_insert_bulk(&f->t, pkt, hash, n, now, record);
}

static void
same_state(const struct fixture *a, const struct fixture *b)
{
	assert_memory_equal(a->rw, b->rw, hf_flow_region_bytes(CAPACITY));
	assert_memory_equal(a->account, b->account, sizeof(*a->account));
}

static void
bursts_do_what_single_packets_do(void **state)
{
	struct fixture *a = *state, *b, *c;
	uint32_t x = 1, y = 1, ids[BURST], at_once[BURST], in_parts[BURST], evicted;

	setup((void **)&b);
	setup((void **)&c);
	for (uint32_t round = 0; round < 4000; round++) {
		uint32_t keys = round / 500 % 2 == 0 ? 2500 : 60; /* evictions; repeated keys */
		uint32_t n, one[BURST];

		n = next_random(&x) % (BURST + 1);
		for (uint32_t i = 0; i < n; i++)
			ids[i] = next_random(&x) % keys;
		bulk(a, ids, n, round / 3, at_once, NULL);
		bulk(c, ids, n, round / 3, in_parts, &y);
		for (uint32_t i = 0; i < n; i++) {
			one[i] = insert_pinned(b, ids[i], round / 3, one, i);
			assert_int_equal(at_once[i], one[i]);
			assert_int_equal(in_parts[i], one[i]);
		}
	}
	same_state(a, b);
	same_state(c, b);
	evicted = (uint32_t)atomic_load(&a->account->evicted_flows);
	print_message("%u evicted, %u live\n", evicted,
		      (uint32_t)atomic_load(&a->account->live_flows));
	assert_true(evicted > 10000);
	teardown((void **)&b);
	teardown((void **)&c);
}

/* Keys of a few buckets alone, new ones and repeated ones, among them keys whose two are one. */
static void
a_flood_does_what_single_packets_do(void **state)
{
	struct fixture *a = *state, *b, *c;
	uint32_t x = 7, y = 1, now = UINT32_MAX - 3000, full = 0, repeated = 0;

	setup((void **)&b);
	setup((void **)&c);
	for (uint32_t round = 0; round < 4000; round++) {
		struct hf_packet pkt[BURST] = {0};
		uint64_t hash[BURST];
		uint32_t at_once[BURST], in_parts[BURST], one[BURST];
		uint32_t n = next_random(&x) % (BURST + 1);

		now += next_random(&x) % 3;
		for (uint32_t i = 0; i < n; i++) {
			uint32_t id = next_random(&x) % (round / 100 % 2 == 0 ? 100000 : 70);

			pkt[i].key = make_key(id);
			hash[i] = (uint64_t)(id % 3 + 4) << HF_FLOW_BUCKET_BITS | (id % 7 % 3 + 4) |
				  (uint64_t)(id % 500) << 48; /* tags are shared, too */
		}
		hf_flow_find_or_insert_bulk(&a->t, pkt, hash, n, now, at_once);
		search_in_parts(&c->t, pkt, hash, n, now, in_parts, &y);
		for (uint32_t i = 0; i < n; i++) {
			one[i] = hf_flow_find_or_insert(&b->t, &pkt[i].key, hash[i], now, one, i);
			assert_int_equal(at_once[i], one[i]);
			assert_int_equal(in_parts[i], one[i]);
			full += one[i] == HF_FLOW_NONE;
			for (uint32_t k = 0; k < i; k++)
				repeated += one[k] == one[i] && one[i] != HF_FLOW_NONE;
		}
	}
	same_state(a, b);
	same_state(c, b);
	print_message("%u found no room, %u repeated\n", full, repeated);
	assert_true(full > 1000 && repeated > 1000);
	teardown((void **)&b);
	teardown((void **)&c);
}

/* What replaces what: by a plain loop over the sixteen slots, ticks that wrapped included. */
static uint32_t
plain_victim(const struct fixture *f, uint32_t now, uint32_t pinned)
{
	uint32_t best = HF_FLOW_NONE;
	int64_t most = -1;

	for (uint32_t i = 0; i < 2 * HF_FLOW_BUCKET_SLOTS; i++) {
		uint32_t slot = (i < HF_FLOW_BUCKET_SLOTS ? 3 : 9) * HF_FLOW_BUCKET_SLOTS + i % 8;
		uint32_t idle = now - atomic_load(&f->t.buckets[slot / 8].seen_tick[i % 8]);

		if (idle > UINT32_MAX - 60000) /* seen ahead of now: a clock behind */
			idle = 0;
		if ((pinned >> i & 1) != 0 || (int64_t)idle <= most)
			continue;
		most = idle;
		best = slot;
	}
	return best;
}

static void
the_first_of_the_idlest_that_is_not_pinned_goes(void **state)
{
	static const uint32_t spread[] = {2, 20, 60000, 70000, UINT32_MAX};
	struct fixture *f = *state;
	uint64_t place = UINT64_C(9) << HF_FLOW_BUCKET_BITS | 3;
	uint32_t x = 3, id = 0;

	for (; id < 2 * HF_FLOW_BUCKET_SLOTS; id++) {
		struct hf_flow_key k = make_key(id);

		hf_flow_find_or_insert(&f->t, &k, place | (uint64_t)(id + 1) << 48, 0, NULL, 0);
	}
	for (uint32_t round = 0; round < 200000; round++, id++) {
		uint32_t now = next_random(&x) << 8 | next_random(&x) % 256;
		uint32_t bits = round % 3 == 0 ? 0 : next_random(&x) | next_random(&x);
		uint32_t pinned[2 * HF_FLOW_BUCKET_SLOTS], n = 0, want;
		struct hf_flow_key k = make_key(id);

		for (uint32_t i = 0; i < 2 * HF_FLOW_BUCKET_SLOTS; i++) {
			uint32_t bucket = i < HF_FLOW_BUCKET_SLOTS ? 3 : 9;
			uint32_t ago =
				(next_random(&x) << 8 | next_random(&x) % 256) % spread[round % 5];

			/* some of them ahead of now */
			atomic_store(&f->t.buckets[bucket].seen_tick[i % 8],
				     now - ago + next_random(&x) % 8 / 7 * 60000);
			if (bits >> i & 1)
				pinned[n++] = bucket * HF_FLOW_BUCKET_SLOTS + i % 8;
		}
		want = plain_victim(f, now, bits);
		assert_int_equal(hf_flow_find_or_insert(&f->t, &k,
							place | (uint64_t)(id % 65535 + 1) << 48,
							now, pinned, n),
				 want);
	}
}

/* Twenty new keys for sixteen slots: four packets get no record, and no record two of them. */
static void
a_burst_never_evicts_its_own_flows(void **state)
{
	struct fixture *f = *state;
	struct hf_packet pkt[20] = {0};
	uint64_t hash[20];
	uint32_t record[20], none = 0;

	for (uint32_t round = 0; round < 3; round++) {
		none = 0;
		for (uint32_t i = 0; i < 20; i++) {
			pkt[i] = (struct hf_packet){.key = make_key(round * 100 + i)};
			hash[i] = UINT64_C(9) << HF_FLOW_BUCKET_BITS | 3 | (uint64_t)(i + 1) << 48;
		}
		hf_flow_find_or_insert_bulk(&f->t, pkt, hash, 20, round, record);
		for (uint32_t i = 0; i < 20; i++) {
			none += record[i] == HF_FLOW_NONE;
			assert_int_equal(pkt[i].skip, record[i] == HF_FLOW_NONE ? HF_SKIP_TABLE_FULL
										: HF_SKIP_NONE);
			for (uint32_t k = 0; k < i && record[i] != HF_FLOW_NONE; k++)
				assert_int_not_equal(record[k], record[i]);
		}
		assert_int_equal(none, 4);
	}
	assert_int_equal(atomic_load(&f->account->evicted_flows), 32);
}

/* Packets that are no flows among others: as if they were not there. */
static void
what_is_no_flow_gets_no_record(void **state)
{
	struct fixture *f = *state;
	struct hf_packet pkt[8] = {0};
	uint64_t hash[8];
	uint32_t record[8];

	for (uint32_t i = 0; i < 8; i++) {
		pkt[i].key = make_key(i);
		hash[i] = hf_flow_hash(&f->t, &pkt[i].key);
		pkt[i].skip = i % 3 == 0 ? HF_SKIP_NOT_IP : HF_SKIP_NONE;
	}
	insert(f, 3, 5); /* not even if the key of such a packet is in the table */
	hf_flow_find_or_insert_bulk(&f->t, pkt, hash, 8, 10, record);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(record[i] == HF_FLOW_NONE, i % 3 == 0);
		assert_int_equal(pkt[i].skip, i % 3 == 0 ? HF_SKIP_NOT_IP : HF_SKIP_NONE);
		assert_int_equal(find(f, i), i == 3 ? find(f, 3) : record[i]);
	}
	assert_int_equal(atomic_load(&f->account->inserted_flows), 6);
}

static void
a_bucket_is_written_once_a_tick(void **state)
{
	struct fixture *f = *state;
	uint32_t id = 5, slot, record;

	bulk(f, &id, 1, 10, &slot, NULL);
	mprotect(f->t.buckets, CAPACITY / HF_FLOW_BUCKET_SLOTS * sizeof(struct hf_flow_bucket),
		 PROT_READ);
	bulk(f, &id, 1, 10, &record, NULL); /* would fault */
	assert_int_equal(record, slot);
	assert_int_equal(insert(f, id, 10), slot);
	mprotect(f->t.buckets, CAPACITY / HF_FLOW_BUCKET_SLOTS * sizeof(struct hf_flow_bucket),
		 PROT_READ | PROT_WRITE);
	bulk(f, &id, 1, 11, &record, NULL);
	assert_int_equal(atomic_load(&f->t.buckets[slot / 8].seen_tick[slot % 8]), 11);
}

static void
the_whole_table_is_looked_at_in_one_round(void **state)
{
	struct fixture *f = *state;
	uint32_t round = hf_flow_age_round(&f->t), removed = 0, now = 100 + IDLE + 1;

	for (uint32_t i = 0; i < 400; i++)
		insert(f, i, 100);
	hf_flow_age_begin(&f->t, now);
	for (uint32_t i = 0; i < round; i++)
		removed += hf_flow_age_turn(&f->t, ++now);
	assert_int_equal(removed, 400);
	assert_int_equal(atomic_load(&f->account->live_flows), 0);
}

/* A worker that was busy or stopped for long: no turn is long, and nothing is forgotten. */
static void
a_turn_is_bounded_and_owes_the_rest_to_the_next(void **state)
{
	struct fixture *f = *state;
	uint32_t now = 100 + IDLE + 1, removed = 0, turns = 0;

	for (uint32_t i = 0; i < 400; i++)
		insert(f, i, 100);
	hf_flow_age_begin(&f->t, now);
	now += 50 * IDLE;
	for (; removed < 400 && turns < 100; turns++) {
		uint32_t n = hf_flow_age_turn(&f->t, now);

		assert_in_range(n, 0, HF_FLOW_AGE_TURN_REMOVALS + 8 * HF_FLOW_BUCKET_SLOTS);
		removed += n;
	}
	assert_int_equal(removed, 400);
	assert_in_range(turns, 3, 400 / HF_FLOW_AGE_TURN_REMOVALS + 2);
	while (f->t.age_owed >= hf_flow_age_round(&f->t))
		assert_int_equal(hf_flow_age_turn(&f->t, now), 0);
}

/* Owners that change every 100 ms start where the clock stands, not at bucket 0 each time. */
static void
frequent_owners_leave_no_part_of_the_table_out(void **state)
{
	struct fixture *f = *state;
	uint32_t now = 100 + IDLE + 1, removed = 0;

	for (uint32_t i = 0; i < 400; i++)
		insert(f, i, 100);
	for (uint32_t i = 0; i < 2 * hf_flow_age_round(&f->t); i++) {
		if (i % 100 == 0)
			hf_flow_age_begin(&f->t, now);
		removed += hf_flow_age_turn(&f->t, ++now);
	}
	assert_int_equal(removed, 400);
}

static void
a_round_is_a_second_or_a_quarter_of_the_time_out(void **state)
{
	struct hf_flow_table t = {.n_buckets = 128, .idle_ticks = 60000};

	(void)state;
	assert_int_equal(hf_flow_age_round(&t), HF_FLOW_AGE_ROUND_MIN);
	t.n_buckets = HF_FLOW_CAPACITY_MAX / HF_FLOW_BUCKET_SLOTS;
	assert_int_equal(hf_flow_age_round(&t), 15000);
	t.idle_ticks = 1000;
	assert_int_equal(hf_flow_age_round(&t), HF_FLOW_AGE_ROUND_MIN);
	t.idle_ticks = 86400000;
	assert_int_equal(hf_flow_age_round(&t), 32768);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bursts_do_what_single_packets_do),
		TEST(a_flood_does_what_single_packets_do),
		TEST(the_first_of_the_idlest_that_is_not_pinned_goes),
		TEST(a_burst_never_evicts_its_own_flows),
		TEST(what_is_no_flow_gets_no_record),
		TEST(a_bucket_is_written_once_a_tick),
		TEST(the_whole_table_is_looked_at_in_one_round),
		TEST(a_turn_is_bounded_and_owes_the_rest_to_the_next),
		TEST(frequent_owners_leave_no_part_of_the_table_out),
		cmocka_unit_test(a_round_is_a_second_or_a_quarter_of_the_time_out),
	};

	return cmocka_run_group_tests_name("flow_bulk", tests, NULL, NULL);
}

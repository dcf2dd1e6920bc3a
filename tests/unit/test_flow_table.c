/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table in one process: what find, insert, evict, age and read mean, and the bound on
 * work when keys collide.
 */
#include <errno.h>

#include "flow_world.h"

#define TOP (2 * HF_FLOW_BUCKET_SLOTS)

/* Ids whose keys may live in buckets a and b alone, and need not be the same way round. */
static void
collide(struct fixture *f, uint32_t a, uint32_t b, uint32_t *ids, uint32_t n)
{
	for (uint32_t id = 0, found = 0; found < n; id++) {
		struct hf_flow_key k = make_key(id);
		uint64_t h = hf_flow_hash(&f->t, &k);
		uint32_t x = hf_flow_bucket(&f->t, h, 0), y = hf_flow_bucket(&f->t, h, 1);

		if ((x == a && y == b) || (x == b && y == a))
			ids[found++] = id;
	}
}

static uint64_t
sum_pkts(struct fixture *f)
{
	uint64_t n =
		atomic_load(&f->account->evicted_pkts) + atomic_load(&f->account->expired_pkts);
	struct hf_flow_view v;

	for (uint32_t i = 0; i < CAPACITY; i++) {
		if (hf_flow_read(&f->reader, i, &v) == 1)
			n += v.packets;
	}
	return n;
}

static void
capacity_is_rounded_within_limits(void **state)
{
	size_t per_record = sizeof(struct hf_flow_record) + sizeof(struct hf_flow_bucket) / 8;

	(void)state;
	assert_int_equal(hf_flow_region_bytes(0), HF_FLOW_CAPACITY_MIN * per_record);
	assert_int_equal(hf_flow_region_bytes(1025), 2048 * per_record);
	assert_int_equal(hf_flow_region_bytes(65536), 65536 * per_record);
	assert_int_equal(hf_flow_region_bytes(UINT32_MAX), HF_FLOW_CAPACITY_MAX * per_record);
}

static void
insert_then_find_count_and_read(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_key k = make_key(7);
	uint32_t slot = insert(f, 7, 100);
	struct hf_flow_view v;

	assert_int_not_equal(slot, HF_FLOW_NONE);
	assert_int_equal(find(f, 7), slot);
	assert_int_equal(find(f, 8), HF_FLOW_NONE);
	assert_int_equal(hf_flow_read(&f->reader, slot, &v), 1);
	assert_int_equal(v.packets, 0);
	hf_flow_count(&f->t.records[slot], 60, 105);
	hf_flow_count(&f->t.records[slot], 1500, 109);
	assert_int_equal(insert(f, 7, 110), slot);
	assert_int_equal(hf_flow_read(&f->reader, slot, &v), 1);
	assert_memory_equal(&v.key, &k, sizeof(k));
	assert_int_equal(v.packets, 2);
	assert_int_equal(v.bytes, 1560);
	assert_int_equal(v.first_tick, 100);
	assert_int_equal(v.last_tick, 109);
	assert_int_equal(v.generation & 1, 0);
	assert_int_equal(atomic_load(&f->account->inserted_flows), 1);
	assert_int_equal(atomic_load(&f->account->live_flows), 1);
	hf_flow_prefetch(&f->t, hf_flow_hash(&f->t, &k));
}

static void
read_of_empty_or_absent_slots_gives_nothing(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_view v;

	assert_int_equal(hf_flow_read(&f->reader, 0, &v), 0);
	assert_int_equal(hf_flow_read(&f->reader, CAPACITY, &v), 0);
	assert_int_equal(hf_flow_read(&f->reader, HF_FLOW_NONE, &v), 0);
}

static void
read_gives_up_on_a_record_that_is_being_written(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = insert(f, 1, 0);
	struct hf_flow_view v;

	atomic_fetch_or(&f->t.records[slot].packets_gen, UINT64_C(1) << HF_FLOW_PACKETS_BITS);
	assert_int_equal(hf_flow_read(&f->reader, slot, &v), -EAGAIN);
}

static void
packet_count_wraps_within_its_bits(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = insert(f, 1, 0);
	struct hf_flow_record *r = &f->t.records[slot];
	struct hf_flow_view before, after;

	atomic_fetch_or(&r->packets_gen, HF_FLOW_PACKETS_MASK);
	assert_int_equal(hf_flow_read(&f->reader, slot, &before), 1);
	hf_flow_count(r, 64, 0);
	assert_int_equal(hf_flow_read(&f->reader, slot, &after), 1);
	assert_int_equal(after.packets, 0);
	assert_int_equal(after.generation, before.generation);
}

/* Five in the first bucket, which then is the fuller one until the second has caught up. */
static void
insert_takes_the_first_bucket_then_the_emptier_one(void **state)
{
	static const uint32_t expected[TOP + 1] = {0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 6, 6, 7, 7, 8};
	struct fixture *f = *state;
	uint32_t ids[TOP], in_first = 0, n = 0;

	for (uint32_t id = 0; n < TOP; id++) {
		struct hf_flow_key k = make_key(id);
		uint64_t h = hf_flow_hash(&f->t, &k);

		if (hf_flow_bucket(&f->t, h, 0) == 3 && hf_flow_bucket(&f->t, h, 1) == 9)
			ids[n++] = id;
	}
	for (uint32_t i = 0; i < TOP; i++) {
		assert_int_equal(in_first, expected[i]);
		in_first += insert(f, ids[i], 0) / HF_FLOW_BUCKET_SLOTS == 3;
	}
	assert_int_equal(in_first, HF_FLOW_BUCKET_SLOTS);
	assert_int_equal(atomic_load(&f->account->evicted_flows), 0);
}

static void
full_buckets_evict_the_idlest(void **state)
{
	struct fixture *f = *state;
	uint32_t ids[TOP + 1], slot[TOP];

	collide(f, 3, 9, ids, TOP + 1);
	for (uint32_t i = 0; i < TOP; i++)
		slot[i] = insert(f, ids[i], 50 + i);
	hf_flow_count(&f->t.records[slot[1]], 100, 51);
	insert(f, ids[0], 90); /* no longer the idlest */
	assert_int_equal(insert(f, ids[TOP], 91), slot[1]);
	assert_int_equal(find(f, ids[1]), HF_FLOW_NONE);
	assert_int_equal(find(f, ids[0]), slot[0]);
	assert_int_equal(find(f, ids[TOP]), slot[1]);
	assert_int_equal(atomic_load(&f->account->evicted_flows), 1);
	assert_int_equal(atomic_load(&f->account->evicted_pkts), 1);
	assert_int_equal(atomic_load(&f->account->evicted_bytes), 100);
	assert_int_equal(atomic_load(&f->account->slot_plus1), 0);
	assert_int_equal(atomic_load(&f->account->live_flows), TOP);
}

static void
idle_time_survives_the_wrap_of_ticks_and_a_clock_behind(void **state)
{
	struct fixture *f = *state;
	uint32_t ids[TOP + 2], slot[TOP];

	collide(f, 3, 9, ids, TOP + 2);
	for (uint32_t i = 0; i < TOP; i++)
		slot[i] = insert(f, ids[i], UINT32_MAX - 20 + i);
	/* At tick 5 the first is 25 old, although its tick is the larger number. */
	assert_int_equal(insert(f, ids[TOP], 5), slot[0]);
	/* Seen at tick 5, asked at tick 2: fresh, not four billion ticks idle. */
	assert_int_equal(insert(f, ids[TOP + 1], 2), slot[1]);
	assert_int_equal(hf_flow_age(&f->t, 2, f->t.n_buckets), 0);
}

static void
pinned_records_stay(void **state)
{
	struct fixture *f = *state;
	uint32_t ids[TOP + 1], pinned[TOP + 4];

	collide(f, 3, 9, ids, TOP + 1);
	for (uint32_t i = 0; i < TOP; i++)
		pinned[i] = insert(f, ids[i], i);
	for (uint32_t i = TOP; i < TOP + 4; i++)
		pinned[i] = 8 * (20 + i); /* records elsewhere */
	assert_int_equal(insert_pinned(f, ids[TOP], 99, pinned, TOP + 4), HF_FLOW_NONE);
	assert_int_equal(find(f, ids[TOP]), HF_FLOW_NONE);
	assert_int_equal(insert_pinned(f, ids[4], 99, pinned, TOP), pinned[4]);
	assert_int_equal(insert_pinned(f, ids[TOP], 99, pinned, TOP - 1), pinned[TOP - 1]);
	assert_int_equal(atomic_load(&f->account->evicted_flows), 1);
}

static void
both_buckets_may_be_the_same(void **state)
{
	struct fixture *f = *state;
	uint32_t n = HF_FLOW_BUCKET_SLOTS, ids[HF_FLOW_BUCKET_SLOTS + 1], pinned[8];

	collide(f, 5, 5, ids, n + 1);
	for (uint32_t i = 0; i < n; i++) {
		pinned[i] = insert(f, ids[i], i);
		assert_int_equal(pinned[i] / n, 5);
		assert_int_equal(find(f, ids[i]), pinned[i]);
	}
	assert_int_equal(atomic_load(&f->account->live_flows), n);
	assert_int_equal(insert_pinned(f, ids[n], 50, pinned, n), HF_FLOW_NONE);
	assert_int_equal(insert(f, ids[n], 50), pinned[0]);
	assert_int_equal(find(f, ids[0]), HF_FLOW_NONE);
}

static void
each_occupant_has_its_own_even_generation(void **state)
{
	struct fixture *f = *state;
	uint32_t ids[2], slot = HF_FLOW_NONE;
	struct hf_flow_view v;
	uint16_t last = 0;

	collide(f, 5, 5, ids, 2);
	for (uint32_t i = 0; i < 70000; i++) { /* wraps twice */
		uint32_t s = insert(f, ids[i % 2], i * 2 * IDLE);

		assert_true(slot == HF_FLOW_NONE || s == slot);
		slot = s;
		assert_int_equal(hf_flow_read(&f->reader, slot, &v), 1);
		assert_int_equal(v.generation & 1, 0);
		assert_int_equal(v.generation, (uint16_t)(last + 2));
		last = v.generation;
		assert_int_equal(hf_flow_age(&f->t, (i + 1) * 2 * IDLE, f->t.n_buckets), 1);
	}
	assert_int_equal(atomic_load(&f->account->expired_flows), 70000);
}

static void
insert_works_on_an_odd_generation_left_by_a_dead_owner(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_view v;
	uint32_t slot;

	for (uint32_t i = 0; i < CAPACITY; i++)
		atomic_store(&f->t.records[i].packets_gen, UINT64_C(0xffff000000000123));
	slot = insert(f, 1, 0);
	assert_int_equal(hf_flow_read(&f->reader, slot, &v), 1);
	assert_int_equal(v.generation, 0);
	assert_int_equal(v.packets, 0);
}

static void
age_removes_what_is_idle_for_longer_than_the_limit(void **state)
{
	struct fixture *f = *state;
	uint32_t removed = 0;

	for (uint32_t i = 0; i < 200; i++)
		hf_flow_count(&f->t.records[insert(f, i, i < 100 ? 10 : 11)], 64, 11);
	assert_int_equal(hf_flow_age(&f->t, 10 + IDLE, f->t.n_buckets), 0);
	for (uint32_t i = 0; i < f->t.n_buckets; i++)
		removed += hf_flow_age(&f->t, 11 + IDLE, 1);
	assert_int_equal(removed, 100);
	assert_int_equal(f->t.age_cursor, 0);
	for (uint32_t i = 0; i < 200; i++)
		assert_true((find(f, i) == HF_FLOW_NONE) == (i < 100));
	assert_int_equal(atomic_load(&f->account->expired_flows), 100);
	assert_int_equal(atomic_load(&f->account->expired_pkts), 100);
	assert_int_equal(atomic_load(&f->account->expired_bytes), 6400);
	assert_int_equal(atomic_load(&f->account->live_flows), 100);
	f->t.idle_ticks = 0;
	assert_int_equal(hf_flow_age(&f->t, 100 * IDLE, f->t.n_buckets), 0);
	f->t.idle_ticks = IDLE;
	assert_int_equal(hf_flow_age(&f->t, 100 * IDLE, UINT32_MAX), 100);
}

static void
recovery_ignores_a_journal_that_names_no_slot(void **state)
{
	struct fixture *f = *state;
	uint32_t slot = insert(f, 1, 0);

	hf_flow_recover(&f->t);
	atomic_store(&f->account->slot_plus1, CAPACITY + 1);
	f->account->new_flows = 99;
	hf_flow_recover(&f->t);
	assert_int_equal(atomic_load(&f->account->slot_plus1), 0);
	assert_int_equal(atomic_load(&f->account->evicted_flows), 0);
	assert_int_equal(find(f, 1), slot);
}

/* Every insert of a flood looks at two lines of buckets and evicts one record at most. */
static void
flood_of_colliding_keys_stays_in_its_buckets(void **state)
{
	struct fixture *f = *state;
	uint32_t ids[64], n = 20000;
	uint32_t other = insert(f, 12345678, 0);
	uint64_t inserted;

	collide(f, 3, 9, ids, 64);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = insert(f, ids[i % 64], i / 64);
		uint32_t bucket = slot / HF_FLOW_BUCKET_SLOTS;

		assert_true(bucket == 3 || bucket == 9);
		hf_flow_count(&f->t.records[slot], 64, i / 64);
	}
	assert_int_equal(find(f, 12345678), other);
	inserted = atomic_load(&f->account->inserted_flows);
	assert_in_range(inserted, n / 2, n + 1);
	assert_int_equal(atomic_load(&f->account->evicted_flows), inserted - TOP - 1);
	assert_int_equal(atomic_load(&f->account->live_flows), TOP + 1);
	assert_int_equal(sum_pkts(f), n);
}

static void
random_load_keeps_every_packet_and_no_key_twice(void **state)
{
	struct fixture *f = *state;
	uint32_t n = 200000, x = 1;
	struct hf_flow_view v;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t keys = i / 20000 % 2 == 0 ? 2500 : 100; /* many: evict; few: age */
		uint32_t slot;

		x = x * 1664525U + 1013904223U;
		slot = insert(f, (x >> 8) % keys, i / 10);
		hf_flow_count(&f->t.records[slot], 64, i / 10);
		if (i % 128 == 0)
			hf_flow_age(&f->t, i / 10, 8);
	}
	assert_int_equal(sum_pkts(f), n);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		if (hf_flow_read(&f->reader, i, &v) == 1)
			assert_int_equal(hf_flow_find(&f->t, &v.key, hf_flow_hash(&f->t, &v.key)),
					 i);
	}
	assert_true(atomic_load(&f->account->evicted_flows) > 1000);
	assert_true(atomic_load(&f->account->expired_flows) > 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capacity_is_rounded_within_limits),
		TEST(insert_then_find_count_and_read),
		TEST(read_of_empty_or_absent_slots_gives_nothing),
		TEST(read_gives_up_on_a_record_that_is_being_written),
		TEST(packet_count_wraps_within_its_bits),
		TEST(insert_takes_the_first_bucket_then_the_emptier_one),
		TEST(full_buckets_evict_the_idlest),
		TEST(idle_time_survives_the_wrap_of_ticks_and_a_clock_behind),
		TEST(pinned_records_stay),
		TEST(both_buckets_may_be_the_same),
		TEST(each_occupant_has_its_own_even_generation),
		TEST(insert_works_on_an_odd_generation_left_by_a_dead_owner),
		TEST(age_removes_what_is_idle_for_longer_than_the_limit),
		TEST(recovery_ignores_a_journal_that_names_no_slot),
		TEST(flood_of_colliding_keys_stays_in_its_buckets),
		TEST(random_load_keeps_every_packet_and_no_key_twice),
	};

	return cmocka_run_group_tests_name("flow_table", tests, NULL, NULL);
}

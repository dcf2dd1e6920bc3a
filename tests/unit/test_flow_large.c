/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table at its largest, in memory that is only touched where a test writes: that the bits
 * of a hash choose both buckets and the tag independently of each other, and that indices near the
 * end of the table are as good as any.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "flow_table.h"

#define CAPACITY  HF_FLOW_CAPACITY_MAX
#define N_BUCKETS (CAPACITY / HF_FLOW_BUCKET_SLOTS)
#define SEED      UINT64_C(0x0badc0ffee0ddf00)
#define IDLE      1000U

struct fixture {
	void *region;
	struct hf_flow_account *account;
	struct hf_flow_table t;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->region = mmap(NULL, hf_flow_region_bytes(CAPACITY), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(f->region != MAP_FAILED);
	f->account = aligned_alloc(64, sizeof(*f->account));
	assert_non_null(f->account);
	memset(f->account, 0, sizeof(*f->account));
	hf_flow_table_attach(&f->t, f->region, CAPACITY, f->account, SEED, IDLE);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	munmap(f->region, hf_flow_region_bytes(CAPACITY));
	free(f->account);
	free(f);
	return 0;
}

/* Keys as a scan of ports makes them: they differ in a few low bits. */
static struct hf_flow_key
make_key(uint32_t id)
{
	struct hf_flow_key k = {.family = 4, .proto = 6};

	k.src[10] = k.src[11] = k.dst[10] = k.dst[11] = 0xff;
	memcpy(&k.src[12], &id, sizeof(id));
	k.dport_be = 80;
	return k;
}

static uint64_t
hash_of(const struct fixture *f, uint32_t id)
{
	struct hf_flow_key k = make_key(id);

	return hf_flow_hash(&f->t, &k);
}

static void
no_bit_of_a_hash_chooses_two_things(void **state)
{
	struct fixture *f = *state;
	uint32_t bits = 0;

	assert_int_equal(f->t.n_buckets, N_BUCKETS);
	for (uint32_t bit = 0; bit < 64; bit++) {
		uint64_t flipped = UINT64_C(1) << bit;
		uint32_t first = hf_flow_bucket(&f->t, flipped, 0) != 0;
		uint32_t second = hf_flow_bucket(&f->t, flipped, 1) != 0;
		uint32_t tag = flipped >> 48 != 0;

		assert_in_range(first + second + tag, 0, 1);
		bits += first + second + tag;
	}
	assert_int_equal(bits, 21 + 21 + 16);
}

/* Share of the buckets that n keys leave empty: e^-1 when n of them fall at random on n buckets. */
static double
share_empty(const struct fixture *f, uint32_t which)
{
	uint8_t *used = calloc(N_BUCKETS, 1);
	uint32_t empty = 0;

	assert_non_null(used);
	for (uint32_t id = 0; id < N_BUCKETS; id++)
		used[hf_flow_bucket(&f->t, hash_of(f, id), which)] = 1;
	for (uint32_t b = 0; b < N_BUCKETS; b++)
		empty += !used[b];
	free(used);
	return (double)empty / N_BUCKETS;
}

static void
keys_spread_over_all_buckets_at_random(void **state)
{
	/* standard deviation of the share: 0.0003 */
	assert_true(fabs(share_empty(*state, 0) - exp(-1)) < 0.002);
	assert_true(fabs(share_empty(*state, 1) - exp(-1)) < 0.002);
}

/* Of keys that share the low bits of the first bucket, the second bucket and the tag still vary. */
static void
second_bucket_and_tag_do_not_follow_the_first(void **state)
{
	struct fixture *f = *state;
	uint32_t n = 0, odd_second = 0, odd_tag = 0, high_second = 0;

	for (uint32_t id = 0; id < N_BUCKETS; id++) {
		uint64_t h = hash_of(f, id);

		if (hf_flow_bucket(&f->t, h, 0) % 64 != 5)
			continue;
		n++;
		odd_second += hf_flow_bucket(&f->t, h, 1) & 1;
		high_second += hf_flow_bucket(&f->t, h, 1) >= N_BUCKETS / 2;
		odd_tag += h >> 48 & 1;
	}
	assert_in_range(n, 32000, 33600);
	assert_in_range(odd_second, n / 2 - 600, n / 2 + 600);
	assert_in_range(high_second, n / 2 - 600, n / 2 + 600);
	assert_in_range(odd_tag, n / 2 - 600, n / 2 + 600);
}

/* The id of a key whose first bucket is one of the last 64. */
static uint32_t
find_id_at_the_end(const struct fixture *f)
{
	uint32_t id = 0;

	while (hf_flow_bucket(&f->t, hash_of(f, id), 0) < N_BUCKETS - 64)
		id++;
	return id;
}

static void
records_at_the_end_are_found_counted_read_and_aged(void **state)
{
	struct fixture *f = *state;
	uint32_t id = find_id_at_the_end(f), slot, removed = 0;
	struct hf_flow_key k = make_key(id);
	struct hf_flow_view v;

	slot = hf_flow_find_or_insert(&f->t, &k, hash_of(f, id), 7, NULL, 0);
	assert_in_range(slot, CAPACITY - 64 * HF_FLOW_BUCKET_SLOTS, CAPACITY - 1);
	hf_flow_count(&f->t.records[slot], 1000, 8);
	assert_int_equal(hf_flow_find(&f->t, &k, hash_of(f, id)), slot);
	assert_int_equal(hf_flow_read(&f->t, slot, &v), 1);
	assert_memory_equal(&v.key, &k, sizeof(k));
	assert_int_equal(v.packets, 1);
	assert_int_equal(hf_flow_read(&f->t, CAPACITY, &v), 0);
	for (uint32_t i = 0; i < N_BUCKETS / 1024; i++)
		removed += hf_flow_age(&f->t, 8 + IDLE, 1024);
	assert_int_equal(removed, 1);
	assert_int_equal(f->account->expired_pkts, 1);
	assert_int_equal(hf_flow_read(&f->t, slot, &v), 0);
}

static void
a_removal_at_the_last_index_is_finished_by_recovery(void **state)
{
	struct fixture *f = *state;
	uint32_t last = CAPACITY - 1;

	atomic_store(&f->t.buckets[N_BUCKETS - 1].tag[7], 9);
	atomic_store(&f->account->inserted_flows, 1);
	f->account->new_flows = 1;
	f->account->new_pkts = 3;
	atomic_store(&f->account->slot_plus1, last + 1);
	hf_flow_recover(&f->t);
	assert_int_equal(atomic_load(&f->t.buckets[N_BUCKETS - 1].tag[7]), 0);
	assert_int_equal(f->account->evicted_pkts, 3);
	assert_int_equal(f->account->slot_plus1, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_bit_of_a_hash_chooses_two_things),
		TEST(keys_spread_over_all_buckets_at_random),
		TEST(second_bucket_and_tag_do_not_follow_the_first),
		TEST(records_at_the_end_are_found_counted_read_and_aged),
		TEST(a_removal_at_the_last_index_is_finished_by_recovery),
	};

	return cmocka_run_group_tests_name("flow_large", tests, NULL, NULL);
}

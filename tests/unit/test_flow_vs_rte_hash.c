/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table against rte_hash, over millions of random operations: the same keys are found,
 * the same counts kept, the same flows expire. With room for all keys every answer is compared;
 * with too little room the sums are, and that no flow ever has more than it was given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_hash.h>

#include <cmocka.h>

#include "flow_table.h"

#define SEED      UINT64_C(0xfeedfacecafebeef)
#define OPS       3000000U
#define IDLE      4000U
#define KEYS_MAX  32768U
#define AGE_EVERY 25000U

/* What the oracle knows of a key, at the position rte_hash gave it. */
struct entry {
	struct hf_flow_key key;
	uint64_t pkts, bytes;
	uint32_t first, last, seen;
	int live;
};

struct pair {
	struct hf_flow_table t;
	struct hf_flow_account *account;
	struct rte_hash *oracle;
	struct entry *entries; /* by position, 0 to n_entries - 1 */
	uint32_t n_entries;
	uint64_t counted, counted_bytes, expired, expired_pkts, expired_bytes;
};

static uint32_t
rnd(void)
{
	static uint64_t x = 7;

	x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(x >> 33);
}

/* Keys that differ in few bits, as those of real networks do. */
static struct hf_flow_key
make_key(uint32_t id)
{
	struct hf_flow_key k = {.family = 4, .proto = id & 1 ? 6 : 17};

	k.src[10] = k.src[11] = k.dst[10] = k.dst[11] = 0xff;
	k.src[12] = 10;
	k.src[15] = (uint8_t)id;
	k.dst[12] = 192;
	k.dst[15] = (uint8_t)(id >> 8);
	k.sport_be = (uint16_t)(id >> 1);
	k.dport_be = 80;
	return k;
}

static void
open_pair(struct pair *p, uint32_t capacity)
{
	const struct rte_hash_parameters params = {
		.name = "oracle",
		.entries = KEYS_MAX * 2,
		.key_len = sizeof(struct hf_flow_key),
		.socket_id = SOCKET_ID_ANY,
	};
	size_t bytes = hf_flow_region_bytes(capacity);
	void *region = aligned_alloc(64, bytes);

	memset(p, 0, sizeof(*p));
	p->account = aligned_alloc(64, sizeof(*p->account));
	p->n_entries = params.entries + 1;
	p->entries = calloc(p->n_entries, sizeof(p->entries[0]));
	p->oracle = rte_hash_create(&params);
	assert_true(region != NULL && p->account != NULL && p->entries != NULL);
	assert_non_null(p->oracle);
	memset(p->account, 0, sizeof(*p->account));
	hf_flow_region_format(region, capacity);
	hf_flow_table_attach(&p->t, region, capacity, p->account, SEED, IDLE);
}

static void
close_pair(struct pair *p)
{
	rte_hash_free(p->oracle);
	free(p->t.buckets);
	free(p->account);
	free(p->entries);
}

/* The oracle's entry of a key, NULL if it has none. */
static struct entry *
oracle_find(struct pair *p, const struct hf_flow_key *k, uint64_t hash)
{
	int at = rte_hash_lookup_with_hash(p->oracle, k, (hash_sig_t)hash);

	return at >= 0 ? &p->entries[at] : NULL;
}

static struct entry *
oracle_add(struct pair *p, const struct hf_flow_key *k, uint64_t hash, uint32_t now)
{
	int at = rte_hash_add_key_with_hash(p->oracle, k, (hash_sig_t)hash);

	assert_in_range(at, 0, p->n_entries - 1);
	p->entries[at] = (struct entry){.key = *k, .first = now, .last = now, .live = 1};
	return &p->entries[at];
}

/* Removes what is idle for too long. Returns how many. */
static uint32_t
oracle_age(struct pair *p, uint32_t now)
{
	uint32_t removed = 0;

	for (uint32_t i = 0; i < p->n_entries; i++) {
		struct entry *e = &p->entries[i];

		if (!e->live || now - e->seen <= IDLE)
			continue;
		assert_true(rte_hash_del_key_with_hash(p->oracle, &e->key,
						       (hash_sig_t)hf_flow_hash(&p->t, &e->key)) >=
			    0);
		p->expired++;
		p->expired_pkts += e->pkts;
		p->expired_bytes += e->bytes;
		e->live = 0;
		removed++;
	}
	return removed;
}

/* One packet of a flow, on both sides. */
static void
count(struct pair *p, const struct hf_flow_key *k, uint64_t hash, uint32_t len, uint32_t now)
{
	uint32_t slot = hf_flow_find_or_insert(&p->t, k, hash, now, NULL, 0);
	struct entry *e = oracle_find(p, k, hash);

	assert_int_not_equal(slot, HF_FLOW_NONE);
	if (e == NULL)
		e = oracle_add(p, k, hash, now);
	hf_flow_count(&p->t.records[slot], len, now);
	e->pkts++;
	e->bytes += len;
	e->last = e->seen = now;
	p->counted++;
	p->counted_bytes += len;
}

static void
compare_record(struct pair *p, uint32_t slot, const struct entry *e)
{
	struct hf_flow_view v;

	assert_int_equal(hf_flow_read(&p->t, slot, &v), 1);
	assert_memory_equal(&v.key, &e->key, sizeof(v.key));
	assert_int_equal(v.packets, e->pkts);
	assert_int_equal(v.bytes, e->bytes);
	assert_int_equal(v.first_tick, e->first);
	assert_int_equal(v.last_tick, e->last);
}

static void
compare_find(struct pair *p, const struct hf_flow_key *k, uint64_t hash)
{
	uint32_t slot = hf_flow_find(&p->t, k, hash);
	struct entry *e = oracle_find(p, k, hash);

	assert_true((slot == HF_FLOW_NONE) == (e == NULL));
	if (e != NULL)
		compare_record(p, slot, e);
}

/* Both hold the same flows, and the account what went. */
static void
compare_all(struct pair *p)
{
	struct hf_flow_view v;
	int32_t n = 0;

	for (uint32_t i = 0; i < p->t.n_buckets * HF_FLOW_BUCKET_SLOTS; i++) {
		if (hf_flow_read(&p->t, i, &v) == 0)
			continue;
		n++;
		compare_record(p, i, oracle_find(p, &v.key, hf_flow_hash(&p->t, &v.key)));
	}
	assert_int_equal(n, rte_hash_count(p->oracle));
	assert_int_equal(n, p->account->live_flows);
	assert_int_equal(p->account->expired_flows, p->expired);
	assert_int_equal(p->account->expired_pkts, p->expired_pkts);
	assert_int_equal(p->account->expired_bytes, p->expired_bytes);
}

/* The id of the next packet: mostly any key, for spells only a few, so that the others age. */
static uint32_t
pick_id(uint32_t i, uint32_t n_keys)
{
	return rnd() % (i / 400000 % 2 == 0 ? n_keys : 500);
}

static void
same_answers_as_rte_hash_with_room_for_all(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p, 65536);
	for (uint32_t i = 0; i < OPS; i++) {
		struct hf_flow_key k = make_key(pick_id(i, KEYS_MAX));
		uint64_t hash = hf_flow_hash(&p.t, &k);
		uint32_t now = i / 64;

		if (rnd() % 2 == 0)
			count(&p, &k, hash, 60 + rnd() % 1440, now);
		else
			compare_find(&p, &k, hash);
		if (i % AGE_EVERY == 0)
			assert_int_equal(hf_flow_age(&p.t, now, p.t.n_buckets),
					 oracle_age(&p, now));
	}
	compare_all(&p);
	print_message("%lu counted, %lu expired, %lu live\n", p.counted, p.expired,
		      p.account->live_flows);
	assert_int_equal(p.account->evicted_flows, 0);
	assert_true(p.expired > KEYS_MAX);
	close_pair(&p);
}

/* No flow has more than the oracle counted for it, and nothing is missing from the sums. */
static void
compare_sums(struct pair *p)
{
	const struct hf_flow_account *a = p->account;
	uint64_t pkts = a->evicted_pkts + a->expired_pkts;
	uint64_t bytes = a->evicted_bytes + a->expired_bytes;
	struct hf_flow_view v;
	uint64_t n = 0;

	for (uint32_t i = 0; i < p->t.n_buckets * HF_FLOW_BUCKET_SLOTS; i++) {
		const struct entry *e;

		if (hf_flow_read(&p->t, i, &v) == 0)
			continue;
		e = oracle_find(p, &v.key, hf_flow_hash(&p->t, &v.key));
		assert_non_null(e);
		assert_true(v.packets <= e->pkts && v.bytes <= e->bytes);
		assert_int_equal(v.last_tick, e->last);
		pkts += v.packets;
		bytes += v.bytes;
		n++;
	}
	assert_int_equal(pkts, p->counted);
	assert_int_equal(bytes, p->counted_bytes);
	assert_int_equal(n, a->live_flows);
}

static void
sums_hold_when_flows_are_evicted(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p, 4096);
	for (uint32_t i = 0; i < OPS; i++) {
		struct hf_flow_key k = make_key(pick_id(i, 20000));
		uint64_t hash = hf_flow_hash(&p.t, &k);

		if (rnd() % 4 != 0)
			count(&p, &k, hash, 60 + rnd() % 1440, i / 64);
		else if (hf_flow_find(&p.t, &k, hash) != HF_FLOW_NONE)
			assert_non_null(oracle_find(&p, &k, hash));
		if (i % 64 == 0)
			hf_flow_age(&p.t, i / 64, 4);
		if (i % 500000 == 0)
			compare_sums(&p);
	}
	compare_sums(&p);
	print_message("%lu counted, %lu evicted, %lu expired, %lu live\n", p.counted,
		      p.account->evicted_flows, p.account->expired_flows, p.account->live_flows);
	assert_true(p.account->evicted_flows > OPS / 10 && p.account->expired_flows > 1000);
	close_pair(&p);
}

int
main(int argc, char **argv)
{
	static char *eal_args[] = {"test_flow_vs_rte_hash",
				   "--no-huge",
				   "-m",
				   "64",
				   "--no-pci",
				   "--no-shconf",
				   "--file-prefix=hf-test-flow",
				   "--no-telemetry",
				   NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_answers_as_rte_hash_with_room_for_all),
		cmocka_unit_test(sums_hold_when_flows_are_evicted),
	};

	(void)argc;
	(void)argv;
	if (rte_eal_init(sizeof(eal_args) / sizeof(eal_args[0]) - 1, eal_args) < 0)
		return 1;
	return cmocka_run_group_tests_name("flow_vs_rte_hash", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Death of a flow table's owner at every store. An operation ends at its k-th store, for every k,
 * by longjmp; recovery too, for every store of its own; then a new owner attaches, recovers and
 * does the operation again. Each time: Σ records + account = packets counted, to the packet and
 * byte, and no key twice. Built together with flow_table.c and -DHF_POINTS.
 */
#include "flow_owner.h"

#define TOP (2 * HF_FLOW_BUCKET_SLOTS)

static struct {
	jmp_buf death;
	uint64_t points; /* hit so far */
	uint64_t die_at; /* this one ends the owner; 0: none */
} run;

void
hf_point_hit(const char *name)
{
	(void)name;
	if (++run.points == run.die_at)
		longjmp(run.death, 1);
}

struct scenario {
	const char *name;
	void (*prepare)(struct hf_flow_table *t, struct lane *lane);
	void (*act)(struct hf_flow_table *t, struct lane *lane);
	uint64_t packets;     /* that act() counts */
	uint64_t min_points;  /* fewer points would mean that the test tests nothing */
	uint32_t flows, gone; /* live and removed in the end */
};

static struct lane replay_lane;
static uint32_t colliding[TOP + 2];

/* Ids of keys that live in buckets 3 and 9 alone. */
static void
find_colliding(void)
{
	struct hf_flow_table t;

	attach(&t, &replay_lane);
	for (uint32_t id = 0, n = 0; n < TOP + 2; id++) {
		struct hf_flow_key k = make_key(id);
		uint64_t h = hf_flow_hash(&t, &k);

		if (hf_flow_bucket(&t, h, 0) == 3 && hf_flow_bucket(&t, h, 1) == 9)
			colliding[n++] = id;
	}
}

static void
prepare_nothing(struct hf_flow_table *t, struct lane *lane)
{
	(void)t;
	(void)lane;
}

static void
prepare_full(struct hf_flow_table *t, struct lane *lane)
{
	for (uint32_t i = 0; i < TOP; i++) {
		for (uint32_t n = 0; n <= i; n++)
			count_packet(t, lane, colliding[i], 100 + i);
	}
}

static void
act_plan(struct hf_flow_table *t, struct lane *lane)
{
	(void)lane;
	assert_int_not_equal(insert(t, colliding[TOP], 500), HF_FLOW_NONE);
}

static void
act_count(struct hf_flow_table *t, struct lane *lane)
{
	if (lane->done % 2 == 0) /* an even number of packets came before */
		count_packet(t, lane, colliding[TOP], 500);
}

/* A burst: two evicting packets, one for a flow that is there. Goes on where a dead owner was. */
static void
act_burst(struct hf_flow_table *t, struct lane *lane)
{
	static const uint32_t which[] = {TOP, TOP + 1, 7};
	uint64_t first = TOP * (TOP + 1) / 2;

	while (lane->done < first + 3)
		count_packet(t, lane, colliding[which[lane->done - first]], 500);
}

/* The plan of a burst: two keys that are new, one that is there, one that is repeated. */
static void
act_bulk(struct hf_flow_table *t, struct lane *lane)
{
	static const uint32_t which[] = {TOP, TOP + 1, 7, TOP};
	struct hf_packet pkt[4] = {0};
	uint64_t hash[4];
	uint32_t record[4];

	(void)lane;
	for (uint32_t i = 0; i < 4; i++) {
		pkt[i].key = make_key(colliding[which[i]]);
		hash[i] = hf_flow_hash(t, &pkt[i].key);
	}
	hf_flow_find_or_insert_bulk(t, pkt, hash, 4, 500, record);
	assert_int_equal(record[3], record[0]);
}

static void
act_age(struct hf_flow_table *t, struct lane *lane)
{
	(void)lane;
	hf_flow_age(t, 100 + 3 + IDLE, t->n_buckets);
}

static const struct scenario scenarios[] = {
	{"insert", prepare_nothing, act_plan, 0, 14, 1, 0},
	{"insert and count", prepare_nothing, act_count, 1, 18, 1, 0},
	{"evicting insert", prepare_full, act_plan, 0, 22, TOP, 1},
	{"burst", prepare_full, act_burst, 3, 60, TOP, 2},
	{"plan of a burst", prepare_full, act_bulk, 0, 44, TOP, 2},
	{"age", prepare_full, act_age, 0, 30, TOP - 3, 3},
};

/* Runs step until its die_at-th point. Returns 1 if it died there, 0 if it got to its end. */
static int
run_until(void (*step)(struct hf_flow_table *t, struct lane *lane), uint64_t die_at)
{
	struct hf_flow_table t; /* a new owner has a new handle */

	run.points = 0;
	run.die_at = die_at;
	if (setjmp(run.death) != 0) {
		run.die_at = 0;
		return 1;
	}
	attach(&t, &replay_lane);
	step(&t, &replay_lane);
	run.die_at = 0;
	return 0;
}

/* Sum of the bytes of all packets after a complete run, from the totals of a table. */
static uint64_t
total_bytes(void)
{
	uint64_t bytes = replay_lane.account.evicted_bytes + replay_lane.account.expired_bytes;
	struct hf_flow_table t;
	struct hf_flow_view v;

	attach(&t, &replay_lane);
	for (uint32_t i = 0; i < CAPACITY; i++)
		bytes += hf_flow_read(&t, i, &v) == 1 ? v.bytes : 0;
	return bytes;
}

static void
check_end(const struct scenario *s, uint64_t packets, uint64_t bytes)
{
	const struct hf_flow_account *a = &replay_lane.account;
	struct hf_flow_table t;
	struct hf_flow_view v;
	uint32_t n = 0;

	check(&replay_lane, packets, bytes);
	assert_int_equal(replay_lane.done, packets);
	attach(&t, &replay_lane);
	for (uint32_t i = 0; i < CAPACITY; i++)
		n += hf_flow_read(&t, i, &v) == 1;
	assert_int_equal(n, s->flows);
	assert_int_equal(a->evicted_flows + a->expired_flows, s->gone);
}

static void
start(const struct scenario *s)
{
	struct hf_flow_table t;

	memset(&replay_lane, 0, sizeof(replay_lane));
	attach(&t, &replay_lane);
	s->prepare(&t, &replay_lane);
}

/* Death at point k of the act, at point j of recovery (0: none), then all is done again. */
static int
replay(const struct scenario *s, uint64_t k, uint64_t j, uint64_t packets, uint64_t bytes)
{
	int died_in_recovery = 0;

	start(s);
	assert_int_equal(run_until(s->act, k), 1);
	if (j > 0)
		died_in_recovery = run_until(recover, j);
	assert_int_equal(run_until(recover, 0), 0);
	assert_int_equal(replay_lane.account.slot_plus1, 0);
	assert_int_equal(run_until(s->act, 0), 0);
	check_end(s, packets, bytes);
	return died_in_recovery;
}

static void
death_at_every_store_changes_nothing(void **state)
{
	(void)state;
	find_colliding();
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *s = &scenarios[i];
		uint64_t points, packets, bytes, twice = 0;

		start(s);
		packets = replay_lane.done + s->packets;
		assert_int_equal(run_until(s->act, 0), 0);
		points = run.points;
		bytes = total_bytes();
		check_end(s, packets, bytes);
		assert_true(points >= s->min_points);
		for (uint64_t k = 1; k <= points; k++) {
			uint64_t j = 0;

			while (replay(s, k, j, packets, bytes) || j == 0)
				j++;
			twice += j - 1;
		}
		print_message("%s: %lu deaths, %lu of them again in recovery\n", s->name, points,
			      twice);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(death_at_every_store_changes_nothing),
	};

	return cmocka_run_group_tests_name("flow_kill", tests, NULL, NULL);
}

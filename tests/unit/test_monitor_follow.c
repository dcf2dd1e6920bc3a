/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One flow that is followed by its key; and the interval between samples that cost too much.
 */
#include "monitor_world.h"

#include <math.h>
#include <stdio.h>

#include "follow.h"
#include "pace.h"

static struct hf_flow_key
make_key(uint32_t number)
{
	struct hf_flow_key key = {.proto = 6, .family = 4, .dport_be = 0x5000};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	memcpy(key.src + 12, &number, sizeof(number));
	return key;
}

static struct hf_flow_record *
insert_flow(struct fixture *f, uint32_t lane, uint32_t number)
{
	struct hf_flow_key key = make_key(number);
	struct hf_flow_table t;
	uint32_t record;

	hf_segment_flow_table(f->seg, lane, &t);
	record = hf_flow_find_or_insert(&t, &key, hf_flow_hash(&t, &key),
					hf_tick(&f->seg->header, hf_tsc()), NULL, 0);
	assert_int_not_equal(record, HF_FLOW_NONE);
	return t.records + record;
}

/* A look as if the one before had been ten seconds ago. */
static struct hf_flow_detail
look(struct fixture *f, struct hf_flow_follow *follow)
{
	struct hf_flow_detail detail;

	if (follow->tsc != 0)
		follow->tsc = hf_tsc() - 10 * HZ;
	follow_look(follow, f->seg, LANES, &detail);
	return detail;
}

static void
a_flow_is_found_by_its_key_in_its_lane_among_others(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_key key = make_key(300);
	struct hf_flow_follow follow = {0};
	struct hf_flow_detail detail;
	struct hf_flow_record *r = NULL;

	for (uint32_t i = 0; i < 900; i++) {
		struct hf_flow_record *one = insert_flow(f, 1, i);

		one->packets_gen += i;
		r = i == 300 ? one : r;
	}
	insert_flow(f, 0, 300)->packets_gen += 7; /* the same key in another lane */
	detail = look(f, &follow);
	assert_int_equal(detail.state, HF_FOLLOW_NONE);
	follow_flow(&follow, 1, &key);
	detail = look(f, &follow);
	assert_int_equal(detail.state, HF_FOLLOW_LIVE);
	assert_int_equal(detail.row.packets, 300);
	assert_int_equal(detail.row.lane, 1);
	assert_string_equal(detail.row.src, "44.1.0.0");
	assert_true(isnan(detail.row.pps));
	r->packets_gen += 1000;
	r->bytes += 64000;
	detail = look(f, &follow);
	assert_true(detail.row.pps <= 100 && detail.row.pps > 90);
	assert_true(detail.row.bps <= 51200 && detail.row.bps > 46000);
	follow_flow(&follow, 1, &key); /* the same again: nothing is forgotten */
	r->packets_gen -= 1;           /* recovery took one back */
	detail = look(f, &follow);
	assert_true(detail.row.pps == 0);
	follow_flow(&follow, 0, &key);
	detail = look(f, &follow);
	assert_int_equal(detail.row.packets, 7);
	assert_true(isnan(detail.row.pps));
	follow_none(&follow);
	assert_int_equal(look(f, &follow).state, HF_FOLLOW_NONE);
}

static void
a_flow_that_went_and_came_back_has_no_rate_at_first(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_key key = make_key(5);
	struct hf_flow_follow follow = {0};
	struct hf_flow_detail detail;
	struct hf_flow_table t;

	follow_flow(&follow, 0, &key);
	detail = look(f, &follow); /* not there yet */
	assert_int_equal(detail.state, HF_FOLLOW_GONE);
	assert_string_equal(detail.row.src, "5.0.0.0");
	insert_flow(f, 0, 5)->packets_gen += 40;
	assert_int_equal(look(f, &follow).state, HF_FOLLOW_LIVE);
	hf_segment_flow_table(f->seg, 0, &t);
	t.idle_ticks = 1;
	hf_flow_age(&t, hf_tick(&f->seg->header, hf_tsc()) + 1000, t.n_buckets);
	detail = look(f, &follow);
	assert_int_equal(detail.state, HF_FOLLOW_GONE);
	assert_int_equal(detail.row.packets, 40); /* as it was seen last */
	assert_true(isnan(detail.row.pps));
	insert_flow(f, 0, 5)->packets_gen += 3;
	detail = look(f, &follow);
	assert_int_equal(detail.row.packets, 3);
	assert_true(isnan(detail.row.pps));
	follow_flow(&follow, LANES, &key); /* a lane there is not */
	assert_int_equal(look(f, &follow).state, HF_FOLLOW_GONE);
}

/* Evicted and filled by another flow between two looks: the slot is the same, the flow is not. */
static void
another_flow_in_the_slot_is_not_taken_for_it(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_key key = make_key(1);
	struct hf_flow_follow follow = {0};
	struct hf_flow_record *r = insert_flow(f, 0, 1);

	follow_flow(&follow, 0, &key);
	assert_int_equal(look(f, &follow).state, HF_FOLLOW_LIVE);
	r->packets_gen += (UINT64_C(2) << HF_FLOW_PACKETS_BITS) + 50; /* the same key once more */
	assert_true(isnan(look(f, &follow).row.pps));
	r->key.src[15] ^= 1;
	assert_int_equal(look(f, &follow).state, HF_FOLLOW_GONE);
}

static void
the_interval_grows_when_two_samples_cost_too_much_and_says_so(void **state)
{
	struct hf_pace p = {{0}};
	char text[80];

	(void)state;
	assert_true(pace_interval(&p, 0.1) == 0.1);
	pace_note(&p, 0.6);
	assert_true(pace_interval(&p, 1) == 1); /* one alone may be a hiccup */
	pace_note(&p, 0.59);
	assert_true(fabs(pace_interval(&p, 1) - 2.4) < 1e-9);
	assert_true(pace_interval(&p, 5) == 5);
	pace_note(&p, 0.02);
	assert_true(pace_interval(&p, 1) == 1);
	assert_string_equal(pace_text(text, sizeof(text), 2.4, 1, 16200000),
			    "interval 2.4 s (asked 1 s: 16.2M flows)");
	assert_string_equal(pace_text(text, sizeof(text), 0.14, 0.1, 1000000),
			    "interval 0.14 s (asked 0.1 s: 1.00M flows)");
	assert_string_equal(pace_text(text, sizeof(text), 1, 1, 16200000), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_flow_is_found_by_its_key_in_its_lane_among_others),
		TEST(a_flow_that_went_and_came_back_has_no_rate_at_first),
		TEST(another_flow_in_the_slot_is_not_taken_for_it),
		TEST(the_interval_grows_when_two_samples_cost_too_much_and_says_so),
	};

	return cmocka_run_group_tests_name("monitor_follow", tests, NULL, NULL);
}

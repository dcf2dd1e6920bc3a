/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The monitor's scan of the flow tables: the exact top, rates against the scan before, ages.
 */
#include "monitor_world.h"

#include <math.h>

static struct hf_flow_record *
insert_flow(struct fixture *f, uint32_t lane, uint32_t number)
{
	struct hf_flow_key key = {.proto = 17, .family = 4, .sport_be = 0x3500};
	struct hf_flow_table t;
	uint32_t record;

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	memcpy(key.src + 12, &number, sizeof(number));
	hf_segment_flow_table(f->seg, lane, &t);
	record = hf_flow_find_or_insert(&t, &key, hf_flow_hash(&t, &key),
					hf_tick(&f->seg->header, hf_tsc()), NULL, 0);
	assert_int_not_equal(record, HF_FLOW_NONE);
	return t.records + record;
}

static void
add_packets(struct hf_flow_record *r, uint64_t packets, uint64_t bytes)
{
	r->packets_gen += packets;
	r->bytes += bytes;
}

/* A scan as if the one before had been ten seconds ago. */
static void
scan_for(struct fixture *f, const struct hf_flow_query *query)
{
	for (uint32_t l = 0; l < LANES; l++)
		if (f->memory.scan_tsc[l] != 0)
			f->memory.scan_tsc[l] = hf_tsc() - 10 * HZ;
	flows_scan(&f->memory, f->seg, LANES, query, &f->a.flows);
}

static void
scan_again(struct fixture *f, enum hf_sort sort)
{
	struct hf_flow_query query = {.sort = sort};

	scan_for(f, &query);
}

/* Within what passes between setting the clock back and the scan. */
static void
assert_near(double value, double wanted)
{
	assert_true(value <= wanted && value > wanted * 0.9);
}

static void
flow_rates_need_two_scans_and_a_new_flow_counts_from_nothing(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_record *old = insert_flow(f, 0, 1);
	const struct hf_flow_row *rows = f->a.flows.rows;

	add_packets(old, 5000, 320000);
	scan_again(f, HF_SORT_PPS);
	assert_int_equal(f->a.flows.n, 1);
	assert_true(isnan(rows[0].pps) && isnan(rows[0].bps));
	assert_string_equal(rows[0].src, "1.0.0.0");
	assert_string_equal(rows[0].proto_name, "udp");
	assert_int_equal(rows[0].sport, 53);
	add_packets(old, 1000, 64000);
	add_packets(insert_flow(f, 1, 2), 300, 30000);
	scan_again(f, HF_SORT_PPS);
	assert_int_equal(f->a.flows.n, 2);
	assert_int_equal(rows[0].packets, 6000);
	assert_near(rows[0].pps, 100);
	assert_near(rows[0].bps, 51200);
	assert_int_equal(rows[1].lane, 1);
	assert_near(rows[1].pps, 30);
}

static void
a_flow_rate_is_never_negative_or_huge(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_record *r = insert_flow(f, 0, 1), *s = insert_flow(f, 0, 2);
	uint64_t gen = r->packets_gen;

	add_packets(r, 100, 6400);
	add_packets(s, (UINT64_C(1) << 36) - 10, (UINT64_C(1) << 44) - 100);
	scan_again(f, HF_SORT_PACKETS);
	add_packets(r, (uint64_t)-1, (uint64_t)-64); /* recovery took one packet back */
	add_packets(s, 1000, 10000);                 /* over what is remembered */
	scan_again(f, HF_SORT_PACKETS);
	assert_near(f->a.flows.rows[0].pps, 100);
	assert_near(f->a.flows.rows[0].bps, 8000);
	assert_true(f->a.flows.rows[1].pps == 0 && f->a.flows.rows[1].bps == 0);
	/* Another flow in the slot: its generation is another one. */
	r->packets_gen = gen + (UINT64_C(2) << HF_FLOW_PACKETS_BITS) + 20;
	r->bytes = 1280;
	scan_again(f, HF_SORT_PACKETS);
	assert_near(f->a.flows.rows[1].pps, 2);
}

static void
a_record_that_could_not_be_read_has_no_rate_next_time(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_record *r = insert_flow(f, 0, 1);

	scan_again(f, HF_SORT_PPS);
	r->packets_gen += UINT64_C(1) << HF_FLOW_PACKETS_BITS; /* odd: being written */
	scan_again(f, HF_SORT_PPS);
	assert_int_equal(f->a.flows.n, 0);
	assert_int_equal(f->a.flows.skipped, 1);
	r->packets_gen += UINT64_C(1) << HF_FLOW_PACKETS_BITS;
	add_packets(r, 50, 50);
	scan_again(f, HF_SORT_PPS);
	assert_int_equal(f->a.flows.n, 1);
	assert_true(isnan(f->a.flows.rows[0].pps));
	add_packets(r, 50, 50);
	scan_again(f, HF_SORT_PPS);
	assert_near(f->a.flows.rows[0].pps, 5);
}

static int
descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void
the_top_is_exact_over_all_lanes(void **state)
{
	enum { FLOWS = 600 };
	struct fixture *f = *state;
	uint64_t packets[FLOWS], bytes[FLOWS];

	srand(1);
	for (uint32_t i = 0; i < FLOWS; i++) {
		packets[i] = 1 + (uint64_t)rand() % 1000; /* some are equal */
		bytes[i] = (uint64_t)rand();
		add_packets(insert_flow(f, i % LANES, i), packets[i], bytes[i]);
	}
	scan_again(f, HF_SORT_PACKETS);
	qsort(packets, FLOWS, sizeof(packets[0]), descending);
	qsort(bytes, FLOWS, sizeof(bytes[0]), descending);
	assert_int_equal(f->a.flows.n, TOP);
	assert_int_equal(f->a.flows.live, FLOWS);
	for (uint32_t i = 0; i < TOP; i++)
		assert_int_equal(f->a.flows.rows[i].packets, packets[i]);
	scan_again(f, HF_SORT_BYTES);
	for (uint32_t i = 0; i < TOP; i++)
		assert_int_equal(f->a.flows.rows[i].bytes, bytes[i]);
}

static void
equal_flows_stand_in_order_of_lane_and_record(void **state)
{
	struct fixture *f = *state;
	const struct hf_flow_row *rows = f->a.flows.rows;

	for (uint32_t i = 0; i < 40; i++)
		add_packets(insert_flow(f, i % LANES, i), 10, 10);
	scan_again(f, HF_SORT_PACKETS);
	for (uint32_t i = 0; i < TOP; i++) {
		assert_int_equal(rows[i].lane, 0);
		assert_true(i == 0 || rows[i].index > rows[i - 1].index);
	}
}

static void
age_counts_from_the_first_packet_and_ticks_may_wrap(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_record *r = insert_flow(f, 0, 1);
	uint32_t now;

	f->seg->header.start_tsc = f->t0 - 3 * HZ;
	now = hf_tick(&f->seg->header, hf_tsc());
	r->first_tick = now - 5000; /* before the wrap: 2 s before the start, modulo 2^32 */
	r->last_tick = now - 1000;
	scan_again(f, HF_SORT_AGE);
	assert_true(f->a.flows.rows[0].age_s >= 5 && f->a.flows.rows[0].age_s < 6);
	assert_true(f->a.flows.rows[0].last_s >= 1.9 && f->a.flows.rows[0].last_s < 2.9);
}

static uint32_t
record_index(const struct fixture *f, uint32_t lane, const struct hf_flow_record *r)
{
	struct hf_flow_table t;

	hf_segment_flow_table(f->seg, lane, &t);
	return (uint32_t)(r - t.records);
}

/* In the line of the record's bucket. */
static void
set_seen(struct fixture *f, uint32_t lane, const struct hf_flow_record *r, uint32_t ms_ago)
{
	uint32_t index = record_index(f, lane, r);
	struct hf_flow_table t;

	hf_segment_flow_table(f->seg, lane, &t);
	t.buckets[index / HF_FLOW_BUCKET_SLOTS].seen_tick[index % HF_FLOW_BUCKET_SLOTS] =
		hf_tick(&f->seg->header, hf_tsc()) - ms_ago;
}

static void
records_that_were_not_seen_are_not_read_but_stay_in_the_list(void **state)
{
	enum { FLOWS = 1000 };
	struct fixture *f = *state;
	struct hf_flow_record *busy = NULL;

	f->seg->header.start_tsc = f->t0 - 1000 * HZ;
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct hf_flow_record *r = insert_flow(f, i % LANES, i);

		add_packets(r, 10 + i, 1000 - i);
		set_seen(f, i % LANES, r, 100000);
		busy = i == 500 ? r : busy;
	}
	scan_again(f, HF_SORT_PACKETS);
	assert_int_equal(f->memory.n_read, FLOWS);
	add_packets(busy, 100, 6400);
	set_seen(f, 0, busy, 0);
	scan_again(f, HF_SORT_PACKETS);
	assert_true(f->memory.n_read < FLOWS / 20);
	assert_int_equal(f->a.flows.live, FLOWS);
	assert_int_equal(f->a.flows.matched, FLOWS);
	for (uint32_t i = 0; i < TOP; i++) {
		assert_int_equal(f->a.flows.rows[i].packets, 10 + FLOWS - 1 - i);
		assert_true(f->a.flows.rows[i].pps == 0);
	}
	scan_again(f, HF_SORT_PPS);
	add_packets(busy, 100, 6400);
	scan_again(f, HF_SORT_PPS);
	assert_int_equal(f->a.flows.rows[0].packets, 10 + 500 + 200);
	assert_near(f->a.flows.rows[0].pps, 10);
	assert_true(f->a.flows.rows[1].pps == 0);
}

/* A worker was stopped between marking a record as seen and counting, for very long. */
static void
packets_that_are_counted_late_are_found_within_64_scans(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_record *r = insert_flow(f, 1, 7);
	uint32_t scans = 0;

	f->seg->header.start_tsc = f->t0 - 1000 * HZ;
	add_packets(r, 10, 640);
	set_seen(f, 1, r, 100000);
	scan_again(f, HF_SORT_PACKETS);
	for (uint32_t i = 0; i < 2 * TOP; i++) /* so many others that it is not read for its row */
		add_packets(insert_flow(f, 0, 100 + i), 1000, 1000);
	add_packets(r, 5, 320);
	while (scans < 100 && f->memory.marks[1][record_index(f, 1, r)].packets_low != 15) {
		scan_again(f, HF_SORT_PPS);
		scans++;
	}
	assert_true(scans <= 64);
}

/* Marks hold packets modulo 2^36: what they say is no order then. */
static void
the_greatest_counts_are_in_order_beyond_what_is_remembered(void **state)
{
	struct fixture *f = *state;
	const struct hf_flow_row *rows = f->a.flows.rows;

	f->seg->header.start_tsc = f->t0 - 1000 * HZ;
	for (uint32_t i = 0; i < 100; i++) {
		struct hf_flow_record *r = insert_flow(f, 0, i);

		add_packets(r, i < 8 ? (UINT64_C(1) << 36) + i : 1000 + i, i);
		set_seen(f, 0, r, 100000);
	}
	for (uint32_t scan = 0; scan < 3; scan++) {
		scan_again(f, HF_SORT_PACKETS);
		for (uint32_t i = 0; i < TOP; i++)
			assert_int_equal(rows[i].packets, (UINT64_C(1) << 36) + 7 - i);
	}
}

static void
a_table_that_became_empty_is_shown_empty_and_fills_again(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_table t;

	for (uint32_t i = 0; i < 100; i++)
		insert_flow(f, 0, i);
	scan_again(f, HF_SORT_PPS);
	assert_int_equal(f->a.flows.live, 100);
	hf_segment_flow_table(f->seg, 0, &t);
	t.idle_ticks = 1;
	hf_flow_age(&t, hf_tick(&f->seg->header, hf_tsc()) + 1000, t.n_buckets);
	for (uint32_t scan = 0; scan < 3; scan++) {
		scan_again(f, HF_SORT_PPS);
		assert_int_equal(f->a.flows.live, 0);
		assert_int_equal(f->a.flows.n, 0);
	}
	add_packets(insert_flow(f, 0, 3), 40, 4000);
	scan_again(f, HF_SORT_PPS);
	assert_int_equal(f->a.flows.live, 1);
	assert_near(f->a.flows.rows[0].pps, 4); /* new: it counts from nothing */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flow_rates_need_two_scans_and_a_new_flow_counts_from_nothing),
		TEST(a_flow_rate_is_never_negative_or_huge),
		TEST(a_record_that_could_not_be_read_has_no_rate_next_time),
		TEST(the_top_is_exact_over_all_lanes),
		TEST(equal_flows_stand_in_order_of_lane_and_record),
		TEST(age_counts_from_the_first_packet_and_ticks_may_wrap),
		TEST(records_that_were_not_seen_are_not_read_but_stay_in_the_list),
		TEST(packets_that_are_counted_late_are_found_within_64_scans),
		TEST(the_greatest_counts_are_in_order_beyond_what_is_remembered),
		TEST(a_table_that_became_empty_is_shown_empty_and_fills_again),
	};

	return cmocka_run_group_tests_name("monitor_flows", tests, NULL, NULL);
}

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
	};

	return cmocka_run_group_tests_name("monitor_flows", tests, NULL, NULL);
}

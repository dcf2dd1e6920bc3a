/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the monitor makes of a segment: owners, totals, rates, the top flows, losing the memory. The
 * segment is made up in private memory; no primary, no files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "flows.h"
#include "sample.h"
#include "source.h"

#define HZ       UINT64_C(1000000000)
#define LANES    2U
#define CAPACITY 1024U
#define TOP      8U

struct fixture {
	struct hf_segment *seg;
	struct hf_sample a, b;
	struct hf_flow_memory memory;
	uint64_t t0;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	size_t flows = (sizeof(struct hf_segment) + 4095) / 4096 * 4096;
	size_t bytes = flows + LANES * hf_flow_region_bytes(CAPACITY);

	f->seg = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
	memset(f->seg, 0, bytes);
	f->t0 = hf_tsc();
	f->seg->header.tsc_hz = HZ;
	f->seg->header.start_tsc = f->t0 - HZ;
	f->seg->header.n_lanes = LANES;
	f->seg->header.n_ports = 1;
	f->seg->header.n_io = 2;
	f->seg->header.flow_off = flows;
	f->seg->header.flow_capacity = CAPACITY;
	f->seg->header.flow_stride = hf_flow_region_bytes(CAPACITY);
	f->seg->header.flow_seed = 7;
	assert_int_equal(sample_init(&f->a, TOP), 0);
	assert_int_equal(sample_init(&f->b, TOP), 0);
	assert_int_equal(flows_reset(&f->memory, LANES, CAPACITY, TOP), 0);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	sample_free(&f->a);
	sample_free(&f->b);
	flows_free(&f->memory);
	free(f->seg);
	free(f);
	return 0;
}

/* Two samples, seconds apart; the first is as after an attach. */
static void
take_first(struct fixture *f)
{
	struct hf_sample none = {.state = HF_SAMPLE_WAITING};

	sample_take(&f->a, f->seg, f->t0);
	sample_compare(&f->a, &none);
}

static void
take_second(struct fixture *f, uint64_t seconds)
{
	sample_take(&f->b, f->seg, f->t0 + seconds * HZ);
	sample_compare(&f->b, &f->a);
}

static void
give_lane(struct fixture *f, uint32_t lane, uint32_t slot, int32_t pid)
{
	f->seg->workers[slot].pid = pid;
	f->seg->workers[slot].state = HF_WORKER_RUNNING;
	snprintf(f->seg->workers[slot].name, 32, "w%u", slot);
	f->seg->lanes[lane].owner_pid = pid;
	f->seg->lanes[lane].owner_slot_plus1 = slot + 1;
	f->seg->lanes[lane].state = HF_LANE_RUNNING;
	f->seg->lanes[lane].generation++;
}

static void
rates_need_two_samples_and_come_from_their_distance(void **state)
{
	struct fixture *f = *state;
	struct hf_io_lane *io = &f->seg->io[0].lane[0];

	io->rx_pkts = 1000;
	take_first(f);
	assert_int_equal(f->a.state, HF_SAMPLE_WARMING);
	assert_true(isnan(f->a.lanes[0].rx_pps) && isnan(f->a.totals.rx_pps));
	assert_int_equal(f->a.totals.rx_pkts, 1000);
	io->rx_pkts = 5000;
	f->seg->io[1].lane[0].rx_pkts = 2000;
	io->tx_bytes = 500;
	take_second(f, 2);
	assert_int_equal(f->b.state, HF_SAMPLE_LIVE);
	assert_true(f->b.lanes[0].rx_pps == 3000 && f->b.totals.rx_pps == 3000);
	assert_true(f->b.lanes[0].tx_bps == 2000 && f->b.lanes[1].rx_pps == 0);
}

static void
a_counter_that_went_back_gives_no_rate(void **state)
{
	struct fixture *f = *state;

	f->seg->ports[0].rx_pkts = 1000000;
	f->seg->io[0].lane[0].tx_pkts = 77;
	take_first(f);
	f->seg->ports[0].rx_pkts = 10;
	f->seg->io[0].lane[0].tx_pkts = 76;
	take_second(f, 1);
	assert_true(isnan(f->b.ports[0].rx_pps));
	assert_true(isnan(f->b.lanes[0].tx_pps) && isnan(f->b.totals.tx_pps));
	assert_true(f->b.ports[0].tx_pps == 0);
}

static void
a_clear_or_another_segment_warms_up_anew(void **state)
{
	struct fixture *f = *state;

	take_first(f);
	f->seg->header.clear_seq++;
	take_second(f, 1);
	assert_int_equal(f->b.state, HF_SAMPLE_WARMING);
	assert_true(isnan(f->b.totals.rx_pps));
	f->a.clear_seq = f->seg->header.clear_seq;
	f->b.attach = f->a.attach + 1;
	sample_compare(&f->b, &f->a);
	assert_int_equal(f->b.state, HF_SAMPLE_WARMING);
}

static void
a_retired_sample_keeps_counts_and_loses_rates(void **state)
{
	struct fixture *f = *state;

	f->seg->io[0].lane[0].rx_pkts = 9;
	take_first(f);
	take_second(f, 1);
	sample_retire(&f->b, "primary gone");
	assert_int_equal(f->b.state, HF_SAMPLE_STALE);
	assert_true(isnan(f->b.totals.rx_pps) && f->b.totals.rx_pkts == 9);
	/* What is stale is nothing to compare with. */
	sample_take(&f->a, f->seg, f->t0 + 3 * HZ);
	sample_compare(&f->a, &f->b);
	assert_int_equal(f->a.state, HF_SAMPLE_WARMING);
}

static void
port_rates_use_the_time_of_the_primarys_reading(void **state)
{
	struct fixture *f = *state;

	f->seg->ports[0].sampled_tsc = f->t0 - HZ / 10;
	take_first(f);
	f->seg->ports[0].rx_pkts = 1000;
	f->seg->ports[0].sampled_tsc = f->t0 + 4 * HZ - HZ / 10;
	take_second(f, 5);
	assert_true(f->b.ports[0].rx_pps == 250);
	/* Not read again since: the rate stands. */
	sample_take(&f->a, f->seg, f->t0 + 6 * HZ);
	sample_compare(&f->a, &f->b);
	assert_true(f->a.ports[0].rx_pps == 250);
}

static void
an_owner_lives_only_if_its_worker_slot_says_so(void **state)
{
	struct fixture *f = *state;
	const struct hf_lane_row *row = &f->a.lanes[0];

	give_lane(f, 0, 3, 4711);
	take_first(f);
	assert_true(row->owner_alive);
	assert_string_equal(row->owner, "w3");
	assert_string_equal(row->state, "running");
	f->seg->workers[3].pid = 4712; /* the slot was given to another */
	take_first(f);
	assert_false(row->owner_alive);
	assert_string_equal(row->state, "orphaned");
	f->seg->workers[3].pid = 4711;
	f->seg->workers[3].state = HF_WORKER_DEAD;
	take_first(f);
	assert_false(row->owner_alive);
	f->seg->lanes[0].owner_slot_plus1 = 9999; /* scribbled on */
	take_first(f);
	assert_false(row->owner_alive);
	assert_string_equal(f->a.lanes[1].state, "free");
}

static void
busy_share_belongs_to_one_owner(void **state)
{
	struct fixture *f = *state;
	struct hf_lane *lane = &f->seg->lanes[0];

	give_lane(f, 0, 0, 100);
	take_first(f);
	lane->busy_tsc = 30;
	lane->total_tsc = 40;
	take_second(f, 1);
	assert_true(f->b.lanes[0].busy == 75);
	give_lane(f, 0, 1, 101);
	lane->busy_tsc = 60;
	lane->total_tsc = 80;
	take_second(f, 1);
	assert_true(isnan(f->b.lanes[0].busy) && f->b.lanes[0].rx_pps == 0);
}

static void
a_block_left_half_written_is_unknown_and_not_wrong(void **state)
{
	struct fixture *f = *state;

	f->seg->io[0].lane[1].seq = 1;
	f->seg->io[0].lane[1].rx_pkts = 5;
	take_first(f);
	assert_true(f->a.lanes[1].rx_pkts == HF_UNKNOWN && f->a.totals.rx_pkts == HF_UNKNOWN);
	assert_true(f->a.lanes[0].rx_pkts == 0);
	take_second(f, 1);
	assert_true(isnan(f->b.totals.rx_pps) && f->b.lanes[0].rx_pps == 0);
}

static void
counts_of_the_header_are_clamped(void **state)
{
	struct fixture *f = *state;

	f->seg->header.n_ports = f->seg->header.n_pools = UINT32_MAX;
	memset(f->seg->ports[2].name, 'x', sizeof(f->seg->ports[2].name));
	f->seg->ports[3].name[0] = '\x1b';
	sample_take(&f->a, f->seg, f->t0);
	assert_int_equal(f->a.n_ports, HF_MAX_PORTS);
	assert_int_equal(f->a.n_pools, HF_MAX_POOLS);
	assert_int_equal(strlen(f->a.ports[2].name), 31);
	assert_string_equal(f->a.ports[3].name, "?");
}

static void
events_come_newest_first_and_whole(void **state)
{
	struct fixture *f = *state;
	struct hf_event_log *log = &f->seg->events;

	for (uint64_t n = 1; n <= HF_MAX_EVENTS + 3; n++) {
		struct hf_event *e = &log->event[(n - 1) % HF_MAX_EVENTS];

		*e = (struct hf_event){.type = HF_EVENT_WORKER_START, .pid = (int32_t)n};
		e->seq = n;
		log->last = n;
	}
	log->event[1].seq = 0; /* number 1026 is being written */
	take_first(f);
	assert_int_equal(f->a.n_events, HF_MAX_RECENT - 1);
	assert_int_equal(f->a.events[0].pid, HF_MAX_EVENTS + 3);
	assert_int_equal(f->a.events[1].pid, HF_MAX_EVENTS + 1);
	assert_string_equal(f->a.events[0].type, "worker_start");
}

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
	return &t.records[record];
}

static void
add_packets(struct hf_flow_record *r, uint64_t packets, uint64_t bytes)
{
	r->packets_gen += packets;
	r->bytes += bytes;
}

/* A scan as if the one before had been ten seconds ago. */
static void
scan_again(struct fixture *f, enum hf_sort sort)
{
	for (uint32_t l = 0; l < LANES; l++)
		if (f->memory.scan_tsc[l] != 0)
			f->memory.scan_tsc[l] = hf_tsc() - 10 * HZ;
	flows_scan(&f->memory, f->seg, LANES, sort, &f->a.flows);
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

static int
read_first_byte(const struct hf_segment *seg, void *arg)
{
	*(uint64_t *)arg = seg->header.magic;
	return 7;
}

static void
memory_that_is_gone_is_a_lost_segment_and_no_crash(void **state)
{
	size_t bytes = (sizeof(struct hf_segment) + 4095) / 4096 * 4096;
	struct hf_monitor_source source;
	uint64_t magic = 1;
	int fd;

	(void)state;
	fd = memfd_create("segment", 0);
	assert_true(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
	source_init(&source, "test");
	source.map.seg = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	source.map.bytes = bytes;
	assert_ptr_not_equal(source.map.seg, MAP_FAILED);
	assert_int_equal(source_read(&source, read_first_byte, &magic), 7);
	assert_int_equal(magic, 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(source_read(&source, read_first_byte, &magic), -EFAULT);
	assert_null(source.map.seg);
	assert_non_null(strstr(source.why, "segment lost"));
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rates_need_two_samples_and_come_from_their_distance),
		TEST(a_counter_that_went_back_gives_no_rate),
		TEST(a_clear_or_another_segment_warms_up_anew),
		TEST(a_retired_sample_keeps_counts_and_loses_rates),
		TEST(port_rates_use_the_time_of_the_primarys_reading),
		TEST(an_owner_lives_only_if_its_worker_slot_says_so),
		TEST(busy_share_belongs_to_one_owner),
		TEST(a_block_left_half_written_is_unknown_and_not_wrong),
		TEST(counts_of_the_header_are_clamped),
		TEST(events_come_newest_first_and_whole),
		TEST(flow_rates_need_two_scans_and_a_new_flow_counts_from_nothing),
		TEST(a_flow_rate_is_never_negative_or_huge),
		TEST(a_record_that_could_not_be_read_has_no_rate_next_time),
		TEST(the_top_is_exact_over_all_lanes),
		TEST(equal_flows_stand_in_order_of_lane_and_record),
		TEST(age_counts_from_the_first_packet_and_ticks_may_wrap),
		cmocka_unit_test(memory_that_is_gone_is_a_lost_segment_and_no_crash),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the monitor makes of a segment: owners, totals, rates, events, losing the memory. No
 * primary, no files.
 */
#include "monitor_world.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source.h"

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
	const struct hf_event_row *rows;
	struct hf_event_memory m;

	for (uint64_t n = 1; n <= HF_MAX_EVENTS + 3; n++) {
		struct hf_event *e = &log->event[(n - 1) % HF_MAX_EVENTS];

		*e = (struct hf_event){.type = HF_EVENT_WORKER_START, .pid = (int32_t)n};
		e->seq = n;
		log->last = n;
	}
	log->event[1].seq = 0; /* number 1026 is being written */
	assert_int_equal(events_init(&m), 0);
	events_read(&m, f->seg, 1);
	rows = events_rows(&m);
	assert_int_equal(m.n, HF_MAX_EVENTS - 1);
	assert_int_equal(rows[0].pid, HF_MAX_EVENTS + 3);
	assert_int_equal(rows[1].pid, HF_MAX_EVENTS + 1);
	assert_string_equal(rows[0].type, "worker_start");
	events_free(&m);
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
		cmocka_unit_test(memory_that_is_gone_is_a_lost_segment_and_no_crash),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}

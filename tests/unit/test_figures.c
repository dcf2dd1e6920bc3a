/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves: what lanes and ports publish about themselves becomes the right figures of the status:
 * queues since a clear, gaps by length, the fill of rings, the headroom of lanes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "headroom.h"
#include "status.h"

static int
make(void **state)
{
	struct hf_segment *seg = aligned_alloc(64, sizeof(*seg));

	assert_non_null(seg);
	memset(seg, 0, sizeof(*seg));
	seg->header.n_lanes = 1;
	seg->header.n_ports = 1;
	seg->header.tsc_hz = 1000000000;
	*state = seg;
	return 0;
}

static int
drop(void **state)
{
	free(*state);
	return 0;
}

static json_int_t
number(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static int
is_null(const json_t *object, const char *key)
{
	return json_is_null(json_object_get(object, key));
}

static void
queues_count_since_the_last_clear(void **state)
{
	struct hf_segment *seg = *state;
	struct hf_port *port = &seg->ports[0];
	json_t *ports;
	const json_t *list;

	port->n_queues = 2;
	port->n_tx_queues = 1;
	atomic_store(&port->rx_queue[1].pkts, 1000);
	atomic_store(&port->rx_queue[1].zero, 400);
	atomic_store(&port->tx_queue[0].pkts, 7);
	ports = hf_status_ports(seg);
	list = json_object_get(json_array_get(ports, 0), "rx_queue_pkts");
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_integer_value(json_array_get(list, 0)), 0);
	assert_int_equal(json_integer_value(json_array_get(list, 1)), 600);
	list = json_object_get(json_array_get(ports, 0), "tx_queue_pkts");
	assert_int_equal(json_array_size(list), 1);
	assert_int_equal(json_integer_value(json_array_get(list, 0)), 7);
	json_decref(ports);
}

static void
gaps_are_counted_by_length(void **state)
{
	struct hf_segment *seg = *state;
	struct hf_gaps *g = &seg->lanes[0].gaps;
	const json_t *handover, *takeover;
	json_t *lanes;

	assert_int_equal(hf_gap_bucket(999), 0);
	assert_int_equal(hf_gap_bucket(1000), 1);
	assert_int_equal(hf_gap_bucket(1999), 1);
	assert_int_equal(hf_gap_bucket(2000), 2);
	assert_int_equal(hf_gap_bucket(UINT64_MAX), HF_GAP_BUCKETS - 1);
	atomic_store(&g->count[HF_GAP_HANDOVER][hf_gap_bucket(250000)], 3);
	atomic_store(&g->sum_ns[HF_GAP_HANDOVER], 750000);
	atomic_store(&g->longest_ns[HF_GAP_HANDOVER], 251999);
	lanes = hf_status_lanes(seg);
	handover = json_object_get(json_object_get(json_array_get(lanes, 0), "gaps"), "handover");
	takeover = json_object_get(json_object_get(json_array_get(lanes, 0), "gaps"), "takeover");
	assert_int_equal(number(handover, "count"), 3);
	assert_int_equal(number(handover, "longest_us"), 251);
	assert_true(json_real_value(json_object_get(handover, "mean_us")) == 250);
	assert_int_equal(json_integer_value(
				 json_array_get(json_object_get(handover, "buckets"), 8)),
			 3); /* from 128 below 256 */
	assert_int_equal(number(takeover, "count"), 0);
	assert_true(is_null(takeover, "mean_us") && is_null(takeover, "longest_us"));
	json_decref(lanes);
}

static void
a_ring_shows_the_higher_peak_of_two_seconds(void **state)
{
	struct hf_segment *seg = *state;
	struct hf_lane_fill fill;
	json_t *lanes = hf_status_lanes(seg);

	assert_true(is_null(json_array_get(lanes, 0), "ring_pkts"));
	json_decref(lanes);
	seg->header.n_io = 2;
	for (uint32_t k = 0; k < 2; k++) {
		seg->io[k].fill[0].size = 4096;
		atomic_store(&seg->io[k].fill[0].now, 10);
		atomic_store(&seg->io[k].fill[0].peak, k == 0 ? 100 : 20);
		atomic_store(&seg->io[k].fill[0].peak_before, 50);
	}
	hf_lane_fill_read(seg, 0, &fill);
	assert_int_equal(fill.now, 20);
	assert_int_equal(fill.peak, 150);
	assert_int_equal(fill.size, 8192);
}

/* So many polls that each found n packets, at 200 cycles a poll and 50 a packet. */
static void
add_polls(struct hf_load *l, uint64_t polls, uint64_t n)
{
	uint64_t tsc = 200 + 50 * n;

	l->fit_polls += polls;
	l->fit_pkts += polls * n;
	l->fit_tsc += polls * tsc;
	l->fit_pkts_pkts += polls * n * n;
	l->fit_pkts_tsc += polls * n * tsc;
	l->done_pkts += polls * n;
	l->busy_tsc += polls * tsc;
	l->source[0] += polls * n;
}

static void
small_bursts_foretell_what_full_ones_will_do(void **state)
{
	struct hf_load before = {.tsc = 5}, now = {.tsc = 1000000005, .total_tsc = 1000000000};
	struct hf_headroom h;

	(void)state;
	add_polls(&now, 100000, 1);
	add_polls(&now, 50000, 2);
	hf_headroom_find(&h, &before, &now, 1000000000, 32);
	assert_true(fabs(h.poll_cycles - 200) < 0.01 && fabs(h.pkt_cycles - 50) < 0.01);
	assert_true(fabs(h.pps - 200000) < 1 && fabs(h.busy - 0.04) < 0.001);
	assert_true(fabs(h.cycles_per_pkt - 200) < 0.01);
	assert_true(fabs(h.max_pps - 1e9 / (50 + 200 / 32.0)) < 1);
	assert_true(fabs(h.headroom_pps - (h.max_pps - 200000)) < 1);
	/* Two ports at work: a full poll finds two bursts. */
	now.source[1] = now.source[0];
	hf_headroom_find(&h, &before, &now, 1000000000, 32);
	assert_true(fabs(h.max_pps - 1e9 / (50 + 200 / 64.0)) < 1);
}

static void
what_others_take_of_the_cpu_is_no_headroom(void **state)
{
	struct hf_load before = {.tsc = 5}, now = {.tsc = 1000000005, .total_tsc = 1000000000};
	struct hf_headroom h;

	(void)state;
	add_polls(&now, 100000, 1);
	add_polls(&now, 50000, 2);
	now.busy_tsc += now.busy_tsc / 4; /* in polls that were interrupted */
	hf_headroom_find(&h, &before, &now, 1000000000, 32);
	assert_true(fabs(h.max_pps - 0.8e9 / (50 + 200 / 32.0)) < 1);
}

static void
headroom_is_not_known_without_packets_or_across_restarts(void **state)
{
	struct hf_load before = {.tsc = 5}, now = {.tsc = 1000000005, .total_tsc = 1000000000};
	struct hf_headroom h;

	(void)state;
	hf_headroom_find(&h, &before, &now, 1000000000, 32);
	assert_true(h.busy == 0 && h.pps == 0);
	assert_true(isnan(h.max_pps) && isnan(h.cycles_per_pkt) && isnan(h.headroom_pps));
	before.done_pkts = 1; /* counters went back */
	hf_headroom_find(&h, &before, &now, 1000000000, 32);
	assert_true(isnan(h.busy) && isnan(h.pps));
}

static void
equal_bursts_leave_all_of_the_cost_to_the_packets(void **state)
{
	struct hf_load before = {.tsc = 5}, now = {.tsc = 1000000005, .total_tsc = 1000000000};
	struct hf_headroom h;

	(void)state;
	add_polls(&now, 1000, 4);
	hf_headroom_find(&h, &before, &now, 1000000000, 32);
	assert_true(h.poll_cycles == 0 && fabs(h.pkt_cycles - 100) < 0.01);
	assert_true(fabs(h.max_pps - 1e7) < 1);
}

static void
kept_loads_are_the_older_of_two_and_not_too_old(void **state)
{
	struct hf_segment *seg = *state;
	struct hf_load kept;

	assert_int_equal(hf_load_read_kept(seg, 0, hf_tsc(), &kept), -ENOENT);
	for (uint64_t n = 1; n <= 3; n++) {
		atomic_store(&seg->lanes[0].done_pkts, n);
		hf_load_keep(seg, 0);
	}
	assert_int_equal(hf_load_read_kept(seg, 0, hf_tsc(), &kept), 0);
	assert_int_equal(kept.done_pkts, 2);
	/* A primary died while it wrote the older one. */
	atomic_fetch_add(&seg->load[0][1].seq, 1);
	assert_int_equal(hf_load_read_kept(seg, 0, hf_tsc(), &kept), 0);
	assert_int_equal(kept.done_pkts, 3);
	hf_load_keep(seg, 0);
	assert_int_equal(hf_load_read_kept(seg, 0, kept.tsc + 6000000000, &kept), -ENOENT);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(queues_count_since_the_last_clear),
		CASE(gaps_are_counted_by_length),
		CASE(small_bursts_foretell_what_full_ones_will_do),
		CASE(headroom_is_not_known_without_packets_or_across_restarts),
		CASE(what_others_take_of_the_cpu_is_no_headroom),
		CASE(equal_bursts_leave_all_of_the_cost_to_the_packets),
		CASE(kept_loads_are_the_older_of_two_and_not_too_old),
		CASE(a_ring_shows_the_higher_peak_of_two_seconds),
	};

	return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}

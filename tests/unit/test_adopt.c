/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves: a kept segment is adopted only where it means the same to the new primary, each refusal
 * says why; what a dying primary and its workers left half done is finished, no counter falls, and
 * a death inside the mending changes nothing in the result.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "segment_adopt.h"
#include "segment_file.h"

#define LANES    2
#define CAPACITY 1024
#define HZ       UINT64_C(2000000000)

static const struct hf_segment_shape shape = {LANES, 1, HF_LANE_SOFTWARE, CAPACITY, HZ};

struct kept {
	struct hf_segment *seg;
	size_t bytes;
	char why[200];
};

static int
make(void **state)
{
	struct kept *k = calloc(1, sizeof(*k));
	struct hf_segment_header *h;

	k->bytes = (segment_bytes(LANES, CAPACITY) + 4095) / 4096 * 4096;
	k->seg = aligned_alloc(4096, k->bytes);
	memset(k->seg, 0, k->bytes);
	h = &k->seg->header;
	h->magic = HF_SEGMENT_MAGIC;
	h->layout_version = HF_LAYOUT_VERSION;
	h->header_bytes = sizeof(struct hf_segment);
	h->total_bytes = segment_bytes(LANES, CAPACITY);
	snprintf(h->instance, sizeof(h->instance), "edge");
	h->tsc_hz = HZ;
	h->start_tsc = 1;
	h->n_lanes = LANES;
	h->n_io = 1;
	h->flow_off = segment_flow_off();
	h->flow_stride = hf_flow_region_bytes(CAPACITY);
	h->flow_capacity = CAPACITY;
	atomic_store(&h->state, HF_SEGMENT_READY);
	*state = k;
	return 0;
}

static int
unmake(void **state)
{
	struct kept *k = *state;

	free(k->seg);
	free(k);
	return 0;
}

static int
check(struct kept *k)
{
	return hf_segment_adopt_check(k->seg, k->bytes, "edge", &shape, k->why, sizeof(k->why));
}

static void
the_same_shape_is_adopted(void **state)
{
	assert_int_equal(check(*state), 0);
}

static void
a_segment_whose_adoption_was_killed_is_adopted_again(void **state)
{
	struct kept *k = *state;

	atomic_store(&k->seg->header.state, HF_SEGMENT_STARTING);
	assert_int_equal(check(k), 0);
}

#define REFUSED(k, change, undo, word)                                                             \
	do {                                                                                       \
		change;                                                                            \
		assert_int_equal(check(k), -EPROTO);                                               \
		assert_non_null(strstr((k)->why, word));                                           \
		assert_null(strchr((k)->why, '\n'));                                               \
		undo;                                                                              \
		assert_int_equal(check(k), 0);                                                     \
	} while (0)

static void
whatever_means_something_else_is_refused_and_named(void **state)
{
	struct kept *k = *state;
	struct hf_segment_header *h = &k->seg->header;

	REFUSED(k, h->magic = 0, h->magic = HF_SEGMENT_MAGIC, "ever ready");
	REFUSED(k, h->layout_version--, h->layout_version++, "layout version");
	REFUSED(k, h->header_bytes -= 8, h->header_bytes += 8, "header size");
	REFUSED(k, h->instance[0] = 'x', h->instance[0] = 'e', "another instance");
	REFUSED(k, h->n_lanes = 3, h->n_lanes = LANES, "number of lanes");
	REFUSED(k, h->flow_capacity *= 2, h->flow_capacity /= 2, "flow.capacity");
	REFUSED(k, h->n_io = 2, h->n_io = 1, "I/O threads");
	REFUSED(k, h->kind = HF_LANE_HARDWARE, h->kind = HF_LANE_SOFTWARE, "hardware lanes");
	REFUSED(k, h->flow_off += 4096, h->flow_off -= 4096, "contradicts");
	REFUSED(k, h->flow_stride += 64, h->flow_stride -= 64, "contradicts");
	REFUSED(k, h->total_bytes++, h->total_bytes--, "contradicts");
	REFUSED(k, k->bytes -= 8192, k->bytes += 8192, "contradicts");
	REFUSED(k, h->tsc_hz *= 2, h->tsc_hz /= 2, "clock");
	REFUSED(k, h->start_tsc = UINT64_MAX, h->start_tsc = 1, "future");
}

/* An I/O thread of lane l: received, sent, dropped for lack of room; the rest it held. */
static void
fill(struct kept *k, uint32_t l, uint64_t rx, uint64_t tx, uint64_t full)
{
	struct hf_io_lane *b = &k->seg->io[0].lane[l];

	atomic_store(&b->seq, 2);
	atomic_store(&b->rx_pkts, rx);
	atomic_store(&b->tx_pkts, tx);
	atomic_store(&b->drop[HF_DROP_LANE_RING_FULL], full);
	atomic_store(&b->held_pkts, rx - tx - full);
}

static struct hf_lane_totals
totals(struct kept *k, uint32_t l)
{
	struct hf_lane_totals t;

	assert_int_equal(hf_lane_totals_read(k->seg, l, &t), 0);
	assert_int_equal(t.rx_pkts, t.tx_pkts + t.drops + t.held_pkts);
	return t;
}

static void
what_was_held_is_counted_as_lost_and_once(void **state)
{
	struct kept *k = *state;
	struct hf_lane_totals t;

	fill(k, 0, 100, 60, 10);
	fill(k, 1, 50, 50, 0);
	assert_int_equal(hf_segment_adopt_mend(k->seg), 30);
	t = totals(k, 0);
	assert_int_equal(t.rx_pkts, 100);
	assert_int_equal(t.drop[HF_DROP_PRIMARY_LOST], 30);
	assert_int_equal(t.held_pkts, 0);
	assert_int_equal(totals(k, 1).drops, 0);
	assert_int_equal(hf_segment_adopt_mend(k->seg), 0);
	assert_int_equal(totals(k, 0).drop[HF_DROP_PRIMARY_LOST], 30);
}

static void
counters_that_were_being_stored_can_be_read_again_and_balance(void **state)
{
	struct kept *k = *state;
	struct hf_io_lane *b = &k->seg->io[0].lane[0];
	struct hf_lane_totals t;

	fill(k, 0, 100, 90, 0);
	atomic_store(&b->seq, 3); /* rx of the next turn is stored, tx is not */
	atomic_store(&b->rx_pkts, 140);
	assert_int_equal(hf_segment_adopt_mend(k->seg), 50);
	t = totals(k, 0);
	assert_int_equal(t.rx_pkts, 140);
	assert_int_equal(t.tx_pkts, 90);
	/* Scribbled: more went out than came in. Nothing falls. */
	atomic_store(&b->tx_pkts, 1000);
	assert_int_equal(hf_segment_adopt_mend(k->seg), 0);
	assert_int_equal(totals(k, 0).rx_pkts, 1050);
}

/* The mender dies between any two of its stores: the drop is counted, held is not yet cleared. */
static void
a_death_while_mending_counts_nothing_twice(void **state)
{
	struct kept *k = *state;
	struct hf_io_lane *b = &k->seg->io[0].lane[0];

	fill(k, 0, 100, 60, 10);
	atomic_store(&b->seq, 3);
	atomic_store(&b->drop[HF_DROP_PRIMARY_LOST], 30);
	assert_int_equal(hf_segment_adopt_mend(k->seg), 0);
	assert_int_equal(totals(k, 0).drop[HF_DROP_PRIMARY_LOST], 30);
	assert_int_equal(totals(k, 0).held_pkts, 0);
}

static void
a_clear_that_was_cut_short_is_finished(void **state)
{
	struct kept *k = *state;
	struct hf_lane_totals t;

	fill(k, 0, 100, 60, 10);
	atomic_store(&k->seg->clear[0].seq, 1);
	atomic_store(&k->seg->clear[0].rx_pkts, 100);
	hf_segment_adopt_mend(k->seg);
	t = totals(k, 0);
	assert_int_equal(t.rx_pkts, 0);
	assert_int_equal(t.drops, 0);
	fill(k, 0, 107, 67, 10);
	atomic_store(&k->seg->io[0].lane[0].held_pkts, 0); /* the other 30 are primary_lost */
	assert_int_equal(totals(k, 0).tx_pkts, 7);
}

static void
a_clear_that_was_done_stays(void **state)
{
	struct kept *k = *state;

	fill(k, 0, 100, 100, 0);
	atomic_store(&k->seg->clear[0].seq, 2);
	atomic_store(&k->seg->clear[0].rx_pkts, 40);
	atomic_store(&k->seg->clear[0].tx_pkts, 40);
	hf_segment_adopt_mend(k->seg);
	assert_int_equal(totals(k, 0).rx_pkts, 60);
}

static void
nobody_owns_a_lane_and_no_worker_is_left(void **state)
{
	struct kept *k = *state;
	struct hf_lane *lane = &k->seg->lanes[1];

	atomic_store(&lane->state, HF_LANE_BROKEN);
	atomic_store(&lane->owner_pid, 77);
	atomic_store(&lane->owner_slot_plus1, 3);
	atomic_store(&lane->generation, 9);
	atomic_store(&lane->handover_gen, 9);
	atomic_store(&lane->takeovers, 4);
	atomic_store(&k->seg->workers[2].state, HF_WORKER_RUNNING);
	hf_segment_adopt_mend(k->seg);
	assert_int_equal(atomic_load(&lane->state), HF_LANE_FREE);
	assert_int_equal(atomic_load(&lane->owner_pid), 0);
	assert_int_equal(atomic_load(&lane->owner_slot_plus1), 0);
	assert_int_equal(atomic_load(&lane->generation), 0);
	assert_int_equal(atomic_load(&lane->handover_gen), 0);
	assert_int_equal(atomic_load(&lane->takeovers), 4); /* totals go on */
	assert_int_equal(atomic_load(&k->seg->workers[2].state), HF_WORKER_FREE);
	assert_int_equal(atomic_load(&k->seg->header.state), HF_SEGMENT_STARTING);
}

/* A flow of five packets is being removed: the journal is written, the account is not. */
static void
a_removal_that_was_cut_short_is_finished_and_no_packet_is_lost(void **state)
{
	struct kept *k = *state;
	struct hf_flow_account *a = &k->seg->lanes[0].flows;
	struct hf_flow_key key = {.proto = 17, .family = 4};
	struct hf_flow_table t;
	struct hf_flow_view view;
	uint32_t r;

	hf_segment_flow_table(k->seg, 0, &t);
	r = hf_flow_find_or_insert(&t, &key, hf_flow_hash(&t, &key), 1, NULL, 0);
	for (int i = 0; i < 5; i++)
		hf_flow_count(&t.records[r], 100, 1);
	a->expired = 0;
	a->new_flows = 1;
	a->new_pkts = 5;
	a->new_bytes = 500;
	atomic_store(&a->slot_plus1, r + 1);
	hf_segment_adopt_mend(k->seg);
	assert_int_equal(atomic_load(&a->slot_plus1), 0);
	assert_int_equal(atomic_load(&a->evicted_pkts), 5);
	assert_int_equal(hf_flow_read(&t, r, &view), 0);
}

static void
flows_stay_as_they_were(void **state)
{
	struct kept *k = *state;
	struct hf_flow_key key = {.proto = 6, .family = 4};
	struct hf_flow_table t;
	struct hf_flow_view view;
	uint32_t r;

	hf_segment_flow_table(k->seg, 1, &t);
	r = hf_flow_find_or_insert(&t, &key, hf_flow_hash(&t, &key), 1, NULL, 0);
	hf_flow_count(&t.records[r], 60, 1);
	hf_segment_adopt_mend(k->seg);
	assert_int_equal(hf_flow_read(&t, r, &view), 1);
	assert_int_equal(view.packets, 1);
	assert_int_equal(view.bytes, 60);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_shape_is_adopted),
		TEST(a_segment_whose_adoption_was_killed_is_adopted_again),
		TEST(whatever_means_something_else_is_refused_and_named),
		TEST(what_was_held_is_counted_as_lost_and_once),
		TEST(counters_that_were_being_stored_can_be_read_again_and_balance),
		TEST(a_death_while_mending_counts_nothing_twice),
		TEST(a_clear_that_was_cut_short_is_finished),
		TEST(a_clear_that_was_done_stays),
		TEST(nobody_owns_a_lane_and_no_worker_is_left),
		TEST(a_removal_that_was_cut_short_is_finished_and_no_packet_is_lost),
		TEST(flows_stay_as_they_were),
	};

	return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves: an owner of a software lane may end after any store of plan, apply or recovery, and the
 * next owner leaves every packet, verdict and counter as if nothing had happened. The sources of
 * the worker are compiled in with their named points; a point ends the owner by longjmp.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lane_world.h"
#include "points.h"

#define N_PACKETS 96
#define N_FLOWS   1400 /* more than the table holds: there are evictions too */
#define N_WARM    160

static struct {
	jmp_buf death;
	long left; /* points until the owner ends; 0: it lives */
	long hit;
} points;

void
hf_point_hit(const char *name)
{
	(void)name;
	points.hit++;
	if (points.left > 0 && --points.left == 0)
		longjmp(points.death, 1);
}

/* An owner's life up to the points-th point; 0: to the end. Returns 1 when it was ended. */
static int
live(struct lane_world *w, int recover, long until)
{
	struct hf_lane_context *ctx = world_owner(w);
	int died;

	points.left = until;
	points.hit = 0;
	died = setjmp(points.death);
	if (!died) {
		if (recover)
			hf_lane_recover(ctx);
		while (hf_burst_run(ctx, w->ring, 5) > 0)
			;
	}
	points.left = 0;
	free(ctx);
	return died;
}

static void
build(struct lane_world *w)
{
	world_open(w);
	/* Earlier traffic, so that counters are not 0 and the table is full. */
	for (uint64_t seq = 0; seq < N_WARM; seq++) {
		world_packet(w, seq, N_FLOWS);
		world_publish(w, seq);
	}
	live(w, 0, 0);
	for (uint64_t seq = N_WARM; seq < N_WARM + N_PACKETS; seq++) {
		world_packet(w, seq, 24);
		world_publish(w, seq);
	}
}

static void
assert_same(struct lane_world *a, struct lane_world *b, long point)
{
	uint64_t ap, ab, bp, bb;

	(void)point;
	assert_int_equal(atomic_load(&a->ring->done_pub), N_WARM + N_PACKETS);
	assert_int_equal(a->ring->done, b->ring->done);
	for (uint64_t seq = N_WARM; seq < N_WARM + N_PACKETS; seq++) {
		uint64_t slot = seq & (WORLD_RING - 1);

		assert_memory_equal(a->room + slot * WORLD_ROOM, b->room + slot * WORLD_ROOM,
				    WORLD_ROOM);
		assert_int_equal(hf_lane_ring_verdicts(a->ring)[slot],
				 hf_lane_ring_verdicts(b->ring)[slot]);
	}
	for (unsigned int r = 0; r < HF_SKIP_MAX; r++)
		assert_int_equal(hf_load(&a->seg->lanes[0].flow_skipped[r]),
				 hf_load(&b->seg->lanes[0].flow_skipped[r]));
	world_flow_sums(a, &ap, &ab);
	world_flow_sums(b, &bp, &bb);
	assert_int_equal(ap, bp);
	assert_int_equal(ab, bb);
}

/* Every live flow of the world nobody died in has the same counts in the other. */
static void
assert_same_flows(struct lane_world *a, struct lane_world *b)
{
	struct hf_flow_table ta, tb;
	struct hf_flow_view va, vb;

	hf_segment_flow_table(a->seg, 0, &ta);
	hf_segment_flow_table(b->seg, 0, &tb);
	for (uint32_t i = 0; i < WORLD_CAPACITY; i++) {
		uint32_t j;

		if (hf_flow_read(&ta, i, &va) != 1)
			continue;
		j = hf_flow_find(&tb, &va.key, hf_flow_hash(&tb, &va.key));
		assert_int_not_equal(j, HF_FLOW_NONE);
		assert_int_equal(hf_flow_read(&tb, j, &vb), 1);
		assert_int_equal(va.packets, vb.packets);
		assert_int_equal(va.bytes, vb.bytes);
	}
}

static void
death_after_every_store_leaves_every_packet_and_counter_right(void **state)
{
	struct lane_world oracle, w;
	long n;

	(void)state;
	build(&oracle);
	assert_int_equal(live(&oracle, 0, 0), 0);
	n = points.hit;
	assert_true(n > 4 * N_PACKETS);
	for (long k = 1; k <= n; k++) {
		build(&w);
		assert_int_equal(live(&w, 0, k), 1);
		assert_int_equal(live(&w, 1, 0), 0);
		assert_same(&w, &oracle, k);
		assert_same_flows(&oracle, &w);
		world_close(&w);
	}
	world_close(&oracle);
}

static void
death_after_every_store_of_recovery_is_recovered_too(void **state)
{
	struct lane_world oracle, w;
	long n, cases = 0;

	(void)state;
	build(&oracle);
	live(&oracle, 0, 0);
	n = points.hit;
	for (long k = 1; k <= n; k += 7) {
		for (long j = 1; j <= 12; j++) {
			build(&w);
			assert_int_equal(live(&w, 0, k), 1);
			cases += live(&w, 1, j); /* a second owner ends in its recovery */
			live(&w, 1, 0);
			assert_same(&w, &oracle, k);
			world_close(&w);
		}
	}
	assert_true(cases > 100);
	world_close(&oracle);
}

/* An open record of the next n packets that changes nothing. */
static void
open_record(struct lane_world *w, uint32_t n)
{
	w->ring->undo.n_words = 0;
	w->ring->undo.n_pieces = 0;
	w->ring->undo.unsaved = 0;
	w->ring->undo.seq = w->ring->done + n;
}

static void
a_change_too_large_to_undo_drops_those_packets_alone(void **state)
{
	struct lane_world w;
	uint16_t *verdicts;

	(void)state;
	build(&w);
	open_record(&w, 2);
	w.ring->undo.unsaved = 1;
	live(&w, 1, 0);
	verdicts = hf_lane_ring_verdicts(w.ring);
	assert_int_equal(verdicts[N_WARM], HF_VERDICT_DROP(HF_DROP_CRASH_AMBIGUOUS));
	assert_int_equal(verdicts[N_WARM + 1], HF_VERDICT_DROP(HF_DROP_CRASH_AMBIGUOUS));
	assert_int_not_equal(verdicts[N_WARM + 2], HF_VERDICT_DROP(HF_DROP_CRASH_AMBIGUOUS));
	assert_int_equal(atomic_load(&w.ring->done_pub), N_WARM + N_PACKETS);
	world_close(&w);
}

static void
a_scribbled_undo_record_is_not_followed(void **state)
{
	struct lane_world w;
	uint64_t outside[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		build(&w);
		outside[0] = w.seg->header.total_bytes + 8;
		outside[1] = w.seg->header.total_bytes - 4;
		outside[2] = UINT64_MAX - 7; /* + 8 is 0 */
		open_record(&w, 1);
		w.ring->undo.n_words = 1;
		w.ring->undo.word[0].seg_off = outside[i];
		live(&w, 1, 0);
		assert_int_equal(hf_lane_ring_verdicts(w.ring)[N_WARM],
				 HF_VERDICT_DROP(HF_DROP_CRASH_AMBIGUOUS));
		assert_int_equal(atomic_load(&w.ring->done_pub), N_WARM + N_PACKETS);
		world_close(&w);
	}
}

/* Pieces past a packet's end, of a packet behind the burst, longer than a piece: none is restored.
 */
static void
a_scribbled_piece_is_not_restored(void **state)
{
	static const struct hf_undo_piece bad[] = {
		{.packet = 0, .off = 5000, .n = 12},
		{.packet = 1, .off = 0, .n = 12},
		{.packet = 0, .off = 0, .n = HF_UNDO_PIECE + 1},
	};
	struct lane_world w;

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		build(&w);
		open_record(&w, 1);
		w.ring->undo.n_pieces = 1;
		w.ring->undo.piece[0] = bad[i];
		live(&w, 1, 0);
		assert_int_equal(hf_lane_ring_verdicts(w.ring)[N_WARM],
				 HF_VERDICT_DROP(HF_DROP_CRASH_AMBIGUOUS));
		assert_int_equal(atomic_load(&w.ring->done_pub), N_WARM + N_PACKETS);
		world_close(&w);
	}
}

static void
a_scribbled_record_of_packets_that_never_came_is_forgotten(void **state)
{
	struct lane_world w;

	(void)state;
	world_open(&w);
	open_record(&w, 1);
	w.ring->undo.n_pieces = 1;
	live(&w, 1, 0);
	assert_int_equal(w.ring->undo.seq, 0);
	assert_int_equal(atomic_load(&w.ring->done_pub), 0);
	world_close(&w);
}

/* What was scribbled once must not make a later record unusable. */
static void
every_record_is_written_whole(void **state)
{
	struct lane_world w;

	(void)state;
	build(&w);
	memset(&w.ring->undo, 0xff, sizeof(w.ring->undo));
	w.seg->run.l2_mode = HF_L2_WIRE; /* saves no bytes */
	live(&w, 0, 0);
	assert_int_equal(w.ring->undo.seq, w.ring->done);
	assert_int_equal(w.ring->undo.n_pieces, 0);
	assert_int_equal(w.ring->undo.unsaved, 0);
	assert_true(w.ring->undo.n_words <= HF_UNDO_WORDS_MAX);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(death_after_every_store_leaves_every_packet_and_counter_right),
		cmocka_unit_test(death_after_every_store_of_recovery_is_recovered_too),
		cmocka_unit_test(a_change_too_large_to_undo_drops_those_packets_alone),
		cmocka_unit_test(a_scribbled_undo_record_is_not_followed),
		cmocka_unit_test(a_scribbled_piece_is_not_restored),
		cmocka_unit_test(a_scribbled_record_of_packets_that_never_came_is_forgotten),
		cmocka_unit_test(every_record_is_written_whole),
	};

	return cmocka_run_group_tests_name("lane_kill", tests, NULL, NULL);
}

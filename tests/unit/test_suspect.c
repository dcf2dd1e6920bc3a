/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves: of a burst in which an owner crashes or hangs, exactly the packet on which a second owner
 * does is dropped, with a note that holds it as received; all others are as if nothing had
 * happened; and a SIGKILL after any store of the owners in between changes nothing of that. A stage
 * of the test is what the packets are poison to.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lane_world.h"
#include "points.h"

#define N_PACKETS 96
#define POISON    40 /* in the second burst of 32 */
#define N_FLOWS   24

enum death { LIVES, KILLED, ACCUSED };
enum how { CRASH, HANG, SENT };

static struct {
	jmp_buf death;
	long left; /* points until the owner is killed; 0: it is not */
	long hit;
	uint64_t poison[4]; /* ring index + 1 */
	enum how how;
	uint32_t largest, smallest;  /* bursts */
	struct hf_lane_context *ctx; /* of the owner that lives */
} test;

void
hf_point_hit(const char *name)
{
	(void)name;
	test.hit++;
	if (test.left > 0 && --test.left == 0)
		longjmp(test.death, KILLED);
}

/* What the crash handler, or the primary that watches heartbeats, would write. */
static void
accuse(const struct hf_lane_context *ctx, const struct hf_burst *b)
{
	struct hf_crash *c = &ctx->seg->workers[0].crash;

	if (test.how == HANG) {
		atomic_store(&ctx->lane->hung_gen, atomic_load(&ctx->lane->generation));
		return;
	}
	c->pid = atomic_load(&ctx->lane->owner_pid);
	c->signal = SIGSEGV;
	c->code = test.how == CRASH ? SEGV_MAPERR : SI_USER;
	c->lane = 0;
	c->generation = atomic_load(&ctx->lane->generation);
	c->step = atomic_load(&ctx->step);
	c->packet = b->first;
	c->burst = b->n;
	c->tsc = hf_tsc();
	atomic_store(&c->seq, atomic_load(&c->seq) + 2);
}

static void
poison_plan(struct hf_lane_context *ctx, struct hf_burst *b)
{
	test.largest = RTE_MAX(test.largest, b->n);
	test.smallest = RTE_MIN(test.smallest, b->n);
	for (uint32_t i = 0; i < b->n; i++)
		for (unsigned int k = 0; k < RTE_DIM(test.poison); k++)
			if (b->first + i + 1 == test.poison[k]) {
				accuse(ctx, b);
				longjmp(test.death, ACCUSED);
			}
}

static void
poison_save(struct hf_lane_context *ctx, const struct hf_burst *b, struct hf_undo *undo)
{
	(void)ctx;
	(void)b;
	(void)undo;
}

static void
poison_apply(struct hf_lane_context *ctx, const struct hf_burst *b)
{
	(void)ctx;
	(void)b;
}

static const struct hf_stage poison_stage = {.name = "poison",
					     .plan = poison_plan,
					     .save = poison_save,
					     .apply = poison_apply};

/* An owner's life, recovery included, until it ends or has nothing more to do. */
static enum death
live(struct lane_world *w, long until)
{
	struct hf_lane_context *ctx = world_owner(w);
	uint32_t gen = atomic_load(&ctx->lane->generation);
	int death;

	ctx->stage[2] = &poison_stage;
	ctx->stage[3] = NULL;
	test.left = until;
	test.hit = 0;
	test.largest = 0;
	test.smallest = UINT32_MAX;
	test.ctx = ctx;
	death = setjmp(test.death);
	if (death == LIVES) {
		hf_step_set(ctx, HF_STEP_RECOVER);
		hf_lane_recover(ctx);
		hf_step_set(ctx, HF_STEP_NONE);
		atomic_store(&ctx->lane->owner_pid, (int32_t)gen + 1001);
		atomic_store(&ctx->lane->since_tsc, hf_tsc());
		atomic_store(&ctx->lane->generation, gen + 1);
		while (hf_burst_run(ctx, w->ring, 5) > 0)
			;
	}
	test.left = 0;
	free(ctx);
	return (enum death)death;
}

/* Lives on, without kills, until an owner has nothing to do. Returns how many deaths accused. */
static int
live_on(struct lane_world *w)
{
	int n = 0;

	while (live(w, 0) == ACCUSED)
		assert_true(++n < 20);
	return n;
}

static void
build(struct lane_world *w, enum how how, uint64_t poison)
{
	world_open(w);
	w->seg->run.quarantine_snap = HF_QUARANTINE_SNAP;
	memset(test.poison, 0, sizeof(test.poison));
	test.poison[0] = poison;
	test.how = how;
	for (uint64_t seq = 0; seq < N_PACKETS; seq++) {
		world_packet(w, seq, N_FLOWS);
		world_publish(w, seq);
	}
}

/* All but packet POISON are as in the world without poison; it is quarantined. */
static void
assert_only_poison_dropped(struct lane_world *w, struct lane_world *oracle)
{
	uint64_t pkts, bytes, want_pkts, want_bytes;

	assert_int_equal(atomic_load(&w->ring->done_pub), N_PACKETS);
	for (uint64_t seq = 0; seq < N_PACKETS; seq++) {
		uint16_t verdict = hf_lane_ring_verdicts(w->ring)[seq];

		if (seq == POISON) {
			assert_int_equal(verdict, HF_VERDICT_DROP(HF_DROP_QUARANTINED));
			continue;
		}
		assert_int_equal(verdict, hf_lane_ring_verdicts(oracle->ring)[seq]);
		assert_memory_equal(w->room + seq * WORLD_ROOM, oracle->room + seq * WORLD_ROOM,
				    WORLD_ROOM);
	}
	world_flow_sums(w, &pkts, &bytes);
	world_flow_sums(oracle, &want_pkts, &want_bytes);
	assert_int_equal(pkts, want_pkts - 1);
	assert_int_equal(bytes, want_bytes - w->mbuf[POISON].pkt_len);
}

static void
assert_noted(struct lane_world *w, int32_t signal)
{
	const struct hf_quarantine *q = &w->seg->quarantine[0];
	const struct hf_quarantine_note *note = &q->note[1];
	struct lane_world fresh;

	assert_int_equal(atomic_load(&q->last), 1);
	assert_int_equal(atomic_load(&q->missed), 0);
	assert_int_equal(note->index, POISON);
	assert_int_equal(note->signal, signal);
	assert_true(note->first_generation < note->generation);
	assert_int_equal(note->pid, note->generation + 1000);
	assert_int_equal(note->pkt_len, w->mbuf[POISON].pkt_len);
	assert_int_equal(note->n, note->pkt_len);
	world_open(&fresh);
	world_packet(&fresh, POISON, N_FLOWS);
	assert_memory_equal(note->data, rte_pktmbuf_mtod(&fresh.mbuf[POISON], uint8_t *), note->n);
	world_close(&fresh);
}

static void
after_two_deaths_exactly_that_packet_is_dropped(void **state)
{
	struct lane_world w, oracle;

	(void)state;
	for (enum how how = CRASH; how <= HANG; how++) {
		build(&oracle, how, 0);
		assert_int_equal(live_on(&oracle), 0);
		build(&w, how, POISON + 1);
		assert_int_equal(live_on(&w), 2);
		assert_only_poison_dropped(&w, &oracle);
		assert_noted(&w, how == CRASH ? SIGSEGV : 0);
		world_close(&w);
		world_close(&oracle);
	}
}

static void
a_suspect_burst_alone_is_taken_one_packet_at_a_time(void **state)
{
	struct lane_world w;

	(void)state;
	build(&w, CRASH, POISON + 1);
	assert_int_equal(live(&w, 0), ACCUSED);
	assert_int_equal(test.smallest, 32);
	test.poison[0] = 0;
	assert_int_equal(live(&w, 0), LIVES);
	assert_int_equal(w.ring->suspect.end, 64);
	assert_int_equal(test.smallest, 1);
	assert_int_equal(test.largest, 32);
	assert_int_equal(atomic_load(&w.ring->done_pub), N_PACKETS);
	assert_int_equal(atomic_load(&w.seg->quarantine[0].last), 0);
	world_close(&w);
}

/*
 * The owner after the first death, then the one after the second, is killed after each of its
 * stores; a third is killed in its recovery from that too.
 */
static void
sigkill_at_any_instant_accuses_nobody_and_hinders_nothing(void **state)
{
	struct lane_world w, oracle;
	long cases = 0;

	(void)state;
	build(&oracle, CRASH, 0);
	live_on(&oracle);
	for (int deaths = 0; deaths <= 2; deaths++)
		for (long k = 1;; k++) {
			enum death death;

			build(&w, k % 2 ? CRASH : HANG, POISON + 1);
			for (int i = 0; i < deaths; i++)
				assert_int_equal(live(&w, 0), ACCUSED);
			death = live(&w, k);
			if (death == KILLED) {
				live(&w, k % 5 + 1);
				cases++;
			}
			live_on(&w);
			assert_only_poison_dropped(&w, &oracle);
			assert_int_equal(atomic_load(&w.seg->quarantine[0].last), 1);
			assert_int_equal(w.seg->quarantine[0].note[1].index, POISON);
			world_close(&w);
			if (death != KILLED)
				break;
		}
	assert_true(cases > 300);
	world_close(&oracle);
}

static void
a_signal_that_was_sent_accuses_no_packet(void **state)
{
	struct lane_world w;

	(void)state;
	build(&w, SENT, POISON + 1);
	for (int i = 0; i < 5; i++)
		assert_int_equal(live(&w, 0), ACCUSED);
	assert_int_equal(w.ring->suspect.end, 0);
	test.poison[0] = 0;
	assert_int_equal(live(&w, 0), LIVES);
	assert_int_equal(atomic_load(&w.seg->quarantine[0].last), 0);
	world_close(&w);
}

static void
more_packets_than_notes_are_dropped_and_counted(void **state)
{
	struct lane_world w;

	(void)state;
	build(&w, CRASH, POISON + 1);
	test.poison[1] = POISON + 2;
	test.poison[2] = POISON + 7;
	test.poison[3] = 91;
	assert_int_equal(live_on(&w), 6); /* one for the second burst, one for the third, 4 */
	assert_int_equal(atomic_load(&w.seg->quarantine[0].last), HF_QUARANTINE_NOTES);
	assert_int_equal(atomic_load(&w.seg->quarantine[0].missed), 2);
	for (int i = 0; i < 4; i++)
		assert_int_equal(hf_lane_ring_verdicts(w.ring)[test.poison[i] - 1],
				 HF_VERDICT_DROP(HF_DROP_QUARANTINED));
	assert_int_equal(atomic_load(&w.ring->done_pub), N_PACKETS);
	world_close(&w);
}

static void
a_scribbled_range_is_forgotten(void **state)
{
	struct lane_world w;

	(void)state;
	build(&w, CRASH, 0);
	w.ring->suspect.end = UINT64_MAX;
	assert_int_equal(live(&w, 0), LIVES);
	assert_int_equal(test.smallest, 32);
	world_close(&w);
}

static void
on_fault(int sig)
{
	(void)sig;
	accuse(test.ctx, &test.ctx->burst);
	longjmp(test.death, ACCUSED);
}

/*
 * Packet POISON cannot be read. at: where its slot says that it begins. Two owners die over it, the
 * third as it copies it for the note, one more because it is tried once more.
 */
static void
meet_unreadable(uint16_t at)
{
	uint8_t *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sigaction catch = {.sa_handler = on_fault, .sa_flags = SA_NODEFER}, before;
	struct lane_world w, oracle;
	struct hf_lane_slot *slot;

	assert_ptr_not_equal(page, MAP_FAILED);
	build(&oracle, CRASH, 0);
	live_on(&oracle);
	build(&w, CRASH, 0);
	slot = &hf_lane_ring_slots(w.ring)[POISON];
	slot->mbuf = (uintptr_t)page;
	slot->data_at = at;
	sigaction(SIGSEGV, &catch, &before);
	assert_int_equal(live_on(&w), 4);
	sigaction(SIGSEGV, &before, NULL);
	assert_only_poison_dropped(&w, &oracle);
	assert_int_equal(atomic_load(&w.seg->quarantine[0].last), 1);
	assert_int_equal(w.seg->quarantine[0].note[1].n, 0);
	world_close(&w);
	world_close(&oracle);
	munmap(page, 4096);
}

static void
a_packet_that_cannot_be_read_is_dropped_in_the_end(void **state)
{
	(void)state;
	meet_unreadable(0);   /* the mbuf is asked, before the first stage */
	meet_unreadable(128); /* the header is */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_two_deaths_exactly_that_packet_is_dropped),
		cmocka_unit_test(a_suspect_burst_alone_is_taken_one_packet_at_a_time),
		cmocka_unit_test(sigkill_at_any_instant_accuses_nobody_and_hinders_nothing),
		cmocka_unit_test(a_signal_that_was_sent_accuses_no_packet),
		cmocka_unit_test(more_packets_than_notes_are_dropped_and_counted),
		cmocka_unit_test(a_scribbled_range_is_forgotten),
		cmocka_unit_test(a_packet_that_cannot_be_read_is_dropped_in_the_end),
	};

	return cmocka_run_group_tests_name("suspect", tests, NULL, NULL);
}

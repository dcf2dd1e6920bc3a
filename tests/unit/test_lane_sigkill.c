/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves: owners of a software lane killed by SIGKILL at random instants under saturation change
 * every packet exactly once and count every packet exactly once. The parent plays the I/O thread,
 * forked children own the lane one after the other. The worker's code as it is released: no points.
 */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lane_world.h"

#define KILLS   400
#define N_FLOWS 600

static void
own(struct lane_world *w)
{
	struct hf_lane_context *ctx = world_owner(w);

	hf_lane_recover(ctx);
	for (;;)
		hf_burst_run(ctx, w->ring, 5);
}

static pid_t
start_owner(struct lane_world *w)
{
	pid_t pid = fork();

	if (pid == 0)
		own(w);
	assert_true(pid > 0);
	return pid;
}

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Is packet seq as exactly one pass of the stages leaves it? */
static int
right(struct lane_world *w, uint64_t seq)
{
	uint64_t slot = seq & (WORLD_RING - 1);
	const uint8_t *d = w->room + slot * WORLD_ROOM + 64;
	uint16_t verdict = hf_lane_ring_verdicts(w->ring)[slot];
	uint64_t front = 0, back = 0, want = seq & 0xffffffffffff;

	memcpy(&front, d, 6);
	memcpy(&back, d + 6, 6);
	if (seq % 16 == 9)
		return verdict == HF_VERDICT_DROP(HF_DROP_TOO_SHORT) && front == want;
	if (seq % 16 == 5)
		return verdict == HF_VERDICT_DROP(HF_DROP_NO_PEER) && front == want;
	return verdict == (seq & 1 ? 0 : 1) && back == want && front == (~want & 0xffffffffffff);
}

static void
every_packet_is_changed_and_counted_exactly_once(void **state)
{
	uint64_t seq = 0, reaped = 0, bytes = 0, kill_at, wrong = 0, pkts, sum_bytes, skipped = 0;
	uint64_t skipped_bytes = 0;
	struct lane_world w;
	int kills = 0;
	pid_t owner;

	(void)state;
	world_open(&w);
	owner = start_owner(&w);
	srand(11);
	kill_at = now_us() + 500;
	while (kills < KILLS || reaped < seq) {
		while (kills < KILLS && seq - reaped < WORLD_RING - 1) {
			uint32_t len = world_packet(&w, seq, N_FLOWS);

			if (seq % 16 == 3 || seq % 16 == 9)
				skipped_bytes += len;
			bytes += len;
			world_publish(&w, seq++);
		}
		for (uint64_t done = atomic_load_explicit(&w.ring->done_pub, memory_order_acquire);
		     reaped < done; reaped++)
			wrong += !right(&w, reaped);
		if (kills < KILLS && now_us() > kill_at) {
			kill(owner, SIGKILL);
			waitpid(owner, NULL, 0);
			owner = start_owner(&w);
			kills++;
			kill_at = now_us() + 200 + (uint64_t)(rand() % 1500);
		}
	}
	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
	world_flow_sums(&w, &pkts, &sum_bytes);
	for (unsigned int r = 0; r < HF_SKIP_MAX; r++)
		skipped += hf_load(&w.seg->lanes[0].flow_skipped[r]);
	print_message("%d kills, %llu packets\n", kills, (unsigned long long)seq);
	assert_int_equal(wrong, 0);
	assert_int_equal(pkts + skipped, seq);
	assert_int_equal(sum_bytes + skipped_bytes, bytes);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_is_changed_and_counted_exactly_once),
	};

	return cmocka_run_group_tests_name("lane_sigkill", tests, NULL, NULL);
}

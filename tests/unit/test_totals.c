/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a hardware lane's totals while its owner stands inside an update of them: one that lives
 * is waited for, a dead one is not.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "segment.h"

#define WAITED_MS 10 /* less than the least that a reader waits */

static struct hf_segment *seg; /* shared with the children */
static struct hf_lane_totals totals;

static int
make(void **state)
{
	(void)state;
	seg = mmap(NULL, sizeof(*seg), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(seg != MAP_FAILED);
	seg->header.n_lanes = 1;
	seg->header.kind = HF_LANE_HARDWARE;
	assert_int_equal(hf_lease_init(&seg->lanes[0].lease), 0);
	return 0;
}

static int
unmake(void **state)
{
	(void)state;
	return munmap(seg, sizeof(*seg));
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* An owner that begins an update and, with finish, ends it after a while; else it dies. */
static void
run_owner(int finish)
{
	struct hf_io_lane *b = &seg->lanes[0].counters;

	hf_lease_take(&seg->lanes[0].lease);
	atomic_store(&b->rx_pkts, 7);
	atomic_store(&b->seq, 1);
	if (!finish)
		_exit(0);
	usleep(3000);
	atomic_store(&b->held_pkts, 7);
	atomic_store(&b->seq, 2);
	for (;;)
		pause();
}

static pid_t
start_owner(int finish)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		run_owner(finish);
	while (atomic_load(&seg->lanes[0].counters.seq) == 0)
		usleep(100);
	return pid;
}

static void
a_dead_owners_counters_are_given_up_at_once(void **state)
{
	pid_t pid = start_owner(0);
	double least = 1e9;

	(void)state;
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (int i = 0; i < 5; i++) { /* one of them with a CPU */
		double began = now_ms();

		assert_int_equal(hf_lane_totals_read(seg, 0, &totals), -EAGAIN);
		if (now_ms() - began < least)
			least = now_ms() - began;
	}
	assert_true(least < 1);
}

static void
a_living_owner_is_waited_for(void **state)
{
	pid_t pid = start_owner(1);
	double began = now_ms();
	int rc = hf_lane_totals_read(seg, 0, &totals);

	(void)state;
	if (rc == -EAGAIN) /* the owner got no CPU */
		assert_true(now_ms() - began > WAITED_MS);
	while (rc != 0)
		rc = hf_lane_totals_read(seg, 0, &totals);
	assert_int_equal(totals.rx_pkts, 7);
	assert_int_equal(totals.held_pkts, 7);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_dead_owners_counters_are_given_up_at_once, make,
						unmake),
		cmocka_unit_test_setup_teardown(a_living_owner_is_waited_for, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

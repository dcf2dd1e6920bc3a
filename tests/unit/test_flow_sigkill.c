/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Death of a flow table's owner by SIGKILL: owners in processes of their own, on shared memory, die
 * at random times and at random stores, in recovery as well. Each time: Σ records + account =
 * packets counted, to the packet and byte, and no key twice. Built together with flow_table.c and
 * -DHF_POINTS.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "flow_owner.h"

#define KEYS  1500U /* half as many again as fit */
#define FORKS 1000U

static struct {
	uint64_t points; /* hit so far by this owner */
	uint64_t die_at; /* this one ends it; 0: none */
} run;

void
hf_point_hit(const char *name)
{
	(void)name;
	if (++run.points == run.die_at)
		kill(getpid(), SIGKILL);
}

static uint32_t
id_of(uint64_t packet)
{
	uint64_t x = packet * UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 29;
	/* Now and then only a few keys are seen, so that the others age. */
	return (uint32_t)(x >> 8) % (packet >> 14 & 1 ? 50 : KEYS);
}

static uint32_t
tick_of(uint64_t packet)
{
	return (uint32_t)(packet / 8);
}

/* An owner: recovers, and counts packets until it dies. */
static void
own(struct lane *lane, uint64_t die_at)
{
	struct hf_flow_table t;

	run.points = 0;
	run.die_at = die_at;
	attach(&t, lane);
	recover(&t, lane);
	for (;;) {
		count_packet(&t, lane, id_of(lane->done), tick_of(lane->done));
		if (lane->done % 64 == 0)
			hf_flow_age(&t, tick_of(lane->done), 8);
	}
}

/* One life. die_at 0: SIGKILL from outside after a while. */
static void
live_and_die(struct lane *lane, uint64_t die_at, long us)
{
	struct timespec pause = {0, us * 1000};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		own(lane, die_at);
	if (die_at == 0) {
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
check_after_death(struct lane *lane, uint64_t *counted, uint64_t *bytes)
{
	struct hf_flow_table t;

	attach(&t, lane);
	recover(&t, lane);
	for (; *counted < lane->done; ++*counted)
		*bytes += len_of(id_of(*counted));
	check(lane, *counted, *bytes);
}

static void
owners_killed_at_random_lose_and_double_nothing(void **state)
{
	struct lane *lane = mmap(NULL, sizeof(*lane), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t counted = 0, bytes = 0, journals = 0, undos = 0;

	(void)state;
	assert_true(lane != MAP_FAILED);
	srandom(1);
	for (uint32_t i = 0; i < FORKS; i++) {
		uint64_t die_at = i % 2 ? 1 + (uint64_t)random() % 20000 : 0;

		live_and_die(lane, die_at, 300 + random() % 2000);
		journals += lane->account.slot_plus1 != 0;
		undos += lane->undo_seq == lane->done + 1;
		/* Every other recovery is left to the next owner, which may die in it. */
		if (i % 4 < 2)
			check_after_death(lane, &counted, &bytes);
	}
	check_after_death(lane, &counted, &bytes);
	print_message("%u kills, %lu packets, %lu evicted, %lu expired; found %lu removals and "
		      "%lu counts under way\n",
		      FORKS, counted, lane->account.evicted_flows, lane->account.expired_flows,
		      journals, undos);
	assert_true(journals > 0 && undos > 0 && lane->account.evicted_flows > 0 &&
		    lane->account.expired_flows > 0);
	munmap(lane, sizeof(*lane));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners_killed_at_random_lose_and_double_nothing),
	};

	return cmocka_run_group_tests_name("flow_sigkill", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lease among processes: it goes to whoever waits, in the order in which they came, whether
 * its owner gives it back or dies, in recovery too; an owner that takes it again waits its turn.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lease.h"
#include "thread_look.h"

#define LOG_MAX 16
#define ROUNDS  200

/* Shared by all processes of a test. */
struct board {
	struct hf_lease lease;
	atomic_int started;      /* children about to take */
	atomic_int n;            /* takes so far */
	atomic_int who[LOG_MAX]; /* who took, in order; written by the holder */
	atomic_int got[LOG_MAX]; /* and what hf_lease_take() returned */
};

/* What a child does once it has the lease. */
enum after { GIVE, HOLD, RECOVER_AND_GIVE, GIVE_UNRECOVERED };

static void
sleep_ms(long ms)
{
	struct timespec t = {0, ms * 1000000};

	nanosleep(&t, NULL);
}

/* Is a process in state c ('S' asleep, 'T' stopped)? */
static int
is_in_state(pid_t pid, char c)
{
	struct thread_look look;

	assert_int_equal(thread_look(pid, pid, &look), 0);
	return look.state == c;
}

static void
await_state(pid_t pid, char c)
{
	while (!is_in_state(pid, c))
		sleep_ms(1);
}

static void
await_count(atomic_int *v, int n)
{
	while (atomic_load(v) < n)
		sleep_ms(1);
}

static int
take(struct board *b, int me)
{
	int got = hf_lease_take(&b->lease);
	int n = atomic_load(&b->n);

	if (got >= 0 && n < LOG_MAX) {
		atomic_store(&b->who[n], me);
		atomic_store(&b->got[n], got);
		atomic_store(&b->n, n + 1);
	}
	return got;
}

static void
run_child(struct board *b, int me, enum after after)
{
	int got;

	atomic_fetch_add(&b->started, 1);
	got = take(b, me);
	while (after == HOLD)
		pause();
	if (after == RECOVER_AND_GIVE && got == EOWNERDEAD && hf_lease_consistent(&b->lease) != 0)
		_exit(2);
	if (got >= 0)
		hf_lease_give(&b->lease);
	_exit(got < 0);
}

/* A child that takes the lease; returns when it sleeps: for the lease, or (HOLD) with it. */
static pid_t
start_child(struct board *b, int me, enum after after)
{
	int before = atomic_load(&b->started);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		run_child(b, me, after);
	await_count(&b->started, before + 1);
	await_state(pid, 'S');
	return pid;
}

static void
end_child(pid_t pid, int signal_expected)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (signal_expected != 0)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signal_expected);
	else
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
kill_child(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	end_child(pid, SIGKILL);
}

static void
expect_take(struct board *b, int at, int who, int got)
{
	await_count(&b->n, at + 1);
	assert_int_equal(atomic_load(&b->who[at]), who);
	assert_int_equal(atomic_load(&b->got[at]), got);
}

static int
setup(void **state)
{
	struct board *b =
		mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(b != MAP_FAILED);
	assert_int_equal(hf_lease_init(&b->lease), 0);
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	return munmap(*state, sizeof(struct board));
}

/* Nobody holds it, and no death is left to report. */
static void
expect_free(struct board *b)
{
	assert_int_equal(hf_lease_take(&b->lease), 0);
	hf_lease_give(&b->lease);
}

static void
a_free_lease_is_taken_at_once(void **state)
{
	struct board *b = *state;

	for (int i = 0; i < 3; i++)
		expect_free(b);
}

static void
waiters_get_it_in_the_order_they_came(void **state)
{
	struct board *b = *state;
	pid_t pid[5];

	assert_int_equal(take(b, 0), 0);
	for (int i = 0; i < 5; i++)
		pid[i] = start_child(b, i + 1, GIVE);
	assert_int_equal(atomic_load(&b->n), 1);
	hf_lease_give(&b->lease);
	for (int i = 0; i < 5; i++) {
		end_child(pid[i], 0);
		expect_take(b, i + 1, i + 1, 0);
	}
}

static void
an_owner_that_takes_again_waits_its_turn(void **state)
{
	struct board *b = *state;

	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid;

		atomic_store(&b->n, 0);
		assert_int_equal(take(b, 0), 0);
		pid = start_child(b, 1, GIVE);
		hf_lease_give(&b->lease);
		assert_int_equal(take(b, 0), 0);
		expect_take(b, 1, 1, 0);
		expect_take(b, 2, 0, 0);
		hf_lease_give(&b->lease);
		end_child(pid, 0);
	}
}

static void
a_killed_owner_hands_on_to_the_waiter(void **state)
{
	struct board *b = *state;
	pid_t owner = start_child(b, 1, HOLD), waiter;

	expect_take(b, 0, 1, 0);
	waiter = start_child(b, 2, RECOVER_AND_GIVE);
	kill_child(owner);
	expect_take(b, 1, 2, EOWNERDEAD);
	end_child(waiter, 0);
	expect_free(b);
}

/* The primary ends a hung owner like this: it never runs again, and need not. */
static void
a_stopped_owner_hands_on_when_it_is_killed_and_not_before(void **state)
{
	struct board *b = *state;
	pid_t owner = start_child(b, 1, HOLD), waiter;

	expect_take(b, 0, 1, 0);
	waiter = start_child(b, 2, RECOVER_AND_GIVE);
	assert_int_equal(kill(owner, SIGSTOP), 0);
	await_state(owner, 'T');
	sleep_ms(20);
	assert_int_equal(atomic_load(&b->n), 1);
	assert_int_equal(hf_lease_try(&b->lease), -EBUSY);
	kill_child(owner);
	expect_take(b, 1, 2, EOWNERDEAD);
	end_child(waiter, 0);
	expect_free(b);
}

static void
a_killed_owner_is_reported_to_one_who_comes_later(void **state)
{
	struct board *b = *state;
	pid_t owner = start_child(b, 1, HOLD);

	expect_take(b, 0, 1, 0);
	kill_child(owner);
	assert_int_equal(hf_lease_take(&b->lease), EOWNERDEAD);
	assert_int_equal(hf_lease_consistent(&b->lease), 0);
	hf_lease_give(&b->lease);
	assert_int_equal(hf_lease_take(&b->lease), 0);
	assert_int_equal(hf_lease_consistent(&b->lease), -EINVAL);
	hf_lease_give(&b->lease);
}

static void
death_in_recovery_is_reported_again(void **state)
{
	struct board *b = *state;
	pid_t owner = start_child(b, 0, HOLD), second[3], last;

	expect_take(b, 0, 0, 0);
	for (int i = 0; i < 3; i++)
		second[i] = start_child(b, i + 1, HOLD);
	last = start_child(b, 4, RECOVER_AND_GIVE);
	kill_child(owner);
	for (int i = 0; i < 3; i++) {
		expect_take(b, i + 1, i + 1, EOWNERDEAD);
		kill_child(second[i]);
	}
	expect_take(b, 4, 4, EOWNERDEAD);
	end_child(last, 0);
	expect_free(b);
}

static void
giving_it_back_unrecovered_ends_it_for_ever(void **state)
{
	struct board *b = *state;
	pid_t owner = start_child(b, 1, HOLD), waiter;

	expect_take(b, 0, 1, 0);
	waiter = start_child(b, 2, GIVE_UNRECOVERED);
	kill_child(owner);
	expect_take(b, 1, 2, EOWNERDEAD);
	end_child(waiter, 0);
	assert_int_equal(hf_lease_take(&b->lease), -ENOTRECOVERABLE);
	assert_int_equal(hf_lease_take(&b->lease), -ENOTRECOVERABLE);
	assert_int_equal(hf_lease_init(&b->lease), 0);
	expect_free(b);
}

static void
a_killed_waiter_leaves_the_queue(void **state)
{
	struct board *b = *state;
	pid_t first, second;

	assert_int_equal(take(b, 0), 0);
	first = start_child(b, 1, GIVE);
	second = start_child(b, 2, GIVE);
	kill_child(first);
	hf_lease_give(&b->lease);
	expect_take(b, 1, 2, 0);
	end_child(second, 0);
}

static void
a_stopped_waiter_does_not_block_the_others(void **state)
{
	struct board *b = *state;
	pid_t first, second;

	assert_int_equal(take(b, 0), 0);
	first = start_child(b, 1, GIVE);
	second = start_child(b, 2, GIVE);
	assert_int_equal(kill(first, SIGSTOP), 0);
	await_state(first, 'T');
	hf_lease_give(&b->lease);
	expect_take(b, 1, 2, 0);
	end_child(second, 0);
	assert_int_equal(kill(first, SIGCONT), 0);
	expect_take(b, 2, 1, 0);
	end_child(first, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_free_lease_is_taken_at_once),
		TEST(waiters_get_it_in_the_order_they_came),
		TEST(an_owner_that_takes_again_waits_its_turn),
		TEST(a_killed_owner_hands_on_to_the_waiter),
		TEST(a_stopped_owner_hands_on_when_it_is_killed_and_not_before),
		TEST(a_killed_owner_is_reported_to_one_who_comes_later),
		TEST(death_in_recovery_is_reported_again),
		TEST(giving_it_back_unrecovered_ends_it_for_ever),
		TEST(a_killed_waiter_leaves_the_queue),
		TEST(a_stopped_waiter_does_not_block_the_others),
	};

	alarm(60); /* a lease that is lost would block for ever */
	return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}

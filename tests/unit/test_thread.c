/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves of a thread that is hurried to a lane: it comes first, it is as it was when it is calmed,
 * a policy of somebody's choice is not touched, and of the threads that wait for a lease it is the
 * next owner, though others came before it.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "lease.h"
#include "thread.h"
#include "thread_look.h"

#define WAITERS 3

/* -EPERM: this user may not; the program then does without, and so does the test. */
static void
hurry(pid_t tid)
{
	int err = hf_thread_hurry(getpid(), tid);

	if (err == -EPERM) {
		print_message("Not supported here: SCHED_FIFO: not permitted\n");
		skip();
	}
	assert_int_equal(err, 0);
}

static int
policy(pid_t tid)
{
	return sched_getscheduler(tid) & ~SCHED_RESET_ON_FORK;
}

static void
a_calmed_thread_is_as_before(void **state)
{
	int nice = getpriority(PRIO_PROCESS, (id_t)gettid());

	(void)state;
	hf_thread_be_prompt();
	hurry(gettid());
	assert_int_equal(policy(0), SCHED_FIFO);
	hf_thread_calm(getpid(), gettid());
	assert_int_equal(policy(0), SCHED_OTHER);
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)gettid()), nice);
	hurry(gettid()); /* and again */
	hf_thread_calm(getpid(), gettid());
	assert_int_equal(policy(0), SCHED_OTHER);
}

static void
a_chosen_policy_is_not_touched(void **state)
{
	struct sched_param one = {.sched_priority = 1}, none = {0};

	(void)state;
	if (sched_setscheduler(0, SCHED_FIFO, &one) != 0) {
		print_message("Not supported here: SCHED_FIFO: not permitted\n");
		skip();
	}
	assert_int_equal(hf_thread_hurry(getpid(), gettid()), -EINVAL);
	hf_thread_calm(getpid(), gettid());
	assert_int_equal(policy(0), SCHED_FIFO);
	assert_int_equal(sched_setscheduler(0, SCHED_BATCH, &none), 0);
	assert_int_equal(hf_thread_hurry(getpid(), gettid()), -EINVAL);
	assert_int_equal(policy(0), SCHED_BATCH);
	assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &none), 0);
}

static void
a_thread_of_another_process_is_refused(void **state)
{
	(void)state;
	assert_int_equal(hf_thread_hurry(getppid(), gettid()), -ESRCH);
	assert_int_equal(hf_thread_hurry(getpid(), 0), -ESRCH);
	assert_int_equal(policy(0), SCHED_OTHER);
}

static struct hf_lease lease;
static atomic_int waiting, next, order[WAITERS];
static atomic_int tid[WAITERS];

static void *
wait_for_lease(void *arg)
{
	int i = (int)(intptr_t)arg;

	atomic_store(&tid[i], gettid());
	atomic_fetch_add(&waiting, 1);
	assert_int_equal(hf_lease_take(&lease), 0);
	atomic_store(&order[atomic_fetch_add(&next, 1)], i);
	hf_lease_give(&lease);
	return NULL;
}

/* Until the thread sleeps, by the kernel's word. */
static void
await_sleep(int thread)
{
	struct thread_look look = {0};

	while (thread_look(getpid(), thread, &look) != 0 || look.state != 'S')
		usleep(1000);
}

static void
the_hurried_waiter_is_the_next_owner(void **state)
{
	pthread_t thread[WAITERS];

	(void)state;
	assert_int_equal(hf_lease_init(&lease), 0);
	assert_int_equal(hf_lease_take(&lease), 0);
	for (int i = 0; i < WAITERS; i++) {
		assert_int_equal(pthread_create(&thread[i], NULL, wait_for_lease,
						(void *)(intptr_t)i),
				 0);
		while (atomic_load(&waiting) <= i)
			usleep(1000);
		await_sleep(atomic_load(&tid[i])); /* in the lease */
	}
	hurry(atomic_load(&tid[WAITERS - 1]));
	assert_int_equal(policy(atomic_load(&tid[WAITERS - 1])), SCHED_FIFO);
	hf_lease_give(&lease);
	for (int i = 0; i < WAITERS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(atomic_load(&order[0]), WAITERS - 1);
	assert_int_equal(atomic_load(&order[1]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_calmed_thread_is_as_before),
		cmocka_unit_test(a_chosen_policy_is_not_touched),
		cmocka_unit_test(a_thread_of_another_process_is_refused),
		cmocka_unit_test(the_hurried_waiter_is_the_next_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals and waiting. The signals that end the program are let in during the wait alone, so that
 * none can slip in between the check and the sleep.
 */
#include "loop.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static struct {
	atomic_int stopped; /* set by the handler */
	sigset_t waiting;   /* mask while asleep */
} loop;

static void
on_stop(int sig)
{
	(void)sig;
	atomic_store_explicit(&loop.stopped, 1, memory_order_relaxed);
}

void
loop_init(void)
{
	static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction act = {.sa_handler = on_stop};
	sigset_t blocked;

	sigemptyset(&act.sa_mask);
	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		sigaddset(&blocked, stops[i]);
		sigaction(stops[i], &act, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, &loop.waiting);
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigdelset(&loop.waiting, stops[i]);
	signal(SIGPIPE, SIG_IGN);
}

int
loop_stopped(void)
{
	return atomic_load_explicit(&loop.stopped, memory_order_relaxed);
}

struct timespec
loop_after(double seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)seconds;
	t.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

double
loop_left(const struct timespec *deadline)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(deadline->tv_sec - now.tv_sec) +
	       (double)(deadline->tv_nsec - now.tv_nsec) / 1e9;
}

void
loop_advance(struct timespec *deadline, double seconds)
{
	double left = loop_left(deadline) + seconds;

	*deadline = loop_after(left > 0 ? left : seconds);
}

int
loop_due(const struct timespec *deadline)
{
	return loop_left(deadline) <= 0;
}

int
loop_wait(int fd, const struct timespec *deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	double left = loop_left(deadline);
	struct timespec timeout = {0};

	if (left > 0) {
		timeout.tv_sec = (time_t)left;
		timeout.tv_nsec = (long)((left - (double)timeout.tv_sec) * 1e9);
	}
	if (ppoll(&p, 1, &timeout, &loop.waiting) <= 0)
		return 0;
	if ((p.revents & POLLIN) != 0)
		return 1;
	return -1;
}

double
loop_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

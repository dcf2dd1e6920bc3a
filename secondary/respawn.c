/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-worker --respawn: a small parent that keeps the worker running. It attaches to nothing,
 * maps no shared memory and has one thread; it starts the program file again when the worker was
 * killed or failed, hands signals on, and ends when the worker ended as asked. That the primary is
 * lost is not its business: the worker then starts itself anew and waits for the next one.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

#define ENV_PARENT   "HOLDFAST_RESPAWN_PARENT" /* the child's mark: its parent's pid */
#define BACKOFF_MS   100                       /* after the first crash; doubled with each */
#define BACKOFF_MAX  5000
#define SETTLED_MS   10000 /* a worker that ran so long starts the count anew */
#define STOP_MS      5000  /* for a worker that was asked to end, before SIGKILL */
#define STATUS_USAGE 2

struct keeper {
	sigset_t signals; /* those this process waits for, blocked */
	pid_t child;
	int stopping; /* a signal asked for the end */
	int64_t kill_ms;
};

int
respawn_is_child(void)
{
	const char *mark = getenv(ENV_PARENT);

	return mark != NULL && strtol(mark, NULL, 10) == (long)getppid();
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* In the child: becomes the worker. It goes, too, when the parent is killed. */
static void __attribute__((noreturn)) become_worker(const char *program, char **argv, pid_t parent)
{
	sigset_t none;
	char mark[16];

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	snprintf(mark, sizeof(mark), "%d", (int)parent);
	setenv(ENV_PARENT, mark, 1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* a mask outlives exec */
	execv(program, argv);
	hf_err("%s: start worker: %s", program, strerror(errno));
	_exit(1);
}

/* Waits for a signal, ms at most; notes one that asks for the end and hands it on. */
static void
wait_signal(struct keeper *k, int64_t ms)
{
	struct timespec limit = {ms / 1000, ms % 1000 * 1000000};
	int signum = sigtimedwait(&k->signals, NULL, &limit);

	if (signum < 0 || signum == SIGCHLD)
		return;
	if (!k->stopping)
		k->kill_ms = now_ms() + STOP_MS;
	k->stopping = 1;
	if (k->child > 0)
		kill(k->child, SIGTERM);
}

/* Waits for the child's end and returns its wait status. */
static int
wait_child(struct keeper *k)
{
	int status = 0;
	pid_t got;

	while ((got = waitpid(k->child, &status, WNOHANG)) == 0) {
		wait_signal(k, 1000);
		if (k->stopping && now_ms() >= k->kill_ms)
			kill(k->child, SIGKILL);
	}
	k->child = -1;
	return got < 0 ? 1 << 8 : status;
}

/* Did the worker end for good? Then its exit status is this process's, too. */
static int
is_final(const struct keeper *k, int status)
{
	return k->stopping || (WIFEXITED(status) &&
			       (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == STATUS_USAGE));
}

static int
final_status(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return WTERMSIG(status) == SIGTERM ? 0 : 1; /* it was still starting; or it hung */
}

static void
say_restart(int status, int64_t ms)
{
	if (WIFSIGNALED(status))
		hf_warn("worker: killed by signal %d: started again in %lld ms", WTERMSIG(status),
			(long long)ms);
	else
		hf_warn("worker: ended with status %d: started again in %lld ms",
			WEXITSTATUS(status), (long long)ms);
}

static void
wait_backoff(struct keeper *k, int64_t ms)
{
	int64_t until = now_ms() + ms, left;

	while (!k->stopping && (left = until - now_ms()) > 0)
		wait_signal(k, left);
}

static void
block_signals(struct keeper *k)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};

	sigemptyset(&k->signals);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		sigaddset(&k->signals, wanted[i]);
	sigprocmask(SIG_BLOCK, &k->signals, NULL);
}

int
respawn_keep(const char *program, char **argv)
{
	struct keeper k = {.child = -1};
	int64_t backoff = BACKOFF_MS, began;
	pid_t self = getpid();
	int status;

	block_signals(&k);
	while (!k.stopping) {
		began = now_ms();
		k.child = fork();
		if (k.child == 0)
			become_worker(program, argv, self);
		if (k.child < 0)
			hf_err("worker: start: fork: %s", strerror(errno));
		status = wait_child(&k);
		if (is_final(&k, status))
			return final_status(status);
		if (now_ms() - began >= SETTLED_MS)
			backoff = BACKOFF_MS;
		say_restart(status, backoff);
		wait_backoff(&k, backoff);
		backoff = backoff * 2 < BACKOFF_MAX ? backoff * 2 : BACKOFF_MAX;
	}
	return 0;
}

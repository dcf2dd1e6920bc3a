/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfast-worker: a DPDK secondary that borrows lanes. The main thread attaches, starts a thread
 * a lane, then watches signals, the primary and the primary's commands. It owns nothing that
 * outlives it and leaves by _exit: EAL's clean-up could hang on what another process left.
 */
#include <errno.h>
#include <poll.h>
#include <rte_eal.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

#define WATCH_MS 20 /* or a quarter of the hang timeout: the heartbeat must not look stale */

enum outcome { KEEP_ON, LEAVE, REEXEC, PRIMARY_LOST };

/* Starts the program file anew, without address randomisation or after a `restart`. */
static void
reexec(const char *program, char **argv)
{
	sigset_t none;

	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* a mask outlives exec */
	execv(program, argv);
	hf_err("%s: start anew: %s", program, strerror(errno));
}

/* DPDK maps shared memory at the primary's addresses: nothing of ours may lie there. */
static void
fix_addresses(char **argv)
{
	int persona = personality(0xffffffff);

	if (persona == -1 || (persona & ADDR_NO_RANDOMIZE) != 0)
		return;
	if (personality((unsigned long)persona | ADDR_NO_RANDOMIZE) != -1)
		execv("/proc/self/exe",
		      argv); /* by this name even where the path is closed to us */
}

/* What the primary's state and commands ask for. */
static enum outcome
look(const struct hf_worker_process *w)
{
	uint32_t command = atomic_load_explicit(&w->slot->command, memory_order_acquire);
	uint32_t state = atomic_load_explicit(&w->seg->header.state, memory_order_acquire);

	if (state == HF_SEGMENT_REPLACED)
		return PRIMARY_LOST;
	if (state != HF_SEGMENT_READY || command == HF_COMMAND_EXIT)
		return LEAVE;
	return command == HF_COMMAND_REEXEC ? REEXEC : KEEP_ON;
}

/* The primary has died: leave, or go on until the next one asks. */
static enum outcome
on_primary_loss(struct hf_worker_process *w)
{
	lanes_calm(w);
	if (w->seg->header.forward_alone == 0)
		return PRIMARY_LOST;
	hf_warn("instance %s: the primary has died: worker %s forwards without it", w->opt.instance,
		w->opt.name);
	close(w->primary_fd);
	w->primary_fd = -1;
	return KEEP_ON;
}

static enum outcome
watch(struct hf_worker_process *w)
{
	struct pollfd fds[3] = {{w->signal_fd, POLLIN, 0},
				{-1, POLLIN, 0},
				{w->wake_fd, POLLIN, 0}};
	int quarter = (int)w->seg->run.hang_timeout_ms / 4;
	int wait_ms = quarter > 0 && quarter < WATCH_MS ? quarter : WATCH_MS;
	enum outcome o = KEEP_ON;

	while (o == KEEP_ON) {
		atomic_store_explicit(&w->slot->heartbeat_tsc, hf_tsc(), memory_order_relaxed);
		fds[1].fd = w->primary_fd;
		if (poll(fds, 3, wait_ms) < 0 && errno != EINTR)
			return LEAVE;
		if ((fds[2].revents & POLLIN) != 0)
			signals_woken(w);
		o = look(w);
		if (o == KEEP_ON)
			lanes_adopt(w);
		if ((fds[0].revents & POLLIN) != 0)
			o = LEAVE;
		else if (o == KEEP_ON && (fds[1].revents & POLLIN) != 0)
			o = on_primary_loss(w);
	}
	return o;
}

/* The instance has lanes of the other kind: the program for those stands in the same folder. */
static void
start_other_kind(const char *program, char **argv)
{
	const char *slash = strrchr(program, '/');
	char path[4200];

	snprintf(path, sizeof(path), "%.*s/%s", slash != NULL ? (int)(slash - program) : 1,
		 slash != NULL ? program : ".", hf_kind()->other);
	reexec(path, argv);
}

/* Before the attach there is nothing to give back. Afterwards these signals are blocked. */
static void
leave_at_once(int signum)
{
	(void)signum;
	_exit(0);
}

int
main(int argc, char **argv)
{
	static struct hf_worker_process w = {.attach_lock = -1, .primary_fd = -1};
	static char program[4096];
	int rc;
	enum outcome o;

	hf_log_init("holdfast-worker", HF_LOG_NOTICE);
	signal(SIGTERM, leave_at_once);
	signal(SIGINT, leave_at_once);
	signal(SIGHUP, leave_at_once);
	rc = options_parse(argc, argv, &w.opt);
	if (rc != 0)
		return rc > 0 ? 0 : 2;
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		snprintf(program, sizeof(program), "%s", argv[0]);
	if (w.opt.respawn && !respawn_is_child())
		return respawn_keep(program, argv);
	fix_addresses(argv);
	prctl(PR_SET_NAME, "holdfast-worker"); /* started by /proc/self/exe it would be "exe" */
	rc = attach_to_primary(&w, argv[0]);
	if (rc == -EXDEV)
		start_other_kind(program, argv);
	if (rc != 0)
		_exit(rc == -EINVAL ? 2 : 1);
	if (crash_install(&w) != 0 || lanes_start(&w) != 0)
		_exit(1);
	hf_notice("instance %s: worker %s attached in %u us", w.opt.instance, w.opt.name,
		  w.slot->attach_us);
	o = watch(&w);
	/* The primary frees the slot when the process has ended, or it claims it again itself. */
	atomic_store_explicit(&w.slot->state, HF_WORKER_LEAVING, memory_order_release);
	lanes_stop(&w);
	if (o == PRIMARY_LOST)
		hf_err("instance %s: %s", w.opt.instance,
		       atomic_load(&w.seg->header.state) == HF_SEGMENT_REPLACED
			       ? "the next primary starts: this worker leaves"
			       : "the primary has died");
	if (o == REEXEC || (o == PRIMARY_LOST && w.opt.respawn)) {
		sched_setaffinity(0, sizeof(w.cpus), &w.cpus);
		reexec(program, argv); /* and waits for the next primary */
	}
	_exit(o == PRIMARY_LOST || o == REEXEC ? 1 : 0);
}

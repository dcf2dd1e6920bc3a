/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker does when one of its threads crashes: writes a report into its slot of the segment,
 * gives back the lease of the lane it ran, lets its other lane threads give back theirs, and then
 * dies of the same signal. A core dump takes seconds, and the kernel hands leases on only after it.
 *
 * The handler runs on the crashed thread, on a stack of its own. Nothing but system calls and
 * stores: no allocation, no log, no lock but the lease. After it has given the lease back it must
 * not touch the lane. Killed inside: the kernel hands the lease on, as for any death.
 *
 * Unlocking here is sound: the lease is unlocked by the thread that holds it, and holds is set only
 * between the return of the lock and the call of the unlock, so the crash was not inside either.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "hw_lane.h"
#include "lease.h"
#include "log.h"
#include "points.h"
#include "stage.h"
#include "worker.h"

#define OTHERS_MS    20     /* for the other lane threads to give back */
#define HUGETLB_BITS 0x60UL /* private and shared, in /proc/PID/coredump_filter */

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/* Set up before the first crash; a handler has no other way to know its process. */
static struct {
	struct hf_worker_process *w;
	atomic_int reported; /* 1: a thread writes the report, or has */
	alignas(64) uint8_t main_stack[HF_CRASH_STACK];
} crash_state;

/* NULL on threads that run no lane. */
static _Thread_local struct hf_lane_thread *crash_self;

static uint64_t
instruction(const void *context)
{
	const ucontext_t *uc = context;
#if defined(__x86_64__)
	return (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return uc->uc_mcontext.pc;
#else
	(void)uc;
	return 0;
#endif
}

/* What the thread was doing. Inside a driver the lane's phase word knows. */
static uint32_t
step_of(const struct hf_lane_context *ctx)
{
	uint32_t phase = ctx->hw != NULL
				 ? atomic_load_explicit(&ctx->hw->phase, memory_order_relaxed)
				 : HF_PHASE_WORK;

	if (phase == HF_PHASE_RX)
		return HF_STEP_RX;
	if (phase == HF_PHASE_TX)
		return HF_STEP_TX;
	return atomic_load_explicit(&ctx->step, memory_order_relaxed);
}

static void
report_lane(struct hf_crash *c, const struct hf_lane_thread *t)
{
	const struct hf_lane_context *ctx = &t->ctx;
	const struct hf_burst *b = &ctx->burst;

	c->lane = (int32_t)ctx->lane_id;
	c->generation = atomic_load_explicit(&ctx->lane->generation, memory_order_relaxed);
	c->step = step_of(ctx);
	for (uint32_t k = 0; k < ctx->n_rings; k++)
		if (ctx->ring[k] == b->ring)
			c->ring = k;
	if (c->step != HF_STEP_PLAN && c->step != HF_STEP_APPLY)
		return;
	c->packet = b->first;
	c->burst = b->n;
	if (ctx->at_work == NULL) /* no stage is configured */
		return;
	for (size_t i = 0; i + 1 < sizeof(c->stage) && ctx->at_work->name[i] != '\0'; i++)
		c->stage[i] = ctx->at_work->name[i];
}

static void
report(const struct hf_worker_process *w, const struct hf_lane_thread *t, const siginfo_t *info,
       const void *context)
{
	struct hf_crash *c = &w->slot->crash;
	uint32_t seq = atomic_load_explicit(&c->seq, memory_order_relaxed) | 1;

	atomic_store_explicit(&c->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	HF_POINT("crash_report");
	c->pid = getpid();
	c->signal = info->si_signo;
	c->code = info->si_code;
	c->lane = -1;
	c->generation = c->step = c->ring = c->burst = 0;
	c->packet = 0;
	/* Only the kernel's own signals have an address. */
	c->address = info->si_code > 0 && info->si_signo != SIGABRT ? (uintptr_t)info->si_addr : 0;
	c->ip = instruction(context);
	c->tsc = hf_tsc();
	memcpy(c->name, w->slot->name, sizeof(c->name));
	memset(c->stage, 0, sizeof(c->stage));
	if (t != NULL && atomic_load_explicit(&t->holds, memory_order_relaxed))
		report_lane(c, t);
	/* Pairs with hf_crash_read(): the report is whole. */
	atomic_store_explicit(&c->seq, seq + 1, memory_order_release);
}

/* The last that this thread does with the lane. */
static void
give_back(struct hf_lane_thread *t)
{
	struct hf_lane *lane = t->ctx.lane;

	if (atomic_load_explicit(&t->holds, memory_order_relaxed) == 0)
		return;
	HF_POINT("crash_reported");
	/* What only the primary can mend stays so. */
	if (atomic_load_explicit(&lane->state, memory_order_relaxed) != HF_LANE_BROKEN)
		atomic_store_explicit(&lane->state, HF_LANE_DIRTY, memory_order_relaxed);
	atomic_store_explicit(&lane->owner_slot_plus1, 0, memory_order_relaxed);
	atomic_store_explicit(&t->worker->slot->thread[t->ctx.lane_id], HF_THREAD_NONE,
			      memory_order_release);
	atomic_store_explicit(&t->holds, 0, memory_order_relaxed);
	/* In the midst of a recovery after EOWNERDEAD it would be lost for ever without this. */
	hf_lease_consistent(&lane->lease);
	HF_POINT("crash_dirty");
	hf_lease_give(&lane->lease);
	HF_POINT("crash_given");
}

/* The other lanes of this process are well: their threads give them back as for a planned end. */
static void
let_others_give_back(struct hf_worker_process *w)
{
	const struct timespec nap = {0, 200000};

	atomic_store_explicit(&w->leave, 1, memory_order_relaxed);
	for (unsigned int us = 0; us < OTHERS_MS * 1000 && lanes_any_owner(w); us += 200)
		nanosleep(&nap, NULL);
}

static void
die_of(int signum)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t set;

	sigaction(signum, &dfl, NULL);
	sigemptyset(&set);
	sigaddset(&set, signum);
	syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), signum);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	_exit(1);
}

static void
on_crash(int signum, siginfo_t *info, void *context)
{
	struct hf_worker_process *w = crash_state.w;
	struct hf_lane_thread *t = crash_self;

	if (atomic_exchange_explicit(&crash_state.reported, 1, memory_order_relaxed) == 0)
		report(w, t, info, context);
	if (t != NULL)
		give_back(t);
	let_others_give_back(w);
	die_of(signum);
}

static void
use_stack(uint8_t *stack)
{
	stack_t ss = {.ss_sp = stack, .ss_size = HF_CRASH_STACK};

	sigaltstack(&ss, NULL);
}

void
crash_enter(struct hf_lane_thread *t)
{
	crash_self = t;
	use_stack(t->crash_stack);
}

/* Hugepages hold every packet and table: gigabytes that a core does not need, and other people's
 * data. The filter is of the process and covers what is mapped later. */
static void
filter_core(void)
{
	char text[32] = "";
	unsigned long filter;
	int fd = open("/proc/self/coredump_filter", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0) {
		filter = strtoul(text, NULL, 16) & ~HUGETLB_BITS;
		snprintf(text, sizeof(text), "0x%lx", filter);
		if (pwrite(fd, text, strlen(text), 0) < 0)
			hf_warn("/proc/self/coredump_filter: leave out hugepages: %s",
				strerror(errno));
	}
	close(fd);
}

int
crash_install(struct hf_worker_process *w)
{
	struct sigaction sa = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	crash_state.w = w;
	use_stack(crash_state.main_stack);
	filter_core();
	sigfillset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++)
		if (sigaction(crash_signals[i], &sa, NULL) != 0) {
			hf_err("worker %s: install crash handler: %s", w->opt.name,
			       strerror(errno));
			return -errno;
		}
	return 0;
}

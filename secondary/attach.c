/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From nothing to an attached worker: wait for READY, verify, claim a slot, start EAL as a
 * secondary, find the lane rings. Attaches are serialised by a file lock, because a process that
 * dies inside rte_eal_init must not meet another one there. Afterwards the process leaves no trace
 * in the runtime folder and calls EAL no more.
 */
#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "log.h"
#include "points.h"
#include "stage.h"
#include "thread.h"
#include "version.h"
#include "worker.h"

/* The slot this process had before it started anew, else a free one; HF_MAX_WORKERS: none. */
static uint32_t
find_slot(const struct hf_segment *seg)
{
	uint32_t slot = HF_MAX_WORKERS;

	for (uint32_t i = HF_MAX_WORKERS; i-- > 0;) {
		const struct hf_worker *s = &seg->workers[i];

		if (atomic_load_explicit(&s->state, memory_order_acquire) == HF_WORKER_FREE)
			slot = i;
		else if (atomic_load_explicit(&s->pid, memory_order_relaxed) == getpid() &&
			 hf_load(&s->start_time) == hf_process_start_time(getpid()))
			return i;
	}
	return slot;
}

/* Takes a slot; under the attach lock, so that there is no race for it. */
static int
claim_slot(struct hf_worker_process *w)
{
	struct hf_segment *seg = w->seg;
	uint32_t i = find_slot(seg);

	if (i == HF_MAX_WORKERS) {
		hf_err("instance %s: attach: all %d worker slots are taken", w->opt.instance,
		       HF_MAX_WORKERS);
		return -EBUSY;
	}
	HF_POINT("attach_slot_found");
	w->slot_index = i;
	w->slot = &seg->workers[i];
	if (w->opt.name[0] == '\0')
		snprintf(w->opt.name, sizeof(w->opt.name), "w%u", i);
	memcpy(w->slot->name, w->opt.name, sizeof(w->slot->name));
	snprintf(w->slot->version, sizeof(w->slot->version), "%s", HF_VERSION);
	w->slot->standby = (uint32_t)w->opt.standby;
	w->slot->lanes = w->opt.lanes;
	for (uint32_t l = 0; l < HF_MAX_LANES; l++)
		atomic_store_explicit(&w->slot->thread[l], HF_THREAD_NONE, memory_order_relaxed);
	atomic_store_explicit(&w->slot->command, HF_COMMAND_NONE, memory_order_relaxed);
	atomic_store_explicit(&w->slot->adopt, 0, memory_order_relaxed);
	atomic_store_explicit(&w->slot->heartbeat_tsc, hf_tsc(), memory_order_relaxed);
	atomic_store_explicit(&w->slot->start_time, hf_process_start_time(getpid()),
			      memory_order_relaxed);
	HF_POINT("attach_slot_filled");
	atomic_store_explicit(&w->slot->pid, getpid(), memory_order_relaxed);
	HF_POINT("attach_slot_pid");
	/* Pairs with the primary's acquire load: the slot is filled. */
	atomic_store_explicit(&w->slot->state, HF_WORKER_ATTACHING, memory_order_release);
	HF_POINT("attach_slot_claimed");
	return 0;
}

/* This thread, and EAL's, keep off the CPUs where packets are handled. */
static void
leave_lane_cpus(struct hf_worker_process *w, cpu_set_t *cpus)
{
	const struct hf_segment *seg = w->seg;
	int32_t taken[HF_MAX_LANES + HF_MAX_IO];
	uint32_t n = 0;

	CPU_ZERO(&w->cpus);
	sched_getaffinity(0, sizeof(w->cpus), &w->cpus);
	for (uint32_t l = 0; l < seg->header.n_lanes; l++)
		taken[n++] = seg->lanes[l].cpu;
	for (uint32_t k = 0; k < seg->header.n_io; k++)
		taken[n++] = seg->io[k].cpu;
	*cpus = w->cpus;
	hf_thread_keep_off(cpus, taken, n);
	sched_setaffinity(0, sizeof(*cpus), cpus);
}

static int
start_eal(struct hf_worker_process *w, char *program)
{
	static char devices[HF_MAX_PORTS][160]; /* EAL keeps pointers into its arguments */
	static char prefix[64], lcores[32];
	static char *argv[8 + HF_MAX_PORTS];
	int argc = 0, n;
	cpu_set_t cpus;

	snprintf(prefix, sizeof(prefix), "--file-prefix=%s", w->opt.instance);
	leave_lane_cpus(w, &cpus);
	snprintf(lcores, sizeof(lcores), "--lcores=%d@%d", HF_LCORE_WORKER,
		 hf_thread_first_cpu(&cpus));
	argv[argc++] = program;
	argv[argc++] = "--proc-type=secondary";
	argv[argc++] = prefix;
	argv[argc++] = "--no-telemetry";
	argv[argc++] = lcores;
	argv[argc++] = "--log-level=error";
	n = hf_kind()->device_args(w->seg, devices, HF_MAX_PORTS);
	for (int i = 0; i < n; i++)
		argv[argc++] = devices[i];
	if (rte_eal_init(argc, argv) < 0) {
		hf_err("instance %s: attach: rte_eal_init: %s", w->opt.instance,
		       rte_strerror(rte_errno));
		return -EIO;
	}
	HF_POINT("attach_eal_started");
	/* EAL pinned this thread to one CPU. */
	sched_setaffinity(0, sizeof(cpus), &cpus);
	return 0;
}

void *
attach_find_memzone(const char *name)
{
	const struct rte_memzone *mz = rte_memzone_lookup(name);

	if (mz == NULL)
		hf_err("memzone %s: attach: not found", name);
	return mz != NULL ? mz->addr : NULL;
}

/* Everything a lane thread needs, found and allocated now: whoever adopts a lane looks up nothing.
 */
static int
prepare_lane(struct hf_worker_process *w, uint32_t lane)
{
	struct hf_lane_thread *t = aligned_alloc(64, (sizeof(*t) + 63) / 64 * 64);

	if (t == NULL)
		return -ENOMEM;
	/* The crash stack costs memory in a worker that runs the lane only. */
	memset((uint8_t *)t + HF_CRASH_STACK, 0, sizeof(*t) - HF_CRASH_STACK);
	t->worker = w;
	t->ctx.seg = w->seg;
	t->ctx.lane = &w->seg->lanes[lane];
	t->ctx.run = &w->seg->run;
	t->ctx.lane_id = lane;
	hf_segment_flow_table(w->seg, lane, &t->ctx.flows);
	hf_stages_select(&t->ctx);
	w->lane[lane] = t;
	HF_POINT("attach_lane");
	return hf_kind()->prepare(&t->ctx);
}

/* Nobody needs to reach this process by EAL's files; without them a dead one leaves nothing. */
static void
remove_runtime_files(const char *instance)
{
	hf_files_remove_runtime(rte_eal_get_runtime_dir(), getpid());
	hf_debug("instance %s: attach: runtime files removed", instance);
}

/* The part under the attach lock. */
static int
attach_locked(struct hf_worker_process *w, char *program)
{
	uint64_t begin = hf_tsc();
	int err;

	err = hf_kind()->take_files != NULL ? hf_kind()->take_files(w) : 0;
	if (err == 0)
		err = signals_open(w);
	if (err == 0)
		err = claim_slot(w);
	if (err == 0)
		err = start_eal(w, program);
	if (err == 0)
		err = hf_kind()->verify(w);
	for (uint32_t l = 0; err == 0 && l < w->seg->header.n_lanes; l++)
		err = prepare_lane(w, l);
	if (err != 0)
		return err;
	HF_POINT("attach_prepared");
	remove_runtime_files(w->opt.instance);
	HF_POINT("attach_swept");
	w->slot->attach_us = (uint32_t)(hf_tsc_to_ns(&w->seg->header, hf_tsc() - begin) / 1000);
	return 0;
}

int
attach_to_primary(struct hf_worker_process *w, char *program)
{
	int err;

	while ((err = reach_primary(w)) == -EAGAIN)
		;
	if (err == 0)
		err = attach_locked(w, program);
	if (err != 0)
		return err;
	w->primary_fd = (int)syscall(SYS_pidfd_open, w->seg->header.primary_pid, 0);
	if (!reach_still_current(w)) {
		hf_err("instance %s: attach: the primary has gone", w->opt.instance);
		return -ESRCH;
	}
	HF_POINT("attach_verified");
	atomic_store_explicit(&w->slot->attached_tsc, hf_tsc(), memory_order_relaxed);
	atomic_store_explicit(&w->slot->heartbeat_tsc, hf_tsc(), memory_order_relaxed);
	atomic_store_explicit(&w->slot->state, HF_WORKER_RUNNING, memory_order_release);
	HF_POINT("attach_running");
	close(w->attach_lock);
	w->attach_lock = -1;
	HF_POINT("attach_unlocked");
	return 0;
}

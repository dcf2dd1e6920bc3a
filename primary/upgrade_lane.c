/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One lane's way from a worker to the one that replaces it, or back; and what befell a worker that
 * should have it. Main thread; nothing here waits. The one shared word it writes itself is a
 * worker's adopt: a request which that worker may carry out at any later time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "parts.h"
#include "upgrade.h"

/* The worker's own word on its death, if it left one. */
static int
crash_text(const struct hf_worker *w, int32_t pid, char *buf, size_t len)
{
	struct hf_crash crash;

	if (hf_crash_read(w, &crash) != 0 || crash.pid != pid)
		return 0;
	snprintf(buf, len, "it crashed: %s at address 0x%" PRIx64 ", %s",
		 hf_signal_name(crash.signal), crash.address, hf_step_name(crash.step));
	return 1;
}

static int
runs(const struct hf_worker *w, int32_t pid)
{
	return atomic_load_explicit(&w->pid, memory_order_acquire) == pid &&
	       atomic_load_explicit(&w->state, memory_order_acquire) == HF_WORKER_RUNNING &&
	       hf_process_alive(pid, hf_load(&w->start_time));
}

const char *
upgrade_trouble(const struct hf_primary *p, const struct upgrade_pair *pair, uint32_t lane,
		int owns, char *buf, size_t len)
{
	const struct hf_worker *w = &p->seg->workers[pair->new_slot];
	const struct hf_lane *l = &p->seg->lanes[lane];
	uint32_t gen = atomic_load_explicit(&l->generation, memory_order_acquire);
	uint32_t hung = atomic_load_explicit(&l->hung_gen, memory_order_relaxed);
	int owner = handover_owner(p, lane), alive = runs(w, pair->new_pid);

	if (crash_text(w, pair->new_pid, buf, len))
		return buf;
	if (alive && (!owns || owner < 0 || owner == pair->new_slot))
		return NULL;
	if (owns && hung != 0 && (hung == gen || hung + 1 == gen))
		return "it hung, and was killed";
	return alive ? "it lost the lane" : "it ended, or was killed";
}

static uint8_t
thread_of(const struct hf_primary *p, int slot, uint32_t lane)
{
	return atomic_load_explicit(&p->seg->workers[slot].thread[lane], memory_order_acquire);
}

int
upgrade_waits(struct hf_primary *p, int slot, uint32_t lane)
{
	struct hf_worker *w = &p->seg->workers[slot];
	uint64_t bit = UINT64_C(1) << lane;

	if (thread_of(p, slot, lane) == HF_THREAD_WAITING)
		return 1;
	if ((w->lanes & bit) == 0 &&
	    (atomic_load_explicit(&w->adopt, memory_order_relaxed) & bit) == 0) {
		atomic_fetch_or_explicit(&w->adopt, bit, memory_order_release);
		supervisor_wake(p, (uint32_t)slot);
	}
	return 0;
}

void
upgrade_withdraw(struct hf_primary *p, int slot, uint32_t lane)
{
	atomic_fetch_and_explicit(&p->seg->workers[slot].adopt, ~(UINT64_C(1) << lane),
				  memory_order_relaxed);
}

/* Until the hand-over can be asked for. */
static enum hf_handover_result
ask(struct hf_primary *p, struct hf_upgrade *u, int slot, char *why, size_t why_len)
{
	int late = hf_tsc() > u->deadline_tsc;

	if (p->returning || p->repairing || !upgrade_waits(p, slot, u->lane)) {
		snprintf(why, why_len, "worker %.31s does not come to wait for it",
			 p->seg->workers[slot].name);
		return late ? HF_HANDOVER_FAILED : HF_HANDOVER_PENDING;
	}
	if (hf_handover_to(p, u->lane, (uint32_t)slot, &u->h) == 0) {
		u->moving = 1;
		return HF_HANDOVER_PENDING;
	}
	snprintf(why, why_len, "%s", u->h.text);
	return late ? HF_HANDOVER_FAILED : HF_HANDOVER_PENDING;
}

enum hf_handover_result
upgrade_move(struct hf_primary *p, struct hf_upgrade *u, int slot, char *why, size_t why_len)
{
	enum hf_handover_result result;

	if (!u->moving) {
		result = ask(p, u, slot, why, why_len);
		if (result == HF_HANDOVER_FAILED)
			upgrade_withdraw(p, slot, u->lane);
		return result;
	}
	result = hf_handover_poll(p, &u->h);
	if (result == HF_HANDOVER_PENDING)
		return result;
	u->moving = 0;
	upgrade_withdraw(p, slot, u->lane);
	if (result == HF_HANDOVER_FAILED) {
		snprintf(why, why_len, "%s", u->h.text);
		return result;
	}
	u->lost_pkts += u->h.lost_pkts;
	hf_notice("lane %u: upgrade: to worker %s, pid %d: %llu us, %lld packets lost", u->lane,
		  u->h.to_name, u->h.to_pid, (unsigned long long)u->h.gap_us,
		  (long long)u->h.lost_pkts);
	if (u->h.to_slot == (uint32_t)slot)
		return HF_HANDOVER_DONE;
	snprintf(why, why_len, "worker %.31s took it first", u->h.to_name);
	return HF_HANDOVER_FAILED;
}

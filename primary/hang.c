/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kills workers that hang: the owner of a lane, or a worker's main thread, whose heartbeat is older
 * than supervise.hang_timeout. The kernel then hands the lane on as after any death. Main thread;
 * waits for nobody; writes the event log and each lane's hung_gen.
 *
 * The kernel is asked about the thread as soon as a heartbeat is an eighth of the limit old, and
 * again at the limit; hang_judge.c says what the answers mean. When this thread itself was late,
 * all are given a new start: the whole machine may have stood still.
 *
 * Exempt: lanes in recovery or without an owner; lanes that are not supervised, and the worker that
 * owns one. A worker that attaches, leaves or has crashed does not beat: it is killed only when it
 * is seen stopped for the whole limit, for it may stand in everybody's way. (One that is stopped
 * before it has claimed a slot is not seen here.)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cpu_probe.h"
#include "hang_judge.h"
#include "log.h"
#include "parts.h"

#define LOOK_AGAIN_MS 2 /* while a late thread has not had its quarter */
#define LATE_MS       10

/* A thread that must beat. */
struct watched_thread {
	int32_t pid, tid;
	uint64_t beat;
	int beats; /* 0: it does not beat at present: only a stop counts */
};

static struct {
	struct hang_suspect lane[HF_MAX_LANES];
	struct hang_suspect worker[HF_MAX_WORKERS];
	int32_t killed[HF_MAX_WORKERS]; /* pid, until the slot has another */
	int killed_lane[HF_MAX_WORKERS];
	uint64_t looked_tsc;
	uint64_t next_tsc; /* when to look again; 0: the ordinary tick will do */
} hang;

static uint64_t
ms_to_tsc(const struct hf_primary *p, uint64_t ms)
{
	return p->seg->header.tsc_hz / 1000 * ms;
}

static void
look_again_at(uint64_t tsc)
{
	if (hang.next_tsc == 0 || tsc < hang.next_tsc)
		hang.next_tsc = tsc;
}

/* Sends the probe, or notes its answer: that counts from the next look on. */
static void
probe(struct hang_suspect *s, const struct hang_sight *w)
{
	if (s->probe != 0)
		s->cpu_runs = cpu_probe_answered(s->probe);
	else if (hang_wants_probe(s, w))
		s->probe = cpu_probe_ask(w->look.cpu);
}

static int
is_hung(const struct hf_primary *p, struct hang_suspect *s, const struct watched_thread *t)
{
	const struct hf_segment_header *h = &p->seg->header;
	uint64_t limit = ms_to_tsc(p, p->seg->run.hang_timeout_ms), now = hf_tsc();
	uint64_t age = now > t->beat ? now - t->beat : 0;
	struct hang_sight w = {.beat = t->beat,
			       .now_ns = hf_tsc_to_ns(h, now),
			       .age_ns = hf_tsc_to_ns(h, age),
			       .limit_ns = hf_tsc_to_ns(h, limit),
			       .beats = t->beats};
	int hung;

	if (age < limit / 8) {
		s->beat = 0;
		return 0;
	}
	if (thread_look(t->pid, t->tid, &w.look) != 0)
		return 0;
	hung = hang_judge(s, &w);
	probe(s, &w);
	if (t->beats && age < limit)
		look_again_at(t->beat + limit);
	else if (t->beats && age < 2 * limit)
		look_again_at(now + ms_to_tsc(p, LOOK_AGAIN_MS));
	return hung;
}

/*
 * Who waits for a lane of the dying worker comes before others on its CPU, and so does, until it is
 * gone, the thread that holds the lease.
 */
static void
hurry_next_owners(struct hf_primary *p, uint32_t slot)
{
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		int next;

		if (atomic_load_explicit(&p->seg->workers[slot].thread[l], memory_order_relaxed) !=
		    HF_THREAD_OWNER)
			continue;
		next = handover_choose(p, l, slot);
		if (next >= 0)
			hurry_begin(p, l, (uint32_t)next);
	}
}

/* lane: -1 for a worker's main thread. */
static void
kill_worker(struct hf_primary *p, uint32_t slot, int lane, const struct hang_suspect *s)
{
	const struct hf_worker *w = &p->seg->workers[slot];
	int32_t pid = atomic_load(&w->pid);
	uint64_t age_ns = hf_tsc_to_ns(&p->seg->header, hf_tsc() - s->beat);
	char where[32] = "its main thread";
	int err = supervisor_kill(p, slot);

	if (err != 0 && err != -ESRCH)
		hf_err("worker %s: pid %d: kill: %s", w->name, pid, strerror(-err));
	if (err != 0)
		return;
	hurry_next_owners(p, slot);
	hang.killed[slot] = pid;
	hang.killed_lane[slot] = lane;
	hf_event_add(p, HF_EVENT_WORKER_HANG, pid, lane, age_ns, w->name);
	if (lane >= 0)
		snprintf(where, sizeof(where), "its thread of lane %d", lane);
	hf_err("worker %s: pid %d hangs: %s has not moved for %" PRIu64
	       " ms (state %c): it was killed",
	       w->name, pid, where, age_ns / 1000000, s->now.state);
}

/* Does a debugger, or whoever switched supervision off, have the worker in hand? */
static int
is_spared(const struct hf_primary *p, uint32_t slot)
{
	uint32_t n_off = 0;

	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		if (!atomic_load_explicit(&p->seg->lanes[l].unsupervised, memory_order_relaxed))
			continue;
		n_off++;
		if (atomic_load_explicit(&p->seg->workers[slot].thread[l], memory_order_relaxed) ==
		    HF_THREAD_OWNER)
			return 1;
	}
	return n_off == p->cfg.n_lanes;
}

static void
look_at_owner(struct hf_primary *p, uint32_t l)
{
	struct hf_lane *lane = &p->seg->lanes[l];
	uint32_t slot = atomic_load_explicit(&lane->owner_slot_plus1, memory_order_relaxed) - 1;
	/* Pairs with the release store of a new owner: what follows is its own. */
	uint32_t gen = atomic_load_explicit(&lane->generation, memory_order_acquire);
	struct watched_thread t = {.beats = 1};

	if (slot >= HF_MAX_WORKERS ||
	    atomic_load_explicit(&lane->state, memory_order_relaxed) != HF_LANE_RUNNING ||
	    atomic_load_explicit(&lane->unsupervised, memory_order_relaxed) ||
	    atomic_load_explicit(&p->seg->workers[slot].thread[l], memory_order_relaxed) !=
		    HF_THREAD_OWNER)
		return;
	t.pid = atomic_load_explicit(&lane->owner_pid, memory_order_relaxed);
	t.tid = atomic_load_explicit(&lane->owner_tid, memory_order_relaxed);
	t.beat = hf_load(&lane->heartbeat_tsc);
	if (t.pid != atomic_load(&p->seg->workers[slot].pid) || t.pid == hang.killed[slot] ||
	    !is_hung(p, &hang.lane[l], &t))
		return;
	/* Before the kill: the next owner finds it. Who is stopped was stopped by somebody, not by
	 * a packet. */
	if (!thread_is_stopped(&hang.lane[l].now))
		atomic_store_explicit(&lane->hung_gen, gen, memory_order_release);
	kill_worker(p, slot, (int)l, &hang.lane[l]);
}

/* It has given its lanes back and writes a core, which may take long. The report may be of one who
 * had the slot and the pid before. */
static int
has_crashed(const struct hf_worker *w, int32_t pid)
{
	struct hf_crash c;

	return hf_crash_read(w, &c) == 0 && c.pid == pid && c.tsc >= hf_load(&w->attached_tsc);
}

static void
look_at_main(struct hf_primary *p, uint32_t slot)
{
	const struct hf_worker *w = &p->seg->workers[slot];
	uint32_t state = atomic_load_explicit(&w->state, memory_order_acquire);
	struct watched_thread t;

	if (state == HF_WORKER_FREE || state == HF_WORKER_DEAD) {
		hang.killed[slot] = 0;
		return;
	}
	t.pid = t.tid = atomic_load_explicit(&w->pid, memory_order_relaxed);
	t.beat = hf_load(&w->heartbeat_tsc);
	t.beats = state == HF_WORKER_RUNNING && !has_crashed(w, t.pid);
	if (t.pid > 0 && t.pid != hang.killed[slot] && !is_spared(p, slot) &&
	    is_hung(p, &hang.worker[slot], &t))
		kill_worker(p, slot, -1, &hang.worker[slot]);
}

/* After a time in which this thread did not run, nothing that others did not do counts. */
static void
forgive(const struct hf_primary *p, uint64_t now)
{
	uint64_t late = ms_to_tsc(p, p->seg->run.hang_timeout_ms / 2 + LATE_MS);

	if (now - hang.looked_tsc > late) {
		memset(hang.lane, 0, sizeof(hang.lane));
		memset(hang.worker, 0, sizeof(hang.worker));
	}
	hang.looked_tsc = now;
}

void
hang_look(struct hf_primary *p)
{
	hang.next_tsc = 0;
	if (p->seg->run.hang_timeout_ms == 0)
		return;
	forgive(p, hf_tsc());
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
		look_at_owner(p, l);
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++)
		look_at_main(p, i);
}

int
hang_killed(uint32_t slot, int32_t pid, int *lane)
{
	*lane = hang.killed_lane[slot];
	return hang.killed[slot] == pid;
}

int
hang_wait_ms(const struct hf_primary *p)
{
	uint64_t now = hf_tsc(), ms = ms_to_tsc(p, 1);

	if (hang.next_tsc == 0)
		return -1;
	return hang.next_tsc <= now ? 0 : (int)((hang.next_tsc - now + ms - 1) / ms);
}

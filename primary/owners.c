/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nobody is left without service: a lane that nobody runs or waits for is adopted by the best
 * worker there is, a lane that somebody stuck was given is freed of him, and a lane goes back to
 * the worker that names it once that one has attached again. Main thread; never waits. What it
 * knows is private: a primary that dies here leaves a request in a worker's slot at most, which
 * that worker carries out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "parts.h"
#include "thread_look.h"

#define ASK_MS   200  /* for a worker to start the thread it was asked for */
#define FIRST_MS 1000 /* left to those who name a lane that nobody has run yet */

/* One lane without an owner, or on its way home. */
struct homeless {
	uint64_t since_tsc;    /* nobody has run it since; 0: somebody does */
	uint32_t generation;   /* then */
	uint64_t asked_tsc;    /* when a worker was asked to adopt it; 0: not yet */
	uint64_t returned_tsc; /* attached_tsc of the last owner whose lane it is */
	uint64_t tried_tsc;    /* when it was last sent home; 0: never */
};

struct hf_owners {
	struct homeless lane[HF_MAX_LANES];
	struct hf_handover h; /* the way home of one lane, while p->returning */
};

int
owners_start(struct hf_primary *p)
{
	p->owners = calloc(1, sizeof(*p->owners));
	return p->owners != NULL ? 0 : -ENOMEM;
}

static int
older(const struct hf_primary *p, uint64_t tsc, uint64_t ms)
{
	uint64_t now = hf_tsc();

	return now > tsc && now - tsc >= p->seg->header.tsc_hz / 1000 * ms;
}

static uint32_t
thread_of(const struct hf_worker *w, uint32_t lane)
{
	return atomic_load_explicit(&w->thread[lane], memory_order_acquire);
}

/* Does it run, stay, and show signs of life? */
static int
fit(const struct hf_primary *p, const struct hf_worker *w)
{
	return atomic_load_explicit(&w->state, memory_order_acquire) == HF_WORKER_RUNNING &&
	       atomic_load_explicit(&w->command, memory_order_relaxed) == HF_COMMAND_NONE &&
	       handover_awake(p, w);
}

/* Is there somebody who waits for the lane and can take it? A stopped process cannot. */
static int
somebody_waits(const struct hf_primary *p, uint32_t lane)
{
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		const struct hf_worker *w = &p->seg->workers[i];

		if (thread_of(w, lane) == HF_THREAD_WAITING &&
		    atomic_load_explicit(&w->state, memory_order_acquire) == HF_WORKER_RUNNING &&
		    handover_awake(p, w))
			return 1;
	}
	return 0;
}

/* What an adoption by worker slot costs: the lanes it runs, and first of all another node. */
static unsigned int
cost(const struct hf_primary *p, uint32_t slot, uint32_t lane)
{
	const struct hf_worker *w = &p->seg->workers[slot];
	int node = p->seg->lanes[lane].node;
	unsigned int lanes = 0, near = 0;

	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		if (thread_of(w, l) != HF_THREAD_OWNER)
			continue;
		lanes++;
		near += p->seg->lanes[l].node == node;
	}
	return lanes + (lanes > 0 && near == 0 ? HF_MAX_LANES : 0);
}

/* The worker that adopts the lane best, -1 if there is none. */
static int
choose_sibling(const struct hf_primary *p, uint32_t lane, int first)
{
	unsigned int best_cost = 0;
	int best = -1;

	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		const struct hf_worker *w = &p->seg->workers[i];
		unsigned int c;

		if (!fit(p, w) || thread_of(w, lane) != HF_THREAD_NONE ||
		    (first && !older(p, hf_load(&w->attached_tsc), FIRST_MS)))
			continue;
		c = cost(p, i, lane);
		if (best < 0 || c < best_cost) {
			best = (int)i;
			best_cost = c;
		}
	}
	return best;
}

/* Takes back what was asked, of all but worker slot (-1: of all). */
static void
withdraw(struct hf_primary *p, uint32_t lane, int slot)
{
	for (int i = 0; i < HF_MAX_WORKERS; i++)
		if (i != slot)
			atomic_fetch_and_explicit(&p->seg->workers[i].adopt, ~(UINT64_C(1) << lane),
						  memory_order_relaxed);
}

static void
adopt(struct hf_primary *p, uint32_t lane, struct homeless *o)
{
	int slot;

	if (o->asked_tsc != 0 && !older(p, o->asked_tsc, ASK_MS))
		return;
	slot = choose_sibling(p, lane, o->generation == 0);
	if (slot < 0)
		return;
	withdraw(p, lane, slot);
	/* Pairs with the worker's acquire load; the signal spares it the wait until it looks. */
	atomic_fetch_or_explicit(&p->seg->workers[slot].adopt, UINT64_C(1) << lane,
				 memory_order_release);
	supervisor_wake(p, (uint32_t)slot);
	o->asked_tsc = hf_tsc();
	hf_notice("lane %u: nobody waits for it: worker %s is asked to adopt it", lane,
		  p->seg->workers[slot].name);
}

/* Slot of the worker one of whose threads has this id; -1: no worker's. */
static int
slot_of_thread(const struct hf_primary *p, pid_t tid)
{
	char path[64];

	for (int i = 0; tid > 0 && i < HF_MAX_WORKERS; i++) {
		int32_t pid = atomic_load(&p->seg->workers[i].pid);

		snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, tid);
		if (pid > 0 && access(path, F_OK) == 0)
			return i;
	}
	return -1;
}

/* Is the thread that was given the lease stopped? One that waits for a CPU is only late. */
static int
is_stuck(const struct hf_primary *p, int slot, pid_t tid)
{
	struct thread_look look;

	return thread_look(atomic_load(&p->seg->workers[slot].pid), tid, &look) == 0 &&
	       thread_is_stopped(&look);
}

/*
 * The lease was given to somebody who does not begin: stopped between the kernel's giving and his
 * first store. Those behind him in the queue get it by his death.
 */
static void
free_lane(struct hf_primary *p, uint32_t lane)
{
	struct hf_lane *l = &p->seg->lanes[lane];
	pid_t tid = hf_lease_holder(&l->lease);
	int slot = slot_of_thread(p, tid);

	if (slot < 0 || !is_stuck(p, slot, tid) ||
	    atomic_load_explicit(&l->unsupervised, memory_order_relaxed) != 0)
		return;
	hf_warn("lane %u: worker %s, pid %d, was given it and is stopped: killed", lane,
		p->seg->workers[slot].name, atomic_load(&p->seg->workers[slot].pid));
	supervisor_kill(p, (uint32_t)slot);
}

/* Is the primary at it, or about to be? Then nobody else may take the lane. */
static int
is_mended(const struct hf_lane *l)
{
	return atomic_load_explicit(&l->state, memory_order_relaxed) == HF_LANE_BROKEN ||
	       atomic_load_explicit(&l->park, memory_order_relaxed) != 0;
}

/* Nobody runs the lane just now. */
static void
look_after(struct hf_primary *p, uint32_t lane, struct homeless *o)
{
	const struct hf_lane *l = &p->seg->lanes[lane];
	uint32_t gen = atomic_load_explicit(&l->generation, memory_order_acquire);

	if (o->since_tsc == 0 || o->generation != gen) {
		o->since_tsc = hf_tsc();
		o->generation = gen;
		o->asked_tsc = 0;
	}
	if (p->seg->run.hang_timeout_ms > 0 &&
	    older(p, o->since_tsc, p->seg->run.hang_timeout_ms)) {
		free_lane(p, lane);
		o->since_tsc = hf_tsc();
	}
	if (!is_mended(l) && !somebody_waits(p, lane))
		adopt(p, lane, o);
}

/* --- the way home --------------------------------------------------------------------------- */

/* Slot of the worker that shall have the lane back now; -1: it stays where it is. */
static int
due_home(const struct hf_primary *p, uint32_t lane, const struct homeless *o, int owner)
{
	int home = hf_lane_preferred(p->seg, lane);
	const struct hf_worker *w;

	if (p->cfg.lane_return_ms == 0 || home < 0 || home == owner)
		return -1;
	w = &p->seg->workers[home];
	if (!fit(p, w) || thread_of(w, lane) != HF_THREAD_WAITING ||
	    hf_load(&w->attached_tsc) == o->returned_tsc ||
	    !older(p, hf_load(&w->attached_tsc), p->cfg.lane_return_ms))
		return -1;
	return o->tried_tsc == 0 || older(p, o->tried_tsc, FIRST_MS) ? home : -1;
}

/* A lane that was at home and was moved away on purpose stays away until its worker comes anew. */
static void
note_home(const struct hf_primary *p, uint32_t lane, struct homeless *o, int owner)
{
	if (hf_lane_preferred(p->seg, lane) == owner)
		o->returned_tsc = hf_load(&p->seg->workers[owner].attached_tsc);
}

static void
send_home(struct hf_primary *p, uint32_t lane, struct homeless *o, int owner)
{
	struct hf_owners *s = p->owners;
	int home = p->returning || p->restarting || p->repairing ? -1 : due_home(p, lane, o, owner);

	if (home < 0)
		return;
	o->tried_tsc = hf_tsc();
	if (hf_handover_to(p, lane, (uint32_t)home, &s->h) == 0)
		p->returning = 1;
	else
		hf_info("%s", s->h.text);
}

static void
poll_home(struct hf_primary *p)
{
	struct hf_owners *s = p->owners;
	const struct hf_handover *h = &s->h;

	switch (hf_handover_poll(p, &s->h)) {
	case HF_HANDOVER_PENDING:
		return;
	case HF_HANDOVER_DONE:
		hf_notice("lane %u: back to worker %s, pid %d: %llu us, %lld packets lost", h->lane,
			  h->to_name, h->to_pid, (unsigned long long)h->gap_us,
			  (long long)h->lost_pkts);
		break;
	case HF_HANDOVER_FAILED:
		hf_info("%s", h->text);
		break;
	}
	p->returning = 0;
}

void
owners_tick(struct hf_primary *p)
{
	if (p->returning)
		poll_home(p);
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		struct homeless *o = &p->owners->lane[l];
		int owner = handover_owner(p, l);

		if (owner < 0) {
			look_after(p, l, o);
			continue;
		}
		if (o->asked_tsc != 0)
			withdraw(p, l, -1);
		o->since_tsc = 0;
		o->asked_tsc = 0;
		note_home(p, l, o, owner);
		send_home(p, l, o, owner);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a lane thread gets a lane: waits for its lease, passes it on while it is meant for another
 * worker or asked for by the primary, and makes a dead owner's lane whole. What was left inside a
 * driver only the primary can repair: the thread then waits for that, and holds nothing meanwhile.
 */
#include "lane_take.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "lease.h"
#include "points.h"

#define PASS_WAIT_US 50000 /* for the preferred worker to begin */
#define PARK_POLL_US 200

void
lane_sleep_us(unsigned int us)
{
	struct timespec ts = {0, (long)us * 1000};

	nanosleep(&ts, NULL);
}

void
lane_set_state(struct hf_lane_thread *t, enum hf_thread_state state)
{
	struct hf_worker *slot = t->worker->slot;

	if (state != HF_THREAD_NONE)
		atomic_store_explicit(&slot->tid[t->ctx.lane_id], gettid(), memory_order_relaxed);
	/* Pairs with acquire loads: who sees that it waits sees which thread it is. */
	atomic_store_explicit(&slot->thread[t->ctx.lane_id], (uint8_t)state, memory_order_release);
}

void
lane_wait_next_owner(const struct hf_lane_thread *t, uint32_t generation, unsigned int us)
{
	for (unsigned int waited = 0; waited < us; waited += 200) {
		if (atomic_load_explicit(&t->ctx.lane->generation, memory_order_acquire) !=
			    generation ||
		    lane_is_parked(t) ||
		    atomic_load_explicit(&t->worker->leave, memory_order_relaxed))
			return;
		lane_sleep_us(200);
	}
}

/* A crash from here to lane_give() gives the lease back by itself. */
static int
lock_lease(struct hf_lane_thread *t)
{
	int rc = hf_lease_take(&t->ctx.lane->lease);

	if (rc >= 0)
		atomic_store_explicit(&t->holds, 1, memory_order_relaxed);
	return rc;
}

void
lane_give(struct hf_lane_thread *t)
{
	atomic_store_explicit(&t->holds, 0, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	hf_lease_give(&t->ctx.lane->lease);
}

/* Is the lane meant for another worker, which stands in the lease's queue too? */
static int
meant_for_other(const struct hf_lane_thread *t)
{
	const struct hf_lane *lane = t->ctx.lane;
	uint32_t want = atomic_load_explicit(&lane->preferred_plus1, memory_order_acquire);
	const struct hf_worker *other;

	if (want == 0 || want > HF_MAX_WORKERS || want == t->worker->slot_index + 1)
		return 0;
	if (atomic_load_explicit(&lane->state, memory_order_relaxed) != HF_LANE_HANDOVER)
		return 0;
	other = &t->ctx.seg->workers[want - 1];
	return atomic_load_explicit(&other->state, memory_order_relaxed) == HF_WORKER_RUNNING &&
	       atomic_load_explicit(&other->thread[t->ctx.lane_id], memory_order_acquire) ==
		       HF_THREAD_WAITING;
}

/* Has an owner died whose lane nobody has recovered yet? */
static int
is_dead(const struct hf_lane *lane)
{
	uint32_t state = atomic_load_explicit(&lane->state, memory_order_relaxed);

	return state == HF_LANE_DIRTY || state == HF_LANE_BROKEN;
}

int
lane_is_parked(const struct hf_lane_thread *t)
{
	/* Pairs with the primary's release store: ports and pools are as it left them. */
	return atomic_load_explicit(&t->ctx.lane->park, memory_order_acquire) != 0;
}

/* Must nobody but the primary take the lane now? */
static int
is_primarys(const struct hf_lane_thread *t)
{
	return lane_is_parked(t) || (is_dead(t->ctx.lane) && !hf_kind()->recoverable(&t->ctx));
}

/* Sleeps, holding nothing, while the primary wants the lane or has to mend it. */
static void
wait_primary(const struct hf_lane_thread *t)
{
	while (is_primarys(t) && atomic_load_explicit(&t->worker->leave, memory_order_relaxed) == 0)
		lane_sleep_us(PARK_POLL_US);
}

/*
 * With the lease: may this thread run the lane? Otherwise the lease is given back. A dead owner's
 * lane stays marked as one, so that the next one takes it for what it is.
 */
static int
keep_lease(struct hf_lane_thread *t, int *passed)
{
	struct hf_lane *lane = t->ctx.lane;
	uint32_t gen = atomic_load_explicit(&lane->generation, memory_order_relaxed);

	if (is_primarys(t)) {
		if (is_dead(lane) && !hf_kind()->recoverable(&t->ctx))
			atomic_store_explicit(&lane->state, HF_LANE_BROKEN, memory_order_relaxed);
		lane_give(t);
		return 0;
	}
	if (is_dead(lane) || *passed || !meant_for_other(t))
		return 1;
	lane_give(t);
	lane_wait_next_owner(t, gen, PASS_WAIT_US);
	*passed = atomic_load_explicit(&lane->generation, memory_order_relaxed) == gen;
	return 0;
}

/*
 * Takes the lease of a lane that this worker may run. Returns 0, or EOWNERDEAD when the owner died
 * and the lane waits to be recovered; -ECANCELED when the worker leaves; -errno when the lease is
 * broken.
 */
static int
take_lease(struct hf_lane_thread *t)
{
	struct hf_lane *lane = t->ctx.lane;
	int rc, err, passed = 0;

	for (;;) {
		lane_set_state(t, HF_THREAD_WAITING);
		wait_primary(t);
		rc = lock_lease(t);
		HF_POINT("lease_taken");
		if (rc < 0)
			return rc;
		if (rc == EOWNERDEAD) {
			atomic_store_explicit(&lane->state, HF_LANE_DIRTY, memory_order_relaxed);
			HF_POINT("recover_marked");
			err = hf_lease_consistent(&lane->lease);
			HF_POINT("recover_consistent");
			if (err != 0)
				return err;
		}
		if (atomic_load_explicit(&t->worker->leave, memory_order_relaxed)) {
			lane_give(t);
			return -ECANCELED;
		}
		if (keep_lease(t, &passed))
			return is_dead(lane) ? EOWNERDEAD : 0;
	}
}

int
lane_take(struct hf_lane_thread *t)
{
	struct hf_lane *lane = t->ctx.lane;
	int rc = take_lease(t);

	if (rc != EOWNERDEAD)
		return rc;
	/* A death from here on is another EOWNERDEAD: recovery begins anew. */
	atomic_store_explicit(&lane->state, HF_LANE_RECOVERING, memory_order_relaxed);
	HF_POINT("recover_begun");
	hf_step_set(&t->ctx, HF_STEP_RECOVER);
	hf_kind()->recover(&t->ctx);
	hf_step_set(&t->ctx, HF_STEP_NONE);
	HF_POINT("recover_whole");
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hardware lanes whose owner died inside a driver or a pool: found, parked, made whole, given back.
 * Main thread, one step a turn of its loop; repair.c does in a helper thread what may take long.
 * The leases are held by the main thread meanwhile. When the primary dies in between, lanes stay
 * parked: nobody polls ports that are half set up.
 */
#include <errno.h>
#include <pthread.h>
#include <rte_ethdev.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hw_lane.h"
#include "log.h"
#include "parts.h"
#include "repair.h"
#include "thread.h"

#define TURN_MS   1
#define WARN_MS   1000 /* of waiting for a lane */
#define RETRY_MS  100  /* after a failed repair */
#define REEXEC_MS 3000 /* for workers to start anew after a failed repair */
#define END_S     2    /* for a repair under way when the primary ends */

enum step { STEP_WATCH, STEP_PARK, STEP_REPAIR, STEP_REEXEC };

struct hf_recovery {
	enum step step;
	uint64_t held; /* bit l: this thread holds the lease of lane l */
	uint64_t began_tsc, deadline_tsc;
	int warned, failed, running;
	struct hf_repair_job job;
	pthread_t helper;
	atomic_int done; /* by the helper */
	int err;         /* by the helper, before done */
};

static uint64_t
after_ms(const struct hf_primary *p, unsigned int ms)
{
	return hf_tsc() + p->seg->header.tsc_hz / 1000 * ms;
}

/* Does a living worker run the lane, as far as is known? */
static int
has_owner(const struct hf_primary *p, uint32_t l)
{
	uint32_t slot =
		atomic_load_explicit(&p->seg->lanes[l].owner_slot_plus1, memory_order_acquire);

	return slot > 0 && slot <= HF_MAX_WORKERS &&
	       atomic_load_explicit(&p->seg->workers[slot - 1].thread[l], memory_order_acquire) ==
		       HF_THREAD_OWNER;
}

static int
is_dead(const struct hf_lane *lane)
{
	uint32_t state = atomic_load_explicit(&lane->state, memory_order_relaxed);

	return state == HF_LANE_DIRTY || state == HF_LANE_BROKEN;
}

/*
 * What a dead owner had received and neither sent nor dropped, as far as its counters say, is lost.
 * A death in the middle of a transmit call leaves packets of that burst in the peer's hands that
 * are counted here all the same. May be killed and run again.
 */
static void
settle(struct hf_primary *p, uint32_t l)
{
	struct hf_io_lane *s = &p->seg->lanes[l].counters;
	struct hf_lane_ring *ring = hf_hw_lane_ring(p->hw[l]);
	uint64_t published = atomic_load_explicit(&ring->published, memory_order_relaxed);
	uint32_t seq = atomic_load_explicit(&s->seq, memory_order_relaxed) | 1;
	uint64_t known = hf_load(&s->tx_pkts);

	for (unsigned int d = 0; d < HF_DROP_MAX; d++)
		known += hf_load(&s->drop[d]);
	if (published < known || published - known > ring->size) /* it was scribbled over */
		published = known;
	atomic_store_explicit(&s->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&s->rx_pkts, published, memory_order_relaxed);
	atomic_store_explicit(&s->held_pkts, 0, memory_order_relaxed);
	hf_add(&s->drop[HF_DROP_RECOVERY_LOST], published - known);
	/* Pairs with the reader's acquire load of an even value. */
	atomic_store_explicit(&s->seq, seq + 1, memory_order_release);
	ring->undo.seq = 0;
	ring->done = published;
	p->hw[l]->reaped = published;
	atomic_store_explicit(&ring->published, published, memory_order_relaxed);
	atomic_store_explicit(&ring->done_pub, published, memory_order_release);
}

/*
 * Takes the lease if nobody has it. 1: held. A dead owner's lane is marked before it is declared
 * consistent: if the primary dies after that, the next one still takes it for what it is. Its
 * counters are settled at once: all who read them, this thread too, wait for that.
 */
static int
take(struct hf_primary *p, uint32_t l)
{
	struct hf_recovery *r = p->recovery;
	struct hf_lane *lane = &p->seg->lanes[l];
	int rc = hf_lease_try(&lane->lease);

	if (rc < 0)
		return 0;
	if (rc == EOWNERDEAD) {
		atomic_store_explicit(&lane->state, HF_LANE_DIRTY, memory_order_relaxed);
		hf_lease_consistent(&lane->lease);
	}
	r->held |= UINT64_C(1) << l;
	if (is_dead(lane) && hf_hw_lane_in_driver(p->hw[l])) {
		r->job.dead |= UINT64_C(1) << l;
		settle(p, l);
	}
	return 1;
}

static void
give(struct hf_primary *p, uint32_t l)
{
	p->recovery->held &= ~(UINT64_C(1) << l);
	hf_lease_give(&p->seg->lanes[l].lease);
}

/* Takes the lanes whose owners died inside a driver. Returns how many. */
static uint32_t
find_dead(struct hf_primary *p)
{
	struct hf_recovery *r = p->recovery;
	uint32_t n = 0;

	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		if (!hf_hw_lane_in_driver(p->hw[l]) ||
		    (has_owner(p, l) && !is_dead(&p->seg->lanes[l])) || !take(p, l))
			continue;
		if ((r->job.dead >> l & 1) != 0)
			n++;
		else
			give(p, l);
	}
	return n;
}

/*
 * Lanes stand until the ports are whole: nothing that shares a CPU with this thread is as urgent.
 * Where that is not allowed, its turns come when they come.
 */
static void
be_urgent(void)
{
	hf_thread_hurry(getpid(), gettid());
}

static void *
helper_main(void *arg)
{
	struct hf_recovery *r = arg;

	be_urgent();
	r->err = repair_run(&r->job);
	/* Pairs with the main thread's acquire load: err, ports and pools are there. */
	atomic_store_explicit(&r->done, 1, memory_order_release);
	return NULL;
}

static void
start_repair(struct hf_primary *p)
{
	struct hf_recovery *r = p->recovery;
	int err;

	census_ports_changed(p);
	p->repairing = 1;
	r->step = STEP_REPAIR;
	atomic_store(&r->done, 0);
	err = pthread_create(&r->helper, NULL, helper_main, r);
	r->running = err == 0;
	if (err == 0)
		return;
	hf_err("instance %s: start a thread for a recovery: %s", p->cfg.instance, strerror(err));
	r->deadline_tsc = after_ms(p, RETRY_MS);
}

/* Asks for a lane: its owner hands over, whoever gets it next gives it back and waits. */
static void
ask(struct hf_primary *p, uint32_t l)
{
	struct hf_lane *lane = &p->seg->lanes[l];
	uint32_t gen = atomic_load_explicit(&lane->generation, memory_order_acquire);
	uint32_t slot = atomic_load_explicit(&lane->owner_slot_plus1, memory_order_relaxed);

	atomic_store_explicit(&lane->park, 1, memory_order_relaxed);
	if (atomic_load_explicit(&lane->handover_gen, memory_order_relaxed) == gen)
		return;
	if (has_owner(p, l)) /* it gets the lane back */
		atomic_store_explicit(&lane->preferred_plus1, slot, memory_order_release);
	atomic_store_explicit(&lane->handover_gen, gen, memory_order_release);
}

/* Takes all lanes, as they come. */
static void
park(struct hf_primary *p)
{
	struct hf_recovery *r = p->recovery;
	uint32_t missing = 0, last = 0;

	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		if ((r->held >> l & 1) != 0)
			continue;
		ask(p, l);
		if (!take(p, l)) {
			missing++;
			last = l;
		}
	}
	if (missing == 0) {
		start_repair(p);
		return;
	}
	if (!r->warned && hf_tsc() > r->deadline_tsc) {
		hf_warn("lane %u: recovery of another lane: its owner does not give way", last);
		r->warned = 1;
	}
}

/* Descriptors of a lane's queues: what a restart of the ports can have lost at most. */
static uint64_t
queued_at_most(const struct hf_primary *p, uint16_t q)
{
	struct rte_eth_rxq_info rx;
	struct rte_eth_txq_info tx;
	uint64_t n = 0;

	for (uint32_t i = 0; i < p->cfg.n_ports; i++) {
		n += rte_eth_rx_queue_info_get(p->port_id[i], q, &rx) == 0
			     ? rx.nb_desc
			     : p->cfg.ports[i].rx_desc;
		n += rte_eth_tx_queue_info_get(p->port_id[i], q, &tx) == 0
			     ? tx.nb_desc
			     : p->cfg.ports[i].tx_desc;
	}
	return n;
}

/* A lane that is whole again. Its next owner counts a takeover. */
static void
mark_whole(struct hf_primary *p, uint32_t l, uint64_t ns)
{
	struct hf_lane *lane = &p->seg->lanes[l];
	int rx = atomic_load_explicit(&p->hw[l]->phase, memory_order_relaxed) == HF_PHASE_RX;

	hf_add(&lane->recoveries, 1);
	atomic_store_explicit(&lane->recovery_ns, ns, memory_order_relaxed);
	atomic_store_explicit(&lane->owner_slot_plus1, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->state, HF_LANE_DIRTY, memory_order_relaxed);
	/* Pairs with the acquire load of whoever takes the lane. */
	atomic_store_explicit(&p->hw[l]->phase, HF_PHASE_IDLE, memory_order_release);
	hf_event_add(p, HF_EVENT_LANE_RECOVERED, 0, (int32_t)l, ns, "");
	hf_notice("lane %u: recovered in %llu us: its owner had died inside a %s call", l,
		  (unsigned long long)(ns / 1000), rx ? "receive" : "transmit");
}

/* Gives all lanes back, whole. */
static void
release(struct hf_primary *p)
{
	struct hf_recovery *r = p->recovery;
	uint64_t ns = hf_tsc_to_ns(&p->seg->header, hf_tsc() - r->began_tsc);

	p->repairing = 0;
	census_ports_changed(p);
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		struct hf_lane *lane = &p->seg->lanes[l];

		if ((r->held >> l & 1) == 0)
			continue;
		if (r->job.ports)
			hf_add(&lane->queue_lost_max, queued_at_most(p, (uint16_t)l));
		if ((r->job.dead >> l & 1) != 0)
			mark_whole(p, l, ns);
		/* Pairs with the acquire loads of those who wait. */
		atomic_store_explicit(&lane->park, 0, memory_order_release);
		give(p, l);
	}
	memset(r, 0, sizeof(*r));
	hf_thread_calm(getpid(), gettid());
}

/* A failed configure may have moved what workers look up at attach: they start anew. */
static void
ask_reexec(struct hf_primary *p)
{
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++)
		if (atomic_load_explicit(&p->seg->workers[i].state, memory_order_acquire) ==
		    HF_WORKER_RUNNING)
			hf_handover_release(p, i, HF_COMMAND_REEXEC, HF_EXIT_RESTARTED);
	p->recovery->step = STEP_REEXEC;
	p->recovery->deadline_tsc = after_ms(p, REEXEC_MS);
}

static int
all_reexeced(const struct hf_primary *p)
{
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++)
		if (atomic_load_explicit(&p->seg->workers[i].command, memory_order_acquire) ==
			    HF_COMMAND_REEXEC &&
		    atomic_load_explicit(&p->seg->workers[i].state, memory_order_acquire) !=
			    HF_WORKER_FREE)
			return 0;
	return 1;
}

static void
repair(struct hf_primary *p)
{
	struct hf_recovery *r = p->recovery;

	if (!r->running) {
		if (hf_tsc() > r->deadline_tsc)
			start_repair(p);
		return;
	}
	if (!atomic_load_explicit(&r->done, memory_order_acquire))
		return;
	pthread_join(r->helper, NULL);
	r->running = 0;
	if (r->err != 0) {
		r->failed = 1;
		r->deadline_tsc = after_ms(p, RETRY_MS);
	} else if (r->failed) {
		ask_reexec(p);
	} else {
		release(p);
	}
}

int
recovery_start(struct hf_primary *p)
{
	if (p->kind != HF_LANE_HARDWARE)
		return 0;
	p->recovery = calloc(1, sizeof(*p->recovery));
	return p->recovery != NULL ? 0 : -ENOMEM;
}

int
recovery_tick(struct hf_primary *p)
{
	struct hf_recovery *r = p->recovery;

	if (r == NULL)
		return -1;
	if (r->step == STEP_WATCH && find_dead(p) > 0) {
		be_urgent();
		r->began_tsc = hf_tsc();
		r->deadline_tsc = after_ms(p, WARN_MS);
		r->job.p = p;
		r->job.ports = repair_needs_ports(p);
		r->step = STEP_PARK;
		if (!r->job.ports)
			start_repair(p);
	}
	if (r->step == STEP_PARK)
		park(p);
	if (r->step == STEP_REPAIR)
		repair(p);
	if (r->step == STEP_REEXEC && (all_reexeced(p) || hf_tsc() > r->deadline_tsc))
		release(p);
	return r->step == STEP_WATCH ? -1 : TURN_MS;
}

int
recovery_end(struct hf_primary *p)
{
	struct hf_recovery *r = p->recovery;
	struct timespec until;

	if (r == NULL || !r->running)
		return 0;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_S;
	if (pthread_timedjoin_np(r->helper, NULL, &until) != 0) {
		hf_err("instance %s: stop: a recovery does not end: ports are left as they are",
		       p->cfg.instance);
		return -EBUSY;
	}
	r->running = 0;
	return 0;
}

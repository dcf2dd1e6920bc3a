/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a lane thread: take the lease, recover if the owner died, process bursts until asked
 * to hand over, give the lease back, wait until the next owner has begun. No EAL call anywhere.
 */
#include <errno.h>
#include <rte_lcore.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "idle.h"
#include "lane_take.h"
#include "log.h"
#include "points.h"
#include "stage.h"
#include "thread.h"
#include "worker.h"

#define HEARTBEAT_POLLS 256 /* and every millisecond: a poll may take long */
#define AGE_POLLS       32  /* a turn of ageing */
#define STANDBY_WAIT_US 1000000
#define GIVEN_WAIT_US   200000

/* As in struct hf_lane_cost. */
struct lane_cost {
	uint64_t polls, pkts, tsc, pkts_pkts, pkts_tsc;
};

/* Figures that go to the segment every HEARTBEAT_POLLS polls; thread-private between. */
struct lane_tally {
	uint64_t polls, bursts, busy_tsc, done_pkts;
	struct lane_cost cost;
	uint64_t began_tsc, total_before;
	uint64_t gap_from; /* when the owner before served the lane last; 0: measured or none */
	uint32_t gap_is_takeover;
	uint32_t generation;
	uint32_t tick; /* ms tick of now, renewed when next_tick is reached */
	uint64_t next_tick;
};

/* Writes down that this thread owns the lane now; from here readers see the new owner. */
static void
begin_owner(struct hf_lane_thread *t, struct lane_tally *y, int died)
{
	struct hf_lane *lane = t->ctx.lane;
	uint32_t gen = atomic_load_explicit(&lane->generation, memory_order_relaxed) + 1;

	memset(y, 0, sizeof(*y));
	y->generation = gen;
	y->gap_from = gen > 1 ? hf_load(&lane->served_tsc) : 0;
	y->gap_is_takeover = died != 0;
	y->began_tsc = hf_tsc();
	y->total_before = hf_load(&lane->total_tsc);
	y->polls = hf_load(&lane->polls);
	y->bursts = hf_load(&lane->bursts);
	y->busy_tsc = hf_load(&lane->busy_tsc);
	y->done_pkts = hf_load(&lane->done_pkts);
	y->cost = (struct lane_cost){hf_load(&lane->cost.polls), hf_load(&lane->cost.pkts),
				     hf_load(&lane->cost.tsc), hf_load(&lane->cost.pkts_pkts),
				     hf_load(&lane->cost.pkts_tsc)};
	hf_lap_start(&t->ctx);
	hf_flow_age_begin(&t->ctx.flows, hf_tick(&t->ctx.seg->header, y->began_tsc));
	if (died)
		hf_add(&lane->takeovers, 1);
	else if (gen > 1)
		hf_add(&lane->handovers, 1);
	HF_POINT("owner_counted");
	atomic_store_explicit(&lane->since_tsc, y->began_tsc, memory_order_relaxed);
	atomic_store_explicit(&lane->heartbeat_tsc, y->began_tsc, memory_order_relaxed);
	atomic_store_explicit(&lane->owner_pid, getpid(), memory_order_relaxed);
	atomic_store_explicit(&lane->owner_tid, gettid(), memory_order_relaxed);
	atomic_store_explicit(&lane->owner_slot_plus1, t->worker->slot_index + 1,
			      memory_order_relaxed);
	atomic_store_explicit(&lane->state, HF_LANE_RUNNING, memory_order_relaxed);
	lane_set_state(t, HF_THREAD_OWNER);
	HF_POINT("owner_named");
	/* Pairs with the acquire loads of all who wait for the next owner. */
	atomic_store_explicit(&lane->generation, gen, memory_order_release);
	HF_POINT("owner_begun");
	RTE_PER_LCORE(_lcore_id) = t->ctx.lane_id;
}

static void
publish_cost(struct hf_lane_cost *to, const struct lane_cost *from)
{
	atomic_store_explicit(&to->polls, from->polls, memory_order_relaxed);
	atomic_store_explicit(&to->pkts, from->pkts, memory_order_relaxed);
	atomic_store_explicit(&to->tsc, from->tsc, memory_order_relaxed);
	atomic_store_explicit(&to->pkts_pkts, from->pkts_pkts, memory_order_relaxed);
	atomic_store_explicit(&to->pkts_tsc, from->pkts_tsc, memory_order_relaxed);
}

/* After a poll. */
static void
publish_tally(struct hf_lane *lane, const struct lane_tally *y, uint64_t now)
{
	atomic_store_explicit(&lane->served_tsc, now, memory_order_relaxed);
	atomic_store_explicit(&lane->polls, y->polls, memory_order_relaxed);
	atomic_store_explicit(&lane->bursts, y->bursts, memory_order_relaxed);
	atomic_store_explicit(&lane->busy_tsc, y->busy_tsc, memory_order_relaxed);
	atomic_store_explicit(&lane->total_tsc, y->total_before + (now - y->began_tsc),
			      memory_order_relaxed);
	atomic_store_explicit(&lane->done_pkts, y->done_pkts, memory_order_relaxed);
	publish_cost(&lane->cost, &y->cost);
	atomic_store_explicit(&lane->heartbeat_tsc, now, memory_order_relaxed);
	HF_POINT("tally_published");
}

static void
count_gap(struct hf_gaps *g, enum hf_gap_kind kind, uint64_t ns)
{
	_Atomic(uint32_t) *c = &g->count[kind][hf_gap_bucket(ns)];

	hf_add(&g->sum_ns[kind], ns);
	if (ns > hf_load(&g->longest_ns[kind]))
		atomic_store_explicit(&g->longest_ns[kind], ns, memory_order_relaxed);
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* The owner has polled for the first time: what waited for it is done, or nothing waited. */
static void
note_gap(const struct hf_lane_context *ctx, struct lane_tally *y, uint64_t now)
{
	uint64_t ns = hf_tsc_to_ns(&ctx->seg->header, now - y->gap_from);
	struct hf_lane *lane = ctx->lane;

	count_gap(&lane->gaps, y->gap_is_takeover ? HF_GAP_TAKEOVER : HF_GAP_HANDOVER, ns);
	atomic_store_explicit(&lane->last_gap_ns, ns, memory_order_relaxed);
	atomic_store_explicit(&lane->last_gap_takeover, y->gap_is_takeover, memory_order_relaxed);
	/* Pairs with the primary's acquire load: the gap of this generation is there. */
	atomic_store_explicit(&lane->last_gap_gen, y->generation, memory_order_release);
	y->gap_from = 0;
	hf_thread_calm(getpid(), gettid()); /* the primary may have hurried this change */
}

/* What a poll cost that found n packets. */
static void
add_cost(const struct hf_lane_context *ctx, struct lane_tally *y, uint32_t n, uint64_t tsc)
{
	if (hf_lap_interrupted(ctx, n, tsc))
		return;
	y->cost.polls++;
	y->cost.pkts += n;
	y->cost.tsc += tsc;
	y->cost.pkts_pkts += (uint64_t)n * n;
	y->cost.pkts_tsc += n * tsc;
}

/* After a burst with packets: the lane's time stamp. */
static void
note_burst(const struct hf_lane_context *ctx, struct lane_tally *y, uint32_t n, uint64_t begin,
	   uint64_t now)
{
	y->bursts++;
	y->done_pkts += n;
	y->busy_tsc += now - begin;
	add_cost(ctx, y, n, now - begin);
	atomic_store_explicit(&ctx->lane->served_tsc, now, memory_order_relaxed);
	HF_POINT("burst_noted");
}

/* The tick of now, with a division only once a millisecond. */
static uint32_t
tick_of(const struct hf_segment_header *h, struct lane_tally *y, uint64_t now)
{
	if (now >= y->next_tick) {
		y->tick = hf_tick(h, now);
		y->next_tick = now + h->tsc_hz / 1000;
	}
	return y->tick;
}

static int
must_leave(const struct hf_lane_thread *t, const struct lane_tally *y)
{
	return atomic_load_explicit(&t->ctx.lane->handover_gen, memory_order_relaxed) ==
		       y->generation ||
	       atomic_load_explicit(&t->worker->leave, memory_order_relaxed) != 0;
}

/* Processes bursts as the owner until asked to hand over. */
static void
run_owned(struct hf_lane_thread *t, struct lane_tally *y)
{
	struct hf_lane_context *ctx = &t->ctx;
	const struct hf_segment_header *h = &ctx->seg->header;
	const struct hf_kind *kind = hf_kind();
	unsigned int empty = 0;
	uint64_t begin = hf_tsc(), now;

	kind->begin(ctx);
	while (!must_leave(t, y)) {
		uint32_t n, tick = tick_of(h, y, begin);

		n = kind->poll(ctx, tick);
		now = hf_tsc();
		y->polls++;
		empty = n > 0 ? 0 : empty + 1;
		if (n > 0)
			note_burst(ctx, y, n, begin, now);
		if (y->gap_from != 0)
			note_gap(ctx, y, now);
		if (y->polls % HEARTBEAT_POLLS == 0 || hf_idle_waits(ctx->run->idle, empty) ||
		    now >= y->next_tick)
			publish_tally(ctx->lane, y, now);
		if (y->polls % AGE_POLLS == 0 || hf_idle_waits(ctx->run->idle, empty))
			hf_flow_age_turn(&ctx->flows, tick);
		if (n == 0)
			hf_idle_wait(ctx->run->idle, ctx->run->idle_sleep_us, empty);
		begin = n > 0 ? now : hf_tsc();
	}
	publish_tally(ctx->lane, y, hf_tsc());
}

/* Gives the lane to whoever waits; planned: there is one whom the primary chose. */
static void
end_owner(struct hf_lane_thread *t, const struct lane_tally *y)
{
	struct hf_lane *lane = t->ctx.lane;
	int planned =
		atomic_load_explicit(&lane->handover_gen, memory_order_relaxed) == y->generation;

	RTE_PER_LCORE(_lcore_id) = LCORE_ID_ANY;
	atomic_store_explicit(&lane->state, planned ? HF_LANE_HANDOVER : HF_LANE_FREE,
			      memory_order_relaxed);
	atomic_store_explicit(&lane->owner_slot_plus1, 0, memory_order_relaxed);
	HF_POINT("give_marked");
	lane_set_state(t, HF_THREAD_NONE);
	HF_POINT("give_before");
	lane_give(t);
	HF_POINT("give_after");
}

/* Does the thread wait for its lane again? An adopted lane is left to whoever has it now. */
static int
stays(const struct hf_lane_thread *t, uint32_t given)
{
	return (t->worker->opt.lanes >> t->ctx.lane_id & 1) != 0 ||
	       atomic_load_explicit(&t->ctx.lane->generation, memory_order_acquire) == given;
}

static void *
lane_main(void *arg)
{
	struct hf_lane_thread *t = arg;
	struct lane_tally y;
	int rc;

	crash_enter(t);
	hf_thread_be_prompt();
	RTE_PER_LCORE(_lcore_id) = LCORE_ID_ANY;
	if (t->worker->opt.standby) /* a lane nobody ran yet is left to those that name it */
		lane_wait_next_owner(t, 0, STANDBY_WAIT_US);
	while (atomic_load_explicit(&t->worker->leave, memory_order_relaxed) == 0) {
		rc = lane_take(t);
		if (rc < 0) {
			if (rc != -ECANCELED)
				hf_err("lane %u: take lease: %s", t->ctx.lane_id, strerror(-rc));
			break;
		}
		begin_owner(t, &y, rc == EOWNERDEAD);
		run_owned(t, &y);
		end_owner(t, &y);
		lane_wait_next_owner(t, y.generation, GIVEN_WAIT_US);
		if (!stays(t, y.generation))
			break;
	}
	lane_set_state(t, HF_THREAD_NONE);
	atomic_store_explicit(&t->ended, 1, memory_order_release); /* pairs with lanes_adopt() */
	return NULL;
}

static int
start_one(struct hf_worker_process *w, uint32_t lane)
{
	struct hf_lane_thread *t = w->lane[lane];
	int cpu = w->seg->lanes[lane].cpu;
	pthread_attr_t attr;
	cpu_set_t cpus;
	int err;

	pthread_attr_init(&attr);
	if (cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)cpu, &cpus);
		pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	atomic_store_explicit(&t->ended, 0, memory_order_relaxed);
	err = pthread_create(&t->thread, &attr, lane_main, t);
	pthread_attr_destroy(&attr);
	t->started = err == 0;
	if (err != 0)
		hf_err("lane %u: start thread on CPU %d: %s", lane, cpu, strerror(err));
	return -err;
}

int
lanes_start(struct hf_worker_process *w)
{
	for (uint32_t l = 0; l < HF_MAX_LANES; l++) {
		if (w->lane[l] == NULL || (w->opt.lanes >> l & 1) == 0)
			continue;
		if (start_one(w, l) != 0)
			return -EAGAIN;
	}
	return 0;
}

void
lanes_adopt(struct hf_worker_process *w)
{
	uint64_t asked = atomic_load_explicit(&w->slot->adopt, memory_order_acquire);

	for (; asked != 0; asked &= asked - 1) {
		uint32_t l = (uint32_t)__builtin_ctzll(asked);
		struct hf_lane_thread *t = w->lane[l];

		if (t == NULL)
			continue;
		if (t->started && atomic_load_explicit(&t->ended, memory_order_acquire) != 0 &&
		    pthread_join(t->thread, NULL) == 0)
			t->started = 0;
		if (!t->started)
			start_one(w, l);
	}
}

int
lanes_any_owner(const struct hf_worker_process *w)
{
	for (uint32_t l = 0; l < HF_MAX_LANES; l++)
		if (atomic_load_explicit(&w->slot->thread[l], memory_order_acquire) ==
		    HF_THREAD_OWNER)
			return 1;
	return 0;
}

void
lanes_calm(const struct hf_worker_process *w)
{
	for (uint32_t l = 0; l < HF_MAX_LANES; l++)
		if (atomic_load_explicit(&w->slot->thread[l], memory_order_acquire) !=
		    HF_THREAD_NONE)
			hf_thread_calm(getpid(), atomic_load_explicit(&w->slot->tid[l],
								      memory_order_relaxed));
}

void
lanes_stop(struct hf_worker_process *w)
{
	atomic_store_explicit(&w->leave, 1, memory_order_relaxed);
	for (int ms = 0; ms < 2000 && lanes_any_owner(w); ms++)
		lane_sleep_us(1000);
	/* A thread that has just given its lease back may still be inside the unlock. */
	for (uint32_t l = 0; l < HF_MAX_LANES; l++) {
		struct timespec until;

		if (w->lane[l] == NULL || !w->lane[l]->started)
			continue;
		if (atomic_load_explicit(&w->slot->thread[l], memory_order_acquire) ==
		    HF_THREAD_WAITING)
			continue; /* asleep in the lease: it ends with the process */
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 20000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (pthread_timedjoin_np(w->lane[l]->thread, NULL, &until) == 0)
			w->lane[l]->started = 0;
	}
}

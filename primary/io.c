/* SPDX-License-Identifier: BSD-3-Clause */
#include "io.h"

#include <errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_memzone.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "idle.h"
#include "log.h"
#include "thread.h"

#define TIMED_TURNS 64 /* one of so many is timed by step */
#define STILL_TURNS 4  /* in a row, before the CPU is offered to an owner that does not go on */

/* Shows a lane's counters as of the end of this turn, all at once. */
static void
commit(struct hf_io_ring *r)
{
	struct hf_io_lane *s = r->shared;
	uint32_t seq = atomic_load_explicit(&s->seq, memory_order_relaxed);

	atomic_store_explicit(&s->seq, seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&s->rx_pkts, r->sum.rx_pkts, memory_order_relaxed);
	atomic_store_explicit(&s->rx_bytes, r->sum.rx_bytes, memory_order_relaxed);
	atomic_store_explicit(&s->tx_pkts, r->sum.tx_pkts, memory_order_relaxed);
	atomic_store_explicit(&s->tx_bytes, r->sum.tx_bytes, memory_order_relaxed);
	atomic_store_explicit(&s->held_pkts, r->head - r->reaped, memory_order_relaxed);
	for (unsigned int d = 0; d < HF_DROP_COUNT; d++)
		atomic_store_explicit(&s->drop[d], r->sum.drop[d], memory_order_relaxed);
	/* Pairs with the reader's acquire load of an even value. */
	atomic_store_explicit(&s->seq, seq + 2, memory_order_release);
	atomic_store_explicit(&r->reaped_settled, r->reaped, memory_order_release);
	r->dirty = 0;
}

static void
begin_timing(struct hf_io_thread *t)
{
	t->timed = 1;
	memset(t->step_tsc, 0, sizeof(t->step_tsc));
	t->lap_tsc = hf_tsc();
}

static void
end_timing(struct hf_io_thread *t, uint32_t reaped)
{
	hf_io_lap(t, HF_IO_STEP_REAP);
	t->timed = 0;
	if (t->received + reaped == 0)
		return;
	for (unsigned int i = 0; i < HF_IO_STEPS; i++)
		hf_add(&t->shared->step_tsc[i], t->step_tsc[i]);
	hf_add(&t->shared->step_rx_pkts, t->received);
	hf_add(&t->shared->step_tx_pkts, reaped);
}

/* One turn. Returns packets moved. */
static uint32_t
turn(struct hf_io_thread *t, uint64_t number)
{
	uint32_t reaped;

	if (number % TIMED_TURNS == 0)
		begin_timing(t);
	t->received = hf_io_receive(t);
	reaped = hf_io_reap(t);
	if (t->received + reaped > 0)
		for (uint32_t l = 0; l < t->n_lanes; l++)
			if (t->ring[l].dirty)
				commit(&t->ring[l]);
	if (t->timed)
		end_timing(t, reaped);
	return t->received + reaped;
}

/* A second is over: its peaks are now those of the second before. */
static void
turn_peaks(struct hf_io_thread *t)
{
	for (uint32_t l = 0; l < t->n_lanes; l++) {
		struct hf_io_ring *r = &t->ring[l];

		atomic_store_explicit(&r->shared_fill->peak_before, r->peak, memory_order_relaxed);
		r->peak = r->fill;
		/* Pairs with the reader's acquire load: who sees it sees the one before. */
		atomic_store_explicit(&r->shared_fill->peak, r->peak, memory_order_release);
	}
}

/*
 * Packets came, and lanes finish none: an owner may be waiting for this very CPU, a new one above
 * all. On a CPU of its own this costs a system call while nothing else could be done.
 */
static void
let_owners_go_on(struct hf_io_thread *t, uint32_t moved)
{
	uint32_t held = 0;

	for (uint32_t l = 0; l < t->n_lanes; l++)
		held += t->ring[l].fill;
	t->still = moved == t->received && held > 0 ? t->still + 1 : 0;
	if (t->still >= STILL_TURNS && t->idle == HF_IDLE_SLEEP)
		sched_yield();
}

static void *
io_main(void *arg)
{
	struct hf_io_thread *t = arg;
	uint64_t begin = hf_tsc(), second = t->seg->header.tsc_hz;
	uint64_t now, turns = 0, peaks_until = begin + second;
	unsigned int empty = 0;
	int request;

	hf_thread_be_prompt();
	atomic_store_explicit(&t->shared->tid, gettid(), memory_order_relaxed);
	RTE_PER_LCORE(_lcore_id) = HF_LCORE_IO0 + t->id;
	while ((request = atomic_load_explicit(&t->request, memory_order_relaxed)) != HF_IO_STOP) {
		uint32_t moved = turn(t, turns++);

		if (request == HF_IO_STAND)
			hf_io_stand_still();
		empty = moved > 0 ? 0 : empty + 1;
		if (moved == 0)
			hf_idle_wait(t->idle, t->idle_sleep_us, empty);
		else
			let_owners_go_on(t, moved);
		now = hf_tsc();
		hf_add(&t->shared->loops, 1);
		hf_add(&t->shared->total_tsc, now - begin);
		if (moved > 0)
			hf_add(&t->shared->busy_tsc, now - begin);
		atomic_store_explicit(&t->shared->heartbeat_tsc, now, memory_order_relaxed);
		if (now >= peaks_until) {
			turn_peaks(t);
			peaks_until = now + second;
		}
		begin = now;
	}
	return NULL;
}

static int
create_ring(struct hf_primary *p, struct hf_io_thread *t, uint32_t lane, int node)
{
	struct hf_io_ring *r = &t->ring[lane];
	const struct rte_memzone *mz;
	char name[RTE_MEMZONE_NAMESIZE];

	snprintf(name, sizeof(name), HF_RING_MEMZONE_FMT, t->id, lane);
	mz = rte_memzone_reserve_aligned(name, hf_lane_ring_bytes(p->cfg.ring_size), node, 0, 64);
	r->shadow = calloc(p->cfg.ring_size, sizeof(*r->shadow));
	if (mz == NULL || r->shadow == NULL) {
		hf_err("lane %u: make ring of %u entries: out of memory: raise memory_mb", lane,
		       p->cfg.ring_size);
		return -ENOMEM;
	}
	r->ring = mz->addr;
	hf_lane_ring_format(r->ring, p->cfg.ring_size, t->id, lane);
	r->size = r->ring->size;
	r->mask = r->ring->mask;
	r->slots = hf_lane_ring_slots(r->ring);
	r->verdicts = hf_lane_ring_verdicts(r->ring);
	r->shared = &t->shared->lane[lane];
	r->shared_fill = &t->shared->fill[lane];
	*r->shared_fill = (struct hf_io_fill){.size = p->cfg.ring_size};
	hf_io_lane_read(r->shared, &r->sum); /* 0, or as the primary before left them */
	return 0;
}

static void
widen(struct rte_mempool *mp, void *opaque, struct rte_mempool_memhdr *chunk, unsigned int i)
{
	struct hf_io_range *range = opaque;
	uintptr_t first = (uintptr_t)chunk->addr;

	(void)mp;
	(void)i;
	range->first = first < range->first ? first : range->first;
	range->end = first + chunk->len > range->end ? first + chunk->len : range->end;
}

static void
find_range(struct rte_mempool *mp, struct hf_io_range *range)
{
	range->first = UINTPTR_MAX;
	range->end = 0;
	rte_mempool_mem_iter(mp, widen, range);
}

int
hf_io_create(struct hf_primary *p, uint32_t k, const struct hf_rss *rss)
{
	struct hf_io_thread *t = aligned_alloc(64, (sizeof(*t) + 63) / 64 * 64);

	if (t == NULL)
		return -ENOMEM;
	memset(t, 0, sizeof(*t));
	t->id = k;
	t->cpu = p->cfg.io_cpu[k];
	t->idle = p->cfg.idle;
	t->idle_sleep_us = p->cfg.idle_sleep_us;
	t->seg = p->seg;
	hf_transmit_init(&t->tx, &p->seg->run, p->seg->header.tsc_hz);
	t->shared = &p->seg->io[k];
	t->rss = rss;
	t->n_lanes = p->cfg.n_lanes;
	t->n_pools = p->n_pools;
	memcpy(t->pool, p->pool, sizeof(t->pool));
	for (uint32_t i = 0; i < t->n_pools; i++)
		find_range(t->pool[i], &t->range[i]);
	p->io[k] = t;
	for (uint32_t l = 0; l < t->n_lanes; l++) {
		int err = create_ring(p, t, l, p->seg->lanes[l].node);

		if (err != 0)
			return err;
	}
	return 0;
}

int
hf_io_start(struct hf_io_thread *t)
{
	pthread_attr_t attr;
	cpu_set_t cpus;
	int err;

	pthread_attr_init(&attr);
	if (t->cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)t->cpu, &cpus);
		pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	err = pthread_create(&t->thread, &attr, io_main, t);
	pthread_attr_destroy(&attr);
	t->started = err == 0;
	if (err != 0)
		hf_err("io %u: start thread on CPU %d: %s", t->id, t->cpu, strerror(err));
	return -err;
}

void
hf_io_request_all(struct hf_primary *p, enum hf_io_request request)
{
	for (uint32_t k = 0; k < p->cfg.n_io; k++)
		if (p->io[k] != NULL)
			atomic_store_explicit(&p->io[k]->request, (int)request,
					      memory_order_release);
}

/* The last owner may have died on it: only the mbuf itself is believed in, not its links. */
static void
free_held(const struct hf_io_thread *t, const struct hf_io_slot *slot)
{
	struct rte_mbuf *m = slot->mbuf;

	if (slot->segs == 1 && slot->direct && m->nb_segs == 1 && m->next == NULL &&
	    m->pool == t->pool[slot->pool] && RTE_MBUF_DIRECT(m) && rte_mbuf_refcnt_read(m) == 1)
		rte_pktmbuf_free(m);
}

void
hf_io_stop(struct hf_primary *p)
{
	hf_io_request_all(p, HF_IO_STOP);
	for (uint32_t k = 0; k < p->cfg.n_io; k++) {
		struct hf_io_thread *t = p->io[k];

		if (t == NULL || !t->started)
			continue;
		pthread_join(t->thread, NULL);
		for (uint32_t l = 0; l < t->n_lanes; l++) {
			struct hf_io_ring *r = &t->ring[l];

			for (; r->reaped < r->head; r->reaped++)
				free_held(t, &r->shadow[r->reaped & r->mask]);
		}
	}
}

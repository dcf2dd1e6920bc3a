/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where is every mbuf? Counted in two independent ways.
 *
 * 1. At one instant at which all I/O threads stand at the end of a turn: what lies in the pool's
 *    ring, in per-lcore caches and in lane rings. The rest is with drivers, and how much a driver
 *    can hold is known: for drivers that transmit at once, exactly what it held before the first
 *    packet; for others, its descriptors at most. More than that is nowhere.
 * 2. A walk over every object: an mbuf whose custody mark says that it was published at a ring
 *    position below the one up to which everything has been transmitted or freed was forgotten.
 */
#include <errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <string.h>

#include "hw_lane.h"
#include "io.h"
#include "parts.h"

struct pool_count {
	uint32_t free, cached, rings, held;
	uint32_t forgotten; /* by the walk */
};

/* What drivers may hold of each pool; written once by census_baseline(). */
static struct {
	uint32_t driver_max[HF_MAX_POOLS];
} census_state;

static uint32_t
count_cached(const struct rte_mempool *mp)
{
	uint32_t n = 0;

	if (mp->cache_size == 0)
		return 0;
	for (unsigned int i = 0; i < RTE_MAX_LCORE; i++)
		n += mp->local_cache[i].len;
	return n;
}

/* mbufs of a pool in one lane ring, segments of a chain each counted. I/O threads are parked. */
static uint32_t
count_ring(const struct hf_io_thread *t, uint32_t lane, const struct rte_mempool *mp)
{
	const struct hf_io_ring *r = &t->ring[lane];
	uint32_t n = 0;

	for (uint64_t i = r->reaped; i < r->head; i++) {
		const struct hf_io_slot *slot = &r->shadow[i & r->mask];

		n += t->pool[slot->pool] == mp ? slot->segs : 0;
	}
	return n;
}

static void
count_pool(const struct hf_primary *p, const struct rte_mempool *mp, struct pool_count *c)
{
	memset(c, 0, sizeof(*c));
	c->free = rte_ring_count(mp->pool_data); /* pinned to ring_mp_mc */
	c->cached = count_cached(mp);
	for (uint32_t k = 0; k < p->cfg.n_io; k++)
		for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
			c->rings += count_ring(p->io[k], l, mp);
}

/*
 * Hardware lane: what its owner has received and not given back yet. The owner goes on meanwhile,
 * so that this and the counts of its pool are of neighbouring instants; census_baseline() allows a
 * burst for it.
 */
static uint32_t
count_held(const struct hf_primary *p, uint32_t i)
{
	const struct hf_hw_lane *hw;

	if (p->pool_lane[i] < 0)
		return 0;
	hw = p->hw[p->pool_lane[i]];
	return (uint32_t)(atomic_load_explicit(&hf_hw_lane_ring(hw)->published,
					       memory_order_relaxed) -
			  hw->reaped) &
	       (2 * HF_HW_RING - 1);
}

struct walk {
	uint64_t settled[HF_MAX_IO][HF_MAX_LANES];
	uint32_t forgotten;
};

/* Is this mbuf marked as published at a position that is settled? */
static void
look_at_mark(struct rte_mempool *mp, void *opaque, void *obj, unsigned int i)
{
	struct walk *w = opaque;
	const struct rte_mbuf *m = obj;
	uint64_t mark = hf_mark_get(m);

	if ((mark & HF_MARK_LANE) == 0)
		return;
	if ((mark & HF_MARK_INDEX_MASK) <
	    w->settled[mark >> HF_MARK_IO_SHIFT & (HF_MAX_IO - 1)]
		      [mark >> HF_MARK_LANE_SHIFT & (HF_MAX_LANES - 1)])
		w->forgotten++;
}

static uint32_t
walk_pool(const struct hf_primary *p, struct rte_mempool *mp)
{
	struct walk w;

	memset(&w, 0, sizeof(w));
	/* Read before the walk: what is settled now was unmarked before. */
	for (uint32_t k = 0; k < p->cfg.n_io; k++)
		for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
			w.settled[k][l] = atomic_load_explicit(&p->io[k]->ring[l].reaped_settled,
							       memory_order_acquire);
	rte_mempool_obj_iter(mp, look_at_mark, &w);
	return w.forgotten;
}

static void
publish(struct hf_primary *p, uint32_t i, const struct pool_count *c)
{
	struct hf_pool *s = &p->seg->pools[i];
	uint32_t found = c->free + c->cached + c->rings + c->held + c->forgotten;
	uint32_t driver = s->size > found ? s->size - found : 0;
	uint32_t excess =
		driver > census_state.driver_max[i] ? driver - census_state.driver_max[i] : 0;

	atomic_store_explicit(&s->free, c->free, memory_order_relaxed);
	atomic_store_explicit(&s->cached, c->cached, memory_order_relaxed);
	atomic_store_explicit(&s->rings, c->rings, memory_order_relaxed);
	/* I/O threads hold nothing at a turn's end; a hardware lane's owner may. */
	atomic_store_explicit(&s->held, c->held, memory_order_relaxed);
	atomic_store_explicit(&s->driver, driver - excess, memory_order_relaxed);
	atomic_store_explicit(&s->unaccounted, c->forgotten + excess, memory_order_relaxed);
	atomic_store_explicit(&s->census_tsc, hf_tsc(), memory_order_release);
}

int
hf_census_run(struct hf_primary *p)
{
	struct pool_count c[HF_MAX_POOLS];
	int err;

	err = hf_io_park(p);
	if (err != 0)
		return err;
	for (uint32_t i = 0; i < p->n_pools; i++)
		count_pool(p, p->pool[i], &c[i]);
	for (uint32_t i = 0; i < p->n_pools; i++)
		c[i].held = count_held(p, i);
	hf_io_resume(p);
	for (uint32_t i = 0; i < p->n_pools; i++) {
		c[i].forgotten = walk_pool(p, p->pool[i]);
		publish(p, i, &c[i]);
	}
	return 0;
}

/* Drivers that free what they transmit before the call returns, and whose receive queues hold the
 * same number of mbufs at all times. */
static int
holds_a_constant(const char *driver)
{
	static const char *const names[] = {"net_tap", "net_pcap", "net_af_packet", "net_null"};

	for (unsigned int i = 0; i < RTE_DIM(names); i++)
		if (strcmp(driver, names[i]) == 0)
			return 1;
	return 0;
}

/* Descriptors of a port (lane -1) or of one queue pair: what a driver with rings of its own holds
 * at most. */
static uint32_t
descriptors(uint16_t ethdev, int lane)
{
	struct rte_eth_dev_info info;
	struct rte_eth_rxq_info rx;
	struct rte_eth_txq_info tx;
	uint32_t n = 0;

	if (rte_eth_dev_info_get(ethdev, &info) != 0)
		return 0;
	for (uint16_t q = 0; q < info.nb_rx_queues; q++)
		if (lane < 0 || lane == q)
			n += rte_eth_rx_queue_info_get(ethdev, q, &rx) == 0 ? rx.nb_desc : 4096;
	for (uint16_t q = 0; q < info.nb_tx_queues; q++)
		if (lane < 0 || lane == q)
			n += rte_eth_tx_queue_info_get(ethdev, q, &tx) == 0 ? tx.nb_desc : 4096;
	return n;
}

void
census_baseline(struct hf_primary *p)
{
	for (uint32_t i = 0; i < p->n_pools; i++) {
		struct pool_count c;

		int lane = p->pool_lane[i];
		uint32_t rings = lane >= 0 ? 2 * HF_HW_RING : 0;

		count_pool(p, p->pool[i], &c);
		census_state.driver_max[i] = p->seg->pools[i].size - c.free - c.cached;
		for (uint32_t k = 0; k < p->cfg.n_ports; k++)
			if (!holds_a_constant(p->seg->ports[k].driver) &&
			    pools_index(p, p->seg->pools[p->seg->ports[k].pool].node,
					lane < 0 ? 0 : (uint32_t)lane) == i)
				rings += descriptors(p->port_id[k], lane);
		/* What was found at rest is part of what such drivers' rings can hold. */
		if (rings > census_state.driver_max[i])
			census_state.driver_max[i] = rings;
	}
}

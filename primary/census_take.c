/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notes where mbufs are at one instant. Software lanes: on an I/O thread, while all of them stand;
 * hardware lanes: on the main thread, while the lane's owner is seen not to call drivers. Short:
 * copies what will have changed a moment later, and nothing else. No system call, log, allocation.
 */
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <string.h>

#include "census.h"
#include "hw_lane.h"
#include "io.h"

#define TRIES 32

static void
note_ring(struct census_pool *cp)
{
	const struct rte_ring *r = cp->mp->pool_data; /* pinned to ring_mp_mc */

	cp->take.cons = r->cons.tail;
	cp->take.prod = r->prod.tail;
}

static uint32_t
cache_len(const struct census_pool *cp, unsigned int lcore)
{
	return cp->mp->cache_size > 0 ? cp->mp->local_cache[lcore].len : 0;
}

static void
copy_cache(struct census_pool *cp, unsigned int lcore)
{
	const struct rte_mempool_cache *cache;

	if (cp->mp->cache_size == 0)
		return;
	cache = &cp->mp->local_cache[lcore];
	if (cache->len > RTE_DIM(cache->objs))
		return;
	memcpy(cp->cache + cp->take.copied, cache->objs, cache->len * sizeof(cp->cache[0]));
	cp->take.copied += cache->len;
	cp->take.hot += cache->len;
}

/* One packet that lies in a lane ring. */
static void
note_ringed(struct census_pool *cp, const struct hf_io_slot *slot)
{
	struct census_take *t = &cp->take;

	t->rings += slot->segs;
	if (t->ringed == CENSUS_RINGED) {
		t->ringed_all = 0;
		return;
	}
	cp->ringed[t->ringed++] = slot->mbuf;
}

static void
note_lane(struct census *c, const struct hf_io_thread *t, uint32_t lane)
{
	const struct hf_io_ring *r = &t->ring[lane];

	c->reaped[t->id][lane] = r->reaped;
	c->ledger -= r->freed + (r->head - r->reaped);
	for (uint64_t i = r->reaped; i < r->head; i++)
		note_ringed(&c->pool[r->shadow[i & r->mask].pool], &r->shadow[i & r->mask]);
}

void
census_take(const struct hf_primary *p, struct census *c)
{
	c->ledger = 0;
	for (uint32_t i = 0; i < c->n_pools; i++) {
		struct census_pool *cp = &c->pool[i];

		memset(&cp->take, 0, sizeof(cp->take));
		cp->take.ringed_all = 1;
		cp->take.whole = 1;
		note_ring(cp);
		for (uint32_t k = 0; k < p->cfg.n_io; k++)
			copy_cache(cp, HF_LCORE_IO0 + k);
		census_driver_copy(c, cp);
	}
	for (uint32_t k = 0; k < p->cfg.n_io; k++) {
		c->ledger += p->io[k]->got - p->io[k]->given;
		for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
			note_lane(c, p->io[k], l);
	}
}

/* --- hardware lanes ---------------------------------------------------------------------------
 */

/* Where a lane's owner stands; the same twice: between, it has called neither driver nor pool,
 * but for receive calls that brought nothing. */
struct stand_point {
	uint64_t published, reaped;
	uint32_t phase;
};

static struct stand_point
look(const struct hf_hw_lane *hw)
{
	struct stand_point s;

	s.phase = atomic_load_explicit(&hw->phase, memory_order_acquire);
	s.published = atomic_load_explicit(&hf_hw_lane_ring(hw)->published, memory_order_acquire);
	s.reaped = hw->reaped;
	atomic_thread_fence(memory_order_acquire);
	return s;
}

static int
at_rest(const struct stand_point *s)
{
	return s->phase == HF_PHASE_IDLE || s->phase == HF_PHASE_WORK;
}

/* What the owner holds of a pool: received and not given back. */
static void
note_held(const struct census *c, struct census_pool *cp, const struct hf_hw_lane *hw,
	  const struct stand_point *s)
{
	const struct hf_lane_slot *slots = hf_lane_ring_slots(hf_hw_lane_ring(hw));

	for (uint64_t i = s->reaped; i < s->published && i < s->reaped + HF_HW_RING; i++) {
		uintptr_t at = (uintptr_t)slots[i & (HF_HW_RING - 1)].mbuf;

		if (at < cp->base || at >= cp->end)
			continue;
		cp->ringed[cp->take.ringed++] = (void *)at;
		cp->take.held += c->chains ? ((const struct rte_mbuf *)at)->nb_segs : 1;
	}
}

/* How much is noted: the more, the longer it takes, and the more often the owner has moved. */
enum detail { COUNTS, OBJECTS, OBJECTS_AND_DESCRIPTORS };

static int
take_once(const struct census *c, struct census_pool *cp, const struct hf_hw_lane *hw,
	  enum detail detail)
{
	struct stand_point before = look(hw), after;
	uint32_t n;

	memset(&cp->take, 0, sizeof(cp->take));
	cp->take.ringed_all = 1;
	if (!at_rest(&before))
		return 0;
	note_ring(cp);
	if (detail == COUNTS)
		cp->take.hot = cache_len(cp, (unsigned int)cp->lane);
	else
		copy_cache(cp, (unsigned int)cp->lane);
	note_held(c, cp, hw, &before);
	if (detail == OBJECTS_AND_DESCRIPTORS)
		census_driver_copy(c, cp);
	n = rte_ring_count(cp->mp->pool_data);
	after = look(hw);
	cp->take.whole = at_rest(&after) && after.published == before.published &&
			 after.reaped == before.reaped && n == cp->take.prod - cp->take.cons;
	return cp->take.whole;
}

void
census_take_lane(const struct hf_primary *p, const struct census *c, struct census_pool *cp)
{
	const struct hf_hw_lane *hw = p->hw[cp->lane];

	for (int detail = OBJECTS_AND_DESCRIPTORS; detail >= COUNTS; detail--)
		for (int i = 0; i < TRIES; i++)
			if (take_once(c, cp, hw, (enum detail)detail))
				return;
	/* The owner died inside a driver call, or is never seen elsewhere: the counts of the last
	 * attempt are of neighbouring instants. */
	note_ring(cp);
	cp->take.hot = cache_len(cp, (unsigned int)cp->lane);
}

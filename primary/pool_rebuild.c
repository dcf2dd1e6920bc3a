/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Emptying, rebuilding and auditing a hardware lane's pool. An audit marks each object where it
 * finds it, in the eight bytes of the mbuf's hash, which no free mbuf needs.
 */
#include "pool_rebuild.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <string.h>

#include "hw_lane.h"

#define MARK_FOUND UINT64_C(1)

struct walk {
	const struct hf_hw_lane *lane;
	struct hf_pool_audit audit;
};

static uint64_t
mark_get(const struct rte_mbuf *m)
{
	uint64_t mark;

	memcpy(&mark, &m->hash, sizeof(mark));
	return mark;
}

static void
mark_set(struct rte_mbuf *m, uint64_t mark)
{
	memcpy(&m->hash, &mark, sizeof(mark));
}

/* Does the lane hold this mbuf: received, and neither transmitted nor freed? */
static int
is_held(const struct hf_hw_lane *lane, const void *obj)
{
	const struct hf_lane_ring *ring = lane != NULL ? hf_hw_lane_ring(lane) : NULL;
	uint64_t published;

	if (ring == NULL)
		return 0;
	published = atomic_load_explicit(&ring->published, memory_order_acquire);
	for (uint64_t i = lane->reaped; i < published && i < lane->reaped + ring->size; i++)
		if (hf_lane_ring_slots(ring)[i & ring->mask].mbuf == (uintptr_t)obj)
			return 1;
	return 0;
}

void
pool_reset(struct rte_mempool *mp)
{
	rte_ring_reset(mp->pool_data); /* pinned to ring_mp_mc */
	if (mp->cache_size == 0)
		return;
	for (unsigned int i = 0; i < RTE_MAX_LCORE; i++)
		mp->local_cache[i].len = 0;
}

static void
put_one(struct rte_mempool *mp, void *opaque, void *obj, unsigned int i)
{
	const struct walk *w = opaque;

	if (is_held(w->lane, obj))
		return;
	rte_pktmbuf_init(mp, NULL, obj, i);
	rte_ring_enqueue(mp->pool_data, obj); /* it has room for all of them */
}

void
pool_rebuild(struct rte_mempool *mp, const struct hf_hw_lane *lane)
{
	struct walk w = {.lane = lane};

	pool_reset(mp);
	rte_mempool_obj_iter(mp, put_one, &w);
}

static void
unmark(struct rte_mempool *mp, void *opaque, void *obj, unsigned int i)
{
	const struct walk *w = opaque;

	(void)mp;
	(void)i;
	if (!is_held(w->lane, obj))
		mark_set(obj, 0);
}

static void
found(struct walk *w, void *obj)
{
	if (is_held(w->lane, obj) || mark_get(obj) == MARK_FOUND)
		w->audit.doubled++;
	else
		mark_set(obj, MARK_FOUND);
}

static void
look_for(struct rte_mempool *mp, void *opaque, void *obj, unsigned int i)
{
	struct walk *w = opaque;

	(void)mp;
	(void)i;
	if (is_held(w->lane, obj))
		return;
	if (mark_get(obj) != MARK_FOUND)
		w->audit.missing++;
	mark_set(obj, 0);
}

struct hf_pool_audit
pool_audit(struct rte_mempool *mp, const struct hf_hw_lane *lane)
{
	struct walk w = {.lane = lane};
	unsigned int n = rte_ring_count(mp->pool_data);
	void *obj;

	rte_mempool_obj_iter(mp, unmark, &w);
	/* Once around: what is taken from one end goes in at the other. */
	while (n-- > 0 && rte_ring_dequeue(mp->pool_data, &obj) == 0) {
		found(&w, obj);
		rte_ring_enqueue(mp->pool_data, obj);
	}
	for (unsigned int i = 0; mp->cache_size != 0 && i < RTE_MAX_LCORE; i++)
		for (uint32_t k = 0; k < mp->local_cache[i].len; k++)
			found(&w, mp->local_cache[i].objs[k]);
	rte_mempool_obj_iter(mp, look_for, &w);
	return w.audit;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks at every object of a pool by what was noted at one instant: a bit for each object that lies
 * in the pool's ring, a cache or a lane ring. A bit that is set already: the object is there twice.
 * Objects whose bit is not set are with drivers, or nowhere. Main thread, in slices; reads only.
 */
#include <errno.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "io.h"

#define SHIFT 40 /* of the reciprocal: exact for pools of up to 16 Mi objects */

static uint32_t
words(const struct census_pool *cp)
{
	return cp->n_objects / 64 + 1;
}

/* Number of the object that begins at an address; UINT32_MAX: none of this pool. */
static uint32_t
number_of(const struct census_pool *cp, uintptr_t address)
{
	if (address < cp->base || address >= cp->end)
		return UINT32_MAX;
	return (uint32_t)(((address - cp->base) / RTE_CACHE_LINE_SIZE * cp->reciprocal) >> SHIFT);
}

static int
is_set(const uint64_t *set, uint32_t number)
{
	return (set[number / 64] >> (number & 63) & 1) != 0;
}

/*
 * Number of the object that an address lies in. Where objects were not allowed to cross a page,
 * there are gaps, and an object's end has the number after its own.
 */
static uint32_t
number_around(const struct census_pool *cp, uintptr_t address)
{
	uint32_t number = number_of(cp, address);
	uintptr_t offset;

	if (number == UINT32_MAX)
		return number;
	offset = (address - cp->base) / RTE_CACHE_LINE_SIZE;
	if (number > 0 &&
	    (number >= cp->n_objects || !is_set(cp->exists, number) || cp->at[number] > offset))
		number--;
	return is_set(cp->exists, number) ? number : UINT32_MAX;
}

/* Sets a bit. Returns what it was. */
static uint32_t
set_bit(uint64_t *set, uint32_t number)
{
	uint64_t bit = UINT64_C(1) << (number & 63);
	uint32_t was = (set[number / 64] & bit) != 0;

	set[number / 64] |= bit;
	return was;
}

/* Returns 1 when the object had been seen, or is none of the pool's. */
static uint32_t
mark_seen(struct census_pool *cp, const void *object)
{
	uint32_t number = number_of(cp, (uintptr_t)object);

	return number >= cp->n_objects ? 1 : set_bit(cp->seen, number);
}

static void
widen(struct rte_mempool *mp, void *opaque, void *object, unsigned int i)
{
	struct census_pool *cp = opaque;
	uintptr_t a = (uintptr_t)object;

	(void)mp;
	(void)i;
	cp->base = a < cp->base ? a : cp->base;
	cp->end = a + cp->stride > cp->end ? a + cp->stride : cp->end;
}

static void
note_existence(struct rte_mempool *mp, void *opaque, void *object, unsigned int i)
{
	struct census_pool *cp = opaque;
	uint32_t number = number_of(cp, (uintptr_t)object);

	(void)mp;
	(void)i;
	set_bit(cp->exists, number);
	cp->at[number] = (uint32_t)(((uintptr_t)object - cp->base) / RTE_CACHE_LINE_SIZE);
}

int
census_walk_prepare(struct census_pool *cp)
{
	const struct rte_mempool *mp = cp->mp;
	size_t caches = (size_t)CENSUS_CACHES * RTE_DIM(mp->local_cache->objs);

	cp->base = UINTPTR_MAX;
	cp->end = 0;
	cp->stride = mp->header_size + mp->elt_size + mp->trailer_size;
	rte_mempool_obj_iter(cp->mp, widen, cp);
	cp->reciprocal = (UINT64_C(1) << SHIFT) / (cp->stride / RTE_CACHE_LINE_SIZE) + 1;
	cp->n_objects = number_of(cp, cp->end - cp->stride) + 1;
	cp->at = calloc(cp->n_objects, sizeof(*cp->at));
	cp->exists = calloc(words(cp), sizeof(uint64_t));
	cp->seen = calloc(words(cp), sizeof(uint64_t));
	cp->cache = calloc(caches, sizeof(void *));
	cp->ringed = calloc(CENSUS_RINGED, sizeof(void *));
	cp->desc = calloc(CENSUS_DESCS, sizeof(*cp->desc));
	if (cp->at == NULL || cp->exists == NULL || cp->seen == NULL || cp->cache == NULL ||
	    cp->ringed == NULL || cp->desc == NULL)
		return -ENOMEM;
	rte_mempool_obj_iter(cp->mp, note_existence, cp);
	return 0;
}

/* Positions of the pool's ring, the oldest first: they are the first to be written again. */
static void
look_at_ring(struct census_pool *cp, uint32_t most)
{
	const struct rte_ring *r = cp->mp->pool_data;
	void *const *slot = (void *const *)(r + 1);
	struct census_walk *w = &cp->walk;
	uint32_t n = RTE_MIN(cp->take.prod - w->pos, most);
	uint32_t twice = 0;

	for (uint32_t i = 0; i < n; i++)
		twice += mark_seen(cp, slot[(w->pos + i) & r->mask]);
	/* Pairs with the ring's own order: an index moves before its slot is written again. */
	atomic_thread_fence(memory_order_acquire);
	if (r->prod.head - w->pos > r->size)
		w->overrun = 1;
	w->pos += n;
	w->in_pool += n;
	w->doubled += twice;
}

static int
is_hot(const struct census_pool *cp, unsigned int lcore)
{
	return lcore >= cp->hot_first && lcore < cp->hot_first + cp->n_hot;
}

/* Caches of lcores that allocate nothing now: the primary's main thread's, after start-up. */
static void
look_at_cold_caches(struct census_pool *cp)
{
	for (unsigned int l = 0; cp->mp->cache_size > 0 && l < RTE_MAX_LCORE; l++) {
		const struct rte_mempool_cache *cache = &cp->mp->local_cache[l];

		if (is_hot(cp, l))
			continue;
		for (uint32_t i = 0; i < cache->len && i < RTE_DIM(cache->objs); i++)
			cp->walk.doubled += mark_seen(cp, cache->objs[i]);
		cp->walk.cold += cache->len;
	}
}

static void
look_at_copies(struct census_pool *cp)
{
	for (uint32_t i = 0; i < cp->take.copied; i++)
		cp->walk.doubled += mark_seen(cp, cp->cache[i]);
	for (uint32_t i = 0; i < cp->take.ringed; i++)
		cp->walk.doubled += mark_seen(cp, cp->ringed[i]);
}

void
census_walk_begin(struct census_pool *cp)
{
	memset(cp->seen, 0, words(cp) * sizeof(uint64_t));
	memset(&cp->walk, 0, sizeof(cp->walk));
	cp->walk.active = 1;
	cp->walk.pos = cp->take.cons;
	look_at_copies(cp);
	look_at_cold_caches(cp);
}

/* Objects that a driver's descriptors point to. A descriptor that is done with keeps its address:
 * it counts only for an object that is nowhere else. */
static void
look_at_descriptors(struct census_pool *cp)
{
	for (uint32_t i = 0; i < cp->take.descs; i++) {
		uint32_t number = number_around(cp, (uintptr_t)cp->desc[i].addr);

		if (number != UINT32_MAX)
			cp->walk.in_driver += set_bit(cp->seen, number) == 0;
	}
}

/* Is this mbuf marked as published at a position below which all has been sent or freed? */
static int
is_forgotten(const struct census *c, const struct rte_mbuf *m)
{
	uint64_t mark = hf_mark_get(m);

	return (mark & HF_MARK_LANE) != 0 &&
	       (mark & HF_MARK_INDEX_MASK) <
		       c->reaped[mark >> HF_MARK_IO_SHIFT & (HF_MAX_IO - 1)]
				[mark >> HF_MARK_LANE_SHIFT & (HF_MAX_LANES - 1)];
}

/* The marks of objects that have not been found anywhere (software lanes: others have none). */
static void
look_at_marks(const struct census *c, struct census_pool *cp)
{
	for (uint32_t w = 0; cp->lane < 0 && w < words(cp); w++) {
		uint64_t left = cp->exists[w] & ~cp->seen[w];

		for (; left != 0; left &= left - 1) {
			uint64_t number = w * UINT64_C(64) + (uint64_t)__builtin_ctzll(left);

			cp->walk.forgotten += is_forgotten(
				c,
				(const struct rte_mbuf *)(cp->base + (uintptr_t)cp->at[number] *
									     RTE_CACHE_LINE_SIZE));
		}
	}
}

int
census_walk_step(const struct census *c, struct census_pool *cp, uint32_t most)
{
	look_at_ring(cp, most);
	cp->walk.active = 0;
	if (cp->walk.overrun || !cp->take.whole) {
		/* What was read is of no one instant: nothing can be said of single objects. */
		cp->walk.doubled = 0;
		return 1;
	}
	cp->walk.active = cp->walk.pos != cp->take.prod;
	if (cp->walk.active)
		return 0;
	look_at_descriptors(cp);
	look_at_marks(c, cp);
	return 1;
}

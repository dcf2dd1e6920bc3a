/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the census files know of each other. Main thread, but for census_take(), which an I/O
 * thread calls while all of them stand.
 *
 * A census: census_take.c notes, at one instant, positions and counts and copies what will not keep
 * (caches, what lies in lane rings, drivers' descriptors). census_walk.c then looks at every object
 * of a pool by what was noted: one bit for each object. A pool's own ring needs no copy: it is a
 * queue, and what stood at a position stays readable until the ring has gone round. census_driver.c
 * knows what drivers can hold. census.c puts it together and publishes it.
 */
#ifndef HF_CENSUS_H
#define HF_CENSUS_H

#include <rte_mempool.h>
#include <stdint.h>

#include "primary.h"

#define CENSUS_SLICE  65536 /* positions of a pool's ring looked at in one go */
#define CENSUS_RINGED 4096  /* packets in lane rings that are copied; more: not looked at */
#define CENSUS_DESCS  4096  /* descriptors that are copied; more: not looked at */
#define CENSUS_CACHES 8     /* most caches in use by I/O threads */
#define CENSUS_VRINGS 128

struct census_desc { /* of a virtqueue, split or packed: the address comes first in both */
	uint64_t addr;
	uint32_t len;
	uint16_t flags_if_split;
	uint16_t flags_if_packed;
};

/* A virtqueue's descriptors, as they lie in shared memory. */
struct census_vring {
	const struct census_desc *desc;
	uint32_t n;
	uint32_t queue;               /* of rx or tx: the lane, on hardware lanes */
	uintptr_t header, header_end; /* tx: where the driver keeps indirect descriptors */
};

/* What one pool looked like at one instant. */
struct census_take {
	uint32_t cons, prod;              /* positions in the pool's ring */
	uint32_t hot;                     /* in caches in use */
	uint32_t copied;                  /* of these, to cache[] */
	uint32_t rings, held;             /* mbufs, segments each */
	uint32_t ringed;                  /* packets of it copied to ringed[] */
	uint32_t descs;                   /* copied to desc[] */
	int ringed_all, descs_all, whole; /* whole: all of one instant */
};

/* A walk over one take. */
struct census_walk {
	int active;
	uint32_t pos; /* next position of the pool's ring */
	int overrun;  /* the ring went round meanwhile */
	uint32_t in_pool, doubled, in_driver, forgotten;
	uint32_t cold; /* in caches that nobody uses now */
};

struct census_pool {
	struct rte_mempool *mp;
	int lane; /* hardware lanes: whose; -1: all lanes' */
	/* drivers */
	uint32_t constant;   /* held at all times by drivers of which that is known */
	uint32_t driver_max; /* all drivers together */
	int readable;        /* nobody holds any but by that constant or in a known virtqueue */
	/* objects: number = (address - base) / stride, unique for each */
	uintptr_t base, end;
	uint32_t stride, n_objects;
	uint64_t reciprocal; /* of stride / 64 */
	uint32_t *at;        /* object's address: base + 64 * at[number] */
	uint64_t *exists, *seen;
	uint32_t hot_first, n_hot; /* lcores whose caches are in use */
	void **cache;
	void **ringed;
	struct census_desc *desc;
	struct census_take take;
	struct census_walk walk;
};

struct census {
	uint32_t n_pools;
	struct census_pool pool[HF_MAX_POOLS];
	uint32_t n_vrings;
	struct census_vring vring[CENSUS_VRINGS];
	int bounded; /* a port's driver hides what it holds */
	int chains;  /* a packet may have several mbufs */
	/* software lanes, at the instant */
	uint64_t reaped[HF_MAX_IO][HF_MAX_LANES];
	uint64_t ledger; /* packets that I/O threads have got and not given, and do not hold */
	uint64_t stood_ns;
	uint64_t begin_tsc, work_tsc; /* main thread's work on it */
	uint64_t tried_tsc;           /* when one that nobody asked for was begun last */
	int walking;
};

/* --- census_take.c: the instant ---------------------------------------------------------------
 */

/* Software lanes: notes all pools. Every I/O thread stands, or none has been started. */
void census_take(const struct hf_primary *p, struct census *c);

/* Hardware lanes: notes a pool at an instant at which its lane's owner is between driver calls. */
void census_take_lane(const struct hf_primary *p, const struct census *c, struct census_pool *cp);

/* --- census_walk.c ------------------------------------------------------------------------------
 */

/* Sizes the bit sets and copies of a pool. 0 or -ENOMEM. */
int census_walk_prepare(struct census_pool *cp);

void census_walk_begin(struct census_pool *cp);

/* Looks at up to `most` positions of the pool's ring, then at the rest. Returns 1 when all has been
 * looked at. */
int census_walk_step(const struct census *c, struct census_pool *cp, uint32_t most);

/* --- census_driver.c ----------------------------------------------------------------------------
 */

/* Finds virtqueues and drivers that hide what they hold. Once ports are started. */
void census_driver_find(const struct hf_primary *p, struct census *c);

/* Copies the descriptors that matter to a pool. */
void census_driver_copy(const struct census *c, struct census_pool *cp);

/* Are there descriptors among the copied ones that point to further ones, which were not? */
int census_driver_indirect(const struct census *c, const struct census_pool *cp);

/* From a finished walk at rest: what drivers hold of a pool at all times, and at most. */
void census_driver_baseline(const struct hf_primary *p, const struct census *c,
			    struct census_pool *cp);

#endif

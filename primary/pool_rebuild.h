/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools of hardware lanes after a death. Every function: primary, while it holds the leases of all
 * lanes that use the pool and no driver call is under way.
 */
#ifndef HF_POOL_REBUILD_H
#define HF_POOL_REBUILD_H

#include <stdint.h>

struct rte_mempool;
struct hf_hw_lane;

/* What an audit found. */
struct hf_pool_audit {
	uint32_t missing; /* objects found nowhere */
	uint32_t doubled; /* times an object was found once more */
};

/*
 * Forgets what is in the pool: its ring and caches are empty afterwards, and no dead producer's or
 * consumer's index is waited for. Objects are nowhere until pool_rebuild().
 */
void pool_reset(struct rte_mempool *mp);

/*
 * Puts every object into the pool once, freshly made, but for those that lane (NULL: none) holds
 * in its ring.
 */
void pool_rebuild(struct rte_mempool *mp, const struct hf_hw_lane *lane);

/*
 * Looks for every object: in the pool's ring, in its caches, in the lane's ring. Drivers must have
 * given back theirs.
 */
struct hf_pool_audit pool_audit(struct rte_mempool *mp, const struct hf_hw_lane *lane);

#endif

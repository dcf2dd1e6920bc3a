/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Named instants inside drivers: their pools' get and put come here, in the middle of a receive or
 * transmit call. In a worker for hardware lanes built with -Dpoints=true only; the operations are
 * replaced as they are registered, in this process alone.
 */
#include <dlfcn.h>
#include <rte_mempool.h>
#include <stdlib.h>
#include <string.h>

#include "points.h"

/* The ring's own operations. */
static struct {
	rte_mempool_dequeue_t get;
	rte_mempool_enqueue_t put;
} pool_real;

/* Between the two points mbufs are in nobody's hands but the caller's. */
static int
get(struct rte_mempool *pool, void **objs, unsigned int n)
{
	int rc;

	HF_POINT("hw_pool_get");
	rc = pool_real.get(pool, objs, n);
	HF_POINT("hw_pool_got");
	return rc;
}

static int
put(struct rte_mempool *pool, void *const *objs, unsigned int n)
{
	int rc;

	HF_POINT("hw_pool_put");
	rc = pool_real.put(pool, objs, n);
	HF_POINT("hw_pool_has");
	return rc;
}

/* Libraries call this one, for it stands before DPDK's own. */
int
rte_mempool_register_ops(const struct rte_mempool_ops *ops)
{
	int (*next)(const struct rte_mempool_ops *) =
		(int (*)(const struct rte_mempool_ops *))dlsym(RTLD_NEXT,
							       "rte_mempool_register_ops");
	struct rte_mempool_ops ours = *ops;

	if (next == NULL)
		abort();
	if (strcmp(ours.name, "ring_mp_mc") == 0) {
		pool_real.get = ours.dequeue;
		pool_real.put = ours.enqueue;
		ours.dequeue = get;
		ours.enqueue = put;
	}
	return next(&ours);
}

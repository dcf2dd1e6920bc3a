/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One mbuf pool for each NUMA node that has a port (hardware lanes: one a lane and node); on
 * ring_mp_mc by name, whatever EAL prefers.
 */
#include <errno.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>

#include "log.h"
#include "parts.h"

#define POOL_OPS "ring_mp_mc"

static int
port_node(const struct hf_primary *p, uint32_t i)
{
	int node = rte_eth_dev_socket_id(p->port_id[i]);

	return node < 0 ? 0 : node;
}

/* One pool, for one lane of hardware lanes or (lane -1) for all. */
static int
create(struct hf_primary *p, int node, int lane)
{
	uint32_t size = lane < 0 ? p->cfg.pool_size : memory_lane_pool_size(&p->cfg);
	struct hf_pool *shared = &p->seg->pools[p->n_pools];
	struct rte_mempool *mp;
	char name[48];

	if (p->n_pools == HF_MAX_POOLS) {
		hf_err("pools: more than %d (lanes times NUMA nodes with ports): not supported",
		       HF_MAX_POOLS);
		return -ENOTSUP;
	}
	if (lane < 0)
		snprintf(name, sizeof(name), HF_POOL_FMT, (unsigned int)node);
	else
		snprintf(name, sizeof(name), HF_HW_POOL_FMT, (unsigned int)lane,
			 (unsigned int)node);
	mp = rte_pktmbuf_pool_create_by_ops(name, size, p->cfg.pool_cache, 0,
					    (uint16_t)(p->cfg.mbuf_bytes + RTE_PKTMBUF_HEADROOM),
					    node, POOL_OPS);
	if (mp == NULL) {
		hf_err("pool %s: make %u mbufs: %s: raise memory_mb (now %u)", name, size,
		       rte_strerror(rte_errno), memory_needed_mb(&p->cfg));
		return -ENOMEM;
	}
	snprintf(shared->name, sizeof(shared->name), "%.31s", name);
	shared->size = mp->size;
	shared->node = node;
	p->seg->header.pool_ops = (uint32_t)mp->ops_index;
	p->pool_lane[p->n_pools] = lane;
	p->pool[p->n_pools++] = mp;
	p->seg->header.n_pools = p->n_pools;
	return 0;
}

static int
find(const struct hf_primary *p, int node, int lane)
{
	for (uint32_t i = 0; i < p->n_pools; i++)
		if (p->seg->pools[i].node == node &&
		    (p->pool_lane[i] < 0 || p->pool_lane[i] == lane))
			return (int)i;
	return -1;
}

uint32_t
pools_index(const struct hf_primary *p, int node, uint32_t lane)
{
	int i = find(p, node, (int)lane);

	return i < 0 ? 0 : (uint32_t)i;
}

/* The pools of one node, if they are not there yet. */
static int
create_node(struct hf_primary *p, int node)
{
	uint32_t n = p->kind == HF_LANE_HARDWARE ? p->cfg.n_lanes : 1;

	for (uint32_t l = 0; l < n; l++) {
		int lane = p->kind == HF_LANE_HARDWARE ? (int)l : -1;

		if (find(p, node, lane) < 0 && create(p, node, lane) != 0)
			return -ENOMEM;
	}
	return 0;
}

int
pools_create(struct hf_primary *p)
{
	snprintf(p->seg->header.pool_ops_name, sizeof(p->seg->header.pool_ops_name), "%s",
		 POOL_OPS);
	for (uint32_t i = 0; i < p->cfg.n_ports; i++)
		if (create_node(p, port_node(p, i)) != 0)
			return -ENOMEM;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One mbuf pool for each NUMA node that has a port; on ring_mp_mc by name, whatever EAL prefers.
 */
#include <errno.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>

#include "log.h"
#include "parts.h"

static int
port_node(const struct hf_primary *p, uint32_t i)
{
	int node = rte_eth_dev_socket_id(p->port_id[i]);

	return node < 0 ? 0 : node;
}

static int
create(struct hf_primary *p, int node)
{
	struct hf_pool *shared = &p->seg->pools[p->n_pools];
	struct rte_mempool *mp;
	char name[32];

	snprintf(name, sizeof(name), HF_POOL_FMT, (unsigned int)node);
	mp = rte_pktmbuf_pool_create_by_ops(name, p->cfg.pool_size, p->cfg.pool_cache, 0,
					    (uint16_t)(p->cfg.mbuf_bytes + RTE_PKTMBUF_HEADROOM),
					    node, "ring_mp_mc");
	if (mp == NULL) {
		hf_err("pool %s: make %u mbufs: %s: raise memory_mb (now %u)", name,
		       p->cfg.pool_size, rte_strerror(rte_errno), memory_needed_mb(&p->cfg));
		return -ENOMEM;
	}
	snprintf(shared->name, sizeof(shared->name), "%s", name);
	shared->size = mp->size;
	shared->node = node;
	p->pool[p->n_pools++] = mp;
	p->seg->header.n_pools = p->n_pools;
	return 0;
}

uint32_t
pools_index(const struct hf_primary *p, int node)
{
	for (uint32_t i = 0; i < p->n_pools; i++)
		if (p->seg->pools[i].node == node)
			return i;
	return 0;
}

static int
has_pool(const struct hf_primary *p, int node)
{
	for (uint32_t i = 0; i < p->n_pools; i++)
		if (p->seg->pools[i].node == node)
			return 1;
	return 0;
}

int
pools_create(struct hf_primary *p)
{
	for (uint32_t i = 0; i < p->cfg.n_ports; i++) {
		int node = port_node(p, i);

		if (has_pool(p, node))
			continue;
		if (p->n_pools == HF_MAX_POOLS) {
			hf_err("pools: ports on more than %d NUMA nodes: not supported",
			       HF_MAX_POOLS);
			return -ENOTSUP;
		}
		if (create(p, node) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lane blocks and leases, made before READY; and the I/O threads that feed them.
 */
#include <errno.h>
#include <numa.h>
#include <rte_ethdev.h>
#include <rte_memzone.h>
#include <stdio.h>
#include <string.h>

#include "hw_lane.h"
#include "io.h"
#include "log.h"
#include "parts.h"

static int
node_of_cpu(int cpu)
{
	if (cpu < 0 || numa_available() < 0)
		return -1;
	return numa_node_of_cpu(cpu);
}

/* A lane serves all ports: it is far from those on other nodes. */
static void
check_numa(struct hf_primary *p, uint32_t l)
{
	struct hf_lane *lane = &p->seg->lanes[l];

	for (uint32_t i = 0; lane->node >= 0 && i < p->cfg.n_ports; i++) {
		int node = rte_eth_dev_socket_id(p->port_id[i]);

		if (node < 0 || node == lane->node)
			continue;
		atomic_store_explicit(&lane->numa_mismatch, 1, memory_order_relaxed);
		hf_warn("lane %u: CPU %d is on NUMA node %d, port %s on node %d: memory crosses nodes",
			l, lane->cpu, lane->node, p->cfg.ports[i].name, node);
		hf_event_add(p, HF_EVENT_NUMA_MISMATCH, 0, (int32_t)l, (uint64_t)lane->node, "");
		return;
	}
}

/* The owner counts what it receives by the ring's index: 0, or as the primary before left it. */
static void
go_on_counting(struct hf_hw_lane *h, const struct hf_io_lane *counters)
{
	struct hf_lane_ring *ring = hf_hw_lane_ring(h);
	uint64_t first = hf_load(&counters->rx_pkts);

	atomic_store_explicit(&ring->published, first, memory_order_relaxed);
	atomic_store_explicit(&ring->done_pub, first, memory_order_relaxed);
	ring->done = first;
	h->reaped = first;
}

/* Memory of a hardware lane, on the node of its CPU. */
static int
create_hw_lane(struct hf_primary *p, uint32_t l)
{
	const struct rte_memzone *mz;
	char name[RTE_MEMZONE_NAMESIZE];

	snprintf(name, sizeof(name), HF_HW_LANE_MEMZONE_FMT, l);
	mz = rte_memzone_reserve_aligned(name, hf_hw_lane_bytes(), p->seg->lanes[l].node, 0, 64);
	if (mz == NULL) {
		hf_err("lane %u: make its memory: out of memory: raise memory_mb", l);
		return -ENOMEM;
	}
	p->hw[l] = mz->addr;
	hf_hw_lane_format(p->hw[l], l);
	go_on_counting(p->hw[l], &p->seg->lanes[l].counters);
	return 0;
}

static void
log_form(const char *family, enum hf_rss_form form, const uint32_t ps[HF_RSS_FORMS])
{
	hf_info("rss: %s: hash by %s: scalar %.1f, table %.1f, gfni %.1f ns a packet (0: not supported here)",
		family, hf_rss_form_name(form), ps[HF_RSS_SCALAR] / 1e3, ps[HF_RSS_TABLE] / 1e3,
		ps[HF_RSS_GFNI] / 1e3);
}

static int
prepare_rss(struct hf_primary *p, struct hf_rss *rss)
{
	struct hf_rss_choice choice;
	int err;

	err = hf_rss_init(rss, p->cfg.rss_key, p->cfg.rss_key_len, p->cfg.rss_fields, p->cfg.reta,
			  p->cfg.reta_size);
	if (err != 0) {
		hf_err("rss: prepare key: %s", strerror(-err));
		return err;
	}
	hf_rss_choose(rss, &choice);
	log_form("ipv4", rss->form_ipv4, choice.ipv4_ps);
	log_form("ipv6", rss->form_ipv6, choice.ipv6_ps);
	p->rss_ipv4 = hf_rss_form_name(rss->form_ipv4);
	p->rss_ipv6 = hf_rss_form_name(rss->form_ipv6);
	return 0;
}

int
lanes_create(struct hf_primary *p, struct hf_rss *rss)
{
	int err;

	err = prepare_rss(p, rss);
	if (err != 0)
		return err;
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		struct hf_lane *lane = &p->seg->lanes[l];

		lane->kind = p->kind;
		lane->cpu = p->cfg.lanes[l].cpu;
		lane->node = node_of_cpu(lane->cpu);
		err = hf_lease_init(&lane->lease);
		if (err != 0) {
			hf_err("lane %u: make lease: %s", l, strerror(-err));
			return err;
		}
		check_numa(p, l);
		if (p->kind == HF_LANE_HARDWARE && create_hw_lane(p, l) != 0)
			return -ENOMEM;
	}
	for (uint32_t k = 0; k < p->cfg.n_io; k++) {
		p->seg->io[k].cpu = p->cfg.io_cpu[k];
		p->seg->io[k].node = node_of_cpu(p->cfg.io_cpu[k]);
		err = hf_io_create(p, k, rss);
		if (err != 0)
			return err;
	}
	return 0;
}

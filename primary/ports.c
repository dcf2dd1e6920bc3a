/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: probed, configured and started by the primary alone. Here: finding them, starting,
 * closing, reading their statistics. port_setup.c configures one.
 */
#include <errno.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "parts.h"
#include "port_setup.h"

/* Ports' counters before a recovery restarts them. */
static struct rte_eth_stats stats_before[HF_MAX_PORTS];

/* The name by which ethdev knows a device string: up to the first comma; PCI with its domain. */
static void
device_name(const char *device, char *name, size_t len)
{
	int n = (int)strcspn(device, ",");
	int short_pci = hf_names_is_pci(device) &&
			memchr(device, ':', (size_t)n) == memrchr(device, ':', (size_t)n);

	snprintf(name, len, "%s%.*s", short_pci ? "0000:" : "", n, device);
}

static int
probe_one(struct hf_primary *p, uint32_t i)
{
	const struct hf_config_port *cp = &p->cfg.ports[i];
	char name[RTE_ETH_NAME_MAX_LEN];
	int err;

	if (!hf_names_is_pci(cp->device)) {
		err = rte_dev_probe(cp->device);
		if (err < 0) {
			hf_err("port %s: probe device %s: %s", cp->name, cp->device,
			       strerror(-err));
			return -ENODEV;
		}
	}
	device_name(cp->device, name, sizeof(name));
	err = rte_eth_dev_get_port_by_name(name, &p->port_id[i]);
	if (err != 0) {
		hf_err("port %s: probe device %s: no such device, or no driver took it", cp->name,
		       cp->device);
		return -ENODEV;
	}
	return 0;
}

int
ports_probe(struct hf_primary *p)
{
	for (uint32_t i = 0; i < p->cfg.n_ports; i++) {
		int err = probe_one(p, i);

		if (err != 0)
			return err;
		if (p->cfg.ports[i].peer_index < 0)
			hf_warn("port %s: it has no peer: what it receives will be dropped",
				p->cfg.ports[i].name);
	}
	return 0;
}

int
ports_start(struct hf_primary *p)
{
	for (uint32_t i = 0; i < p->cfg.n_ports; i++) {
		int err = port_setup(p, i);

		if (err == 0)
			err = port_start(p, i);
		if (err != 0)
			return err;
	}
	hf_ports_sample(p);
	return kicks_publish(p);
}

void
ports_close(struct hf_primary *p)
{
	for (uint32_t i = 0; i < p->cfg.n_ports; i++) {
		if (!rte_eth_dev_is_valid_port(p->port_id[i]))
			continue;
		rte_eth_dev_stop(p->port_id[i]);
		rte_eth_dev_close(p->port_id[i]);
	}
}

static void
sample_link(struct hf_primary *p, uint32_t i)
{
	struct hf_port *s = &p->seg->ports[i];
	uint32_t before = atomic_load_explicit(&s->link_up, memory_order_relaxed), mbps;
	uint32_t state = port_link_state(p, i, &mbps);

	if (state != before)
		hf_event_add(p, HF_EVENT_LINK, 0, (int32_t)i, state, s->name);
	atomic_store_explicit(&s->link_up, state, memory_order_relaxed);
	atomic_store_explicit(&s->link_mbps, mbps, memory_order_relaxed);
}

void
ports_stats_keep(struct hf_primary *p, uint32_t i)
{
	if (rte_eth_stats_get(p->port_id[i], &stats_before[i]) != 0)
		memset(&stats_before[i], 0, sizeof(stats_before[i]));
}

static uint64_t
fallen(uint64_t before, uint64_t now)
{
	return now < before ? before - now : 0;
}

void
ports_stats_resume(struct hf_primary *p, uint32_t i)
{
	const struct rte_eth_stats *b = &stats_before[i];
	struct hf_port_counts *c = &p->port_base[i];
	struct rte_eth_stats now;

	if (rte_eth_stats_get(p->port_id[i], &now) != 0)
		return;
	c->rx_pkts += fallen(b->ipackets, now.ipackets);
	c->rx_bytes += fallen(b->ibytes, now.ibytes);
	c->tx_pkts += fallen(b->opackets, now.opackets);
	c->tx_bytes += fallen(b->obytes, now.obytes);
	c->rx_missed += fallen(b->imissed, now.imissed);
	c->rx_nombuf += fallen(b->rx_nombuf, now.rx_nombuf);
	c->rx_errors += fallen(b->ierrors, now.ierrors);
	c->tx_errors += fallen(b->oerrors, now.oerrors);
}

static void
store_counts(struct hf_port *s, const struct hf_port_counts *c)
{
	atomic_store_explicit(&s->rx_pkts, c->rx_pkts, memory_order_relaxed);
	atomic_store_explicit(&s->rx_bytes, c->rx_bytes, memory_order_relaxed);
	atomic_store_explicit(&s->tx_pkts, c->tx_pkts, memory_order_relaxed);
	atomic_store_explicit(&s->tx_bytes, c->tx_bytes, memory_order_relaxed);
	atomic_store_explicit(&s->rx_missed, c->rx_missed, memory_order_relaxed);
	atomic_store_explicit(&s->rx_nombuf, c->rx_nombuf, memory_order_relaxed);
	atomic_store_explicit(&s->rx_errors, c->rx_errors, memory_order_relaxed);
	atomic_store_explicit(&s->tx_errors, c->tx_errors, memory_order_relaxed);
}

/* The queues' counts of now are the zero that readers count from. */
static void
clear_queues(struct hf_port *s)
{
	for (uint32_t q = 0; q < HF_MAX_RXQ; q++)
		atomic_store_explicit(&s->rx_queue[q].zero, hf_load(&s->rx_queue[q].pkts),
				      memory_order_release);
	for (uint32_t q = 0; q < HF_MAX_TXQ; q++)
		atomic_store_explicit(&s->tx_queue[q].zero, hf_load(&s->tx_queue[q].pkts),
				      memory_order_release);
}

void
ports_adopt(struct hf_primary *p, uint32_t n_old)
{
	for (uint32_t i = 0; i < HF_MAX_PORTS; i++) {
		struct hf_port *s = &p->seg->ports[i];
		struct hf_port_counts *c = &p->port_base[i];

		if (i < p->cfg.n_ports && i < n_old &&
		    strncmp(s->name, p->cfg.ports[i].name, sizeof(s->name)) == 0)
			*c = (struct hf_port_counts){
				hf_load(&s->rx_pkts),   hf_load(&s->rx_bytes),
				hf_load(&s->tx_pkts),   hf_load(&s->tx_bytes),
				hf_load(&s->rx_missed), hf_load(&s->rx_nombuf),
				hf_load(&s->rx_errors), hf_load(&s->tx_errors)};
		store_counts(s, c); /* before the name is written: 0 for a port that is new */
		if (c->rx_pkts == 0 && c->tx_pkts == 0)
			clear_queues(s);
	}
}

static void
sample_one(struct hf_primary *p, uint32_t i)
{
	const struct hf_port_counts *b = &p->port_base[i];
	struct hf_port *s = &p->seg->ports[i];
	struct rte_eth_stats st;

	sample_link(p, i);
	if (rte_eth_stats_get(p->port_id[i], &st) != 0)
		return;
	store_counts(s, &(struct hf_port_counts){st.ipackets + b->rx_pkts, st.ibytes + b->rx_bytes,
						 st.opackets + b->tx_pkts, st.obytes + b->tx_bytes,
						 st.imissed + b->rx_missed,
						 st.rx_nombuf + b->rx_nombuf,
						 st.ierrors + b->rx_errors,
						 st.oerrors + b->tx_errors});
	/* Pairs with the monitor's acquire load: the counters of this instant are there. */
	atomic_store_explicit(&s->sampled_tsc, hf_tsc(), memory_order_release);
}

void
hf_ports_sample(struct hf_primary *p)
{
	for (uint32_t i = 0; !p->repairing && i < p->cfg.n_ports; i++)
		sample_one(p, i);
}

/* Notes a lane's totals as the zero that readers count from. */
static int
clear_lane(struct hf_primary *p, uint32_t lane)
{
	struct hf_lane_clear *c = &p->seg->clear[lane];
	uint32_t seq = atomic_load_explicit(&c->seq, memory_order_relaxed);
	struct hf_lane_totals t;

	if (hf_lane_totals_read(p->seg, lane, &t) != 0)
		return -EAGAIN;
	atomic_store_explicit(&c->seq, seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	/* What is held stays to be seen: it will be transmitted or dropped after the clear. */
	hf_add(&c->rx_pkts, t.rx_pkts - t.held_pkts);
	hf_add(&c->rx_bytes, t.rx_bytes);
	hf_add(&c->tx_pkts, t.tx_pkts);
	hf_add(&c->tx_bytes, t.tx_bytes);
	for (unsigned int d = 0; d < HF_DROP_MAX; d++)
		hf_add(&c->drop[d], t.drop[d]);
	atomic_store_explicit(&c->seq, seq + 2, memory_order_release);
	return 0;
}

int
hf_primary_clear(struct hf_primary *p)
{
	int err = 0;

	if (p->repairing)
		return -EAGAIN;
	for (uint32_t i = 0; i < p->cfg.n_ports; i++) {
		rte_eth_stats_reset(p->port_id[i]);
		clear_queues(&p->seg->ports[i]);
	}
	memset(p->port_base, 0, sizeof(p->port_base));
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
		if (clear_lane(p, l) != 0)
			err = -EAGAIN;
	atomic_fetch_add_explicit(&p->seg->header.clear_seq, 1, memory_order_release);
	hf_ports_sample(p);
	hf_event_add(p, HF_EVENT_CLEAR, 0, -1, 0, "");
	return err;
}

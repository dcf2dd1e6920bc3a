/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which ports can have hardware lanes, and why not: the driver must be in driver_table.c, have
 * queue pairs enough, and spread flows over them. All ports of an instance are of one kind.
 */
#include <errno.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>

#include "driver_table.h"
#include "log.h"
#include "parts.h"

/* Shall workers go on without a primary? Where a port's peer would end with it, says so. */
static int
decide_alone(const struct hf_primary *p)
{
	struct rte_eth_dev_info info;

	if (p->kind != HF_LANE_HARDWARE || p->cfg.on_primary_loss != HF_LOSS_FORWARD)
		return 0;
	for (uint32_t i = 0; i < p->cfg.n_ports; i++) {
		if (rte_eth_dev_info_get(p->port_id[i], &info) != 0)
			return 0;
		if (!driver_has_peer(info.driver_name))
			continue;
		hf_info("port %s: on_primary_loss: forward: not supported by %s: workers will exit",
			p->cfg.ports[i].name, info.driver_name);
		return 0;
	}
	return 1;
}

/* Can port i have hardware lanes? why gets the reason either way. */
static int
qualifies(const struct hf_primary *p, uint32_t i, char *why, size_t len)
{
	const struct hf_driver *driver;
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	uint32_t n = p->cfg.n_lanes;
	int err = rte_eth_dev_info_get(p->port_id[i], &info);

	if (err != 0) {
		snprintf(why, len, "the driver does not answer: %s", strerror(-err));
		return 0;
	}
	driver = driver_find(info.driver_name);
	if (driver == NULL) {
		snprintf(why, len, "%s: %s", info.driver_name, driver_why_not(info.driver_name));
		return 0;
	}
	if (driver->repair == HF_REPAIR_TOGGLE && driver_toggle(&info, &conf) != 0) {
		snprintf(why, len, "%s: its peer offers no checksum offload to empty rings by",
			 info.driver_name);
		return 0;
	}
	if (info.max_rx_queues < n || info.max_tx_queues < n) {
		snprintf(why, len, "%s has %u queue pairs, %u lanes need %u", info.driver_name,
			 RTE_MIN(info.max_rx_queues, info.max_tx_queues), n, n);
		return 0;
	}
	if (n > 1 && info.flow_type_rss_offloads == 0 && !driver_has_peer(info.driver_name)) {
		snprintf(why, len, "%s has no RSS for %u lanes", info.driver_name, n);
		return 0;
	}
	snprintf(why, len, "%s runs in secondaries, %u of %u queue pairs, RSS %s", info.driver_name,
		 n, RTE_MIN(info.max_rx_queues, info.max_tx_queues),
		 n == 1                             ? "not needed"
		 : info.flow_type_rss_offloads != 0 ? "by the NIC"
						    : "by the peer");
	return 1;
}

int
kinds_decide(struct hf_primary *p)
{
	uint32_t good = 0;

	for (uint32_t i = 0; i < p->cfg.n_ports; i++) {
		int ok = qualifies(p, i, p->port_why[i], sizeof(p->port_why[i]));

		good += ok != 0;
		if (ok || p->cfg.queues != HF_QUEUES_HARDWARE)
			continue;
		hf_err("port %s: queues: hardware: %s", p->cfg.ports[i].name, p->port_why[i]);
		return -ENOTSUP;
	}
	p->kind = good == p->cfg.n_ports && p->cfg.queues != HF_QUEUES_SOFTWARE ? HF_LANE_HARDWARE
										: HF_LANE_SOFTWARE;
	p->forward_alone = decide_alone(p);
	if (p->kind == HF_LANE_HARDWARE)
		p->cfg.n_io = 0; /* workers poll the queues themselves */
	if (p->kind == HF_LANE_SOFTWARE && good > 0 && p->cfg.queues == HF_QUEUES_AUTO)
		hf_notice(
			"instance %s: software lanes: not every port can have hardware lanes (holdfastctl ports)",
			p->cfg.instance);
	for (uint32_t i = 0; i < p->cfg.n_ports && p->cfg.queues == HF_QUEUES_SOFTWARE; i++)
		snprintf(p->port_why[i], sizeof(p->port_why[i]), "queues: software");
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting a port that port_setup.c has configured: RETA, promiscuous mode. Primary.
 */
#include <errno.h>
#include <rte_ethdev.h>
#include <string.h>

#include "log.h"
#include "parts.h"
#include "port_setup.h"

static int
failed(const struct hf_primary *p, uint32_t i, const char *what, int err)
{
	hf_err("port %s: %s: %s", p->cfg.ports[i].name, what, strerror(-err));
	return err;
}

/* Hardware lanes: the NIC's RETA follows ours, entry by entry. */
static int
set_reta(struct hf_primary *p, uint32_t i)
{
	struct rte_eth_rss_reta_entry64 reta[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE];
	struct rte_eth_dev_info info;
	int err;

	if (p->kind != HF_LANE_HARDWARE || p->cfg.n_lanes == 1 ||
	    rte_eth_dev_info_get(p->port_id[i], &info) != 0 || info.reta_size == 0 ||
	    info.flow_type_rss_offloads == 0)
		return 0;
	if (info.reta_size > RTE_ETH_RSS_RETA_SIZE_512)
		return failed(p, i, "set RETA of more than 512 entries", -ENOTSUP);
	memset(reta, 0, sizeof(reta));
	for (uint16_t e = 0; e < info.reta_size; e++) {
		struct rte_eth_rss_reta_entry64 *group = &reta[e / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= UINT64_C(1) << e % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[e % RTE_ETH_RETA_GROUP_SIZE] = p->cfg.reta[e % p->cfg.reta_size];
	}
	err = rte_eth_dev_rss_reta_update(p->port_id[i], reta, info.reta_size);
	return err != 0 ? failed(p, i, "set RETA", err) : 0;
}

int
port_start(struct hf_primary *p, uint32_t i)
{
	int err = rte_eth_dev_start(p->port_id[i]);

	if (err != 0)
		return failed(p, i, "start", err);
	err = set_reta(p, i);
	if (err != 0)
		return err;
	if (!p->cfg.ports[i].promiscuous)
		return 0;
	err = rte_eth_promiscuous_enable(p->port_id[i]);
	if (err != 0 && err != -ENOTSUP)
		hf_warn("port %s: promiscuous: %s", p->cfg.ports[i].name, strerror(-err));
	return 0;
}

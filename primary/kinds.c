/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which ports can have hardware lanes, and why not: the driver must do receive and transmit in
 * secondaries on queues that are set up by the primary, and a dead queue must be one that can be
 * set up anew. All ports of an instance are of one kind.
 */
#include <errno.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "parts.h"

/* Drivers known to run queues in secondaries ("Multiprocess aware" in DPDK's NIC guide). */
static const char *const hardware_drivers[] = {
	"net_virtio_user", "net_virtio",   "net_null",     "mlx5_pci",         "net_ice",
	"net_ixgbe",       "net_ixgbe_vf", "net_i40e",     "net_iavf",         "net_e1000_igb",
	"net_ena",         "net_vmxnet3",  "net_e1000_em", "net_e1000_igb_vf",
};

/* Drivers known not to, or not so that a queue survives a death. */
static const struct {
	const char *driver, *why;
} software_drivers[] = {
	{"net_tap", "its queues' file descriptors are sent to secondaries at probe only"},
	{"net_pcap", "it cannot receive or transmit in secondaries"},
	{"net_af_packet", "its rings are mapped in the primary only"},
	{"net_af_xdp", "its rings are mapped in the primary only"},
	{"net_ring", "a death inside a ring call would stop its other end"},
	{"net_memif", "its rings depend on the peer's life"},
};

static int
known_good(const char *driver)
{
	for (unsigned int i = 0; i < RTE_DIM(hardware_drivers); i++)
		if (strcmp(driver, hardware_drivers[i]) == 0)
			return 1;
	return 0;
}

static const char *
known_bad(const char *driver)
{
	for (unsigned int i = 0; i < RTE_DIM(software_drivers); i++)
		if (strcmp(driver, software_drivers[i].driver) == 0)
			return software_drivers[i].why;
	return "not known to work in secondaries";
}

int
kinds_peer_spreads(const char *driver)
{
	return strcmp(driver, "net_virtio_user") == 0;
}

/*
 * Does a port go on when the primary's file descriptors close? virtio-user's do not: the vhost peer
 * sees the control socket close and drops the device, with its queues.
 */
static int
outlives_primary(const char *driver)
{
	return strcmp(driver, "net_virtio_user") != 0;
}

/* Shall workers go on without a primary? Where a driver cannot, says so. */
static int
decide_alone(const struct hf_primary *p)
{
	struct rte_eth_dev_info info;

	if (p->kind != HF_LANE_HARDWARE || p->cfg.on_primary_loss != HF_LOSS_FORWARD)
		return 0;
	for (uint32_t i = 0; i < p->cfg.n_ports; i++) {
		if (rte_eth_dev_info_get(p->port_id[i], &info) != 0)
			return 0;
		if (outlives_primary(info.driver_name))
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
	struct rte_eth_dev_info info;
	uint32_t n = p->cfg.n_lanes;
	int err = rte_eth_dev_info_get(p->port_id[i], &info);

	if (err != 0) {
		snprintf(why, len, "the driver does not answer: %s", strerror(-err));
		return 0;
	}
	if (!known_good(info.driver_name)) {
		snprintf(why, len, "%s: %s", info.driver_name, known_bad(info.driver_name));
		return 0;
	}
	if (info.max_rx_queues < n || info.max_tx_queues < n) {
		snprintf(why, len, "%s has %u queue pairs, %u lanes need %u", info.driver_name,
			 RTE_MIN(info.max_rx_queues, info.max_tx_queues), n, n);
		return 0;
	}
	if (n > 1 && info.flow_type_rss_offloads == 0 && !kinds_peer_spreads(info.driver_name)) {
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

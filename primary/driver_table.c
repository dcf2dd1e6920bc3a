/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of drivers for hardware lanes. A row is a claim about the driver's source: it runs
 * queues in secondaries, keeps no lock in shared memory while it receives or transmits, and its
 * rings are empty after what the row names. Primary; owns nothing.
 */
#include "driver_table.h"

#include <errno.h>
#include <string.h>

#include "log.h"

#define L4_CKSUM_RX (RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM)
#define L4_CKSUM_TX (RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM)

/*
 * Virtio keeps its rings over a stop, and over a configure that asks for the same features;
 * virtio_init_device() frees them. The others free what their software rings hold in dev_stop.
 */
static const struct hf_driver drivers[] = {
	{"net_null", HF_REPAIR_POOL},
	{"net_virtio_user", HF_REPAIR_TOGGLE, .has_peer = 1},
	{"net_virtio", HF_REPAIR_TOGGLE},
	{"net_e1000_igb", HF_REPAIR_RESTART},
	{"net_e1000_igb_vf", HF_REPAIR_RESTART},
	{"net_e1000_em", HF_REPAIR_RESTART},
	{"net_ixgbe", HF_REPAIR_RESTART},
	{"net_ixgbe_vf", HF_REPAIR_RESTART},
	{"net_i40e", HF_REPAIR_RESTART},
	{"net_iavf", HF_REPAIR_RESTART},
	{"net_ice", HF_REPAIR_RESTART},
	{"mlx5_pci", HF_REPAIR_RESTART},
	{"net_ena", HF_REPAIR_RESTART},
	{"net_vmxnet3", HF_REPAIR_RESTART},
};

static const struct {
	const char *driver, *why;
} others[] = {
	{"net_tap", "its queues' file descriptors are sent to secondaries at probe only"},
	{"net_pcap", "it cannot receive or transmit in secondaries"},
	{"net_af_packet", "its rings are mapped in the primary only"},
	{"net_af_xdp", "its rings are mapped in the primary only"},
	{"net_ring", "a death inside a ring call would stop its other end"},
	{"net_memif", "its rings depend on the peer's life"},
};

const struct hf_driver *
driver_find(const char *name)
{
	for (unsigned int i = 0; i < RTE_DIM(drivers); i++)
		if (strcmp(name, drivers[i].name) == 0)
			return &drivers[i];
	return NULL;
}

int
driver_has_peer(const char *name)
{
	const struct hf_driver *driver = driver_find(name);

	return driver != NULL && driver->has_peer;
}

const char *
driver_why_not(const char *name)
{
	for (unsigned int i = 0; i < RTE_DIM(others); i++)
		if (strcmp(name, others[i].driver) == 0)
			return others[i].why;
	return "no way is known to empty its queues after a worker's death";
}

int
driver_toggle(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	/* Virtio asks for one feature for UDP and TCP together. */
	if ((info->tx_offload_capa & L4_CKSUM_TX) == L4_CKSUM_TX) {
		if ((conf->txmode.offloads & L4_CKSUM_TX) != 0)
			conf->txmode.offloads &= ~L4_CKSUM_TX;
		else
			conf->txmode.offloads |= L4_CKSUM_TX;
		return 0;
	}
	if ((info->rx_offload_capa & L4_CKSUM_RX) != L4_CKSUM_RX)
		return -ENOTSUP;
	if ((conf->rxmode.offloads & L4_CKSUM_RX) != 0)
		conf->rxmode.offloads &= ~L4_CKSUM_RX;
	else
		conf->rxmode.offloads |= L4_CKSUM_RX;
	return 0;
}

static int
begins_with(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/*
 * A virtual device's name begins with its driver's, so that its driver is known before EAL runs;
 * other devices' drivers are found at the start. Returns the name, up to its arguments, of a device
 * that cannot have hardware lanes, or NULL.
 */
static const char *
cannot(const char *device, const char **why)
{
	int virtual = begins_with(device, "net_") || begins_with(device, "eth_");

	for (unsigned int i = 0; i < RTE_DIM(others); i++)
		if (begins_with(device, others[i].driver)) {
			*why = others[i].why;
			return others[i].driver;
		}
	for (unsigned int i = 0; i < RTE_DIM(drivers); i++)
		if (begins_with(device, drivers[i].name))
			return NULL;
	/* Another name of net_null. That of net_virtio_user, virtio_user, begins otherwise. */
	if (!virtual || begins_with(device, "eth_null"))
		return NULL;
	*why = driver_why_not("");
	return device;
}

int
drivers_check(const struct hf_config *cfg)
{
	for (uint32_t i = 0; cfg->queues == HF_QUEUES_HARDWARE && i < cfg->n_ports; i++) {
		const struct hf_config_port *cp = &cfg->ports[i];
		const char *why, *driver = cannot(cp->device, &why);

		if (driver == NULL)
			continue;
		hf_err("port %s: queues: hardware: %.*s: %s", cp->name, (int)strcspn(driver, ","),
		       driver, why);
		return -EINVAL;
	}
	return 0;
}

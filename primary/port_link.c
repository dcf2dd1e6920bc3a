/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link states of ports. Some drivers over a kernel interface never look at it after they have
 * opened it, and say that the link is up for ever: of those the interface itself is asked.
 *
 * Primary, main thread; a few system calls a port, ten times a second. Owns one socket for them.
 */
#include <net/if.h>
#include <rte_ethdev.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parts.h"

/* Their link_update does nothing (DPDK 22.11). */
static const char *const blind_drivers[] = {"net_af_packet", "net_af_xdp", "net_pcap"};

static int
is_blind(const char *driver)
{
	for (size_t i = 0; i < sizeof(blind_drivers) / sizeof(blind_drivers[0]); i++)
		if (strcmp(driver, blind_drivers[i]) == 0)
			return 1;
	return 0;
}

/* Name of the port's kernel interface in this network namespace; -1: it has none here. */
static int
interface_name(const struct hf_primary *p, uint32_t i, char name[IF_NAMESIZE])
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(p->port_id[i], &info) != 0 || info.if_index == 0 ||
	    if_indextoname(info.if_index, name) == NULL)
		return -1;
	return 0;
}

static uint32_t
interface_state(const char *name)
{
	static int fd = -1; /* for as long as the primary lives */
	struct ifreq ifr = {0};

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(ifr.ifr_name, name, IF_NAMESIZE);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr) != 0)
		return HF_LINK_UNKNOWN;
	return (ifr.ifr_flags & IFF_UP) != 0 && (ifr.ifr_flags & IFF_RUNNING) != 0 ? HF_LINK_UP
										   : HF_LINK_DOWN;
}

uint32_t
port_link_state(const struct hf_primary *p, uint32_t i, uint32_t *mbps)
{
	const char *driver = p->seg->ports[i].driver;
	int blind = is_blind(driver), tap = strcmp(driver, "net_tap") == 0;
	struct rte_eth_link link = {0};
	char name[IF_NAMESIZE];
	int seen = (blind || tap) && interface_name(p, i, name) == 0;

	*mbps = 0;
	if (blind && seen)
		return interface_state(name);
	/* A TAP interface that was moved to another network namespace cannot be asked. */
	if ((tap && !seen) || rte_eth_link_get_nowait(p->port_id[i], &link) != 0)
		return HF_LINK_UNKNOWN;
	if (link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		*mbps = link.link_speed;
	return link.link_status ? HF_LINK_UP : HF_LINK_DOWN;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What drivers hold. Three kinds of drivers:
 * - those that transmit at once and whose receive queues hold the same number at all times;
 * - virtio: its virtqueues lie in memzones of known names, their descriptors are laid down by the
 *   virtio specification, and each mbuf it holds is one that a descriptor points to;
 * - others hide it: their descriptors are a bound.
 * Main thread, but for census_driver_copy(). Reads only.
 */
#include <rte_ethdev.h>
#include <rte_memzone.h>
#include <stdio.h>
#include <string.h>

#include "census.h"
#include "parts.h"

#define DESC_INDIRECT 4 /* VIRTQ_DESC_F_INDIRECT */
#define VRING_ALIGN   4096

static int
is_one_of(const char *driver, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(driver, names[i]) == 0)
			return 1;
	return 0;
}

/* Drivers that free what they transmit before the call returns, and whose receive queues hold the
 * same number of mbufs at all times. */
static int
holds_a_constant(const char *driver)
{
	static const char *const names[] = {"net_tap", "net_pcap", "net_af_packet", "net_null"};

	return is_one_of(driver, names, RTE_DIM(names));
}

/* Its descriptors hold addresses that can be told: virtual ones. */
static int
is_virtio(const char *driver)
{
	static const char *const names[] = {"net_virtio_user", "net_virtio"};

	return is_one_of(driver, names, 1 + (rte_eal_iova_mode() == RTE_IOVA_VA));
}

/* Entries of a virtqueue by the size of its memory (virtio 1.1, 2.6 and 2.7); 0: not known. */
static uint32_t
entries(size_t bytes)
{
	for (uint32_t n = 32; n <= 32768; n *= 2) {
		size_t split = RTE_ALIGN_CEIL(n * 18U + 4, VRING_ALIGN) + 4 + n * 8U;
		size_t packed = RTE_ALIGN_CEIL(n * 16U + 4, VRING_ALIGN) + 4;

		if (bytes == RTE_ALIGN_CEIL(split, VRING_ALIGN) ||
		    bytes == RTE_ALIGN_CEIL(packed, VRING_ALIGN))
			return n;
	}
	return 0;
}

/* Virtqueue number vq of a port. Returns 0 when it is not there. */
static int
find_vring(struct census *c, uint16_t ethdev, uint32_t vq)
{
	struct census_vring *v = &c->vring[c->n_vrings];
	const struct rte_memzone *mz, *header;
	char name[RTE_MEMZONE_NAMESIZE];

	snprintf(name, sizeof(name), "port%u_vq%u", ethdev, vq);
	mz = rte_memzone_lookup(name);
	snprintf(name, sizeof(name), "port%u_vq%u_hdr", ethdev, vq);
	header = rte_memzone_lookup(name);
	if (mz == NULL || c->n_vrings == CENSUS_VRINGS || entries(mz->len) == 0)
		return 0;
	v->desc = mz->addr;
	v->n = entries(mz->len);
	v->queue = vq / 2;
	v->header = header != NULL ? (uintptr_t)header->addr : 0;
	v->header_end = header != NULL ? v->header + header->len : 0;
	c->n_vrings++;
	return 1;
}

static int
find_vrings(struct census *c, uint16_t ethdev)
{
	struct rte_eth_dev_info info;
	int found = 1;

	if (rte_eth_dev_info_get(ethdev, &info) != 0)
		return 0;
	for (uint32_t q = 0; q < info.nb_rx_queues; q++)
		found &= find_vring(c, ethdev, 2 * q);
	for (uint32_t q = 0; q < info.nb_tx_queues; q++)
		found &= find_vring(c, ethdev, 2 * q + 1);
	return found;
}

/* May a packet that a port receives have several mbufs? virtio merges whatever its peer sends. */
static int
may_chain(const struct hf_primary *p, uint32_t i)
{
	uint32_t frame = p->seg->ports[i].mtu + (uint32_t)(RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN);

	return frame > p->cfg.mbuf_bytes || strncmp(p->seg->ports[i].driver, "net_virtio", 10) == 0;
}

void
census_driver_find(const struct hf_primary *p, struct census *c)
{
	for (uint32_t i = 0; i < p->cfg.n_ports; i++) {
		const char *driver = p->seg->ports[i].driver;

		c->chains |= may_chain(p, i);
		if (holds_a_constant(driver))
			continue;
		if (!is_virtio(driver) || !find_vrings(c, p->port_id[i]))
			c->bounded = 1;
	}
}

void
census_driver_copy(const struct census *c, struct census_pool *cp)
{
	struct census_take *t = &cp->take;

	t->descs_all = 1;
	for (uint32_t i = 0; i < c->n_vrings; i++) {
		const struct census_vring *v = &c->vring[i];

		if (cp->lane >= 0 && v->queue != (uint32_t)cp->lane)
			continue;
		if (t->descs + v->n > CENSUS_DESCS) {
			t->descs_all = 0;
			return;
		}
		memcpy(cp->desc + t->descs, v->desc, v->n * sizeof(*v->desc));
		t->descs += v->n;
	}
}

static int
in_header(const struct census *c, uint64_t address)
{
	for (uint32_t i = 0; i < c->n_vrings; i++)
		if (address >= c->vring[i].header && address < c->vring[i].header_end)
			return 1;
	return 0;
}

int
census_driver_indirect(const struct census *c, const struct census_pool *cp)
{
	for (uint32_t i = 0; i < cp->take.descs; i++) {
		const struct census_desc *d = &cp->desc[i];

		/* Of a packed one, what stands in the place of a split one's flags is a number. */
		if (((d->flags_if_split | d->flags_if_packed) & DESC_INDIRECT) != 0 &&
		    in_header(c, d->addr))
			return 1;
	}
	return 0;
}

/* Descriptors of a port, as configured: all queues (lane -1) or one queue pair. */
static uint32_t
descriptors(const struct hf_primary *p, uint32_t i, int lane)
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(p->port_id[i], &info) != 0)
		return 0;
	if (lane >= 0)
		return p->cfg.ports[i].rx_desc + p->cfg.ports[i].tx_desc;
	return info.nb_rx_queues * p->cfg.ports[i].rx_desc +
	       info.nb_tx_queues * p->cfg.ports[i].tx_desc;
}

void
census_driver_baseline(const struct hf_primary *p, const struct census *c, struct census_pool *cp)
{
	const struct census_take *t = &cp->take;
	uint32_t out = cp->mp->size - (t->prod - t->cons) - t->hot - cp->walk.cold;
	uint32_t rings = 0;

	cp->readable = !c->bounded && t->descs_all;
	cp->constant = out - RTE_MIN(out, cp->walk.in_driver);
	for (uint32_t i = 0; i < p->cfg.n_ports; i++)
		if (!holds_a_constant(p->seg->ports[i].driver))
			rings += descriptors(p, i, cp->lane);
	/* Of drivers that hide it: what was found at rest is part of what their rings can hold. */
	cp->driver_max = cp->readable ? cp->constant + t->descs : RTE_MAX(out, rings);
}

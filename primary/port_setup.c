/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_setup.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>

#include "driver_table.h"
#include "io.h"
#include "log.h"
#include "parts.h"

#define CKSUM_OFFLOADS                                                                             \
	(RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM |                            \
	 RTE_ETH_RX_OFFLOAD_TCP_CKSUM)

#define L4_RSS (RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP)

/* What is decided about a port before it is configured. */
struct plan {
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	uint16_t n_rxq, n_txq, rx_desc, tx_desc;
	int hw_hash, cksum;
	uint8_t key[64];
};

/* Kept: a recovery configures a port as it was at first. */
static struct plan plans[HF_MAX_PORTS];

static int
failed(const struct hf_primary *p, uint32_t i, const char *what, int err)
{
	hf_err("port %s: %s: %s", p->cfg.ports[i].name, what, strerror(-err));
	return err;
}

/*
 * Receive queues with software lanes, all read by the port's I/O thread: one where one gets
 * everything. net_tap wants as many as transmit queues; and a peer that spreads its packets over
 * the queues of the device would wait for ever for one that nobody reads.
 */
static uint16_t
software_rx_queues(const struct plan *pl)
{
	if (strcmp(pl->info.driver_name, "net_tap") == 0)
		return pl->n_txq;
	return driver_has_peer(pl->info.driver_name) ? pl->info.max_rx_queues : 1;
}

/*
 * Hardware lanes: a queue pair a lane. Software lanes: a transmit queue for each I/O thread, and
 * what there is to receive from.
 */
static int
plan_queues(const struct hf_primary *p, uint32_t i, struct plan *pl)
{
	if (p->kind == HF_LANE_HARDWARE) {
		pl->n_rxq = pl->n_txq = (uint16_t)p->cfg.n_lanes; /* kinds.c has made sure */
		return 0;
	}
	pl->n_txq = (uint16_t)p->cfg.n_io;
	pl->n_rxq = software_rx_queues(pl);
	if (pl->n_rxq > HF_MAX_RXQ) {
		hf_err("port %s: the driver %s has %u receive queues that would all have to be read: more than %d",
		       p->cfg.ports[i].name, pl->info.driver_name, pl->n_rxq, HF_MAX_RXQ);
		return -ENOTSUP;
	}
	if (pl->n_txq > pl->info.max_tx_queues || pl->n_rxq > pl->info.max_rx_queues) {
		hf_err("port %s: %u I/O threads need %u transmit queues, the driver %s has %u",
		       p->cfg.ports[i].name, p->cfg.n_io, pl->n_txq, pl->info.driver_name,
		       pl->info.max_tx_queues);
		return -ENOTSUP;
	}
	return 0;
}

static void
plan_cksum(const struct hf_primary *p, uint32_t i, struct plan *pl)
{
	const struct hf_config_port *cp = &p->cfg.ports[i];

	if (!cp->offload_checksum)
		return;
	pl->conf.rxmode.offloads |= pl->info.rx_offload_capa & CKSUM_OFFLOADS;
	pl->cksum = (pl->info.rx_offload_capa & CKSUM_OFFLOADS) != 0;
	if ((pl->info.rx_offload_capa & CKSUM_OFFLOADS) != CKSUM_OFFLOADS)
		hf_warn("port %s: offload checksum: the driver %s verifies %s", cp->name,
			pl->info.driver_name,
			pl->cksum ? "only some of IPv4, TCP and UDP" : "none");
}

static uint64_t
rss_types(uint32_t fields)
{
	uint64_t hf = 0;

	if ((fields & HF_RSS_IPV4) != 0)
		hf |= RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER;
	if ((fields & HF_RSS_IPV6) != 0)
		hf |= RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_OTHER;
	if ((fields & HF_RSS_TCP) != 0)
		hf |= RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
	if ((fields & HF_RSS_UDP) != 0)
		hf |= RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;
	if ((fields & HF_RSS_SCTP) != 0)
		hf |= RTE_ETH_RSS_NONFRAG_IPV4_SCTP | RTE_ETH_RSS_NONFRAG_IPV6_SCTP;
	return hf;
}

/* The driver's hash counts only if it is made of the same key and fields as ours. */
static void
plan_hash(struct hf_primary *p, uint32_t i, struct plan *pl)
{
	const struct hf_config_port *cp = &p->cfg.ports[i];
	uint64_t want = rss_types(p->cfg.rss_fields);

	if (!cp->offload_rss_hash || p->kind == HF_LANE_HARDWARE)
		return;
	if ((pl->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH) == 0 ||
	    (want & L4_RSS & ~pl->info.flow_type_rss_offloads) != 0 ||
	    pl->info.hash_key_size != p->cfg.rss_key_len) {
		hf_warn("port %s: offload rss_hash: the driver %s has no hash of these fields with a key of %u bytes: computed in software",
			cp->name, pl->info.driver_name, p->cfg.rss_key_len);
		return;
	}
	pl->conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_RSS_HASH;
	pl->conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	pl->conf.rx_adv_conf.rss_conf.rss_key = p->cfg.rss_key;
	pl->conf.rx_adv_conf.rss_conf.rss_key_len = (uint8_t)p->cfg.rss_key_len;
	pl->conf.rx_adv_conf.rss_conf.rss_hf = want & pl->info.flow_type_rss_offloads;
	pl->hw_hash = 1;
}

/* The key for a driver: ours, or the symmetric one continued to the length the driver wants. */
static int
plan_key(struct hf_primary *p, uint32_t i, struct plan *pl)
{
	uint32_t want = pl->info.hash_key_size;

	if (want != 0 && want != p->cfg.rss_key_len &&
	    (strcmp(p->cfg.rss_key_name, "symmetric") != 0 || want > sizeof(pl->key))) {
		hf_err("port %s: rss.key has %u bytes, the driver %s wants %u: give it as hex",
		       p->cfg.ports[i].name, p->cfg.rss_key_len, pl->info.driver_name, want);
		return -EINVAL;
	}
	if (want == 0) /* it takes no key, or does not say: its own stays */
		return 0;
	for (uint32_t b = 0; b < want; b++) /* the symmetric key repeats two bytes */
		pl->key[b] = p->cfg.rss_key[b < p->cfg.rss_key_len ? b : b % 2];
	pl->conf.rx_adv_conf.rss_conf.rss_key = pl->key;
	pl->conf.rx_adv_conf.rss_conf.rss_key_len = (uint8_t)want;
	return 0;
}

/* Hardware lanes: the NIC spreads flows over its queues. */
static int
plan_spread(struct hf_primary *p, uint32_t i, struct plan *pl)
{
	uint64_t want = rss_types(p->cfg.rss_fields);

	if (p->kind != HF_LANE_HARDWARE || p->cfg.n_lanes == 1 ||
	    pl->info.flow_type_rss_offloads == 0)
		return 0;
	if ((want & ~pl->info.flow_type_rss_offloads & L4_RSS) != 0)
		hf_warn("port %s: rss.fields: the driver %s does not hash all of them",
			p->cfg.ports[i].name, pl->info.driver_name);
	pl->conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	pl->conf.rxmode.offloads |= pl->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH;
	pl->conf.rx_adv_conf.rss_conf.rss_hf = want & pl->info.flow_type_rss_offloads;
	return plan_key(p, i, pl);
}

static int
plan_mtu(const struct hf_primary *p, uint32_t i, struct plan *pl)
{
	const struct hf_config_port *cp = &p->cfg.ports[i];

	if (cp->mtu == 0)
		return 0;
	if (cp->mtu > pl->info.max_mtu || cp->mtu < pl->info.min_mtu) {
		hf_err("port %s: mtu %u: the driver %s takes %u to %u", cp->name, cp->mtu,
		       pl->info.driver_name, pl->info.min_mtu, pl->info.max_mtu);
		return -ERANGE;
	}
	if (pl->info.max_rx_pktlen != 0 &&
	    (uint32_t)cp->mtu + RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN > pl->info.max_rx_pktlen) {
		hf_err("port %s: mtu %u: the driver %s receives frames of %u bytes at most",
		       cp->name, cp->mtu, pl->info.driver_name, pl->info.max_rx_pktlen);
		return -ERANGE;
	}
	pl->conf.rxmode.mtu = cp->mtu;
	if (cp->mtu + RTE_ETHER_HDR_LEN + 8U > p->cfg.mbuf_bytes) {
		if ((pl->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) == 0) {
			hf_err("port %s: mtu %u: does not fit pool.mbuf_bytes %u and the driver %s cannot scatter",
			       cp->name, cp->mtu, p->cfg.mbuf_bytes, pl->info.driver_name);
			return -ERANGE;
		}
		pl->conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
		pl->conf.txmode.offloads |=
			pl->info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	}
	return 0;
}

static int
make_plan(struct hf_primary *p, uint32_t i, struct plan *pl)
{
	int err;

	memset(pl, 0, sizeof(*pl));
	err = rte_eth_dev_info_get(p->port_id[i], &pl->info);
	if (err != 0)
		return failed(p, i, "ask the driver", err);
	err = plan_queues(p, i, pl);
	if (err == 0)
		err = plan_mtu(p, i, pl);
	if (err == 0)
		err = plan_spread(p, i, pl);
	if (err != 0)
		return err;
	plan_cksum(p, i, pl);
	plan_hash(p, i, pl);
	pl->rx_desc = p->cfg.ports[i].rx_desc;
	pl->tx_desc = p->cfg.ports[i].tx_desc;
	return 0;
}

static void
thresholds(const struct hf_config_port *cp, struct rte_eth_txconf *tx)
{
	if (cp->tx_pthresh >= 0)
		tx->tx_thresh.pthresh = (uint8_t)cp->tx_pthresh;
	if (cp->tx_hthresh >= 0)
		tx->tx_thresh.hthresh = (uint8_t)cp->tx_hthresh;
	if (cp->tx_wthresh >= 0)
		tx->tx_thresh.wthresh = (uint8_t)cp->tx_wthresh;
	if (cp->tx_free_thresh >= 0)
		tx->tx_free_thresh = (uint16_t)cp->tx_free_thresh;
	if (cp->tx_rs_thresh >= 0)
		tx->tx_rs_thresh = (uint16_t)cp->tx_rs_thresh;
}

static int
setup_queues(struct hf_primary *p, uint32_t i, const struct plan *pl, int node)
{
	struct rte_eth_rxconf rx = pl->info.default_rxconf;
	struct rte_eth_txconf tx = pl->info.default_txconf;
	int err;

	rx.offloads = pl->conf.rxmode.offloads;
	tx.offloads = pl->conf.txmode.offloads;
	thresholds(&p->cfg.ports[i], &tx);
	for (uint16_t q = 0; q < pl->n_rxq; q++) {
		err = rte_eth_rx_queue_setup(p->port_id[i], q, pl->rx_desc, (unsigned int)node, &rx,
					     p->pool[pools_index(p, node, q)]);
		if (err != 0)
			return failed(p, i,
				      err == -ENOMEM ? "set up receive queue (pool.size too small?)"
						     : "set up receive queue",
				      err);
	}
	for (uint16_t q = 0; q < pl->n_txq; q++) {
		err = rte_eth_tx_queue_setup(p->port_id[i], q, pl->tx_desc, (unsigned int)node,
					     &tx);
		if (err != 0)
			return failed(p, i, "set up transmit queue", err);
	}
	return 0;
}

static void
publish(struct hf_primary *p, uint32_t i, const struct plan *pl, int node)
{
	const struct hf_config_port *cp = &p->cfg.ports[i];
	struct hf_port *s = &p->seg->ports[i];
	struct rte_ether_addr mac;
	uint16_t mtu;

	snprintf(s->name, sizeof(s->name), "%s", cp->name);
	snprintf(s->device, sizeof(s->device), "%s", cp->device);
	snprintf(s->driver, sizeof(s->driver), "%s", pl->info.driver_name);
	if (rte_eth_macaddr_get(p->port_id[i], &mac) == 0)
		memcpy(s->mac, mac.addr_bytes, sizeof(s->mac));
	s->mtu = rte_eth_dev_get_mtu(p->port_id[i], &mtu) == 0 ? mtu : 0;
	s->node = rte_eth_dev_socket_id(p->port_id[i]);
	s->n_queues = pl->n_rxq;
	s->n_tx_queues = pl->n_txq;
	s->pool = pools_index(p, node, 0);
	s->ethdev = p->port_id[i];
	s->kind = (uint16_t)p->kind;
	s->io = p->kind == HF_LANE_SOFTWARE ? (int32_t)cp->io : -1;
	snprintf(s->why, sizeof(s->why), "%s", p->port_why[i]);
	if (p->kind == HF_LANE_HARDWARE && pl->cksum)
		p->seg->run.cksum_ports |= 1U << i;
	s->peer = p->seg->run.peer[i];
	s->rss_in_hardware = pl->hw_hash || pl->conf.rxmode.mq_mode == RTE_ETH_MQ_RX_RSS;
}

/* The longest frame that may leave by a port: more, and some drivers refuse what follows it too. */
static uint32_t
max_frame(const struct hf_port *port)
{
	return port->mtu == 0 ? UINT32_MAX : port->mtu + RTE_ETHER_HDR_LEN + 2U * RTE_VLAN_HLEN;
}

/* Every I/O thread transmits to the port; one receives from it. */
static void
tell_io(struct hf_primary *p, uint32_t i, const struct plan *pl)
{
	for (uint32_t k = 0; k < p->cfg.n_io; k++) {
		struct hf_io_port *io = &p->io[k]->port[i];

		io->ethdev = p->port_id[i];
		io->index = (uint16_t)i;
		io->n_rxq = (uint32_t)p->cfg.ports[i].io == k ? pl->n_rxq : 0;
		io->hw_hash = (uint16_t)pl->hw_hash;
		io->cksum = (uint16_t)pl->cksum;
		io->pool = (uint16_t)p->seg->ports[i].pool;
		io->max_frame = max_frame(&p->seg->ports[i]);
		p->io[k]->n_ports = p->cfg.n_ports;
	}
}

int
port_setup(struct hf_primary *p, uint32_t i)
{
	int err, node = rte_eth_dev_socket_id(p->port_id[i]);
	struct plan *pl = &plans[i];

	node = node < 0 ? 0 : node;
	err = make_plan(p, i, pl);
	if (err != 0)
		return err;
	err = rte_eth_dev_configure(p->port_id[i], pl->n_rxq, pl->n_txq, &pl->conf);
	if (err != 0)
		return failed(p, i, "configure", err);
	err = rte_eth_dev_adjust_nb_rx_tx_desc(p->port_id[i], &pl->rx_desc, &pl->tx_desc);
	if (err != 0)
		return failed(p, i, "adjust descriptors", err);
	err = setup_queues(p, i, pl, node);
	if (err != 0)
		return err;
	if (p->cfg.ports[i].mtu != 0) {
		err = rte_eth_dev_set_mtu(p->port_id[i], p->cfg.ports[i].mtu);
		if (err != 0 && err != -ENOTSUP)
			return failed(p, i, "set mtu", err);
	}
	publish(p, i, pl, node);
	tell_io(p, i, pl);
	return 0;
}

int
port_toggle(struct hf_primary *p, uint32_t i)
{
	struct plan *pl = &plans[i];
	struct rte_eth_conf other = pl->conf;
	int err = driver_toggle(&pl->info, &other);

	if (err == 0)
		err = rte_eth_dev_configure(p->port_id[i], pl->n_rxq, pl->n_txq, &other);
	if (err == 0)
		err = rte_eth_dev_configure(p->port_id[i], pl->n_rxq, pl->n_txq, &pl->conf);
	return err != 0 ? failed(p, i, "configure for a recovery", err) : 0;
}

int
port_requeue(struct hf_primary *p, uint32_t i)
{
	int node = rte_eth_dev_socket_id(p->port_id[i]);

	return setup_queues(p, i, &plans[i], node < 0 ? 0 : node);
}

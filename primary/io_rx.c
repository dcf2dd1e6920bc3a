/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive half of an I/O thread's turn: ports -> hash -> lane rings.
 */
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "io.h"

#define SLOTS_A_LINE (RTE_CACHE_LINE_SIZE / sizeof(struct hf_lane_slot))

/* Fills hash[] for a burst: the driver's where it counts, else computed. */
static void
hash_burst(const struct hf_io_thread *t, const struct hf_io_port *port, struct rte_mbuf **m,
	   uint32_t n, uint32_t *hash)
{
	uint32_t i, missing = 0;

	if (!port->hw_hash) {
		hf_rss_hash_burst(t->rss, m, n, hash);
		return;
	}
	for (i = 0; i < n; i++) {
		hash[i] = m[i]->hash.rss;
		missing += (m[i]->ol_flags & RTE_MBUF_F_RX_RSS_HASH) == 0;
	}
	if (missing == 0)
		return;
	for (i = 0; i < n; i++)
		if ((m[i]->ol_flags & RTE_MBUF_F_RX_RSS_HASH) == 0)
			hf_rss_hash_burst(t->rss, &m[i], 1, &hash[i]);
}

static int
bad_cksum(const struct rte_mbuf *m)
{
	uint64_t ip = m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	return ip == RTE_MBUF_F_RX_IP_CKSUM_BAD || l4 == RTE_MBUF_F_RX_L4_CKSUM_BAD;
}

/* Other buffers than the mbuf's own are far from it, or, being near, found the same way. */
static uint16_t
data_at(const struct rte_mbuf *m)
{
	uintptr_t at = rte_pktmbuf_mtod(m, uintptr_t) - (uintptr_t)m;

	return m->nb_segs == 1 && at <= UINT16_MAX ? (uint16_t)at : 0;
}

static void
steer(struct hf_io_thread *t, const struct hf_io_port *port, struct rte_mbuf *m, uint32_t hash)
{
	uint32_t lane = hf_rss_lane(t->rss, hash);
	struct hf_io_ring *r = &t->ring[lane];
	struct hf_io_slot *slot = &r->shadow[r->head & r->mask];

	r->dirty = 1;
	r->sum.rx_pkts++;
	r->sum.rx_bytes += m->pkt_len;
	if (port->cksum && bad_cksum(m)) {
		hf_io_drop(r, m, HF_DROP_BAD_CKSUM);
		return;
	}
	if (r->head - r->reaped >= r->size) {
		hf_io_drop(r, m, HF_DROP_LANE_RING_FULL);
		return;
	}
	hf_mark_set(m, hf_mark(t->id, lane, r->head));
	slot->mbuf = m;
	slot->pool = port->pool;
	slot->direct = RTE_MBUF_DIRECT(m);
	slot->segs = m->nb_segs;
	slot->data_at = data_at(m);
	r->slots[r->head & r->mask] = (struct hf_lane_slot){.mbuf = (uintptr_t)m,
							    .data_at = slot->data_at,
							    .data_len = m->data_len,
							    .port = port->index};
	r->head++;
}

/*
 * Asks for the slots that will be written, as many as in the turn before; receiving and hashing
 * take longer than they are on their way. Not before: the owner's CPU has read these lines, and as
 * it reads the last burst's it fetches those that follow by itself, and would have them back.
 */
static void
fetch_slots(struct hf_io_ring *r)
{
	uint64_t lately = r->head - r->fetched;

	r->fetched = r->head;
	for (uint64_t i = 0; i < lately; i += SLOTS_A_LINE)
		__builtin_prefetch(&r->slots[(r->head + i) & r->mask], 1);
}

uint32_t
hf_io_receive(struct hf_io_thread *t)
{
	struct rte_mbuf *m[HF_IO_BURST];
	uint32_t hash[HF_IO_BURST];
	uint32_t total = 0;

	for (uint32_t l = 0; l < t->n_lanes; l++)
		fetch_slots(&t->ring[l]);
	for (uint32_t p = 0; p < t->n_ports; p++) {
		const struct hf_io_port *port = &t->port[p];

		for (uint16_t q = 0; q < port->n_rxq; q++) {
			uint16_t n = rte_eth_rx_burst(port->ethdev, q, m, HF_IO_BURST);

			if (n == 0)
				continue;
			hf_add(&t->seg->ports[port->index].rx_queue[q].pkts, n);
			hf_io_lap(t, HF_IO_STEP_RECEIVE);
			hash_burst(t, port, m, n, hash);
			hf_io_lap(t, HF_IO_STEP_HASH);
			for (uint16_t i = 0; i < n; i++)
				steer(t, port, m[i], hash[i]);
			hf_io_lap(t, HF_IO_STEP_PUBLISH);
			total += n;
		}
	}
	if (total == 0)
		return 0;
	t->got += total;
	for (uint32_t l = 0; l < t->n_lanes; l++)
		/* Pairs with the owner's acquire load: slots below it are filled. */
		if (t->ring[l].dirty)
			atomic_store_explicit(&t->ring[l].ring->published, t->ring[l].head,
					      memory_order_release);
	hf_io_lap(t, HF_IO_STEP_PUBLISH);
	return total;
}

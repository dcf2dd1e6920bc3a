/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transmit half of an I/O thread's turn: lane rings -> ports. A worker may have died while it wrote
 * anywhere, so cursors, verdicts and mbufs are checked before they are used.
 */
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "io.h"

void
hf_io_drop(struct hf_io_ring *r, struct rte_mbuf *m, enum hf_drop reason)
{
	r->sum.drop[reason]++;
	r->sum.drops++;
	hf_mark_set(m, 0);
	rte_pktmbuf_free(m);
}

/* Is the mbuf as a driver may get it: inside its buffer, whole, ours alone? */
static int
usable(const struct rte_mbuf *m)
{
	uint32_t left = m->pkt_len;
	uint16_t segs = m->nb_segs;

	if (m->buf_addr != (const char *)(m + 1) + rte_pktmbuf_priv_size(m->pool) ||
	    rte_mbuf_refcnt_read(m) != 1 || segs == 0)
		return 0;
	for (; m != NULL; m = m->next) {
		if (segs-- == 0 || (uint32_t)m->data_off + m->data_len > m->buf_len ||
		    m->data_len > left)
			return 0;
		left -= m->data_len;
	}
	return segs == 0 && left == 0;
}

/* A scribbled mbuf becomes one that may be freed. Further segments are lost with their link. */
static void
repair(struct rte_mbuf *m, struct rte_mempool *pool)
{
	m->pool = pool;
	m->buf_addr = (char *)(m + 1) + rte_pktmbuf_priv_size(pool);
	m->buf_len = rte_pktmbuf_data_room_size(pool);
	rte_mbuf_refcnt_set(m, 1);
	m->ol_flags = 0;
	m->nb_segs = 1;
	m->next = NULL;
	rte_pktmbuf_reset_headroom(m);
	m->data_len = 0;
	m->pkt_len = 0;
}

static struct rte_mempool *
pool_of(const struct hf_io_thread *t, const struct rte_mbuf *m)
{
	for (uint32_t i = 0; i < t->n_pools; i++)
		if (m->pool == t->pool[i])
			return t->pool[i];
	return NULL;
}

static void
flush(struct hf_io_thread *t, struct hf_io_port *port)
{
	struct hf_io_out *out = &port->out;
	uint16_t sent, i;

	if (out->n == 0)
		return;
	sent = rte_eth_tx_burst(port->ethdev, (uint16_t)t->id, out->mbuf, (uint16_t)out->n);
	for (i = 0; i < sent; i++) {
		struct hf_lane_totals *sum = &t->ring[out->lane[i]].sum;

		sum->tx_pkts++;
		sum->tx_bytes += out->len[i];
	}
	for (; i < out->n; i++)
		hf_io_drop(&t->ring[out->lane[i]], out->mbuf[i], HF_DROP_TX_FULL);
	out->n = 0;
}

static void
send_one(struct hf_io_thread *t, uint32_t lane, struct rte_mbuf *m, uint16_t verdict)
{
	struct hf_io_ring *r = &t->ring[lane];
	struct hf_io_port *port;

	if (pool_of(t, m) == NULL || !usable(m)) {
		struct rte_mempool *pool = pool_of(t, m);

		repair(m, pool != NULL ? pool : t->pool[0]);
		hf_io_drop(r, m, HF_DROP_DAMAGED);
		return;
	}
	if ((verdict & HF_VERDICT_DROP_BIT) != 0) {
		unsigned int reason = verdict & ~HF_VERDICT_DROP_BIT;

		hf_io_drop(r, m, reason < HF_DROP_COUNT ? reason : HF_DROP_BAD_VERDICT);
		return;
	}
	if (verdict >= t->n_ports) {
		hf_io_drop(r, m, HF_DROP_BAD_VERDICT);
		return;
	}
	port = &t->port[verdict];
	hf_mark_set(m, 0);
	port->out.mbuf[port->out.n] = m;
	port->out.lane[port->out.n] = (uint8_t)lane;
	port->out.len[port->out.n++] = m->pkt_len;
	if (port->out.n == HF_IO_BURST)
		flush(t, port);
}

static uint32_t
reap_lane(struct hf_io_thread *t, uint32_t lane)
{
	struct hf_io_ring *r = &t->ring[lane];
	/* Pairs with the owner's release store: packets and verdicts below it are finished. */
	uint64_t done = atomic_load_explicit(&r->ring->done_pub, memory_order_acquire);
	const uint16_t *verdicts = hf_lane_ring_verdicts(r->ring);
	uint64_t mask = r->ring->mask;
	uint32_t n;

	if (done == r->reaped || done - r->reaped > r->head - r->reaped)
		return 0; /* nothing new, or a cursor that cannot be */
	n = (uint32_t)RTE_MIN(done - r->reaped, (uint64_t)HF_IO_REAP_MAX);
	for (uint32_t i = 0; i < n; i++)
		rte_prefetch0(r->shadow[(r->reaped + i) & mask]);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t slot = (r->reaped + i) & mask;

		send_one(t, lane, r->shadow[slot], verdicts[slot]);
	}
	r->reaped += n;
	r->dirty = 1;
	return n;
}

uint32_t
hf_io_reap(struct hf_io_thread *t)
{
	uint32_t total = 0;

	for (uint32_t l = 0; l < t->n_lanes; l++)
		total += reap_lane(t, l);
	if (total > 0)
		for (uint32_t p = 0; p < t->n_ports; p++)
			flush(t, &t->port[p]);
	return total;
}

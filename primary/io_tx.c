/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transmit half of an I/O thread's turn: lane rings -> ports. A worker may have died while it wrote
 * anywhere, so cursors, verdicts and mbufs are checked before they are used.
 */
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "io.h"

#define PREFETCH_AHEAD  16 /* packets */
#define VERDICTS_A_LINE (RTE_CACHE_LINE_SIZE / sizeof(uint16_t))

void
hf_io_drop(struct hf_io_ring *r, struct rte_mbuf *m, enum hf_drop reason)
{
	r->sum.drop[reason]++;
	r->sum.drops++;
	hf_mark_set(m, 0);
	rte_pktmbuf_free(m);
	r->freed++;
}

/* May this address be followed? It lies in a pool's memory. */
static int
in_pool(const struct hf_io_thread *t, const struct rte_mbuf *m)
{
	for (uint32_t i = 0; i < t->n_pools; i++)
		if ((uintptr_t)m >= t->range[i].first && (uintptr_t)m < t->range[i].end)
			return (uintptr_t)m % RTE_CACHE_LINE_SIZE == 0;
	return 0;
}

/* One segment: inside its buffer, ours alone, of the pool it came from. */
static int
segment_usable(const struct rte_mbuf *m, const struct rte_mempool *pool, int direct)
{
	if (m->pool != pool || rte_mbuf_refcnt_read(m) != 1 ||
	    (uint32_t)m->data_off + m->data_len > m->buf_len)
		return 0;
	if (!direct) /* attached or external from the start: the driver's own business */
		return 1;
	return RTE_MBUF_DIRECT(m) && m->buf_len == rte_pktmbuf_data_room_size(m->pool) &&
	       m->buf_addr == (const char *)(m + 1) + rte_pktmbuf_priv_size(m->pool);
}

/* Is the mbuf as a driver may get it? */
static int
usable(const struct hf_io_thread *t, const struct hf_io_slot *slot)
{
	const struct rte_mempool *pool = t->pool[slot->pool];
	const struct rte_mbuf *m = slot->mbuf;
	uint32_t left = m->pkt_len, segs = slot->segs;

	if (m->nb_segs != slot->segs)
		return 0;
	for (; m != NULL; m = m->next) {
		if (segs-- == 0 || !in_pool(t, m) || !segment_usable(m, pool, slot->direct) ||
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

static void
flush(struct hf_io_thread *t, struct hf_io_port *port)
{
	struct hf_io_out *out = &port->out;
	uint16_t sent, i;

	if (out->n == 0)
		return;
	hf_io_lap(t, HF_IO_STEP_REAP);
	sent = hf_transmit(&t->tx, port->index, port->ethdev, (uint16_t)t->id, out->mbuf,
			   (uint16_t)out->n);
	for (i = 0; i < sent; i++) {
		struct hf_lane_totals *sum = &t->ring[out->lane[i]].sum;

		sum->tx_pkts++;
		sum->tx_bytes += out->len[i];
	}
	t->given += sent;
	hf_add(&t->seg->ports[port->index].tx_queue[t->id].pkts, sent);
	for (i = sent; i < out->n; i++)
		hf_io_drop(&t->ring[out->lane[i]], out->mbuf[i], HF_DROP_TX_FULL);
	out->n = 0;
	hf_io_lap(t, HF_IO_STEP_TRANSMIT);
}

static void
send_one(struct hf_io_thread *t, uint32_t lane, const struct hf_io_slot *slot, uint16_t verdict)
{
	struct rte_mbuf *m = slot->mbuf;
	struct hf_io_ring *r = &t->ring[lane];
	struct hf_io_port *port;

	if (!usable(t, slot)) {
		repair(m, t->pool[slot->pool]);
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
	if (m->pkt_len > port->max_frame) {
		hf_io_drop(r, m, HF_DROP_TOO_LONG);
		return;
	}
	hf_mark_set(m, 0);
	port->out.mbuf[port->out.n] = m;
	port->out.lane[port->out.n] = (uint8_t)lane;
	port->out.len[port->out.n++] = m->pkt_len;
	if (port->out.n == HF_IO_BURST)
		flush(t, port);
}

/*
 * What taking a packet back will touch: the mbuf's first line, whose mark is about to be cleared,
 * its second, with the link to a next segment, and the packet's first line, which the owner's CPU
 * has written and a driver that copies will read, and soon write again.
 */
static inline void
fetch(const struct hf_io_ring *r, uint64_t index)
{
	const struct hf_io_slot *slot = &r->shadow[index & r->mask];
	const uint8_t *m = (const uint8_t *)slot->mbuf;

	__builtin_prefetch(m, 1);
	rte_prefetch0(m + RTE_CACHE_LINE_SIZE);
	__builtin_prefetch(m + slot->data_at, 1);
}

static void
fetch_first(const struct hf_io_ring *r, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += VERDICTS_A_LINE)
		rte_prefetch0(&r->verdicts[(r->reaped + i) & r->mask]);
	for (uint32_t i = 0; i < n && i < PREFETCH_AHEAD; i++)
		fetch(r, r->reaped + i);
}

/* Shows how many packets the lane has not finished, and the most there were this second. */
static void
show_fill(struct hf_io_ring *r, uint32_t fill)
{
	if (fill == r->fill)
		return;
	r->fill = fill;
	atomic_store_explicit(&r->shared_fill->now, fill, memory_order_relaxed);
	if (fill <= r->peak)
		return;
	r->peak = fill;
	atomic_store_explicit(&r->shared_fill->peak, fill, memory_order_relaxed);
}

/* How many packets to take back in the next turn; what they need is on its way until then. */
static void
look_ahead(const struct hf_io_thread *t, struct hf_io_ring *r)
{
	/* Pairs with the owner's release store: packets and verdicts below it are finished. */
	uint64_t done = atomic_load_explicit(&r->ring->done_pub, memory_order_acquire);

	r->ready = 0;
	if (done - r->reaped > r->head - r->reaped)
		return; /* a cursor that cannot be */
	show_fill(r, (uint32_t)(r->head - done));
	if (done == r->reaped)
		return;
	r->ready = (uint32_t)RTE_MIN(done - r->reaped, (uint64_t)HF_IO_REAP_MIN + 2 * t->received);
	fetch_first(r, r->ready);
}

static uint32_t
reap_lane(struct hf_io_thread *t, uint32_t lane)
{
	struct hf_io_ring *r = &t->ring[lane];
	uint32_t n = r->ready;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t slot = (r->reaped + i) & r->mask;

		if (i + PREFETCH_AHEAD < n)
			fetch(r, r->reaped + i + PREFETCH_AHEAD);
		send_one(t, lane, &r->shadow[slot], r->verdicts[slot]);
	}
	r->reaped += n;
	r->dirty |= n > 0;
	return n;
}

uint32_t
hf_io_reap(struct hf_io_thread *t)
{
	uint32_t total = 0;

	for (uint32_t l = 0; l < t->n_lanes; l++)
		rte_prefetch0(&t->ring[l].ring->done_pub);
	for (uint32_t l = 0; l < t->n_lanes; l++)
		total += reap_lane(t, l);
	if (total > 0)
		for (uint32_t p = 0; p < t->n_ports; p++)
			flush(t, &t->port[p]);
	for (uint32_t l = 0; l < t->n_lanes; l++)
		look_ahead(t, &t->ring[l]);
	return total;
}

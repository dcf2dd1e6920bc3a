/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive half of an I/O thread's turn: ports -> hash -> lane rings.
 */
#include <emmintrin.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "io.h"

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

/*
 * Writes the line of slots that head has just filled past the caches: the owner's CPU has read it,
 * and while it reads the last burst's lines it fetches those that follow by itself, so that each
 * would have to be had back first. Visible to the owner only after the fence of publish().
 */
static void
stream_line(struct hf_io_ring *r)
{
	uint64_t first = (r->head - HF_SLOTS_A_LINE) & r->mask;

	for (uint64_t i = 0; i < HF_SLOTS_A_LINE; i++)
		_mm_stream_si128((__m128i *)&r->slots[first + i],
				 _mm_load_si128((const __m128i *)&r->line[i]));
}

/*
 * Stores 16 bytes at once: what is loaded as a whole soon after need not wait until several stores
 * have left the store buffer, which is what a thread that mostly copies runs out of first.
 */
static inline void
store_pair(void *to, uint64_t first, uint64_t second)
{
	_mm_store_si128(to, _mm_set_epi64x((long long)second, (long long)first));
}

static_assert(offsetof(struct hf_lane_slot, data_at) == 8 &&
		      offsetof(struct hf_lane_slot, data_len) == 10 &&
		      offsetof(struct hf_lane_slot, port) == 12,
	      "as enqueue() stores it");
static_assert(sizeof(struct hf_io_slot) == 16 && offsetof(struct hf_io_slot, pool) == 8 &&
		      offsetof(struct hf_io_slot, direct) == 10 &&
		      offsetof(struct hf_io_slot, segs) == 12 &&
		      offsetof(struct hf_io_slot, data_at) == 14,
	      "as enqueue() stores it");

/* Fills the two slots of the packet at head. */
static inline void
enqueue(struct hf_io_ring *r, const struct hf_io_port *port, struct rte_mbuf *m)
{
	uint64_t at = data_at(m);

	store_pair(&r->shadow[r->head & r->mask], (uintptr_t)m,
		   port->pool | (uint64_t)RTE_MBUF_DIRECT(m) << 16 | (uint64_t)m->nb_segs << 32 |
			   at << 48);
	store_pair(&r->line[r->head % HF_SLOTS_A_LINE], (uintptr_t)m,
		   at | (uint64_t)m->data_len << 16 | (uint64_t)port->index << 32);
	if (++r->head % HF_SLOTS_A_LINE == 0)
		stream_line(r);
}

static inline void
steer(struct hf_io_thread *t, const struct hf_io_port *port, struct rte_mbuf *m, uint32_t hash)
{
	uint32_t lane = hf_rss_lane(t->rss, hash);
	struct hf_io_ring *r = &t->ring[lane];

	r->dirty = 1;
	r->sum.rx_pkts++;
	r->sum.rx_bytes += m->pkt_len;
	if (port->cksum && bad_cksum(m)) {
		hf_io_drop(r, m, HF_DROP_BAD_CKSUM);
		return;
	}
	if (unlikely(r->head - r->reaped >= r->size)) {
		hf_io_drop(r, m, HF_DROP_LANE_RING_FULL);
		return;
	}
	hf_mark_set(m, hf_mark(t->id, lane, r->head));
	enqueue(r, port, m);
}

/*
 * Shows the owners what this turn brought them. Slots of a line that is not full yet are stored as
 * they are; those among them that were shown before get the bytes they have, as they do when the
 * whole line is streamed.
 */
static void
publish(struct hf_io_thread *t)
{
	for (uint32_t l = 0; l < t->n_lanes; l++) {
		struct hf_io_ring *r = &t->ring[l];
		uint64_t rest = r->head % HF_SLOTS_A_LINE;

		if (r->dirty && rest != 0)
			memcpy(&r->slots[(r->head - rest) & r->mask], r->line,
			       rest * sizeof(r->line[0]));
	}
	_mm_sfence(); /* streamed slots come before what follows */
	for (uint32_t l = 0; l < t->n_lanes; l++)
		/* Pairs with the owner's acquire load: slots below it are filled. */
		if (t->ring[l].dirty)
			atomic_store_explicit(&t->ring[l].ring->published, t->ring[l].head,
					      memory_order_release);
}

uint32_t
hf_io_receive(struct hf_io_thread *t)
{
	struct rte_mbuf *m[HF_IO_BURST];
	uint32_t hash[HF_IO_BURST];
	uint32_t total = 0;

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
	publish(t);
	hf_io_lap(t, HF_IO_STEP_PUBLISH);
	return total;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads bursts and hands their bytes to the judge, prefetching ahead. Owns nothing.
 */
#include "wire_receive.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#define RX_BURST 32

/* Returns a mbuf's bytes in one piece; copy: WIRE_SIZE_MAX bytes for a chain. */
static const uint8_t *
bytes_of(const struct rte_mbuf *m, uint8_t *copy)
{
	uint32_t len = RTE_MIN(m->pkt_len, (uint32_t)WIRE_SIZE_MAX);

	if (m->nb_segs == 1)
		return rte_pktmbuf_mtod(m, const uint8_t *);
	return rte_pktmbuf_read(m, 0, len, copy);
}

static void
check_chain(struct wire_check *c, const struct rte_mbuf *m, uint16_t port, uint16_t queue,
	    uint64_t now)
{
	uint8_t copy[WIRE_SIZE_MAX];
	const uint8_t *data = bytes_of(m, copy);
	uint32_t len = m->nb_segs == 1 ? m->data_len : RTE_MIN(m->pkt_len, sizeof(copy));
	struct wire_stamp stamp;
	int ours = data != NULL && wire_frame_stamp(data, len, &stamp) == 0;

	wire_check_frame(c, data, len, ours ? &stamp : NULL, port, queue, now);
}

/* The common case, whole packets: stamps first, so that the flows' state is on its way. */
static void
check_burst(struct wire_check *c, struct rte_mbuf **mbuf, uint16_t n, uint16_t port, uint16_t queue,
	    uint64_t now)
{
	struct wire_stamp stamp[RX_BURST];
	int ours[RX_BURST];

	for (uint16_t i = 0; i < n; i++) {
		ours[i] = mbuf[i]->nb_segs == 1 &&
			  wire_frame_stamp(rte_pktmbuf_mtod(mbuf[i], uint8_t *), mbuf[i]->data_len,
					   &stamp[i]) == 0;
		if (ours[i])
			wire_check_prefetch(c, &stamp[i]);
	}
	for (uint16_t i = 0; i < n; i++) {
		if (ours[i])
			wire_check_frame(c, rte_pktmbuf_mtod(mbuf[i], uint8_t *), mbuf[i]->data_len,
					 &stamp[i], port, queue, now);
		else
			check_chain(c, mbuf[i], port, queue, now);
	}
}

uint32_t
wire_receive(const struct wire_ports *ports, struct wire_check *check)
{
	struct rte_mbuf *mbuf[RX_BURST];
	uint32_t total = 0;

	for (uint16_t p = 0; p < ports->n; p++)
		for (uint16_t q = 0; q < ports->n_queues; q++) {
			uint16_t n = rte_eth_rx_burst(ports->id[p], q, mbuf, RX_BURST);

			if (n == 0)
				continue;
			for (uint16_t i = 0; i < n; i++)
				rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], void *));
			check_burst(check, mbuf, n, p, q, rte_rdtsc());
			rte_pktmbuf_free_bulk(mbuf, n);
			total += n;
		}
	return total;
}

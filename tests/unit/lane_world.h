/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A software lane without DPDK processes: a segment, one ring, fabricated mbufs. In one shared
 * anonymous map, so that a forked owner may be killed. For unit tests.
 */
#ifndef LANE_WORLD_H
#define LANE_WORLD_H

#include <rte_ether.h>
#include <rte_mbuf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "burst.h"
#include "stage.h"

#define WORLD_RING     256
#define WORLD_CAPACITY HF_FLOW_CAPACITY_MIN
#define WORLD_ROOM     256 /* bytes of a packet's buffer */

struct lane_world {
	struct hf_segment *seg;
	struct hf_lane_ring *ring;
	struct rte_mbuf *mbuf; /* WORLD_RING of them; slot i of the ring is mbuf i */
	uint8_t *room;
	size_t bytes;
	void *mem;
};

static inline void
world_open(struct lane_world *w)
{
	size_t seg = (sizeof(struct hf_segment) + 4095) / 4096 * 4096;
	size_t flows = hf_flow_region_bytes(WORLD_CAPACITY);
	size_t ring = (hf_lane_ring_bytes(WORLD_RING) + 4095) / 4096 * 4096;
	size_t mbufs = WORLD_RING * sizeof(struct rte_mbuf);
	uint8_t *mem;

	w->bytes = seg + flows + ring + mbufs + (size_t)WORLD_RING * WORLD_ROOM;
	mem = mmap(NULL, w->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		abort();
	w->mem = mem;
	w->seg = (struct hf_segment *)mem;
	w->ring = (struct hf_lane_ring *)(mem + seg + flows);
	w->mbuf = (struct rte_mbuf *)(mem + seg + flows + ring);
	w->room = mem + seg + flows + ring + mbufs;
	w->seg->header.total_bytes = seg + flows;
	w->seg->header.tsc_hz = 1000000000;
	w->seg->header.flow_off = seg;
	w->seg->header.flow_stride = flows;
	w->seg->header.flow_capacity = WORLD_CAPACITY;
	w->seg->header.flow_seed = 42;
	w->seg->header.n_lanes = 1;
	w->seg->header.n_io = 1;
	w->seg->run.burst = 32;
	w->seg->run.stage_l2 = 1;
	w->seg->run.stage_flow = 1;
	w->seg->run.l2_mode = HF_L2_MACSWAP;
	for (unsigned int i = 0; i < HF_MAX_PORTS; i++)
		w->seg->run.peer[i] = UINT16_MAX;
	w->seg->run.peer[0] = 1;
	w->seg->run.peer[1] = 0;
	hf_lane_ring_format(w->ring, WORLD_RING, 0, 0);
}

static inline void
world_close(struct lane_world *w)
{
	munmap(w->mem, w->bytes);
}

/* A new owner's private memory. */
static inline struct hf_lane_context *
world_owner(struct lane_world *w)
{
	struct hf_lane_context *ctx = calloc(1, sizeof(*ctx));

	ctx->seg = w->seg;
	ctx->lane = &w->seg->lanes[0];
	ctx->run = &w->seg->run;
	ctx->n_rings = 1;
	ctx->ring[0] = w->ring;
	hf_segment_flow_table(w->seg, 0, &ctx->flows);
	hf_stages_select(ctx);
	return ctx;
}

/*
 * Writes packet number seq into slot seq & mask and returns its length. A mixture: UDP of n_flows
 * flows, now and then ARP, a frame that is too short, a port without peer. Content depends on seq
 * alone.
 */
static inline uint32_t
world_packet(struct lane_world *w, uint64_t seq, uint32_t n_flows)
{
	uint64_t slot = seq & (WORLD_RING - 1);
	struct rte_mbuf *m = &w->mbuf[slot];
	uint8_t *d = w->room + slot * WORLD_ROOM + 64;
	uint32_t flow = (uint32_t)(seq * 2654435761U >> 7) % n_flows;
	uint16_t len = (uint16_t)(seq % 16 == 9 ? 10 : 60 + seq % 40);

	memset(m, 0, sizeof(*m));
	memset(d, 0, WORLD_ROOM - 64);
	m->buf_addr = w->room + slot * WORLD_ROOM;
	m->data_off = 64;
	m->buf_len = WORLD_ROOM;
	m->data_len = len;
	m->pkt_len = len;
	m->nb_segs = 1;
	m->port = seq % 16 == 5 ? 7 : (uint16_t)(seq & 1);
	memcpy(d, &seq, 6);
	for (int i = 0; i < 6; i++)
		d[6 + i] = (uint8_t)~d[i];
	d[12] = 0x08;
	d[13] = seq % 16 == 3 ? 0x06 : 0x00; /* ARP or IPv4 */
	d[14] = 0x45;
	d[17] = (uint8_t)(len - 14);
	d[22] = 64;
	d[23] = 17;
	d[26] = 10;
	memcpy(d + 27, &flow, 3);
	d[30] = 10;
	d[33] = 1;
	d[34] = 0x12;
	d[36] = 0x34;
	return len;
}

static inline void
world_publish(struct lane_world *w, uint64_t seq)
{
	struct rte_mbuf *m = &w->mbuf[seq & (WORLD_RING - 1)];
	uintptr_t at = rte_pktmbuf_mtod(m, uintptr_t) - (uintptr_t)m;
	struct hf_lane_slot *slot = &hf_lane_ring_slots(w->ring)[seq & w->ring->mask];

	/* As the I/O thread does; now and then the mbuf has to be asked. */
	slot->mbuf = (uintptr_t)m;
	slot->data_at = at <= UINT16_MAX && m->nb_segs == 1 && seq % 3 != 0 ? (uint16_t)at : 0;
	slot->data_len = m->data_len;
	slot->port = m->port;
	atomic_store_explicit(&w->ring->published, seq + 1, memory_order_release);
}

/* Sums over the flow table: packets and bytes of live records and of the account. */
static inline void
world_flow_sums(struct lane_world *w, uint64_t *pkts, uint64_t *bytes)
{
	struct hf_flow_table t;
	struct hf_flow_view v;

	hf_segment_flow_table(w->seg, 0, &t);
	*pkts = hf_load(&t.account->evicted_pkts) + hf_load(&t.account->expired_pkts);
	*bytes = hf_load(&t.account->evicted_bytes) + hf_load(&t.account->expired_bytes);
	for (uint32_t i = 0; i < WORLD_CAPACITY; i++) {
		if (hf_flow_read(&t, i, &v) != 1)
			continue;
		*pkts += v.packets;
		*bytes += v.bytes;
	}
}

#endif

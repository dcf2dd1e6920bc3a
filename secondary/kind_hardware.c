/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hardware lanes in a worker: lane q is queue pair q of every port, run to completion. The owner is
 * its own I/O thread around the same bursts as on software lanes. See hw_lane.h for the invariants.
 */
#include <errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <string.h>

#include "hw_lane.h"
#include "kicks.h"
#include "log.h"
#include "points.h"
#include "worker.h"

/* EAL has to be told of PCI devices; for virtual ones it asks the primary. */
static int
hardware_device_args(const struct hf_segment *seg, char (*args)[160], int max)
{
	int n = 0;

	for (uint32_t i = 0; i < seg->header.n_ports && n < max; i++)
		if (hf_names_is_pci(seg->ports[i].device))
			snprintf(args[n++], sizeof(args[0]), "--allow=%s", seg->ports[i].device);
	if (n == 0)
		snprintf(args[n++], sizeof(args[0]), "--no-pci");
	return n;
}

/* Drivers allocate and free by the pools' ops index: it must mean the same here. */
static int
hardware_verify(const struct hf_worker_process *w)
{
	const struct hf_segment_header *h = &w->seg->header;
	const char *ours = h->pool_ops < rte_mempool_ops_table.num_ops
				   ? rte_mempool_ops_table.ops[h->pool_ops].name
				   : "none";

	if (strcmp(ours, h->pool_ops_name) != 0) {
		hf_err("instance %s: attach: mempool ops %u differ: the primary has %s, this worker %s",
		       w->opt.instance, h->pool_ops, h->pool_ops_name, ours);
		return -EPROTO;
	}
	for (uint32_t i = 0; i < h->n_ports; i++) {
		if (rte_eth_dev_is_valid_port(w->seg->ports[i].ethdev))
			continue;
		hf_err("port %s: attach: this worker's DPDK did not find it",
		       w->seg->ports[i].name);
		return -ENODEV;
	}
	return 0;
}

static int
hardware_prepare(struct hf_lane_context *ctx)
{
	char name[32];

	snprintf(name, sizeof(name), HF_HW_LANE_MEMZONE_FMT, ctx->lane_id);
	ctx->hw = attach_find_memzone(name);
	if (ctx->hw == NULL)
		return -ENOENT;
	ctx->n_rings = 1;
	ctx->ring[0] = hf_hw_lane_ring(ctx->hw);
	hf_transmit_init(&ctx->tx, ctx->run, ctx->seg->header.tsc_hz);
	return 0;
}

/* The stores before it stay before it: recovery believes the phase. */
static void
set_phase(struct hf_lane_context *ctx, enum hf_phase phase)
{
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(&ctx->hw->phase, phase, memory_order_relaxed);
	HF_POINT("hw_phase");
}

/* Shows the lane's counters as of the end of this turn, all at once. */
static void
commit(struct hf_lane_context *ctx)
{
	struct hf_io_lane *s = &ctx->lane->counters;
	const struct hf_lane_totals *t = &ctx->sum;
	uint32_t seq = atomic_load_explicit(&s->seq, memory_order_relaxed) | 1;

	atomic_store_explicit(&s->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	HF_POINT("hw_commit_open");
	atomic_store_explicit(&s->rx_pkts, t->rx_pkts, memory_order_relaxed);
	atomic_store_explicit(&s->rx_bytes, t->rx_bytes, memory_order_relaxed);
	atomic_store_explicit(&s->tx_pkts, t->tx_pkts, memory_order_relaxed);
	atomic_store_explicit(&s->tx_bytes, t->tx_bytes, memory_order_relaxed);
	atomic_store_explicit(&s->held_pkts, t->held_pkts, memory_order_relaxed);
	for (unsigned int d = 0; d < HF_DROP_COUNT; d++)
		atomic_store_explicit(&s->drop[d], t->drop[d], memory_order_relaxed);
	/* Pairs with the reader's acquire load of an even value. */
	atomic_store_explicit(&s->seq, seq + 1, memory_order_release);
	HF_POINT("hw_committed");
}

static void
drop(struct hf_lane_context *ctx, struct rte_mbuf *m, unsigned int reason)
{
	ctx->sum.drop[reason < HF_DROP_COUNT ? reason : HF_DROP_BAD_VERDICT]++;
	rte_pktmbuf_free(m);
	HF_POINT("hw_freed");
}

/* Sends what goes out of one port; what its queue does not take in time is dropped. */
static void
send_port(struct hf_lane_context *ctx, uint32_t port, struct rte_mbuf **m, uint16_t n)
{
	uint64_t bytes = 0;
	uint16_t sent;

	for (uint16_t i = 0; i < n; i++)
		bytes += m[i]->pkt_len;
	sent = hf_transmit(&ctx->tx, port, ctx->seg->ports[port].ethdev, (uint16_t)ctx->lane_id, m,
			   n);
	hf_add(&ctx->seg->ports[port].tx_queue[ctx->lane_id].pkts, sent);
	HF_POINT("hw_tx_after");
	hf_lap_step(ctx, HF_LANE_STEP_TX);
	for (uint16_t i = sent; i < n; i++) {
		bytes -= m[i]->pkt_len;
		drop(ctx, m[i], HF_DROP_TX_FULL);
	}
	ctx->sum.tx_pkts += sent;
	ctx->sum.tx_bytes += bytes;
}

/* Transmits and frees everything the lane has finished, in runs of packets of one verdict. */
static void
give_back(struct hf_lane_context *ctx)
{
	struct hf_lane_ring *ring = ctx->ring[0];
	const uint16_t *verdicts = hf_lane_ring_verdicts(ring);
	const struct hf_lane_slot *slots = hf_lane_ring_slots(ring);
	struct rte_mbuf *run[HF_BURST_MAX];
	uint64_t i = ctx->hw->reaped;

	while (i < ring->done) {
		uint16_t verdict = verdicts[i & ring->mask], n = 0;

		while (i < ring->done && verdicts[i & ring->mask] == verdict)
			run[n++] = (struct rte_mbuf *)(uintptr_t)slots[i++ & ring->mask].mbuf;
		if ((verdict & HF_VERDICT_DROP_BIT) == 0 && verdict < ctx->seg->header.n_ports) {
			send_port(ctx, verdict, run, n);
			continue;
		}
		for (uint16_t k = 0; k < n; k++)
			drop(ctx, run[k],
			     (verdict & HF_VERDICT_DROP_BIT) != 0 ? verdict & ~HF_VERDICT_DROP_BIT
								  : HF_DROP_BAD_VERDICT);
	}
	ctx->hw->reaped = i;
	HF_POINT("hw_reaped");
}

/* Finishes what the ring holds: work, transmit, count. */
static uint32_t
finish(struct hf_lane_context *ctx, uint32_t now_tick)
{
	uint32_t n = 0, k;

	while ((k = hf_burst_run(ctx, ctx->ring[0], now_tick)) > 0)
		n += k;
	set_phase(ctx, HF_PHASE_TX);
	HF_POINT("hw_tx_before");
	give_back(ctx);
	ctx->sum.held_pkts = 0;
	commit(ctx);
	hf_lap_step(ctx, HF_LANE_STEP_FREE);
	set_phase(ctx, HF_PHASE_IDLE);
	return n;
}

static uint32_t
poll_port(struct hf_lane_context *ctx, uint16_t index, uint32_t now_tick)
{
	struct hf_lane_ring *ring = ctx->ring[0];
	struct hf_lane_slot *slots = hf_lane_ring_slots(ring);
	uint64_t head = atomic_load_explicit(&ring->published, memory_order_relaxed);
	struct rte_mbuf *m[HF_BURST_MAX];
	uint16_t n;

	set_phase(ctx, HF_PHASE_RX);
	HF_POINT("hw_rx_before");
	n = rte_eth_rx_burst(ctx->seg->ports[index].ethdev, (uint16_t)ctx->lane_id, m,
			     (uint16_t)ctx->run->burst);
	HF_POINT("hw_rx_after");
	if (n == 0) {
		set_phase(ctx, HF_PHASE_IDLE);
		return 0;
	}
	for (uint16_t i = 0; i < n; i++) {
		slots[(head + i) & ring->mask] =
			(struct hf_lane_slot){.mbuf = (uintptr_t)m[i], .port = index};
		ctx->sum.rx_bytes += m[i]->pkt_len;
	}
	ctx->sum.rx_pkts += n;
	hf_add(&ctx->seg->ports[index].rx_queue[ctx->lane_id].pkts, n);
	HF_POINT("hw_rx_listed");
	atomic_store_explicit(&ring->published, head + n, memory_order_relaxed);
	HF_POINT("hw_rx_published");
	set_phase(ctx, HF_PHASE_WORK);
	HF_POINT("hw_work");
	return finish(ctx, now_tick);
}

static uint32_t
hardware_poll(struct hf_lane_context *ctx, uint32_t now_tick)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ctx->seg->header.n_ports; i++) {
		uint32_t found;

		hf_lap_begin(ctx);
		found = poll_port(ctx, (uint16_t)i, now_tick);
		hf_lap_end(ctx, found);
		n += found;
	}
	return n;
}

/* Takes up the counters, and with them what the owner before had received and not finished. */
static void
hardware_begin(struct hf_lane_context *ctx)
{
	const struct hf_io_lane *s = &ctx->lane->counters;
	struct hf_lane_ring *ring = ctx->ring[0];
	uint64_t published = atomic_load_explicit(&ring->published, memory_order_relaxed);
	const struct hf_lane_slot *slots = hf_lane_ring_slots(ring);
	struct hf_lane_totals *t = &ctx->sum;

	t->rx_pkts = published;
	t->rx_bytes = hf_load(&s->rx_bytes);
	t->tx_pkts = hf_load(&s->tx_pkts);
	t->tx_bytes = hf_load(&s->tx_bytes);
	for (unsigned int d = 0; d < HF_DROP_MAX; d++)
		t->drop[d] = hf_load(&s->drop[d]);
	for (uint64_t i = ctx->hw->reaped; i < published; i++)
		t->rx_bytes +=
			((const struct rte_mbuf *)(uintptr_t)slots[i & ring->mask].mbuf)->pkt_len;
	if (ctx->hw->reaped < published)
		finish(ctx, hf_tick(&ctx->seg->header, hf_tsc()));
}

/* A death in WORK or IDLE left drivers and pools alone; one in RX or TX did not. */
static int
hardware_recoverable(const struct hf_lane_context *ctx)
{
	return !hf_hw_lane_in_driver(ctx->hw);
}

static void
hardware_recover(struct hf_lane_context *ctx)
{
	hf_add(&ctx->lane->undone, hf_lane_recover(ctx));
}

static const struct hf_kind hardware = {
	.kind = HF_LANE_HARDWARE,
	.other = "holdfast-worker",
	.take_files = kicks_take,
	.device_args = hardware_device_args,
	.verify = hardware_verify,
	.prepare = hardware_prepare,
	.begin = hardware_begin,
	.poll = hardware_poll,
	.recoverable = hardware_recoverable,
	.recover = hardware_recover,
};

const struct hf_kind *
hf_kind(void)
{
	return &hardware;
}

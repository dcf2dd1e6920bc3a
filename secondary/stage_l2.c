/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * l2: out of the peer port. Mode wire leaves the frame as it is; macswap exchanges source and
 * destination MAC address.
 */
#include <rte_ether.h>
#include <rte_mbuf.h>

#include "points.h"
#include "stage.h"

static int
l2_enabled(const struct hf_run_config *run)
{
	return run->stage_l2 != 0;
}

/* Hardware lanes have no I/O thread that looks at it. */
static int
bad_cksum(const struct rte_mbuf *m)
{
	return (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD ||
	       (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD;
}

static uint16_t
l2_verdict(const struct hf_run_config *run, const struct hf_burst *b, uint32_t i)
{
	uint16_t port = b->port[i];
	uint16_t peer = port < HF_MAX_PORTS ? run->peer[port] : UINT16_MAX;

	if (run->cksum_ports != 0 && (run->cksum_ports >> (port & 31) & 1) != 0 &&
	    bad_cksum(b->mbuf[i]))
		return HF_VERDICT_DROP(HF_DROP_BAD_CKSUM);
	if (b->data_len[i] < sizeof(struct rte_ether_hdr))
		return HF_VERDICT_DROP(HF_DROP_TOO_SHORT);
	if (peer == UINT16_MAX)
		return HF_VERDICT_DROP(HF_DROP_NO_PEER);
	return HF_VERDICT_PORT(peer);
}

static void
l2_plan(struct hf_lane_context *ctx, struct hf_burst *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		b->verdict[i] = l2_verdict(ctx->run, b, i);
}

static int
forwarded(const struct hf_burst *b, uint32_t i)
{
	return (b->verdict[i] & HF_VERDICT_DROP_BIT) == 0;
}

static void
l2_save(struct hf_lane_context *ctx, const struct hf_burst *b, struct hf_undo *undo)
{
	if (ctx->run->l2_mode != HF_L2_MACSWAP)
		return;
	for (uint32_t i = 0; i < b->n; i++)
		if (forwarded(b, i))
			hf_undo_bytes(undo, b, i, 2 * RTE_ETHER_ADDR_LEN);
}

static void
swap_addresses(struct rte_ether_hdr *eth)
{
	struct rte_ether_addr src = eth->src_addr;

	eth->src_addr = eth->dst_addr;
	HF_POINT_LOOSE("l2_swap_src");
	eth->dst_addr = src;
	HF_POINT_LOOSE("l2_swap_dst");
}

static void
l2_apply(struct hf_lane_context *ctx, const struct hf_burst *b)
{
	if (ctx->run->l2_mode != HF_L2_MACSWAP)
		return;
	for (uint32_t i = 0; i < b->n; i++)
		if (forwarded(b, i))
			swap_addresses((struct rte_ether_hdr *)b->data[i]);
}

static const struct hf_stage stage = {
	.name = "l2",
	.enabled = l2_enabled,
	.plan = l2_plan,
	.save = l2_save,
	.apply = l2_apply,
};

const struct hf_stage *
hf_stage_l2(void)
{
	return &stage;
}

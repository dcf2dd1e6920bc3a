/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * l2: out of the peer port. Mode wire leaves the frame as it is; macswap exchanges source and
 * destination MAC address.
 */
#include <rte_byteorder.h>
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
l2_verdict(const struct hf_run_config *run, uint16_t port, uint16_t data_len)
{
	uint16_t peer = port < HF_MAX_PORTS ? run->peer[port] : UINT16_MAX;
	uint16_t verdict =
		peer != UINT16_MAX ? HF_VERDICT_PORT(peer) : HF_VERDICT_DROP(HF_DROP_NO_PEER);

	return data_len < sizeof(struct rte_ether_hdr) ? HF_VERDICT_DROP(HF_DROP_TOO_SHORT)
						       : verdict;
}

static void
drop_bad_cksum(const struct hf_run_config *run, struct hf_burst *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		if ((run->cksum_ports >> (b->port[i] & 31) & 1) != 0 && bad_cksum(b->mbuf[i]))
			b->verdict[i] = HF_VERDICT_DROP(HF_DROP_BAD_CKSUM);
}

static void
l2_plan(struct hf_lane_context *ctx, struct hf_burst *b)
{
	const struct hf_run_config *run = ctx->run;

	for (uint32_t i = 0; i < b->n; i++)
		b->verdict[i] = l2_verdict(run, b->port[i], b->data_len[i]);
	if (run->cksum_ports != 0)
		drop_bad_cksum(run, b);
}

static int
forwarded(const struct hf_burst *b, uint32_t i)
{
	return (b->verdict[i] & HF_VERDICT_DROP_BIT) == 0;
}

static void
l2_save(struct hf_lane_context *ctx, const struct hf_burst *b, struct hf_undo *undo)
{
	struct hf_undo_piece *p = &undo->piece[undo->n_pieces];

	if (ctx->run->l2_mode != HF_L2_MACSWAP)
		return;
	for (uint32_t i = 0; i < b->n; i++) {
		hf_burst_fetch_ahead(b, i);
		if (forwarded(b, i))
			p = hf_undo_bytes(p, b, i, 2 * RTE_ETHER_ADDR_LEN);
	}
	undo->n_pieces = (uint32_t)(p - undo->piece);
}

/* In two words that overlap: half the loads and stores of two addresses of 6 bytes. */
static void
swap_addresses(uint8_t *eth)
{
	uint64_t first, last; /* bytes 0 to 7 and 4 to 11, byte 0 the least */
	uint32_t tail;

	memcpy(&first, eth, sizeof(first));
	memcpy(&last, eth + 4, sizeof(last));
	first = rte_le_to_cpu_64(first);
	last = rte_le_to_cpu_64(last);
	last = rte_cpu_to_le_64(last >> 16 | first << 48);
	tail = rte_cpu_to_le_32((uint32_t)(first >> 16));
	memcpy(eth, &last, sizeof(last));
	HF_POINT_LOOSE("l2_swap_head");
	memcpy(eth + sizeof(last), &tail, sizeof(tail));
	HF_POINT_LOOSE("l2_swap_tail");
}

static void
l2_apply(struct hf_lane_context *ctx, const struct hf_burst *b)
{
	if (ctx->run->l2_mode != HF_L2_MACSWAP)
		return;
	for (uint32_t i = 0; i < b->n; i++)
		if (forwarded(b, i))
			swap_addresses(b->data[i]);
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

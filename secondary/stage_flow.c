/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flow: counts each packet on its flow's record, or under the reason why it is no flow, whatever
 * becomes of the packet afterwards: Σ flows + Σ skipped = packets in.
 */
#include <rte_mbuf.h>

#include "flow_hash.h"
#include "packet_fast.h"
#include "points.h"
#include "stage.h"

static int
flow_enabled(const struct hf_run_config *run)
{
	return run->stage_flow != 0;
}

static_assert(HF_BURST_MAX <= HF_FLOW_BULK_MAX, "a burst is looked up at once");

/* Parses and hashes all packets first, so that the buckets are on their way when they are used. */
static void
flow_plan(struct hf_lane_context *ctx, struct hf_burst *b)
{
	struct hf_flow_table *t = &ctx->flows;

	for (uint32_t i = 0; i < b->n; i++) {
		hf_packet_parse_fast(b->data[i], b->data_len[i], &b->pkt[i]);
		b->hash[i] =
			b->pkt[i].skip == HF_SKIP_NONE ? flow_hash_key(&b->pkt[i].key, t->seed) : 0;
		hf_flow_prefetch(t, b->hash[i]);
	}
	hf_flow_find_or_insert_bulk(t, b->pkt, b->hash, b->n, b->now_tick, b->flow);
}

static void
flow_save(struct hf_lane_context *ctx, const struct hf_burst *b, struct hf_undo *undo)
{
	for (uint32_t i = 0; i < b->n; i++) {
		if (b->flow[i] == HF_FLOW_NONE) {
			hf_undo_word(ctx, undo, &ctx->lane->flow_skipped[b->pkt[i].skip]);
			continue;
		}
		hf_undo_word(ctx, undo, &ctx->flows.records[b->flow[i]].packets_gen);
		hf_undo_word(ctx, undo, &ctx->flows.records[b->flow[i]].bytes);
	}
}

static void
flow_apply(struct hf_lane_context *ctx, const struct hf_burst *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		if (b->flow[i] == HF_FLOW_NONE)
			hf_add(&ctx->lane->flow_skipped[b->pkt[i].skip], 1);
		else
			hf_flow_count(&ctx->flows.records[b->flow[i]], b->pkt_len[i], b->now_tick);
		HF_POINT_LOOSE("flow_counted");
	}
}

static const struct hf_stage stage = {
	.name = "flow",
	.enabled = flow_enabled,
	.plan = flow_plan,
	.save = flow_save,
	.apply = flow_apply,
};

const struct hf_stage *
hf_stage_flow(void)
{
	return &stage;
}

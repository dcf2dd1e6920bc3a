/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flow: counts each packet on its flow's record, or under the reason why it is no flow, whatever
 * becomes of the packet afterwards: Σ flows + Σ skipped = packets in.
 */
#include <rte_mbuf.h>

#include "flow_bulk.h"
#include "flow_hash.h"
#include "packet_fast.h"
#include "points.h"
#include "stage.h"

static int
flow_enabled(const struct hf_run_config *run)
{
	return run->stage_flow != 0;
}

static_assert(HF_BURST_MAX <= HF_FLOW_BULK_MAX, "a burst is one search");

#define PART 16 /* packets; about as many lines as a CPU fetches at a time */
static_assert(PART <= HF_HEADERS_AHEAD, "the first part is on its way when it is parsed");

/*
 * Waits for the headers of the first part, all at the same time: requests ahead may have been
 * forgotten, and each of those would be waited for alone while packets are parsed. volatile only
 * keeps the load, whose value nobody wants: nothing is shared with another thread here.
 */
static void
wait_first(const struct hf_burst *b)
{
	for (uint32_t i = 0; i < b->n && i < PART; i++)
		if (b->data_len[i] > 0)
			(void)*(const volatile uint8_t *)b->data[i];
}

/* Parses and hashes; headers further on, and the buckets, are on their way then. */
static void
parse(const struct hf_flow_table *t, struct hf_burst *b, uint32_t from, uint32_t to)
{
	uint64_t seed = t->seed;

	for (uint32_t i = from; i < to; i++) {
		hf_burst_fetch_ahead(b, i);
		hf_packet_parse_fast(b->data[i], b->data_len[i], &b->pkt[i]);
		b->hash[i] =
			b->pkt[i].skip == HF_SKIP_NONE ? flow_hash_key(&b->pkt[i].key, seed) : 0;
		hf_flow_prefetch(t, b->hash[i]);
	}
}

/*
 * Part by part: the headers of the next arrive while one is parsed, and the records of one while
 * the next is.
 */
static void
flow_plan(struct hf_lane_context *ctx, struct hf_burst *b)
{
	struct hf_flow_table *t = &ctx->flows;
	struct hf_flow_search search;
	uint32_t n = b->n;

	wait_first(b);
	hf_flow_search_begin(&search);
	for (uint32_t at = 0; at < n + PART; at += PART) {
		uint32_t to = RTE_MIN(at + PART, n);

		if (at < n) {
			parse(t, b, at, to);
			hf_flow_search_guess(t, &search, b->pkt, b->hash, at, to);
		}
		if (at > 0)
			hf_flow_search_settle(t, &search, b->pkt, b->hash, at - PART,
					      RTE_MIN(at, n), b->now_tick, b->flow);
	}
}

static void
flow_save(struct hf_lane_context *ctx, const struct hf_burst *b, struct hf_undo *undo)
{
	struct hf_undo_word *w = &undo->word[undo->n_words];

	for (uint32_t i = 0; i < b->n; i++) {
		const struct hf_flow_record *r;

		if (b->flow[i] == HF_FLOW_NONE) {
			w = hf_undo_word(ctx, w, &ctx->lane->flow_skipped[b->pkt[i].skip]);
			continue;
		}
		r = &ctx->flows.records[b->flow[i]];
		w = hf_undo_word(ctx, w, &r->packets_gen);
		w = hf_undo_word(ctx, w, &r->bytes);
	}
	undo->n_words = (uint32_t)(w - undo->word);
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

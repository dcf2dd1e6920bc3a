/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "points.h"
#include "stage.h"

#define PREFETCH_AHEAD 4

/* Lists the packets of a burst; headers are fetched some packets ahead. */
static void
collect(struct hf_burst *b)
{
	const uint64_t *slots = hf_lane_ring_slots(b->ring);
	uint64_t mask = b->ring->mask;

	for (uint32_t i = 0; i < b->n; i++) {
		b->mbuf[i] = (struct rte_mbuf *)(uintptr_t)slots[(b->first + i) & mask];
		rte_prefetch0(b->mbuf[i]);
	}
	for (uint32_t i = 0; i < b->n; i++) {
		b->data[i] = rte_pktmbuf_mtod(b->mbuf[i], uint8_t *);
		rte_prefetch0(b->data[i]);
	}
}

/* Changes packet i: everything between the two stores of seq and done can be undone. */
static void
apply_one(struct hf_lane_context *ctx, struct hf_burst *b, uint32_t i, uint16_t *verdicts)
{
	struct hf_lane_ring *ring = b->ring;
	struct hf_undo *undo = &ring->undo;
	uint64_t index = b->first + i;

	undo->n_words = 0;
	undo->n_bytes = 0;
	undo->bytes_off = 0;
	undo->ambiguous = 0;
	for (const struct hf_stage *const *s = ctx->stage; *s != NULL; s++)
		(*s)->save(ctx, b, i, undo);
	HF_POINT("apply_saved");
	undo->seq = index + 1;
	HF_POINT("apply_open");
	for (const struct hf_stage *const *s = ctx->stage; *s != NULL; s++)
		(*s)->apply(ctx, b, i);
	verdicts[index & ring->mask] = b->verdict[i];
	HF_POINT("apply_verdict");
	ring->done = index + 1;
	HF_POINT("apply_done");
}

uint32_t
hf_burst_run(struct hf_lane_context *ctx, struct hf_lane_ring *ring, uint32_t now_tick)
{
	struct hf_burst *b = &ctx->burst;
	/* Pairs with the I/O thread's release store: slots below it are filled. */
	uint64_t published = atomic_load_explicit(&ring->published, memory_order_acquire);
	uint16_t *verdicts = hf_lane_ring_verdicts(ring);

	b->ring = ring;
	b->first = ring->done;
	b->now_tick = now_tick;
	if (published == b->first)
		return 0;
	b->n = (uint32_t)RTE_MIN(published - b->first, (uint64_t)ctx->run->burst);
	collect(b);
	hf_step_set(ctx, HF_STEP_PLAN);
	for (const struct hf_stage *const *s = ctx->stage; *s != NULL; s++) {
		ctx->planning = *s;
		(*s)->plan(ctx, b);
	}
	HF_POINT("planned");
	hf_step_set(ctx, HF_STEP_APPLY);
	for (uint32_t i = 0; i < b->n; i++)
		apply_one(ctx, b, i, verdicts);
	/* Pairs with the I/O thread's acquire load: packets and verdicts below it are finished. */
	atomic_store_explicit(&ring->done_pub, ring->done, memory_order_release);
	hf_step_set(ctx, HF_STEP_NONE);
	HF_POINT("published");
	return b->n;
}

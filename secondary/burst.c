/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

#include <rte_mbuf.h>
#include <string.h>

#include "points.h"
#include "stage.h"
#include "suspect.h"

/* Asks for one of the first headers; hf_burst_fetch_ahead() does so for the others. */
static inline void
fetch_header(const struct hf_burst *b, uint32_t i)
{
	if (i < HF_HEADERS_AHEAD)
		__builtin_prefetch(b->data[i], 1);
}

/* Where an mbuf says its packet is. */
static void
ask_mbuf(struct hf_burst *b, uint32_t i)
{
	const struct rte_mbuf *m = b->mbuf[i];

	b->data[i] = rte_pktmbuf_mtod(m, uint8_t *);
	b->data_len[i] = m->data_len;
	b->pkt_len[i] = m->pkt_len;
	fetch_header(b, i);
}

#define SLOTS_A_LINE (RTE_CACHE_LINE_SIZE / sizeof(struct hf_lane_slot))

/*
 * Asks for the slots of n packets from index on. The I/O thread writes them past the caches: they
 * come from memory, and each line that is asked for early is one that is not waited for.
 */
static void
fetch_slots(const struct hf_lane_ring *ring, uint64_t index, uint64_t n)
{
	const struct hf_lane_slot *slots = hf_lane_ring_slots(ring);

	for (uint64_t i = 0; i < n; i += SLOTS_A_LINE)
		rte_prefetch0(&slots[(index + i) & ring->mask]);
}

/* Lists the packets of a burst; the first headers are on the way then. */
static void
collect(struct hf_burst *b)
{
	const struct hf_lane_slot *slots = hf_lane_ring_slots(b->ring);
	uint64_t mask = b->ring->mask;
	uint32_t asked = 0;

	for (uint32_t i = 0; i < b->n; i++) {
		const struct hf_lane_slot *s = &slots[(b->first + i) & mask];

		b->mbuf[i] = (struct rte_mbuf *)(uintptr_t)s->mbuf;
		b->data[i] = (uint8_t *)b->mbuf[i] + s->data_at;
		b->data_len[i] = s->data_len;
		b->pkt_len[i] = s->data_len;
		b->port[i] = s->port;
		asked += s->data_at == 0;
		fetch_header(b, i);
	}
	for (uint32_t i = 0; asked > 0 && i < b->n; i++)
		if (b->data[i] == (uint8_t *)b->mbuf[i])
			ask_mbuf(b, i);
}

/* Writes the verdicts where the I/O thread finds them. */
static void
show_verdicts(const struct hf_burst *b)
{
	uint16_t *verdicts = hf_lane_ring_verdicts(b->ring);
	uint64_t at = b->first & b->ring->mask;
	uint64_t n = RTE_MIN((uint64_t)b->n, b->ring->size - at);

	memcpy(&verdicts[at], b->verdict, n * sizeof(verdicts[0]));
	memcpy(verdicts, &b->verdict[n], (b->n - n) * sizeof(verdicts[0]));
}

/* Changes the burst: everything between the stores of seq and done can be undone. */
static void
apply(struct hf_lane_context *ctx, struct hf_burst *b)
{
	struct hf_lane_ring *ring = b->ring;
	struct hf_undo *undo = &ring->undo;

	undo->n_words = 0;
	undo->n_pieces = 0;
	undo->unsaved = 0;
	for (const struct hf_stage *const *s = ctx->stage; *s != NULL; s++) {
		ctx->at_work = *s;
		(*s)->save(ctx, b, undo);
	}
	hf_lap_step(ctx, HF_LANE_STEP_SAVE);
	HF_POINT("apply_saved");
	undo->seq = b->first + b->n;
	HF_POINT("apply_open");
	for (const struct hf_stage *const *s = ctx->stage; *s != NULL; s++) {
		ctx->at_work = *s;
		(*s)->apply(ctx, b);
	}
	HF_POINT("apply_changed");
	show_verdicts(b);
	HF_POINT("apply_verdicts");
	ring->done = b->first + b->n;
	HF_POINT("apply_done");
}

uint32_t
hf_burst_run(struct hf_lane_context *ctx, struct hf_lane_ring *ring, uint32_t now_tick)
{
	struct hf_burst *b = &ctx->burst;
	/* Pairs with the I/O thread's release store: slots below it are filled. */
	uint64_t published = atomic_load_explicit(&ring->published, memory_order_acquire);

	b->ring = ring;
	b->first = ring->done;
	b->now_tick = now_tick;
	if (published == b->first)
		return 0;
	b->n = (uint32_t)RTE_MIN(published - b->first, (uint64_t)ctx->run->burst);
	if (unlikely(b->first < ring->suspect.end))
		hf_suspect_try(b);
	ctx->at_work = ctx->stage[0]; /* from here on a fault is one over a packet */
	hf_step_set(ctx, HF_STEP_PLAN);
	atomic_signal_fence(memory_order_seq_cst); /* the handler of a fault sees it all */
	fetch_slots(ring, b->first, RTE_MIN(published - b->first, 2 * (uint64_t)b->n));
	collect(b);
	hf_lap_step(ctx, HF_LANE_STEP_RX);
	for (const struct hf_stage *const *s = ctx->stage; *s != NULL; s++) {
		ctx->at_work = *s;
		(*s)->plan(ctx, b);
		hf_lap_step(ctx, HF_LANE_STEP_PLAN + (unsigned int)(s - ctx->stage));
	}
	HF_POINT("planned");
	hf_step_set(ctx, HF_STEP_APPLY);
	apply(ctx, b);
	if (unlikely(ring->suspect.trying != 0))
		ring->suspect.trying = 0;
	/* Pairs with the I/O thread's acquire load: packets and verdicts below it are finished. */
	atomic_store_explicit(&ring->done_pub, ring->done, memory_order_release);
	hf_step_set(ctx, HF_STEP_NONE);
	hf_lap_step(ctx, HF_LANE_STEP_APPLY);
	HF_POINT("published");
	return b->n;
}

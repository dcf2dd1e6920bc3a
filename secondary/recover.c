/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recovery of a software lane whose owner died. Every step may be repeated after a death.
 */
#include <rte_mbuf.h>
#include <string.h>

#include "burst.h"
#include "points.h"

/* The dead owner may have scribbled: nothing is believed that leads outside. */
static int
usable(const struct hf_lane_context *ctx, const struct hf_undo *u, const struct rte_mbuf *m)
{
	if (u->n_words > HF_UNDO_WORDS || u->n_bytes > HF_UNDO_BYTES ||
	    (uint32_t)u->bytes_off + u->n_bytes > m->data_len)
		return 0;
	for (uint32_t w = 0; w < u->n_words; w++)
		if (u->word[w].seg_off % 8 != 0 ||
		    u->word[w].seg_off > ctx->seg->header.total_bytes - 8)
			return 0;
	return 1;
}

static void
restore(struct hf_lane_context *ctx, const struct hf_undo *u, struct rte_mbuf *m)
{
	for (uint32_t w = 0; w < u->n_words; w++) {
		_Atomic(uint64_t) *c =
			(_Atomic(uint64_t) *)((uintptr_t)ctx->seg + u->word[w].seg_off);

		atomic_store_explicit(c, u->word[w].old, memory_order_relaxed);
		HF_POINT("recover_word");
	}
	memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, u->bytes_off), u->bytes, u->n_bytes);
	HF_POINT("recover_bytes");
}

/*
 * Was a packet being applied? A record that names the next index before a packet was published
 * there was scribbled: the slot may hold anything, and the record must not be taken for the next
 * packet's by a later recovery.
 */
static int
is_open(struct hf_lane_ring *ring)
{
	if (ring->undo.seq != ring->done + 1)
		return 0;
	/* Pairs with the I/O thread's release store: slots below it are filled. */
	if (ring->done != atomic_load_explicit(&ring->published, memory_order_acquire))
		return 1;
	ring->undo.seq = 0;
	return 0;
}

/* Undoes the open apply of one ring, if there is one. Returns 1 when there was. */
static uint32_t
recover_ring(struct hf_lane_context *ctx, struct hf_lane_ring *ring)
{
	struct hf_undo *u = &ring->undo;
	uint64_t slot = ring->done & ring->mask;
	uint32_t undone = 0;

	if (is_open(ring)) {
		struct rte_mbuf *m = (struct rte_mbuf *)(uintptr_t)hf_lane_ring_slots(ring)[slot];

		undone = 1;
		if (usable(ctx, u, m))
			restore(ctx, u, m);
		else
			u->ambiguous = 1;
		if (u->ambiguous != 0) {
			hf_lane_ring_verdicts(ring)[slot] =
				HF_VERDICT_DROP(HF_DROP_CRASH_AMBIGUOUS);
			HF_POINT("recover_verdict");
			ring->done++;
		} else {
			u->seq = 0;
		}
		HF_POINT("recover_closed");
	}
	/* Pairs with the I/O thread's acquire load. */
	atomic_store_explicit(&ring->done_pub, ring->done, memory_order_release);
	HF_POINT("recover_published");
	return undone;
}

uint32_t
hf_lane_recover(struct hf_lane_context *ctx)
{
	uint32_t undone = 0;

	for (uint32_t k = 0; k < ctx->n_rings; k++)
		undone += recover_ring(ctx, ctx->ring[k]);
	hf_flow_recover(&ctx->flows);
	return undone;
}

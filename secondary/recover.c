/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recovery of a lane whose owner died. Every step may be repeated after a death.
 */
#include <rte_mbuf.h>
#include <string.h>

#include "burst.h"
#include "points.h"
#include "suspect.h"

/* The packet at a ring index. */
static struct rte_mbuf *
packet_at(struct hf_lane_ring *ring, uint64_t index)
{
	return (struct rte_mbuf *)(uintptr_t)hf_lane_ring_slots(ring)[index & ring->mask].mbuf;
}

static int
piece_usable(struct hf_lane_ring *ring, const struct hf_undo_piece *p)
{
	return p->packet < ring->undo.seq - ring->done && p->n <= HF_UNDO_PIECE &&
	       (uint32_t)p->off + p->n <= packet_at(ring, ring->done + p->packet)->data_len;
}

/* The dead owner may have scribbled: nothing is believed that leads outside. */
static int
usable(const struct hf_lane_context *ctx, struct hf_lane_ring *ring)
{
	const struct hf_undo *u = &ring->undo;

	if (u->unsaved != 0 || u->n_words > HF_UNDO_WORDS_MAX || u->n_pieces > HF_UNDO_PIECES_MAX)
		return 0;
	for (uint32_t w = 0; w < u->n_words; w++)
		if (u->word[w].seg_off % 8 != 0 ||
		    u->word[w].seg_off > ctx->seg->header.total_bytes - 8)
			return 0;
	for (uint32_t k = 0; k < u->n_pieces; k++)
		if (!piece_usable(ring, &u->piece[k]))
			return 0;
	return 1;
}

static void
restore(struct hf_lane_context *ctx, struct hf_lane_ring *ring)
{
	const struct hf_undo *u = &ring->undo;

	for (uint32_t w = 0; w < u->n_words; w++) {
		_Atomic(uint64_t) *c =
			(_Atomic(uint64_t) *)((uintptr_t)ctx->seg + u->word[w].seg_off);

		atomic_store_explicit(c, u->word[w].old, memory_order_relaxed);
		HF_POINT("recover_word");
	}
	for (uint32_t k = 0; k < u->n_pieces; k++) {
		const struct hf_undo_piece *p = &u->piece[k];
		struct rte_mbuf *m = packet_at(ring, ring->done + p->packet);

		memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, p->off), p->old, p->n);
		HF_POINT("recover_bytes");
	}
}

/* What can not be restored is dropped. */
static void
drop_burst(struct hf_lane_ring *ring)
{
	uint16_t *verdicts = hf_lane_ring_verdicts(ring);

	for (uint64_t i = ring->done; i < ring->undo.seq; i++)
		verdicts[i & ring->mask] = HF_VERDICT_DROP(HF_DROP_CRASH_AMBIGUOUS);
	HF_POINT("recover_verdict");
	ring->done = ring->undo.seq;
}

/*
 * How many packets were being applied? A record that names more than a burst, or packets that were
 * never published, was scribbled: the slots may hold anything, and the record must not be taken for
 * a later burst's by a later recovery.
 */
static uint32_t
open_packets(struct hf_lane_ring *ring)
{
	uint64_t seq = ring->undo.seq;

	if (seq > ring->done && seq - ring->done <= HF_BURST_MAX &&
	    /* Pairs with the I/O thread's release store: slots below it are filled. */
	    seq <= atomic_load_explicit(&ring->published, memory_order_acquire))
		return (uint32_t)(seq - ring->done);
	ring->undo.seq = 0;
	return 0;
}

/*
 * Undoes the open apply of one ring, if there is one; a packet of death is dropped. Returns the
 * number of packets undone.
 */
static uint32_t
recover_ring(struct hf_lane_context *ctx, uint32_t k, const struct hf_suspect_cause *cause)
{
	struct hf_lane_ring *ring = ctx->ring[k];
	uint32_t n = open_packets(ring);

	if (n > 0) {
		if (usable(ctx, ring)) {
			restore(ctx, ring);
			ring->undo.seq = 0;
		} else {
			drop_burst(ring);
		}
		HF_POINT("recover_closed");
	}
	hf_suspect_judge(ctx, k, cause);
	/* Pairs with the I/O thread's acquire load. */
	atomic_store_explicit(&ring->done_pub, ring->done, memory_order_release);
	HF_POINT("recover_published");
	return n;
}

uint32_t
hf_lane_recover(struct hf_lane_context *ctx)
{
	struct hf_suspect_cause cause;
	uint32_t undone = 0;

	hf_suspect_cause(ctx, &cause);
	for (uint32_t k = 0; k < ctx->n_rings; k++)
		undone += recover_ring(ctx, k, &cause);
	hf_flow_recover(&ctx->flows);
	return undone;
}

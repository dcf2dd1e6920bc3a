/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A step of packet processing: one file each, one row in stages.c. All callbacks run on the lane
 * thread and are optional.
 */
#ifndef HF_STAGE_H
#define HF_STAGE_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "burst.h"

struct hf_stage {
	const char *name;
	/* Does the configuration ask for it? */
	int (*enabled)(const struct hf_run_config *run);
	/* Reads the packets of a burst, writes the burst's scratch; no shared store but an
	 * idempotent find-or-insert. May turn a verdict into a drop. */
	void (*plan)(struct hf_lane_context *ctx, struct hf_burst *b);
	/* Saves all that apply will change: hf_undo_word(), hf_undo_bytes(); at most 6 words and 6
	 * pieces a packet. Sets undo->unsaved when it cannot. */
	void (*save)(struct hf_lane_context *ctx, const struct hf_burst *b, struct hf_undo *undo);
	/* Changes packets and counters; exactly what save named. HF_POINT_LOOSE after stores. */
	void (*apply)(struct hf_lane_context *ctx, const struct hf_burst *b);
};

/* Fills ctx->stage with the stages the configuration asks for. Before the lease is taken. */
void hf_stages_select(struct hf_lane_context *ctx);

/* Every stage's file offers itself by one of these. */
const struct hf_stage *hf_stage_l2(void);
const struct hf_stage *hf_stage_flow(void);
#ifdef HF_POISON
const struct hf_stage *hf_stage_poison(void);
#endif

/*
 * Both write one entry of the undo record and return the place of the next: a stage goes from
 * &word[n_words] or &piece[n_pieces] on and sets the number once, after its loop. Counted in memory
 * each entry would wait for the one before to leave the store buffer.
 */

/* Saves the old value of a counter in the segment. */
static inline struct hf_undo_word *
hf_undo_word(const struct hf_lane_context *ctx, struct hf_undo_word *w, const _Atomic(uint64_t) *c)
{
	w->seg_off = (uintptr_t)c - (uintptr_t)ctx->seg;
	w->old = atomic_load_explicit(c, memory_order_relaxed);
	return w + 1;
}

/* Saves the first n bytes of packet i of the burst; n at most HF_UNDO_PIECE and its data length. */
static inline struct hf_undo_piece *
hf_undo_bytes(struct hf_undo_piece *p, const struct hf_burst *b, uint32_t i, uint16_t n)
{
	p->packet = i;
	p->off = 0;
	p->n = n;
	memcpy(p->old, b->data[i], n);
	return p + 1;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of death. Every step may be repeated after a death: what was done is recognised by the
 * ring's cursor, which moves last.
 */
#include "suspect.h"

#include <rte_mbuf.h>
#include <signal.h>
#include <string.h>

#include "points.h"

/* A signal that somebody sent says nothing about a packet; abort() sends its own. */
static int
is_own_fault(const struct hf_crash *c)
{
	return c->code > 0 || (c->signal == SIGABRT && c->code == SI_TKILL);
}

/* Is it the report of the lane's last owner, from when it was at work on a burst? */
static int
accuses(const struct hf_lane_context *ctx, const struct hf_crash *c)
{
	const struct hf_lane *lane = ctx->lane;

	return c->lane == (int32_t)ctx->lane_id &&
	       c->generation == atomic_load_explicit(&lane->generation, memory_order_relaxed) &&
	       c->pid == atomic_load_explicit(&lane->owner_pid, memory_order_relaxed) &&
	       c->tsc >= hf_load(&lane->since_tsc) && c->ring < ctx->n_rings &&
	       (c->step == HF_STEP_PLAN || c->step == HF_STEP_APPLY) && is_own_fault(c);
}

void
hf_suspect_cause(const struct hf_lane_context *ctx, struct hf_suspect_cause *cause)
{
	const struct hf_lane *lane = ctx->lane;
	uint32_t gen = atomic_load_explicit(&lane->generation, memory_order_relaxed);

	memset(cause, 0, sizeof(*cause));
	cause->ring = -1;
	cause->generation = gen;
	if (gen == 0)
		return;
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		if (hf_crash_read(&ctx->seg->workers[i], &cause->crash) != 0 ||
		    !accuses(ctx, &cause->crash))
			continue;
		cause->ring = (int)cause->crash.ring;
		cause->counts = 1;
		return;
	}
	memset(&cause->crash, 0, sizeof(cause->crash));
	cause->crash.pid = atomic_load_explicit(&lane->owner_pid, memory_order_relaxed);
	/* Pairs with the primary's release store before the kill. */
	cause->counts = atomic_load_explicit(&lane->hung_gen, memory_order_acquire) == gen;
}

/* How many packets, from the cursor on, the dead owner had at hand as far as is known. */
static uint32_t
accused(const struct hf_lane_context *ctx, uint32_t k, const struct hf_suspect_cause *cause)
{
	const struct hf_lane_ring *ring = ctx->ring[k];
	/* Pairs with the I/O thread's release store: slots below it are filled. */
	uint64_t published = atomic_load_explicit(&ring->published, memory_order_acquire);
	uint32_t n = ctx->run->burst;

	if (!cause->counts || published <= ring->done || published - ring->done > ring->size)
		return 0;
	if (cause->ring >= 0) {
		if ((uint32_t)cause->ring != k || cause->crash.packet != ring->done)
			return 0;
		n = cause->crash.burst;
	}
	n = RTE_MIN(n, (uint32_t)HF_BURST_MAX);
	return (uint32_t)RTE_MIN((uint64_t)n, published - ring->done);
}

/* Bytes of the packet, as far as its segments make sense. */
static uint32_t
copy_packet(const struct rte_mbuf *m, uint8_t *to, uint32_t max)
{
	uint32_t n = 0;

	for (; m != NULL && n < max; m = m->next) {
		uint32_t len = RTE_MIN((uint32_t)m->data_len, max - n);

		if ((uint32_t)m->data_off + m->data_len > m->buf_len)
			break;
		memcpy(to + n, rte_pktmbuf_mtod(m, const uint8_t *), len);
		n += len;
	}
	return n;
}

static void
fill_note(const struct hf_lane_context *ctx, uint32_t k, const struct hf_suspect_cause *cause,
	  struct hf_quarantine_note *note)
{
	const struct hf_lane_ring *ring = ctx->ring[k];
	const struct hf_lane_slot *slot = &hf_lane_ring_slots(ring)[ring->done & ring->mask];
	struct hf_quarantine *q = &ctx->seg->quarantine[ctx->lane_id];
	const struct rte_mbuf *m = (const struct rte_mbuf *)(uintptr_t)slot->mbuf;
	const struct hf_crash *c = &cause->crash;

	note->index = ring->done;
	note->ring = k;
	note->generation = cause->generation;
	note->first_generation = ring->suspect.generation;
	note->signal = c->signal;
	note->step = c->step;
	note->pid = c->pid;
	note->address = c->address;
	note->ip = c->ip;
	note->port = slot->port;
	memcpy(note->stage, c->stage, sizeof(note->stage));
	note->n = 0;
	note->pkt_len = 0;
	if (q->copying == ring->done + 1) /* an owner died over its bytes */
		return;
	q->copying = ring->done + 1;
	HF_POINT("quarantine_copying");
	note->pkt_len = m->pkt_len;
	note->n = copy_packet(m, note->data,
			      RTE_MIN(ctx->run->quarantine_snap, (uint32_t)HF_QUARANTINE_SNAP));
	HF_POINT("quarantine_copied");
}

/* Has an owner before, which then died, left the note of the packet at the cursor? */
static int
is_noted(const struct hf_quarantine *q, const struct hf_lane_ring *ring, uint32_t k, uint64_t last)
{
	const struct hf_quarantine_note *note = &q->note[last % HF_QUARANTINE_NOTES];

	return (last > 0 && note->index == ring->done && note->ring == k) ||
	       (q->missed_index == ring->done + 1 && q->missed_ring == k);
}

/* Leaves the packet for the primary, if there is room; else it is counted alone. */
static void
leave_note(const struct hf_lane_context *ctx, uint32_t k, const struct hf_suspect_cause *cause)
{
	struct hf_quarantine *q = &ctx->seg->quarantine[ctx->lane_id];
	uint64_t last = atomic_load_explicit(&q->last, memory_order_relaxed);

	if (is_noted(q, ctx->ring[k], k, last))
		return;
	/* Pairs with the primary's release store: it has read the note that is overwritten. */
	if (last - atomic_load_explicit(&q->taken, memory_order_acquire) >= HF_QUARANTINE_NOTES) {
		q->missed_ring = k;
		q->missed_index = ctx->ring[k]->done + 1;
		hf_add(&q->missed, 1);
		return;
	}
	fill_note(ctx, k, cause, &q->note[(last + 1) % HF_QUARANTINE_NOTES]);
	q->copying = 0;
	/* Pairs with the primary's acquire load: the note is whole. */
	atomic_store_explicit(&q->last, last + 1, memory_order_release);
	HF_POINT("quarantine_noted");
}

static void
quarantine(struct hf_lane_context *ctx, uint32_t k, const struct hf_suspect_cause *cause)
{
	struct hf_lane_ring *ring = ctx->ring[k];

	hf_lane_ring_verdicts(ring)[ring->done & ring->mask] = HF_VERDICT_DROP(HF_DROP_QUARANTINED);
	HF_POINT("quarantine_verdict");
	leave_note(ctx, k, cause);
	ring->done++;
	HF_POINT("quarantine_done");
}

void
hf_suspect_judge(struct hf_lane_context *ctx, uint32_t k, const struct hf_suspect_cause *cause)
{
	struct hf_lane_ring *ring = ctx->ring[k];
	struct hf_lane_suspect *s = &ring->suspect;
	uint32_t n = accused(ctx, k, cause);

	if (s->end > ring->done + HF_BURST_MAX) /* it was scribbled over */
		s->end = 0;
	if (n > 0 && ring->done < s->end && s->trying == ring->done + 1) {
		quarantine(ctx, k, cause);
	} else if (n > 0) {
		s->generation = cause->generation;
		HF_POINT("suspect_named");
		s->end = ring->done + n;
		HF_POINT("suspect_range");
	}
	s->trying = 0;
	HF_POINT("recover_judged");
}

void
hf_suspect_try(struct hf_burst *b)
{
	b->n = 1;
	b->ring->suspect.trying = b->first + 1;
	HF_POINT("suspect_trying");
}

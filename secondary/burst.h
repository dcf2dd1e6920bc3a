/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One burst of a lane: plan, save and apply, each over all packets. Runs on the lane thread that
 * holds the lease. No syscall, allocation or log.
 *
 * The rule that makes SIGKILL at any instruction harmless:
 *   plan   reads packets, writes this struct; its only shared store is an idempotent find-or-insert
 *   save   the old values of all that will change -> undo.seq = first + n
 *   apply  rewrite, count, verdicts, in any order -> done = first + n
 *   then   done_pub = done
 * The next owner restores what the record holds and plans the burst again.
 */
#ifndef HF_BURST_H
#define HF_BURST_H

#include <stdint.h>

#include "flow_table.h"
#include "lane_ring.h"
#include "segment.h"
#include "transmit.h"

#define HF_LAP_BURSTS    64 /* one of so many is timed step by step */
#define HF_HEADERS_AHEAD 16 /* packets whose headers are on their way */

struct hf_hw_lane;
struct rte_mbuf;
struct hf_stage;

/* Scratch of one burst; private to the lane thread, worthless after it. */
struct hf_burst {
	struct hf_lane_ring *ring;
	uint64_t first; /* ring index of packet 0 */
	uint32_t n;
	uint32_t now_tick;
	struct rte_mbuf *mbuf[HF_BURST_MAX];
	uint8_t *data[HF_BURST_MAX];
	uint32_t pkt_len[HF_BURST_MAX];  /* of all segments */
	uint16_t data_len[HF_BURST_MAX]; /* of the first segment */
	uint16_t port[HF_BURST_MAX];     /* it came in by; configured index */
	uint16_t verdict[HF_BURST_MAX];
	uint32_t flow[HF_BURST_MAX]; /* record, or HF_FLOW_NONE: then pkt[].skip says why */
	uint64_t hash[HF_BURST_MAX];
	struct hf_packet pkt[HF_BURST_MAX];
};

/* The steps of a burst that is timed. */
struct hf_lap {
	uint32_t timed;  /* 1: this one is */
	uint32_t bursts; /* since the last one that was */
	uint64_t last_tsc;
	uint64_t limit_tsc; /* a burst that takes longer was interrupted: it does not count */
	uint64_t tsc[HF_LANE_STEPS];
};

/* What a lane thread needs to run a lane; private memory, made before it takes the lease. */
struct hf_lane_context {
	struct hf_segment *seg;
	struct hf_lane *lane;
	const struct hf_run_config *run;
	uint32_t lane_id;
	uint32_t n_rings;
	struct hf_lane_ring *ring[HF_MAX_IO];
	struct hf_flow_table flows;
	struct hf_lap lap;
	const struct hf_stage *stage[HF_MAX_STAGES +
				     1]; /* those the configuration asks for, in order, then NULL */
	struct hf_hw_lane *hw;           /* hardware lanes: its memory; ring[0] is in it */
	struct hf_transmit tx;           /* hardware lanes: how long they wait for room */
	struct hf_lane_totals sum;       /* hardware lanes: what lane->counters show after a turn */
	_Atomic(uint32_t) step;          /* enum hf_step: for the crash handler of this thread */
	const struct hf_stage *at_work;  /* in HF_STEP_PLAN (the first while packets are listed)
					  * and HF_STEP_APPLY; likewise */
	struct hf_burst burst;
};

/*
 * Asks for the header of a packet behind packet i: for loops that read or write headers. Further
 * ahead, or all at once, is worse: a CPU forgets requests of which it has too many under way.
 */
static inline void
hf_burst_fetch_ahead(const struct hf_burst *b, uint32_t i)
{
	if (i + HF_HEADERS_AHEAD < b->n)
		__builtin_prefetch(b->data[i + HF_HEADERS_AHEAD], 1);
}

/* Leaves word for the crash handler of what this thread is about to do. */
static inline void
hf_step_set(struct hf_lane_context *ctx, enum hf_step step)
{
	atomic_store_explicit(&ctx->step, step, memory_order_relaxed);
}

/* In a timed burst: a step ends here. */
static inline void
hf_lap_step(struct hf_lane_context *ctx, unsigned int step)
{
	uint64_t now;

	if (ctx->lap.timed == 0)
		return;
	now = hf_tsc();
	ctx->lap.tsc[step] += now - ctx->lap.last_tsc;
	ctx->lap.last_tsc = now;
}

/* Before a ring or queue is looked at, and after: n packets were found there and finished. */
void hf_lap_begin(struct hf_lane_context *ctx);
void hf_lap_end(struct hf_lane_context *ctx, uint32_t n);

/* A new owner begins. */
void hf_lap_start(struct hf_lane_context *ctx);

/* Did n packets take so long that somebody else had the CPU meanwhile? */
static inline int
hf_lap_interrupted(const struct hf_lane_context *ctx, uint32_t n, uint64_t tsc)
{
	return tsc > ctx->lap.limit_tsc + n * (ctx->lap.limit_tsc / 16);
}

/*
 * Works on at most run->burst packets of one ring. Holder of the lease. now_tick: hf_tick() of
 * now. Returns the number of packets finished.
 */
uint32_t hf_burst_run(struct hf_lane_context *ctx, struct hf_lane_ring *ring, uint32_t now_tick);

/*
 * Makes a dead owner's lane whole: restores what its open apply changed, finishes an open removal
 * from the flow table, drops a packet on which two owners died, publishes the cursor. May be killed
 * and run again. New owner, after EOWNERDEAD, before hf_lease_consistent(). Returns the number of
 * packets restored (at most a burst a ring).
 */
uint32_t hf_lane_recover(struct hf_lane_context *ctx);

#endif

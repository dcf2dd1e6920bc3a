/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hardware lane's memory: one memzone a lane, in DPDK memory. Lane q is receive and transmit
 * queue q of every port; its owner runs them to completion. The owner is its own I/O thread: it
 * publishes what it received in the lane's small ring, works on it as on a software lane's ring
 * (plan, apply, undo), transmits and frees. What the ring holds is what the lane holds.
 *
 * Invariants: mbufs of lane q's pools live in queue q and lane q only (no clones, no transmit to
 * another queue, reference count 1), so that a dead lane's pools can be rebuilt whole. The phase is
 * stored around every call into a driver or a pool, with compiler barriers: a death in WORK or IDLE
 * has left them untouched.
 *
 * Writer: the holder of the lease: the lane's owner, or the primary that recovers it.
 */
#ifndef HF_HW_LANE_H
#define HF_HW_LANE_H

#include "lane_ring.h"

#define HF_HW_RING 128 /* at least the largest burst */

enum hf_phase {
	HF_PHASE_IDLE, /* nothing is held */
	HF_PHASE_RX,   /* inside a receive call, which also allocates */
	HF_PHASE_WORK, /* packets are held, drivers are not touched */
	HF_PHASE_TX,   /* inside transmit calls and frees */
};

struct hf_hw_lane {
	alignas(64) _Atomic(uint32_t) phase; /* enum hf_phase */
	uint32_t lane;
	uint64_t reaped;   /* ring index below which all was transmitted or freed */
	uint64_t ring_off; /* from this struct: the ring */
};

static inline struct hf_lane_ring *
hf_hw_lane_ring(const struct hf_hw_lane *h)
{
	return (struct hf_lane_ring *)((uintptr_t)h + h->ring_off);
}

/*
 * Did its owner, if it is dead, die inside a driver or a pool? Then the primary makes it whole, and
 * says so by the phase IDLE.
 */
static inline int
hf_hw_lane_in_driver(const struct hf_hw_lane *h)
{
	/* Pairs with the primary's release store of IDLE. */
	uint32_t phase = atomic_load_explicit(&h->phase, memory_order_acquire);

	return phase != HF_PHASE_IDLE && phase != HF_PHASE_WORK;
}

/* Bytes of a lane's memory. */
size_t hf_hw_lane_bytes(void);

/* Formats it, 64-byte aligned. Primary, before READY. */
void hf_hw_lane_format(struct hf_hw_lane *h, uint32_t lane);

#endif

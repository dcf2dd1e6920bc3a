/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The in-place ring of a software lane: one per (I/O thread, lane), a memzone in DPDK memory.
 *
 * The I/O thread publishes mbufs; the lane's owner works on them in place and moves a cursor; the
 * I/O thread follows the cursor, transmits and frees. No mbuf changes hands, so a dead owner holds
 * nothing. Indices are 64-bit and never wrap; slot = index & mask.
 *
 *   reaped (private to the I/O thread) <= done <= published <= reaped + size
 *
 * Lines, each with one writer:
 *   published   writer: I/O thread, once a burst (release: pairs with the owner's acquire)
 *   done, undo  writer: lane's owner; the journal, trusted by recovery; program order is enough
 *   done_pub    writer: lane's owner, once a burst (release: pairs with the I/O thread's acquire)
 *   slots       writer: I/O thread, below published + size
 *   verdict     writer: lane's owner, valid below done_pub
 */
#ifndef HF_LANE_RING_H
#define HF_LANE_RING_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HF_VERDICT_DROP_BIT 0x8000U
#define HF_VERDICT_PORT(p)  ((uint16_t)(p))
#define HF_VERDICT_DROP(r)  ((uint16_t)(HF_VERDICT_DROP_BIT | (r)))

#define HF_UNDO_WORDS 6   /* counters one packet may change */
#define HF_UNDO_BYTES 128 /* header bytes one packet may rewrite */

/*
 * What one packet is about to change, with the old values. Valid while seq == done + 1; then the
 * packet at index done was being applied. Words are named by their offset in the segment, bytes by
 * their offset in the packet, so that any process can restore them.
 */
struct hf_undo {
	alignas(64) uint64_t seq; /* index + 1 of the packet; stored last */
	uint32_t n_words;
	uint16_t n_bytes;   /* header bytes saved, 0: none */
	uint16_t bytes_off; /* where they start, from the packet's first byte */
	uint32_t ambiguous; /* 1: the change is too large to save; recovery drops the packet */
	uint32_t zero[3];
	struct {
		uint64_t seg_off; /* byte offset in the segment of a 64-bit counter */
		uint64_t old;     /* its absolute old value */
	} word[HF_UNDO_WORDS];
	alignas(64) uint8_t bytes[HF_UNDO_BYTES];
};
static_assert(sizeof(struct hf_undo) == 256, "undo record: four cache lines");

struct hf_lane_ring {
	/* constant after the primary formatted it */
	alignas(64) uint64_t size; /* power of two */
	uint64_t mask;
	uint32_t lane;
	uint32_t io;
	uint64_t slots_off;   /* from the ring's start: size x u64, mbuf addresses */
	uint64_t verdict_off; /* from the ring's start: size x u16 */

	alignas(64) _Atomic(uint64_t) published;

	alignas(64) uint64_t done;
	struct hf_undo undo;

	alignas(64) _Atomic(uint64_t) done_pub;
	alignas(64) uint8_t data[];
};

static inline uint64_t *
hf_lane_ring_slots(const struct hf_lane_ring *r)
{
	return (uint64_t *)((uintptr_t)r + r->slots_off);
}

static inline uint16_t *
hf_lane_ring_verdicts(const struct hf_lane_ring *r)
{
	return (uint16_t *)((uintptr_t)r + r->verdict_off);
}

/* Bytes of a ring of size entries (a power of two). */
size_t hf_lane_ring_bytes(uint64_t size);

/* Formats memory of hf_lane_ring_bytes(size) bytes, 64-byte aligned. Primary, before READY. */
void hf_lane_ring_format(struct hf_lane_ring *r, uint64_t size, uint32_t io, uint32_t lane);

#endif

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
 *   suspect     writer: lane's owner; likewise
 *   done_pub    writer: lane's owner, once a burst (release: pairs with the I/O thread's acquire)
 *   slots       writer: I/O thread, below published + size, a full line at a time past the caches;
 *               16 bytes tell all that most packets need, so that the owner's CPU does not fetch
 *               mbufs from the I/O thread's
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

#define HF_BURST_MAX 128 /* packets worked on at a time, at most */

#define HF_UNDO_WORDS_MAX  (6 * HF_BURST_MAX) /* counters one burst may change */
#define HF_UNDO_PIECES_MAX (6 * HF_BURST_MAX) /* pieces of packets one burst may rewrite */
#define HF_UNDO_PIECE      24                 /* bytes of a piece, at most */

/* A published packet. */
struct hf_lane_slot {
	uint64_t mbuf;    /* address */
	uint16_t data_at; /* first byte of the packet from the mbuf's first byte; 0: ask the mbuf */
	uint16_t data_len; /* bytes; with data_at: of the whole packet, it has one segment */
	uint16_t port;     /* configured index */
	uint16_t zero;
};
static_assert(sizeof(struct hf_lane_slot) == 16, "four slots a cache line");

/* A 64-bit counter of the segment. */
struct hf_undo_word {
	uint64_t seg_off; /* its byte offset in the segment */
	uint64_t old;     /* its absolute old value */
};

/* Some bytes of a packet. */
struct hf_undo_piece {
	uint32_t packet; /* ring index less the record's first one */
	uint16_t off;    /* from the packet's first byte */
	uint16_t n;
	uint8_t old[HF_UNDO_PIECE];
};
static_assert(sizeof(struct hf_undo_piece) == 32, "undo piece: half a cache line");

/*
 * What a burst is about to change, with the old values. Valid while seq > done: then the packets
 * from done up to seq were being applied, in any order. Words are named by their offset in the
 * segment, bytes by packet and offset, so that any process can restore them. Everything is saved
 * before anything is changed, so that restoring in any order, and twice, is right.
 */
struct hf_undo {
	alignas(64) uint64_t seq; /* ring index behind the last packet; stored last */
	uint32_t n_words;
	uint32_t n_pieces;
	uint32_t unsaved; /* 1: something was too large to be saved: recovery drops the burst */
	uint32_t zero[3];
	alignas(64) struct hf_undo_word word[HF_UNDO_WORDS_MAX];
	alignas(64) struct hf_undo_piece piece[HF_UNDO_PIECES_MAX];
};
static_assert(sizeof(struct hf_undo) == 64 + 16 * HF_UNDO_WORDS_MAX + 32 * HF_UNDO_PIECES_MAX,
	      "undo record: no padding");

/* Packets among which is one that an owner died on; see quarantine.h. */
struct hf_lane_suspect {
	uint64_t end;        /* ring index behind the last one: below it, one packet at a time */
	uint64_t trying;     /* ring index + 1 of the one at hand; 0: none */
	uint32_t generation; /* of the owner that died first */
	uint32_t zero;
};

struct hf_lane_ring {
	/* constant after the primary formatted it */
	alignas(64) uint64_t size; /* power of two */
	uint64_t mask;
	uint32_t lane;
	uint32_t io;
	uint64_t slots_off;   /* from the ring's start: size x struct hf_lane_slot */
	uint64_t verdict_off; /* from the ring's start: size x u16 */

	alignas(64) _Atomic(uint64_t) published;

	alignas(64) uint64_t done;
	struct hf_lane_suspect suspect;
	struct hf_undo undo;

	alignas(64) _Atomic(uint64_t) done_pub;
	alignas(64) uint8_t data[];
};

static inline struct hf_lane_slot *
hf_lane_ring_slots(const struct hf_lane_ring *r)
{
	return (struct hf_lane_slot *)((uintptr_t)r + r->slots_off);
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

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of death. A burst in which an owner crashed or hung is suspect: the next owner takes its
 * packets one at a time. The packet on which a second owner crashes or hangs is dropped by the next
 * one, in recovery, which leaves a note with the packet's bytes here; the primary writes the file.
 * A SIGKILL or SIGSTOP from outside accuses no packet.
 */
#ifndef HF_QUARANTINE_H
#define HF_QUARANTINE_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#define HF_QUARANTINE_NOTES 2    /* that may wait for the primary, a lane */
#define HF_QUARANTINE_SNAP  9216 /* bytes of a packet, at most */

/* One packet. Writer: the holder of the lease, in recovery. Reader: primary's main thread. */
struct hf_quarantine_note {
	alignas(64) uint64_t index; /* ring index */
	uint64_t address;           /* of the second crash */
	uint64_t ip;                /* its instruction */
	uint32_t ring;              /* which of the lane's rings */
	uint32_t generation;        /* of the second owner */
	uint32_t first_generation;  /* of the first */
	int32_t signal;             /* of the second crash; 0: it hung */
	uint32_t step;              /* enum hf_step */
	int32_t pid;                /* of the second owner */
	uint32_t port;              /* it came in by; configured index */
	uint32_t pkt_len;           /* bytes of the packet */
	alignas(64) char stage[16]; /* in which the second crash was */
	uint32_t n;                 /* bytes below */
	uint32_t zero[11];
	uint8_t data[HF_QUARANTINE_SNAP]; /* as received */
};
static_assert(sizeof(struct hf_quarantine_note) == 128 + HF_QUARANTINE_SNAP, "note: no padding");

/* One lane's. Note n is at [n % HF_QUARANTINE_NOTES], from 1. */
struct hf_quarantine {
	/* Writer: the holder of the lease, in recovery. */
	alignas(64) _Atomic(uint64_t) last; /* newest note; stored last (release) */
	_Atomic(uint64_t) missed;           /* packets without a note: the primary was slow */
	uint64_t missed_index; /* ring index + 1 of the last one of them, and its ring */
	uint64_t copying;      /* ring index + 1: bytes are being copied; a death in it: none are */
	uint32_t missed_ring;
	uint32_t zero[7];
	/* Writer: primary's main thread. */
	alignas(64) _Atomic(uint64_t) taken; /* notes up to here may be overwritten (release) */
	struct hf_quarantine_note note[HF_QUARANTINE_NOTES];
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sample in few bytes, as history and recordings keep it: whole, every field, compressed against
 * a key sample a little older. Main thread only.
 *
 * What is packed is the memory of the sample, so that a field that is added to it is kept without
 * a line here; it is read back only by a program of the same layout (pack_layout()).
 */
#ifndef HF_MONITOR_PACK_H
#define HF_MONITOR_PACK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "sample.h"

#define PACK_FLOWS_MAX  4096U /* flows of a sample that are kept at most */
#define PACK_DIGEST_MAX 256U  /* of these, flows a digest knows */

/* One flow in a digest. */
struct hf_digest_flow {
	uint32_t hash; /* pack_flow_hash() of its key */
	float pps;
};

/*
 * The few figures of a sample that sparklines are made of, not compressed. NAN: not known. What
 * stands behind the lanes: n_lanes * {pps, busy}, n_ports * {rx_pps, tx_pps}, n_flows flows.
 */
struct hf_digest {
	float rx_pps, tx_pps, drop_pps;
	float rx_bps, tx_bps;
	float busy; /* percent, mean over the lanes whose share is known */
	uint32_t n_lanes;
	uint32_t n_ports;
	uint32_t n_flows;
	uint32_t reserved;
	float value[]; /* lanes, ports, flows */
};
static_assert(sizeof(struct hf_digest) == 40, "part of the format of a recording");

/* A packed sample: this, digest_bytes of digest, then what zstd made of the sample. */
struct hf_packed {
	double time_s;  /* seconds since 1970 */
	uint32_t bytes; /* of all, with this */
	uint32_t digest_bytes;
	uint32_t raw_bytes; /* of the sample before it was compressed */
	uint32_t is_key;    /* 1: needs no other sample to be unpacked */
	uint32_t key_sum;   /* of the memory of its key, itself if it is one */
	uint32_t layout;    /* lower half of pack_layout() */
};
static_assert(sizeof(struct hf_packed) == 32, "part of the format of a recording");

struct hf_packer {
	struct ZSTD_CCtx_s *zstd;
	uint8_t *key;    /* memory of the key sample */
	uint8_t *now;    /* of the sample at hand */
	uint8_t *packed; /* the result */
	size_t key_bytes, room, packed_room;
	uint32_t top;
	uint32_t since_key; /* samples packed against the key; 0: there is none yet */
	uint32_t key_sum, layout;
};

struct hf_unpacker {
	struct ZSTD_DCtx_s *zstd;
	uint8_t *key, *now;
	size_t key_bytes, room;
	uint64_t key_id; /* of the key that is unpacked; 0: none */
	uint32_t key_sum;
};

/* Of the memory of a sample in this program: two that differ do not understand each other. */
uint64_t pack_layout(void);

/* The longest memory of a sample, in bytes. */
size_t pack_raw_max(uint32_t top);

uint32_t pack_flow_hash(const struct hf_flow_key *key);

/* The digest of a packed sample, whose lengths were checked. */
const struct hf_digest *pack_digest(const struct hf_packed *p);

/* Are the lengths in *p and its digest in order, where bytes are there? Returns 1 or 0. */
int pack_plausible(const struct hf_packed *p, size_t bytes);

/* For samples of which top flows are kept. Returns 0 or -ENOMEM. */
int packer_init(struct hf_packer *p, uint32_t top);
void packer_free(struct hf_packer *p);

/* The next sample becomes a key. */
void packer_renew(struct hf_packer *p);

/* Packs *s. Returns what belongs to *p until the next call; NULL: zstd failed. */
const struct hf_packed *packer_pack(struct hf_packer *p, const struct hf_sample *s);

int unpacker_init(struct hf_unpacker *u, uint32_t top);
void unpacker_free(struct hf_unpacker *u);

/*
 * Unpacks a key, against which samples are unpacked from now on; key_id, never 0, is kept for the
 * caller to tell which it is. Returns 0 or -EBADMSG, with no key then.
 */
int unpacker_key(struct hf_unpacker *u, const struct hf_packed *key, uint64_t key_id);

/*
 * Unpacks *packed, a sample of the key at hand or that key itself, into *out, which keeps its room
 * for flows: what does not fit is left away. Whatever the bytes are, *out is safe to show (mend.h).
 * Returns 0, or -EBADMSG with *out as it was.
 */
int unpacker_unpack(struct hf_unpacker *u, const struct hf_packed *packed, struct hf_sample *out);

#endif

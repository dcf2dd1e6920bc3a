/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive-side scaling in software: which lane a packet belongs to, when no NIC says it. Used by
 * the I/O threads of the primary; a struct hf_rss is filled once and read by all of them.
 *
 * The hash is Toeplitz over the tuple of the published RSS verification suite: source address,
 * destination address, source port, destination port, all in network order. It is linear, so that
 * the hash without ports equals the hash with ports 0: whatever hf_packet_parse() gives the same
 * struct hf_flow_key has the same hash here, all fragments of a datagram included.
 */
#ifndef HF_RSS_H
#define HF_RSS_H

#include <stdint.h>

#include "config.h"

struct rte_mbuf;

#define HF_RSS_TUPLE_MAX 36 /* bytes: two IPv6 addresses and two ports */
#define HF_RSS_KEY_MIN   40 /* bytes: a tuple of 36 and the 32 bits of the last window */
#define HF_RSS_BULK_MAX  64 /* tuples a call of hf_rss_hash_bulk() */

/* How the hash is computed; all give the same one. */
enum hf_rss_form {
	HF_RSS_SCALAR, /* rte_softrss_be(): the reference */
	HF_RSS_TABLE,  /* a load for each byte of the tuple, from 36 KB */
	HF_RSS_GFNI,   /* some tuples at a time, see rss_gfni.c; GFNI and AVX-512 */
	HF_RSS_FORMS,
};

struct hf_rss {
	uint8_t key[HF_CONFIG_KEY_MAX]; /* as given; a NIC can be given the same */
	uint32_t key_len;
	uint32_t fields; /* enum hf_rss_field, ored */
	uint32_t reta_mask;
	/* enum hf_rss_form that bursts use for each family; HF_RSS_TABLE until hf_rss_choose() */
	uint32_t form_ipv4, form_ipv6;
	uint8_t plain[256]; /* 1: over IPv4 ports count with this protocol; see rss.c */
	uint16_t reta[HF_CONFIG_RETA_MAX];  /* lane of each entry */
	uint32_t words[HF_RSS_KEY_MIN / 4]; /* scalar: the key in host order */
	uint64_t matrix[HF_RSS_KEY_MIN];    /* GFNI: bit matrices, one a byte of the key */
	/* table[i][b]: what byte b at position i of the tuple adds (xor) to the hash; 36 KB. */
	uint32_t table[HF_RSS_TUPLE_MAX][256];
};

/*
 * Fills rss. key: key_len bytes, 40 to 52 (a tuple uses the first 40). fields: enum hf_rss_field,
 * ored: HF_RSS_IPV4 and HF_RSS_IPV6 choose which packets are hashed at all, the others whose ports
 * count. reta: reta_size lanes, a power of two up to HF_CONFIG_RETA_MAX. Keeps no pointer. Any
 * thread. Returns 0, or -EINVAL: a length out of range, unknown fields, or a lane that cannot be.
 */
int hf_rss_init(struct hf_rss *rss, const uint8_t *key, uint32_t key_len, uint32_t fields,
		const uint16_t *reta, uint32_t reta_size);

/*
 * Toeplitz hash of a tuple of len bytes (up to 36) in network order, as they stand in the packet.
 * Pure; any thread.
 */
uint32_t hf_rss_hash_tuple(const struct hf_rss *rss, const uint8_t *tuple, uint32_t len);

/*
 * Hash of an Ethernet frame of which len bytes may be read. Ports count when fields say so and they
 * can be read; not in fragments. 0 for what has no readable IP header, and for an address family
 * that fields leave out. Headers are walked as hf_packet_parse() walks them.
 * Never reads past len; any bytes are valid input. Pure; any thread.
 */
uint32_t hf_rss_hash_packet(const struct hf_rss *rss, const uint8_t *data, uint32_t len);

/*
 * hash[i] = hash of the first segment of mbuf[i], for n mbufs, with prefetch ahead. Reads the
 * mbufs, changes nothing. I/O thread.
 */
void hf_rss_hash_burst(const struct hf_rss *rss, struct rte_mbuf *const *mbuf, unsigned int n,
		       uint32_t *hash);

/*
 * hash[i] = hash of tuple[i], for n tuples (up to HF_RSS_BULK_MAX) of len bytes each (a multiple of
 * 4, up to 36) in network order, of any alignment. form: a usable one. Pure; any thread.
 */
void hf_rss_hash_bulk(const struct hf_rss *rss, enum hf_rss_form form, const uint8_t *const *tuple,
		      uint32_t len, uint32_t n, uint32_t *hash);

/* "scalar", "table", "gfni". */
const char *hf_rss_form_name(enum hf_rss_form form);

/* 1: this CPU (and the operating system on it) and this build have the form; 0: not. Any thread. */
int hf_rss_form_usable(enum hf_rss_form form);

/* What hf_rss_choose() measured: picoseconds a packet, 0 for a form that is not usable. */
struct hf_rss_choice {
	uint32_t ipv4_ps[HF_RSS_FORMS];
	uint32_t ipv6_ps[HF_RSS_FORMS];
};

/*
 * Sets form_ipv4 and form_ipv6 to the usable forms that are fastest at bursts of 32 made-up frames
 * of that family. Takes about a millisecond. Main thread, before others use rss. choice may be
 * NULL.
 */
void hf_rss_choose(struct hf_rss *rss, struct hf_rss_choice *choice);

/* Lane of a hash, from hf_rss_hash_burst() or from a driver (mbuf->hash.rss). */
static inline uint16_t
hf_rss_lane(const struct hf_rss *rss, uint32_t hash)
{
	return rss->reta[hash & rss->reta_mask];
}

#endif

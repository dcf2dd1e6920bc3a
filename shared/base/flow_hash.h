/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The seeded hash of a flow key, inline for the loop over a burst. What it gives is part of the
 * layout of a flow table: a change bumps HF_LAYOUT_VERSION.
 */
#ifndef HF_FLOW_HASH_H
#define HF_FLOW_HASH_H

#include <string.h>

#include "flow_table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/*
 * XXH3 of what differs between keys: all 40 bytes, or for IPv4 the 16 that are not the mapping's,
 * one multiplication instead of four. Nobody who does not know the seed can choose a bucket.
 */
static inline uint64_t
flow_hash_key(const struct hf_flow_key *key, uint64_t seed)
{
	uint64_t word[2];
	uint32_t src, dst;

	if (key->family != 4)
		return XXH3_64bits_withSeed(key, sizeof(*key), seed);
	memcpy(&src, key->src + 12, sizeof(src));
	memcpy(&dst, key->dst + 12, sizeof(dst));
	word[0] = src | (uint64_t)dst << 32;
	memcpy(&word[1], &key->sport_be, sizeof(word[1]));
	return XXH3_64bits_withSeed(word, sizeof(word), seed);
}

#endif

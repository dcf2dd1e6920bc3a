/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Toeplitz hash by Galois field instructions: for most lengths DPDK's inline code, which the
 * libraries of Debian do not contain; for the tuples of IPv4 a way of its own, which takes eight of
 * them at a time. This file alone is compiled for GFNI and AVX-512: nothing in it may run before
 * hf_rss_form_usable() said yes, and no other file may be compiled so.
 */
#include <rte_thash_gfni.h>

#include "rss_forms.h"

#define IPV4_TUPLE 12 /* bytes */
#define EIGHT      8  /* tuples: a byte of each fills the 8 bytes to which one matrix is applied */

/* Four tuples, 16 bytes apart; reads no byte behind any of them. */
static inline __m512i
load_four(const uint8_t *const *tuple)
{
	__m512i v = _mm512_castsi128_si512(_mm_maskz_loadu_epi32(0x7, tuple[0]));

	v = _mm512_inserti32x4(v, _mm_maskz_loadu_epi32(0x7, tuple[1]), 1);
	v = _mm512_inserti32x4(v, _mm_maskz_loadu_epi32(0x7, tuple[2]), 2);
	return _mm512_inserti32x4(v, _mm_maskz_loadu_epi32(0x7, tuple[3]), 3);
}

/* Byte first of eight tuples, byte first + 1, ... in words of 8 bytes. */
static inline __m512i
transpose(__m512i low, __m512i high, uint32_t first)
{
	const __m512i at =
		_mm512_set_epi64(0x7767574737271707, 0x7666564636261606, 0x7565554535251505,
				 0x7464544434241404, 0x7363534333231303, 0x7262524232221202,
				 0x7161514131211101, 0x7060504030201000);

	return _mm512_permutex2var_epi8(low, _mm512_add_epi8(at, _mm512_set1_epi8((char)first)),
					high);
}

/* What the first 8 bytes and the next 4 add to byte k of the hash. */
static inline __m512i
hash_byte(const uint64_t *matrix, uint32_t k, __m512i first, __m512i rest)
{
	return _mm512_xor_si512(
		_mm512_gf2p8affine_epi64_epi8(first, _mm512_loadu_si512(matrix + k), 0),
		_mm512_gf2p8affine_epi64_epi8(rest, _mm512_loadu_si512(matrix + 8 + k), 0));
}

/* The halves of a and of b, each pair added up: a's in the lower half, b's in the upper one. */
static inline __m512i
fold(__m512i a, __m512i b)
{
	return _mm512_xor_si512(_mm512_shuffle_i64x2(a, b, 0x44), _mm512_shuffle_i64x2(a, b, 0xee));
}

/*
 * Byte k of the hash is the sum over the bytes i of the tuple, each multiplied by the matrix of the
 * key's byte i + k: for eight tuples, 12 multiplications of 8 bytes each.
 */
static inline void
hash_eight(const uint64_t *matrix, const uint8_t *const *tuple, uint32_t *hash)
{
	/* Where the bytes of the hashes are in the last sum: 0 and 2 in the first 16, then 1 and 3.
	 */
	const __m256i order = _mm256_set_epi32(0x07270f2f, 0x06260e2e, 0x05250d2d, 0x04240c2c,
					       0x03230b2b, 0x02220a2a, 0x01210929, 0x00200828);
	__m512i low = load_four(tuple), high = load_four(tuple + 4);
	__m512i first = transpose(low, high, 0);
	__m512i rest = transpose(low, high, 8); /* and four times nothing */
	__m512i sum01 = fold(hash_byte(matrix, 0, first, rest), hash_byte(matrix, 1, first, rest));
	__m512i sum23 = fold(hash_byte(matrix, 2, first, rest), hash_byte(matrix, 3, first, rest));
	__m512i sum = _mm512_xor_si512(_mm512_unpacklo_epi64(sum01, sum23),
				       _mm512_unpackhi_epi64(sum01, sum23));

	sum = _mm512_xor_si512(sum, _mm512_shuffle_i64x2(sum, sum, 0xb1));
	sum = _mm512_permutexvar_epi8(_mm512_castsi256_si512(order), sum);
	_mm256_storeu_si256((__m256i *)hash, _mm512_castsi512_si256(sum));
}

static void
hash_ipv4(const uint64_t *matrix, const uint8_t *const *tuple, uint32_t n, uint32_t *hash)
{
	const uint8_t *last[EIGHT];
	uint32_t i, value[EIGHT];

	for (i = 0; i + EIGHT <= n; i += EIGHT)
		hash_eight(matrix, tuple + i, hash + i);
	if (i == n)
		return;
	for (uint32_t k = 0; k < EIGHT; k++)
		last[k] = tuple[i + k < n ? i + k : i];
	hash_eight(matrix, last, value);
	for (uint32_t k = 0; i + k < n; k++)
		hash[i + k] = value[k];
}

void
rss_gfni_bulk(const uint64_t *matrix, const uint8_t *const *tuple, uint32_t len, uint32_t n,
	      uint32_t *hash)
{
	if (len == IPV4_TUPLE)
		hash_ipv4(matrix, tuple, n, hash);
	else /* Not written to; the declaration lacks a const. */
		rte_thash_gfni_bulk(matrix, (int)len, (uint8_t **)(uintptr_t)tuple, hash, n);
}

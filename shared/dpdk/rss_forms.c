/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The forms of the Toeplitz hash, and what each makes of the key. Runs in the I/O threads of the
 * primary. Must not allocate or log. The reference is rte_softrss_be(); the others equal it.
 *
 * On the reference machine, tuples of 12 bytes in bulk of 32 take 47, 6.5 and 1.2 ns (scalar,
 * table, GFNI), of 36 bytes 147, 17 and 4.7; from frames, 48, 6.2 and 3.4, and 146, 18 and 8.7.
 * hf_rss_choose() decides for each family. tests/lab/bench_rss measures all of this.
 */
#include <errno.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_thash.h>

#include "rss_forms.h"

/* The 32 bits of the key that start at a bit: what that bit of the tuple adds to the hash. */
static uint32_t
key_window(const uint8_t *key, uint32_t bit)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < 5; i++)
		v = v << 8 | (bit / 8 + i < HF_RSS_KEY_MIN ? key[bit / 8 + i] : 0);
	return (uint32_t)(v >> (8 - bit % 8));
}

static void
fill_table(struct hf_rss *rss)
{
	for (uint32_t i = 0; i < HF_RSS_TUPLE_MAX; i++) {
		uint32_t *t = rss->table[i];

		t[0] = 0;
		for (uint32_t bit = 0; bit < 8; bit++)
			t[0x80 >> bit] = key_window(rss->key, i * 8 + bit);
		for (uint32_t b = 1; b < 256; b++)
			t[b] = t[b & (b - 1)] ^ t[b & -b];
	}
}

/*
 * One 8 x 8 matrix a byte of the key: row j is the key's 8 bits from bit j of that byte on. The
 * same as rte_thash_complete_matrix(), which is experimental in 22.11 and would be the only
 * function of librte_hash that this needs.
 */
static void
fill_matrix(struct hf_rss *rss)
{
	for (uint32_t i = 0; i < HF_RSS_KEY_MIN; i++) {
		uint32_t next = i + 1 < HF_RSS_KEY_MIN ? rss->key[i + 1] : 0;
		uint32_t both = (uint32_t)rss->key[i] << 8 | next;
		uint8_t rows[8];

		for (uint32_t j = 0; j < 8; j++)
			rows[j] = (uint8_t)(both >> (8 - j));
		memcpy(&rss->matrix[i], rows, sizeof(rows));
	}
}

void
rss_forms_prepare(struct hf_rss *rss)
{
	uint32_t key[HF_RSS_KEY_MIN / 4];

	memcpy(key, rss->key, sizeof(key));
	rte_convert_rss_key(key, rss->words, sizeof(key));
	fill_matrix(rss);
	fill_table(rss);
}

uint32_t
hf_rss_hash_tuple(const struct hf_rss *rss, const uint8_t *tuple, uint32_t len)
{
	return rss_table_hash(rss->table, tuple, len < HF_RSS_TUPLE_MAX ? len : HF_RSS_TUPLE_MAX);
}

static void
scalar_bulk(const struct hf_rss *rss, const uint8_t *const *tuple, uint32_t len, uint32_t n,
	    uint32_t *hash)
{
	uint32_t host[HF_RSS_TUPLE_MAX / 4];

	for (uint32_t i = 0; i < n; i++) {
		memcpy(host, tuple[i], len);
		for (uint32_t w = 0; w < len / 4; w++)
			host[w] = rte_be_to_cpu_32(host[w]);
		hash[i] = rte_softrss_be(host, len / 4, (const uint8_t *)rss->words);
	}
}

static void
table_bulk(const struct hf_rss *rss, const uint8_t *const *tuple, uint32_t len, uint32_t n,
	   uint32_t *hash)
{
	for (uint32_t i = 0; i < n; i++)
		hash[i] = rss_table_hash(rss->table, tuple[i], len);
}

void
hf_rss_hash_bulk(const struct hf_rss *rss, enum hf_rss_form form, const uint8_t *const *tuple,
		 uint32_t len, uint32_t n, uint32_t *hash)
{
	if (form == HF_RSS_SCALAR)
		scalar_bulk(rss, tuple, len, n, hash);
#ifdef HF_RSS_HAVE_GFNI
	else if (form == HF_RSS_GFNI)
		rss_gfni_bulk(rss->matrix, tuple, len, n, hash);
#endif
	else
		table_bulk(rss, tuple, len, n, hash);
}

const char *
hf_rss_form_name(enum hf_rss_form form)
{
	static const char *const names[HF_RSS_FORMS] = {"scalar", "table", "gfni"};

	return form < HF_RSS_FORMS ? names[form] : "unknown";
}

/* The compiler's test looks at what the operating system saves, too. */
int
hf_rss_form_usable(enum hf_rss_form form)
{
#ifdef HF_RSS_HAVE_GFNI
	if (form == HF_RSS_GFNI)
		return __builtin_cpu_supports("gfni") && __builtin_cpu_supports("avx512f") &&
		       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
		       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi");
#endif
	return form == HF_RSS_SCALAR || form == HF_RSS_TABLE;
}

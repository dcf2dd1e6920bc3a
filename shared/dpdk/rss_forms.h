/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of software RSS know of each other. Private to shared/dpdk.
 */
#ifndef HF_RSS_FORMS_H
#define HF_RSS_FORMS_H

#include "rss.h"

/* Sets rss->fields and what follows from them. */
void rss_fields_set(struct hf_rss *rss, uint32_t fields);

/* Fills what the forms make of rss->key: words, matrix, table. */
void rss_forms_prepare(struct hf_rss *rss);

/* table: that of the tuple's first byte at p. */
static inline uint32_t
rss_table_hash(const uint32_t (*table)[256], const uint8_t *p, uint32_t n)
{
	uint32_t hash = 0;

	for (uint32_t i = 0; i < n; i++)
		hash ^= table[i][p[i]];
	return hash;
}

/* --- rss_gfni.c: present where the compiler can build it (HF_RSS_HAVE_GFNI) ------------------ */

/* matrix: rss->matrix. Call only where hf_rss_form_usable(HF_RSS_GFNI). */
void rss_gfni_bulk(const uint64_t *matrix, const uint8_t *const *tuple, uint32_t len, uint32_t n,
		   uint32_t *hash);

#endif

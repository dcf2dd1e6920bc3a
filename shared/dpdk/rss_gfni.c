/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Toeplitz hash by Galois field instructions: DPDK's inline code, which the libraries of Debian
 * do not contain. This file alone is compiled for GFNI and AVX-512: nothing in it may run before
 * hf_rss_form_usable() said yes, and no other file may be compiled so.
 */
#include <rte_thash_gfni.h>

#include "rss_forms.h"

void
rss_gfni_bulk(const uint64_t *matrix, const uint8_t *const *tuple, uint32_t len, uint32_t n,
	      uint32_t *hash)
{
	/* Not written to; the declaration lacks a const. */
	rte_thash_gfni_bulk(matrix, (int)len, (uint8_t **)(uintptr_t)tuple, hash, n);
}

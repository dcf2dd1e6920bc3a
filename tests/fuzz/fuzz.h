/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fuzz targets share: libFuzzer's entry, and taking an input apart. Test programs only.
 */
#ifndef HF_FUZZ_H
#define HF_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called by libFuzzer for each input; what does not hold ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding, unless holds. */
static inline void
fuzz_check(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "finding: %s\n", what);
	abort();
}

/* What is left of an input. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* The next byte, 0 past the end. */
static inline uint8_t
fuzz_u8(struct fuzz_input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

/* Memory of exactly n bytes, so that a byte read past them is a finding. Never NULL. */
static inline uint8_t *
fuzz_exact(const uint8_t *bytes, size_t n)
{
	uint8_t *p = malloc(n);

	if (p == NULL)
		p = malloc(1);
	if (p == NULL)
		abort();
	if (n > 0)
		memcpy(p, bytes, n);
	return p;
}

#endif

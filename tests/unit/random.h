/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random numbers that are the same in every run (xorshift). Test programs only.
 */
#ifndef HF_TEST_RANDOM_H
#define HF_TEST_RANDOM_H

#include <stdint.h>

static uint64_t random_state = 88172645463325252U;

static inline uint32_t
next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 24);
}

#endif

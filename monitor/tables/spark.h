/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sparklines: a series as a line of characters of eight heights. Pure functions, any thread.
 */
#ifndef HF_MONITOR_SPARK_H
#define HF_MONITOR_SPARK_H

#include <stddef.h>
#include <stdint.h>

#define SPARK_BYTES 3U /* of a character, at most */

/* The largest known value, 0 when there is none. */
float spark_top(const float *values, uint32_t n);

/*
 * n values as n characters into buf: blank where a value is not known (NAN), else one of eight
 * heights: the lowest is for 0 alone, the highest for top (<= 0: the largest value) or more. utf8:
 * blocks U+2581 to U+2588, else ASCII. len of n * SPARK_BYTES + 1 is enough; what does not fit is
 * left away. Returns buf.
 */
const char *spark_line(char *buf, size_t len, const float *values, uint32_t n, float top, int utf8);

#endif

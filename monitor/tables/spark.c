/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sparklines as text. Pure functions.
 */
#include "spark.h"

#include <math.h>
#include <string.h>

#define HEIGHTS 8U

static const char *const blocks[HEIGHTS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ascii[HEIGHTS] = {"_", ".", ",", "-", "=", "+", "*", "#"};

float
spark_top(const float *values, uint32_t n)
{
	float top = 0;

	for (uint32_t i = 0; i < n; i++)
		if (values[i] > top) /* NAN is not */
			top = values[i];
	return top;
}

/* 0 is for nothing alone: the rest share the heights above it. */
static unsigned int
height_of(float value, float top)
{
	float height = ceilf(value / top * (float)(HEIGHTS - 1));

	if (!(value > 0) || !(top > 0))
		return 0;
	return height < (float)(HEIGHTS - 1) ? (unsigned int)height : HEIGHTS - 1;
}

const char *
spark_line(char *buf, size_t len, const float *values, uint32_t n, float top, int utf8)
{
	const char *const *glyphs = utf8 ? blocks : ascii;
	size_t at = 0;

	if (!(top > 0))
		top = spark_top(values, n);
	for (uint32_t i = 0; i < n; i++) {
		const char *glyph = isnan(values[i]) ? " " : glyphs[height_of(values[i], top)];
		size_t bytes = strlen(glyph);

		if (at + bytes >= len)
			break;
		memcpy(buf + at, glyph, bytes);
		at += bytes;
	}
	if (len > 0)
		buf[at] = '\0';
	return buf;
}

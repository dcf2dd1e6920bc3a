/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Medians and extremes of what was measured, and the clock to measure with. Needs no DPDK.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lab.h"

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
sorted_at(const struct lab_series *s, uint32_t at)
{
	double v[LAB_ROUNDS_MAX];

	memcpy(v, s->value, s->n * sizeof(v[0]));
	qsort(v, s->n, sizeof(v[0]), by_value);
	return v[at];
}

void
lab_add(struct lab_series *s, double value)
{
	if (s->n < LAB_ROUNDS_MAX)
		s->value[s->n++] = value;
}

double
lab_median(const struct lab_series *s)
{
	return s->n > 0 ? sorted_at(s, s->n / 2) : 0;
}

double
lab_least(const struct lab_series *s)
{
	return s->n > 0 ? sorted_at(s, 0) : 0;
}

double
lab_most(const struct lab_series *s)
{
	return s->n > 0 ? sorted_at(s, s->n - 1) : 0;
}

uint64_t
lab_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stretches the interval. Owns nothing.
 */
#include "pace.h"

#include <math.h>
#include <stdio.h>

#include "units.h"

void
pace_note(struct hf_pace *p, double cost_s)
{
	p->cost_s[1] = p->cost_s[0];
	p->cost_s[0] = cost_s;
}

/* Up to two digits: an interval that moved with every sample would be hard to read. */
static double
round_up(double seconds)
{
	double unit = pow(10, floor(log10(seconds)) - 1);

	return ceil(seconds / unit) * unit;
}

double
pace_interval(const struct hf_pace *p, double asked_s)
{
	double least = fmin(p->cost_s[0], p->cost_s[1]) / HF_PACE_SHARE;

	return least > asked_s ? round_up(least) : asked_s;
}

const char *
pace_text(char *buf, size_t len, double interval_s, double asked_s, uint64_t flows)
{
	char count[16];

	if (!(interval_s > asked_s))
		snprintf(buf, len, "%s", "");
	else
		snprintf(buf, len, "interval %.2g s (asked %.2g s: %s flows)", interval_s, asked_s,
			 hf_format_si(count, sizeof(count), (double)flows));
	return buf;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is a new program worse than the old one on the same lane? Pure functions over counters; they look
 * at nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "upgrade.h"

#define EARLY_SLICES 20 /* before a slow program is judged ahead of time */
#define EARLY_DROPS  10 /* likewise, beyond those allowed */

void
upgrade_measure_begin(struct upgrade_measure *m, const struct upgrade_sample *now)
{
	m->first = *now;
	m->last = *now;
	m->n = 0;
}

void
upgrade_measure_add(struct upgrade_measure *m, const struct upgrade_sample *now)
{
	uint64_t pkts = now->done_pkts - m->last.done_pkts, bursts = now->bursts - m->last.bursts;
	uint64_t calm = now->calm_bursts - m->last.calm_bursts;
	double cycles = (double)(now->busy_tsc - m->last.busy_tsc);

	/* A program so slow that few of its bursts pass for calm is judged by all of them. */
	if (calm >= bursts / 2 && now->calm_pkts > m->last.calm_pkts) {
		pkts = now->calm_pkts - m->last.calm_pkts;
		bursts = calm;
		cycles = (double)(now->calm_tsc - m->last.calm_tsc);
	}
	if (pkts > 0 && bursts > 0) {
		m->pkt_cycles[m->n % UPGRADE_SLICES] = cycles / (double)pkts;
		m->burst_cycles[m->n % UPGRADE_SLICES] = cycles / (double)bursts;
		m->n++;
	}
	m->last = *now;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
first_quartile(const double *values, uint32_t n)
{
	double sorted[UPGRADE_SLICES];

	if (n > UPGRADE_SLICES)
		n = UPGRADE_SLICES;
	if (n == 0)
		return -1;
	memcpy(sorted, values, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), compare);
	return sorted[n / 4];
}

double
upgrade_pkt_cycles(const struct upgrade_measure *m)
{
	return first_quartile(m->pkt_cycles, m->n);
}

double
upgrade_burst_cycles(const struct upgrade_measure *m)
{
	return first_quartile(m->burst_cycles, m->n);
}

uint64_t
upgrade_pkts(const struct upgrade_measure *m)
{
	return m->last.rx_pkts - m->first.rx_pkts;
}

double
upgrade_drop_ratio(const struct upgrade_measure *m)
{
	uint64_t pkts = upgrade_pkts(m);

	return pkts > 0 ? (double)(m->last.drops - m->first.drops) / (double)pkts : -1;
}

static int
drops_more(const struct upgrade_measure *now, double allowed, int final)
{
	double drops = (double)(now->last.drops - now->first.drops);
	double beyond = drops - allowed * (double)upgrade_pkts(now);

	return beyond > (final ? 0 : EARLY_DROPS);
}

int
upgrade_is_slower(const struct upgrade_measure *before, const struct upgrade_measure *now,
		  double max_slowdown)
{
	double pkt = upgrade_pkt_cycles(before), burst = upgrade_burst_cycles(before);

	return pkt > 0 && upgrade_pkt_cycles(now) > pkt * max_slowdown &&
	       upgrade_burst_cycles(now) > burst * max_slowdown;
}

enum upgrade_verdict
upgrade_judge(const struct upgrade_measure *before, const struct upgrade_measure *now,
	      const struct upgrade_limits *limits, int final, char *why, size_t why_len)
{
	double ratio = upgrade_drop_ratio(before), ratio_before = ratio > 0 ? ratio : 0;

	if (drops_more(now, ratio_before + limits->max_drop_ratio, final)) {
		snprintf(why, why_len,
			 "it drops %.3g%% of the packets, before it was %.3g%%: beyond the limit",
			 upgrade_drop_ratio(now) * 100, ratio_before * 100);
		return UPGRADE_DROPS;
	}
	if ((final || now->n >= EARLY_SLICES) &&
	    upgrade_is_slower(before, now, limits->max_slowdown)) {
		snprintf(why, why_len,
			 "it needs %.0f cycles a packet, before it was %.0f: beyond the limit",
			 upgrade_pkt_cycles(now), upgrade_pkt_cycles(before));
		return UPGRADE_SLOW;
	}
	return UPGRADE_GOOD;
}

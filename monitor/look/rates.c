/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rates: one sample against the one before. Private memory only; the segment is not touched.
 */
#include <math.h>
#include <stdio.h>

#include "take.h"

double
take_rate(uint64_t now, uint64_t before, double seconds)
{
	if (now == HF_UNKNOWN || before == HF_UNKNOWN || now < before || !(seconds > 0))
		return NAN;
	return (double)(now - before) / seconds;
}

/* Percent of the time that was spent with packets. */
static double
share(uint64_t busy, uint64_t busy_before, uint64_t total, uint64_t total_before)
{
	if (busy < busy_before || total <= total_before)
		return NAN;
	return fmin(100.0 * (double)(busy - busy_before) / (double)(total - total_before), 100);
}

static void
compare_port(struct hf_port_row *now, const struct hf_port_row *before, double seconds, double hz)
{
	if (now->sampled_tsc != 0 && before->sampled_tsc != 0) {
		if (now->sampled_tsc == before->sampled_tsc) { /* no news since: as it was */
			now->rx_pps = before->rx_pps;
			now->rx_bps = before->rx_bps;
			now->tx_pps = before->tx_pps;
			now->tx_bps = before->tx_bps;
			return;
		}
		seconds = (double)(int64_t)(now->sampled_tsc - before->sampled_tsc) / hz;
	}
	now->rx_pps = take_rate(now->rx_pkts, before->rx_pkts, seconds);
	now->rx_bps = 8 * take_rate(now->rx_bytes, before->rx_bytes, seconds);
	now->tx_pps = take_rate(now->tx_pkts, before->tx_pkts, seconds);
	now->tx_bps = 8 * take_rate(now->tx_bytes, before->tx_bytes, seconds);
}

/* The time accounts belong to an owner: those of two owners do not compare. */
static void
compare_lane(struct hf_lane_row *now, const struct hf_lane_row *before, double seconds, uint64_t hz)
{
	compare_load(now, before, hz);
	now->rx_pps = take_rate(now->rx_pkts, before->rx_pkts, seconds);
	now->rx_bps = 8 * take_rate(now->rx_bytes, before->rx_bytes, seconds);
	now->tx_pps = take_rate(now->tx_pkts, before->tx_pkts, seconds);
	now->tx_bps = 8 * take_rate(now->tx_bytes, before->tx_bytes, seconds);
	now->drop_pps = take_rate(now->drops, before->drops, seconds);
	now->insert_rate = take_rate(now->inserted_flows, before->inserted_flows, seconds);
	now->evict_rate = take_rate(now->evicted_flows, before->evicted_flows, seconds);
	now->busy = NAN;
	if (now->owner_alive && now->generation == before->generation)
		now->busy =
			share(now->busy_tsc, before->busy_tsc, now->total_tsc, before->total_tsc);
}

static void
compare_totals(struct hf_totals_row *now, const struct hf_totals_row *before, double seconds)
{
	now->rx_pps = take_rate(now->rx_pkts, before->rx_pkts, seconds);
	now->rx_bps = 8 * take_rate(now->rx_bytes, before->rx_bytes, seconds);
	now->tx_pps = take_rate(now->tx_pkts, before->tx_pkts, seconds);
	now->tx_bps = 8 * take_rate(now->tx_bytes, before->tx_bytes, seconds);
	now->drop_pps = take_rate(now->drops, before->drops, seconds);
}

static void
compare_counts(struct hf_count_row *now, uint32_t n, const struct hf_count_row *before,
	       uint32_t n_before, double seconds)
{
	for (uint32_t i = 0; i < n; i++)
		now[i].pps =
			i < n_before ? take_rate(now[i].packets, before[i].packets, seconds) : NAN;
}

static void
clear_rates(struct hf_sample *s)
{
	s->interval_s = NAN;
	s->totals.rx_pps = s->totals.rx_bps = s->totals.tx_pps = s->totals.tx_bps = NAN;
	s->totals.drop_pps = NAN;
	for (uint32_t i = 0; i < s->n_ports; i++) {
		s->ports[i].rx_pps = s->ports[i].rx_bps = NAN;
		s->ports[i].tx_pps = s->ports[i].tx_bps = NAN;
	}
	for (uint32_t i = 0; i < s->n_io; i++)
		s->io[i].loops_rate = s->io[i].busy = NAN;
	for (uint32_t i = 0; i < s->n_lanes; i++) {
		s->lanes[i].rx_pps = s->lanes[i].rx_bps = NAN;
		s->lanes[i].tx_pps = s->lanes[i].tx_bps = NAN;
		s->lanes[i].drop_pps = s->lanes[i].busy = NAN;
		s->lanes[i].insert_rate = s->lanes[i].evict_rate = NAN;
		forget_load(&s->lanes[i]);
	}
	forget_drops(s);
	forget_queues(s);
	for (uint32_t i = 0; i < s->n_drops; i++)
		s->drops[i].pps = NAN;
	for (uint32_t i = 0; i < s->n_skips; i++)
		s->skips[i].pps = NAN;
}

static int
comparable(const struct hf_sample *now, const struct hf_sample *before)
{
	return (before->state == HF_SAMPLE_WARMING || before->state == HF_SAMPLE_LIVE) &&
	       now->attach == before->attach && now->clear_seq == before->clear_seq &&
	       now->n_lanes == before->n_lanes && now->n_ports == before->n_ports &&
	       now->n_io == before->n_io && now->tsc > before->tsc;
}

void
sample_compare(struct hf_sample *s, const struct hf_sample *before)
{
	double seconds;

	if (!comparable(s, before)) {
		clear_rates(s);
		s->state = HF_SAMPLE_WARMING;
		return;
	}
	seconds = (double)(s->tsc - before->tsc) / (double)s->tsc_hz;
	s->interval_s = seconds;
	for (uint32_t i = 0; i < s->n_ports; i++)
		compare_port(&s->ports[i], &before->ports[i], seconds, (double)s->tsc_hz);
	for (uint32_t i = 0; i < s->n_io; i++) {
		s->io[i].loops_rate = take_rate(s->io[i].loops, before->io[i].loops, seconds);
		s->io[i].busy = share(s->io[i].busy_tsc, before->io[i].busy_tsc, s->io[i].total_tsc,
				      before->io[i].total_tsc);
	}
	for (uint32_t i = 0; i < s->n_lanes; i++)
		compare_lane(&s->lanes[i], &before->lanes[i], seconds, s->tsc_hz);
	compare_queues(s, before, seconds);
	compare_totals(&s->totals, &before->totals, seconds);
	compare_counts(s->drops, s->n_drops, before->drops, before->n_drops, seconds);
	compare_drops(s, before, seconds);
	compare_counts(s->skips, s->n_skips, before->skips, before->n_skips, seconds);
	s->state = HF_SAMPLE_LIVE;
}

void
sample_retire(struct hf_sample *s, const char *why)
{
	snprintf(s->why, sizeof(s->why), "%s", why);
	if (s->state == HF_SAMPLE_WAITING || s->state == HF_SAMPLE_STALE)
		return;
	s->state = HF_SAMPLE_STALE;
	clear_rates(s);
	for (uint32_t i = 0; i < s->flows.n; i++)
		s->flows.rows[i].pps = s->flows.rows[i].bps = NAN;
}

double
sample_mean_busy(const struct hf_sample *s)
{
	double sum = 0;
	uint32_t n = 0;

	for (uint32_t l = 0; l < s->n_lanes; l++) {
		if (isnan(s->lanes[l].busy))
			continue;
		sum += s->lanes[l].busy;
		n++;
	}
	return n > 0 ? sum / n : NAN;
}

const char *
sample_state_name(enum hf_sample_state state)
{
	static const char *const names[] = {"waiting", "warming", "live", "stale"};

	return names[state];
}

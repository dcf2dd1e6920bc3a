/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Series: digests of the past as equally long pieces of time. Reads the history alone.
 */
#include <math.h>
#include <string.h>

#include "history.h"

static float
flow_value(const struct hf_digest *d, const struct hf_flow_key *key)
{
	const float *at = d->value + 2UL * (d->n_lanes + d->n_ports);
	uint32_t hash = pack_flow_hash(key);

	for (uint32_t i = 0; i < d->n_flows; i++) {
		struct hf_digest_flow flow;

		memcpy(&flow, at + 2UL * i, sizeof(flow));
		if (flow.hash == hash)
			return flow.pps;
	}
	return NAN;
}

/* Figure number which of a lane or a port: of pair i of n, which begin at pair first. */
static float
pair_value(const struct hf_digest *d, uint32_t first, uint32_t i, uint32_t n, unsigned int which)
{
	return i < n ? d->value[2UL * (first + i) + which] : NAN;
}

/* What a digest says of it. */
static float
value_of(const struct hf_digest *d, const struct hf_series *what)
{
	uint32_t i = what->index;

	switch (what->kind) {
	case HF_SERIES_RX_PPS:
		return d->rx_pps;
	case HF_SERIES_TX_PPS:
		return d->tx_pps;
	case HF_SERIES_DROP_PPS:
		return d->drop_pps;
	case HF_SERIES_RX_BPS:
		return d->rx_bps;
	case HF_SERIES_TX_BPS:
		return d->tx_bps;
	case HF_SERIES_BUSY:
		return d->busy;
	case HF_SERIES_LANE_PPS:
		return pair_value(d, 0, i, d->n_lanes, 0);
	case HF_SERIES_LANE_BUSY:
		return pair_value(d, 0, i, d->n_lanes, 1);
	case HF_SERIES_PORT_RX_PPS:
		return pair_value(d, d->n_lanes, i, d->n_ports, 0);
	case HF_SERIES_PORT_TX_PPS:
		return pair_value(d, d->n_lanes, i, d->n_ports, 1);
	case HF_SERIES_FLOW_PPS:
		return flow_value(d, what->flow);
	}
	return NAN;
}

/* The part of [from, to] that lies in the bucket that begins at start. */
static double
overlap(double from, double to, double start, double length)
{
	return fmax(fmin(to, start + length) - fmax(from, start), 0);
}

/* Mean over the bucket that begins at start; the samples it needs begin at *first or later. */
static float
bucket_mean(const struct hf_history *h, const struct hf_series *what, double start, double length,
	    uint32_t *first)
{
	double sum = 0, known = 0;

	while (*first < h->n && h->moments[*first].time_s <= start)
		(*first)++;
	for (uint32_t i = *first; i < h->n; i++) {
		double from = i > 0 ? h->moments[i - 1].time_s : h->moments[i].time_s;
		double share = overlap(from, h->moments[i].time_s, start, length);
		float value;

		if (from >= start + length)
			break;
		value = value_of(h->moments[i].digest, what);
		if (isnan(value) || share <= 0)
			continue;
		sum += share * (double)value;
		known += share;
	}
	return known > 0 ? (float)(sum / known) : NAN;
}

void
history_series(const struct hf_history *h, const struct hf_series *what, double end_s,
	       double bucket_s, float *out, uint32_t n)
{
	double last = floor(end_s / bucket_s);
	uint32_t first = history_find(h, (last - n) * bucket_s);

	for (uint32_t i = 0; i < n; i++)
		out[i] = bucket_mean(h, what, (last - n + 1 + i) * bucket_s, bucket_s, &first);
}

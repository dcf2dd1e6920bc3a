/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How busy lanes are, what a packet costs and where, and what they could take, as JSON.
 *
 * Primary; main thread (control socket) and telemetry threads. Reads the segment, owns nothing, and
 * must not write to anything shared.
 */
#include <math.h>
#include <stdio.h>

#include "headroom.h"
#include "status.h"

static json_t *
real_or_null(double value, double scale)
{
	return isnan(value) ? json_null() : json_real(round(value * scale) / scale);
}

/* Cycles a packet of each step that the lane has; null before the first burst was timed. */
static json_t *
step_cycles(const struct hf_segment *seg, uint32_t l)
{
	const struct hf_lane_steps *s = &seg->lanes[l].steps;
	double pkts = (double)hf_load(&s->pkts);
	json_t *o = json_object();

	for (uint32_t i = 0; i < HF_LANE_STEPS; i++) {
		const char *stage = i < HF_LANE_STEP_PLAN ? "" : s->stage[i - HF_LANE_STEP_PLAN];
		char name[32];

		if (i >= HF_LANE_STEP_PLAN && stage[0] == '\0')
			continue;
		if (seg->lanes[l].kind != HF_LANE_HARDWARE &&
		    (i == HF_LANE_STEP_TX || i == HF_LANE_STEP_FREE))
			continue; /* the I/O thread's work */
		snprintf(name, sizeof(name), "%s%s%.15s", hf_lane_step_name(i),
			 stage[0] != '\0' ? "_" : "", stage);
		json_object_set_new(o, name,
				    pkts > 0 ? real_or_null((double)hf_load(&s->tsc[i]) / pkts, 10)
					     : json_null());
	}
	return o;
}

/* Busy over the last second or two, where it is known; else since the first owner. */
static json_t *
busy_percent(const struct hf_segment *seg, uint32_t l, const struct hf_headroom *h)
{
	const struct hf_lane *lane = &seg->lanes[l];

	if (!isnan(h->busy))
		return real_or_null(h->busy * 100, 100);
	return status_percent(hf_load(&lane->busy_tsc), hf_load(&lane->total_tsc));
}

json_t *
status_load(const struct hf_segment *seg, uint32_t l)
{
	struct hf_headroom h = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	struct hf_load before, now;

	hf_load_read(seg, l, &now);
	if (hf_load_read_kept(seg, l, now.tsc, &before) == 0)
		hf_headroom_find(&h, &before, &now, seg->header.tsc_hz, seg->run.burst);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "busy",
			 busy_percent(seg, l, &h), "pps", real_or_null(h.pps, 1), "cycles_per_pkt",
			 real_or_null(h.cycles_per_pkt, 10), "pkts_per_poll",
			 real_or_null(h.pkts_per_poll, 100), "poll_cycles",
			 real_or_null(h.poll_cycles, 10), "pkt_cycles",
			 real_or_null(h.pkt_cycles, 10), "max_pps", real_or_null(h.max_pps, 1),
			 "headroom_pps", real_or_null(h.headroom_pps, 1), "step_cycles",
			 step_cycles(seg, l));
}

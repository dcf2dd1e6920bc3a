/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lanes cost and what they could take, how full their rings are, and their gaps by length; and
 * what became of workers of a name. Reads shared memory, writes the sample alone.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "take.h"
#include "units.h"
#include "worker_past.h"

/* "256us 3, 512us 1": how many gaps were below so many microseconds, and not below half of it. */
static void
name_gaps(char *buf, size_t len, const uint32_t counts[HF_GAP_BUCKETS])
{
	size_t used = 0;
	char below[32];

	buf[0] = '\0';
	for (unsigned int b = 0; b < HF_GAP_BUCKETS; b++) {
		int n;

		if (counts[b] == 0)
			continue;
		format_gap(below, sizeof(below), 1000 * (UINT64_C(1) << b));
		n = snprintf(buf + used, len - used, "%s%s%s %u", used > 0 ? ", " : "",
			     b + 1 < HF_GAP_BUCKETS ? "<" : ">", below, counts[b]);
		if (n < 0 || (size_t)n >= len - used)
			return; /* cut: the longest are left out */
		used += (size_t)n;
	}
}

/* "l2 1.8, flow 20.5": cycles a packet of each stage's plan. */
static void
name_stages(struct hf_lane_row *row, const struct hf_lane_steps *steps, double pkts)
{
	size_t used = 0;

	row->stages[0] = '\0';
	for (unsigned int i = 0; i < HF_MAX_STAGES; i++) {
		char name[sizeof(steps->stage[0]) + 1];
		double cycles = (double)hf_load(&steps->tsc[HF_LANE_STEP_PLAN + i]) / pkts;
		int n;

		format_clean(name, sizeof(name), steps->stage[i], sizeof(steps->stage[i]));
		if (name[0] == '\0')
			continue;
		row->step_cycles[HF_LANE_STEP_PLAN] =
			fmax(row->step_cycles[HF_LANE_STEP_PLAN], 0) + cycles;
		n = snprintf(row->stages + used, sizeof(row->stages) - used, "%s%s %.1f",
			     used > 0 ? ", " : "", name, cycles);
		if (n < 0 || (size_t)n >= sizeof(row->stages) - used)
			return;
		used += (size_t)n;
	}
}

static void
take_steps(struct hf_lane_row *row, const struct hf_lane *lane)
{
	double pkts = (double)hf_load(&lane->steps.pkts);

	for (unsigned int i = 0; i <= HF_LANE_STEP_PLAN; i++)
		row->step_cycles[i] = NAN;
	if (!(pkts > 0))
		return;
	for (unsigned int i = 0; i < HF_LANE_STEP_PLAN; i++)
		if (lane->kind == HF_LANE_HARDWARE ||
		    (i != HF_LANE_STEP_TX && i != HF_LANE_STEP_FREE))
			row->step_cycles[i] = (double)hf_load(&lane->steps.tsc[i]) / pkts;
	name_stages(row, &lane->steps, pkts);
}

void
take_load(struct hf_lane_row *row, const struct hf_segment *seg)
{
	const struct hf_lane *lane = &seg->lanes[row->lane];
	struct hf_lane_fill fill;

	hf_load_read(seg, row->lane, &row->load);
	row->burst = seg->run.burst;
	take_steps(row, lane);
	hf_lane_fill_read(seg, row->lane, &fill);
	row->ring = fill.size > 0 ? fill.now : HF_UNKNOWN;
	row->ring_peak = fill.size > 0 ? fill.peak : HF_UNKNOWN;
	row->ring_size = fill.size > 0 ? fill.size : HF_UNKNOWN;
	row->ring_fill =
		fill.size > 0 ? fmin(100.0 * (double)fill.peak / (double)fill.size, 100) : NAN;
	for (unsigned int k = 0; k < HF_GAP_KINDS; k++) {
		uint64_t longest = hf_load(&lane->gaps.longest_ns[k]);

		row->gap_longest_ns[k] = longest > 0 ? longest : HF_UNKNOWN;
		name_gaps(row->gap_names[k], sizeof(row->gap_names[k]), row->gap_counts[k]);
	}
}

void
compare_load(struct hf_lane_row *now, const struct hf_lane_row *before, uint64_t tsc_hz)
{
	hf_headroom_find(&now->room, &before->load, &now->load, tsc_hz, now->burst);
}

void
forget_load(struct hf_lane_row *row)
{
	row->room = (struct hf_headroom){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
}

void
take_past(struct hf_worker_row *row, const struct hf_segment *seg)
{
	struct hf_worker_past past;

	row->restarts = HF_UNKNOWN;
	row->last_exit[0] = '\0';
	if (hf_worker_past_find(seg, seg->workers[row->slot].name, &past) != 0)
		return;
	row->restarts = past.starts > 0 ? past.starts - 1 : 0;
	hf_exit_text(&past, row->last_exit, sizeof(row->last_exit));
	format_clean(row->last_exit, sizeof(row->last_exit), row->last_exit,
		     sizeof(row->last_exit));
}

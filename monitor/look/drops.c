/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drops by reason and by lane: how many, how fast, and when there was one last. The time of the
 * last one is the monitor's own knowledge: it goes from sample to sample. Nothing here reads the
 * segment but take_skips().
 */
#include <math.h>
#include <stdio.h>

#include "take.h"

#define RECENT_S 60.0 /* dropped since: shown as a warning */

static void
name_reason(char *buf, size_t len, unsigned int code)
{
	const char *name = hf_drop_name(code);

	if (name != NULL)
		snprintf(buf, len, "%s", name);
	else
		snprintf(buf, len, "reason_%u", code);
}

/* What lane l dropped for reason code; HF_UNKNOWN when it could not be read. */
static uint64_t
dropped(const struct hf_sample *s, uint32_t l, uint32_t code)
{
	return s->lanes[l].drops == HF_UNKNOWN ? HF_UNKNOWN : s->lanes[l].totals.drop[code];
}

static void
add_cell(struct hf_sample *s, uint32_t code, uint32_t lane, uint64_t packets)
{
	struct hf_drop_row *row = &s->drop_cells[s->n_drop_cells++];

	*row = (struct hf_drop_row){.code = code, .lane = lane, .packets = packets};
	row->pps = row->last_s = row->since_s = NAN;
	name_reason(row->reason, sizeof(row->reason), code);
}

void
take_drops(struct hf_sample *s)
{
	s->n_drops = s->n_drop_cells = 0;
	for (unsigned int d = 0; d < HF_DROP_MAX; d++) {
		struct hf_count_row *row = &s->drops[s->n_drops];

		*row = (struct hf_count_row){.pps = NAN};
		for (uint32_t l = 0; l < s->n_lanes; l++) {
			uint64_t packets = dropped(s, l, d);

			if (packets == 0 || packets == HF_UNKNOWN)
				continue;
			row->packets += packets;
			add_cell(s, d, l, packets);
		}
		name_reason(row->reason, sizeof(row->reason), d);
		/* Past the reasons there are: a newer program's, if it has counted any. */
		if (hf_drop_name(d) == NULL && row->packets == 0)
			break;
		s->n_drops++;
	}
}

void
take_skips(struct hf_sample *s, const struct hf_segment *seg)
{
	s->n_skips = 0;
	for (unsigned int k = HF_SKIP_NONE + 1; k < HF_SKIP_COUNT; k++) {
		struct hf_count_row *row = &s->skips[s->n_skips++];

		*row = (struct hf_count_row){.pps = NAN};
		snprintf(row->reason, sizeof(row->reason), "%s", hf_skip_name(k));
		for (uint32_t l = 0; l < s->n_lanes; l++)
			row->packets += hf_load(&seg->lanes[l].flow_skipped[k]);
	}
}

/* When each reason grew last on each lane, as far as we saw it. */
static void
remember(struct hf_sample *s, const struct hf_sample *before)
{
	for (uint32_t l = 0; l < s->n_lanes; l++) {
		for (unsigned int d = 0; d < HF_DROP_MAX; d++) {
			uint64_t now = dropped(s, l, d), then = dropped(before, l, d);

			s->drop_last_s[l][d] = before->drop_last_s[l][d];
			if (now != HF_UNKNOWN && then != HF_UNKNOWN && now > then)
				s->drop_last_s[l][d] = s->time_s;
		}
	}
}

void
compare_drops(struct hf_sample *s, const struct hf_sample *before, double seconds)
{
	remember(s, before);
	for (uint32_t i = 0; i < s->n_drop_cells; i++) {
		struct hf_drop_row *row = &s->drop_cells[i];
		double last = s->drop_last_s[row->lane][row->code];

		row->pps = take_rate(row->packets, dropped(before, row->lane, row->code), seconds);
		if (last > 0) {
			row->last_s = last;
			row->since_s = fmax(s->time_s - last, 0);
		}
		row->alert = row->pps > 0              ? HF_ALERT_BAD
			     : row->since_s < RECENT_S ? HF_ALERT_WARN
						       : HF_ALERT_NONE;
	}
}

void
forget_drops(struct hf_sample *s)
{
	for (uint32_t i = 0; i < s->n_drop_cells; i++)
		s->drop_cells[i].pps = NAN;
	for (uint32_t l = 0; l < s->n_lanes; l++)
		for (unsigned int d = 0; d < HF_DROP_MAX; d++)
			s->drop_last_s[l][d] = 0;
}

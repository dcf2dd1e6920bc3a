/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 3: the lanes, and below them what they cost and could take; of the selected one, when its
 * details are asked for, every figure, of its flow table too, its cycles by step and the last
 * minutes.
 */
#include "chart.h"

#include <math.h>

#include "format.h"

#define STEP_BAR 30 /* characters of the longest bar */

static const struct hf_row_id id = {offsetof(struct hf_lane_row, lane), sizeof(uint32_t)};

/* Packets and busy share of one lane in what is left of c from line y on. */
static void
draw_past(struct hf_canvas *c, int y, const struct hf_lane_row *lane, const struct hf_shown *shown)
{
	struct hf_series what = {.kind = HF_SERIES_LANE_PPS, .index = lane->lane};
	int lines = (c->height - y) / 2;

	lines = lines > 5 ? 5 : lines;
	y = chart_named(c, y, lines, shown, "pps", &what, 0, HF_STYLE_GOOD);
	what.kind = HF_SERIES_LANE_BUSY;
	chart_named(c, y, lines, shown, "busy %", &what, 100, HF_STYLE_WARN);
}

/* Cycles a packet by step, as bars, from line y on. Returns the next free line. */
static int
draw_steps(struct hf_canvas *c, int y, const struct hf_lane_row *lane, const struct hf_shown *shown)
{
	double sum = 0;
	char text[24];

	for (uint32_t i = 0; i <= HF_LANE_STEP_PLAN; i++)
		sum += isnan(lane->step_cycles[i]) ? 0 : lane->step_cycles[i];
	if (!(sum > 0))
		return y;
	canvas_put(c, 1, y++, HF_STYLE_DIM, "cycles a packet");
	for (uint32_t i = 0; i <= HF_LANE_STEP_PLAN; i++) {
		if (isnan(lane->step_cycles[i]) || !(lane->step_cycles[i] > 0))
			continue;
		format_number(text, sizeof(text), lane->step_cycles[i], shown->exact);
		canvas_put(c, 1, y, HF_STYLE_NORMAL, hf_lane_step_name(i));
		canvas_put_right(c, 14, y, HF_STYLE_NORMAL, text);
		canvas_bar(c, 16, y++, STEP_BAR, lane->step_cycles[i] / sum, HF_STYLE_GOOD);
	}
	return y;
}

static void
draw_details(struct hf_canvas *c, const struct hf_lane_row *lane, const struct hf_shown *shown)
{
	static const enum hf_table_id tables[] = {HF_TABLE_LANES, HF_TABLE_LOAD,
						  HF_TABLE_FLOW_TABLES}; /* rows are lanes in all */
	int y = 0;

	for (uint32_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct hf_rows rows = table_rows(shown->sample, tables[i]);
		struct hf_canvas part = canvas_part(c, 0, y, c->width, c->height - y);

		y += panel_details(&part, &rows, lane, shown->exact) + 1;
	}
	if (c->height - y >= HF_LANE_STEP_PLAN + 6)
		y = draw_steps(c, y, lane, shown) + 1;
	draw_past(c, y, lane, shown);
}

/* What lanes cost and could take, in the lines that the table of lanes leaves. */
static void
draw_load(struct hf_canvas *c, const struct hf_shown *shown)
{
	struct hf_rows load = table_rows(shown->sample, HF_TABLE_LOAD);
	int y = (int)load.n + 2, want = (int)load.n + 1;

	if (c->height - y < 4 || load.n == 0)
		return;
	canvas_put(c, 1, y, HF_STYLE_BOLD, "cycles a packet, rings, longest gaps");
	y++;
	panel_list(c, y, want < c->height - y ? want : c->height - y, &load, shown->exact);
}

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	struct hf_canvas lower = views_upper(c, state, shown, HF_TABLE_LANES, &id, UINT32_MAX);
	struct hf_rows rows = table_rows(shown->sample, HF_TABLE_LANES);
	const struct hf_lane_row *lane = panel_selected(&state->panel, &rows, &id);

	if (state->details && lane != NULL)
		draw_details(&lower, lane, shown);
	else if (!state->details)
		draw_load(c, shown);
}

static const struct hf_view view = {
	.number = 3,
	.name = "Lanes",
	.needs = HF_NEED_SAMPLE,
	.draw = draw,
};

const struct hf_view *
view_lanes(void)
{
	return &view;
}

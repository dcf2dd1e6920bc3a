/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 3: the lanes; of the selected one, when its details are asked for, every figure and the last
 * minutes.
 */
#include "chart.h"

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

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	struct hf_canvas lower = views_upper(c, state, shown, HF_TABLE_LANES, &id, UINT32_MAX);
	struct hf_rows rows = table_rows(shown->sample, HF_TABLE_LANES);
	const struct hf_lane_row *lane = panel_selected(&state->panel, &rows, &id);
	struct hf_canvas load;
	int y;

	if (!state->details || lane == NULL)
		return;
	y = panel_details(&lower, &rows, lane, shown->exact) + 1;
	load = canvas_part(&lower, 0, y, lower.width, lower.height - y);
	if (load.height > 0) {
		rows = table_rows(shown->sample, HF_TABLE_LOAD);
		y += panel_details(&load, &rows, lane, shown->exact) + 1;
	}
	draw_past(&lower, y, lane, shown);
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

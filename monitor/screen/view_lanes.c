/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 3: the lanes.
 */
#include "views.h"

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	static const struct hf_row_id id = {offsetof(struct hf_lane_row, lane),
					    sizeof(((struct hf_lane_row *)0)->lane)};

	views_table(c, state, shown, HF_TABLE_LANES, &id, UINT32_MAX);
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

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 9: what happened, the newest first; all that the log held since the monitor began. A filter
 * keeps the rows that hold a text: "lane 2", "takeover", a worker's name.
 */
#include "views.h"

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	static const struct hf_row_id id = {offsetof(struct hf_event_row, no),
					    sizeof(((struct hf_event_row *)0)->no)};

	views_table(c, state, shown, HF_TABLE_EVENTS, &id, UINT32_MAX);
}

static const struct hf_view view = {
	.number = 9,
	.name = "Events",
	.needs = HF_NEED_SAMPLE,
	.draw = draw,
};

const struct hf_view *
view_events(void)
{
	return &view;
}

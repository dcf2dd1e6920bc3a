/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of views.
 */
#include "views.h"

static const struct hf_view *(*const list[HF_VIEW_COUNT])(void) = {
	view_overview, view_ports,  view_lanes, view_workers, view_flows,
	view_drops,    view_memory, view_numa,  view_events,
};

const struct hf_view *
views_get(uint32_t index)
{
	return list[index % HF_VIEW_COUNT]();
}

int
views_act(const struct hf_view *view, struct hf_view_state *state, const struct hf_shown *shown,
	  struct hf_wish *wish, enum hf_action action)
{
	if (view->act != NULL && view->act(state, shown, wish, action))
		return 1;
	if (action == HF_ACTION_DETAILS) {
		state->details = !state->details;
		return 1;
	}
	return panel_act(&state->panel, action);
}

void
views_table(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown,
	    enum hf_table_id table, const struct hf_row_id *id, uint32_t sorted)
{
	struct hf_rows rows = table_rows(shown->sample, table);
	struct hf_canvas part;
	const void *row;
	int lines;

	if (!state->details) {
		panel_draw(c, &state->panel, &rows, id, sorted, shown->exact);
		return;
	}
	/* The table keeps a third, so that the selection can be moved on. */
	lines = c->height / 3 > 3 ? c->height / 3 : 3;
	if ((uint32_t)lines > rows.n + 1)
		lines = (int)rows.n + 1;
	part = canvas_part(c, 0, 0, c->width, lines);
	panel_draw(&part, &state->panel, &rows, id, sorted, shown->exact);
	row = panel_selected(&state->panel, &rows, id);
	part = canvas_part(c, 0, lines + 1, c->width, c->height - lines - 1);
	if (row != NULL)
		panel_details(&part, &rows, row, shown->exact);
}

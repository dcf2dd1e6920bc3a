/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of views.
 */
#include "views.h"

#include <stdio.h>

#define DETAILS_LINES 80 /* room for all lanes, and more than any details take */

static const struct hf_view *(*const list[HF_VIEW_COUNT])(void) = {
	view_overview, view_ports,  view_lanes, view_workers, view_flows,
	view_drops,    view_memory, view_numa,  view_events,
};

const struct hf_view *
views_get(uint32_t index)
{
	return list[index % HF_VIEW_COUNT]();
}

void
views_draw(const struct hf_view *view, struct hf_canvas *c, struct hf_view_state *state,
	   const struct hf_shown *shown)
{
	canvas_measure(c);
	state->page = 0;
	view->draw(c, state, shown);
	state->below = state->page > 0 ? canvas_below(c) : 0;
	if (state->below >= 0)
		return;
	/* Of more lines than there are now: no further than to the last one. */
	state->skipped = state->skipped + state->below > 0 ? state->skipped + state->below : 0;
	state->below = 0;
}

/* Scrolls the details by a page. Returns 0 when all of them are in sight. */
static int
scroll(struct hf_view_state *state, enum hf_action action)
{
	int page = state->page > 1 ? state->page - 1 : 1;

	if (!state->details || (state->skipped == 0 && state->below == 0))
		return 0;
	if (action == HF_ACTION_PAGE_DOWN)
		state->skipped += state->below < page ? state->below : page;
	else if (action == HF_ACTION_PAGE_UP)
		state->skipped = state->skipped > page ? state->skipped - page : 0;
	else
		return 0;
	return 1;
}

int
views_act(const struct hf_view *view, struct hf_view_state *state, const struct hf_shown *shown,
	  struct hf_wish *wish, enum hf_action action)
{
	if (view->act != NULL && view->act(state, shown, wish, action))
		return 1;
	if (action == HF_ACTION_DETAILS) {
		state->details = !state->details;
		state->skipped = 0;
		return 1;
	}
	if (scroll(state, action))
		return 1;
	return panel_act(&state->panel, action);
}

int
views_filter(const struct hf_view *view, struct hf_view_state *state, struct hf_wish *wish,
	     const char *text, char *why, size_t len)
{
	int plain = view->filter == NULL || wish->frozen;
	int err = plain ? 0 : view->filter(state, wish, text, why, len);

	if (err == 0)
		snprintf(state->filter, sizeof(state->filter), "%s", text);
	if (plain)
		snprintf(state->panel.filter, sizeof(state->panel.filter), "%s", text);
	return err;
}

void
views_order(const struct hf_view *view, struct hf_view_state *state, struct hf_wish *wish,
	    uint32_t column)
{
	if (view->order != NULL && view->order(state, wish, column))
		return;
	if (state->panel.sort == column + 1)
		state->panel.reverse = !state->panel.reverse;
	state->panel.sort = column + 1;
}

struct hf_canvas
views_details(const struct hf_canvas *c, struct hf_view_state *state)
{
	int lines = c->height > DETAILS_LINES ? c->height : DETAILS_LINES;

	state->page = c->height;
	return canvas_scrolled(c, lines, state->skipped);
}

struct hf_canvas
views_upper(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown,
	    enum hf_table_id table, const struct hf_row_id *id, uint32_t sorted)
{
	struct hf_rows rows = table_rows(shown->sample, table);
	int lines = c->height;
	struct hf_canvas part;

	state->panel.pinned = state->details;
	if (state->details) {
		lines = c->height / 3 > 3 ? c->height / 3 : 3;
		if ((uint32_t)lines > rows.n + 1)
			lines = (int)rows.n + 1;
	}
	part = canvas_part(c, 0, 0, c->width, lines);
	panel_draw(&part, &state->panel, &rows, id, sorted, shown->exact);
	part = canvas_part(c, 0, lines + 1, c->width, c->height - lines - 1);
	return state->details ? views_details(&part, state) : part;
}

void
views_table(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown,
	    enum hf_table_id table, const struct hf_row_id *id, uint32_t sorted)
{
	struct hf_canvas lower = views_upper(c, state, shown, table, id, sorted);
	struct hf_rows rows = table_rows(shown->sample, table);
	const void *row = panel_selected(&state->panel, &rows, id);

	if (state->details && row != NULL)
		panel_details(&lower, &rows, row, shown->exact);
}

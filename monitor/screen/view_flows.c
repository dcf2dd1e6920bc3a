/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 5: the top flows. The scan picks and orders them, over all lanes: the view asks it for
 * another order or filter. Columns that no scan orders by order the rows that are shown.
 */
#include <string.h>

#include "chart.h"

static uint32_t
column_of(enum hf_sort sort)
{
	const struct hf_table *t = columns_table(HF_TABLE_FLOWS);
	const char *name = flows_sort_name(sort);

	for (uint32_t c = 0; c < t->n_columns; c++)
		if (strcmp(t->columns[c].key, name) == 0)
			return c;
	return UINT32_MAX;
}

static const struct hf_row_id flow_id = {offsetof(struct hf_flow_row, key),
					 sizeof(struct hf_flow_key)};

/* The selected flow, wherever it stands now: among the top, or followed by its key. */
static const struct hf_flow_row *
selected(const struct hf_view_state *state, const struct hf_shown *shown)
{
	struct hf_rows rows = table_rows(shown->sample, HF_TABLE_FLOWS);
	const struct hf_flow_detail *detail = &shown->sample->detail;

	if (detail->state != HF_FOLLOW_NONE &&
	    memcmp(&detail->row.key, state->panel.id, sizeof(detail->row.key)) == 0)
		return &detail->row;
	return panel_selected(&state->panel, &rows, &flow_id);
}

/* All about one flow and its last minutes. */
static void
draw_details(struct hf_canvas *c, const struct hf_view_state *state, const struct hf_shown *shown)
{
	const struct hf_flow_row *row = selected(state, shown);
	struct hf_series what = {.kind = HF_SERIES_FLOW_PPS};
	struct hf_rows rows = table_rows(shown->sample, HF_TABLE_FLOWS);
	int y, lines;

	if (row == NULL)
		return;
	y = panel_details(c, &rows, row, shown->exact);
	if (row == &shown->sample->detail.row && shown->sample->detail.state == HF_FOLLOW_GONE)
		canvas_put(c, 1, y, HF_STYLE_WARN, "it has no record any more");
	y++;
	lines = c->height - y > 6 ? 6 : c->height - y;
	what.flow = &row->key;
	chart_named(c, y, lines, shown, "pps", &what, 0, HF_STYLE_GOOD);
}

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	struct hf_canvas lower;

	state->panel.came_reversed = shown->sample->reverse != 0;
	/* The scan has reversed them already. */
	if (state->panel.sort == 0)
		state->panel.reverse = 0;
	lower = views_upper(c, state, shown, HF_TABLE_FLOWS, &flow_id,
			    column_of(shown->sample->sort));
	if (state->details)
		draw_details(&lower, state, shown);
}

static void
want(const struct hf_view_state *state, const struct hf_shown *shown, struct hf_wish *wish)
{
	const struct hf_flow_row *row = state->details ? selected(state, shown) : NULL;

	wish->follow = row != NULL;
	if (row == NULL)
		return;
	wish->follow_lane = row->lane;
	wish->follow_key = row->key;
}

/* Asks the scan for another order; the top of it is shown. */
static int
ask(struct hf_view_state *state, struct hf_wish *wish)
{
	wish->changed = 1;
	state->panel.sort = 0;
	if (!state->details)
		state->panel.selected = 0;
	return 1;
}

static int
act(struct hf_view_state *state, const struct hf_shown *shown, struct hf_wish *wish,
    enum hf_action action)
{
	struct hf_flow_query *q = &wish->flows;
	int by = action == HF_ACTION_SORT_NEXT ? 1 : action == HF_ACTION_SORT_PREVIOUS ? -1 : 0;

	(void)shown;
	if (wish->frozen) /* the panel orders what there is */
		return 0;
	if (action == HF_ACTION_REVERSE && state->panel.sort == 0) {
		q->reverse = !q->reverse;
		return ask(state, wish);
	}
	if (by == 0)
		return 0;
	q->sort = (enum hf_sort)(((int)q->sort + HF_SORT_COUNT + by) % HF_SORT_COUNT);
	return ask(state, wish);
}

static int
order(struct hf_view_state *state, struct hf_wish *wish, uint32_t column)
{
	struct hf_flow_query *q = &wish->flows;
	enum hf_sort sort;

	if (wish->frozen ||
	    flows_parse_sort(columns_table(HF_TABLE_FLOWS)->columns[column].key, &sort) != 0)
		return 0;
	q->reverse = q->sort == sort && state->panel.sort == 0 ? !q->reverse : 0;
	q->sort = sort;
	return ask(state, wish);
}

static int
filter(struct hf_view_state *state, struct hf_wish *wish, const char *text, char *why, size_t len)
{
	int err = filter_parse(text, &wish->flows.filter, why, len);

	if (err != 0)
		return err;
	state->panel.filter[0] = '\0'; /* a text that was typed while the picture stood */
	return ask(state, wish) != 1;
}

static const struct hf_view view = {
	.number = 5,
	.name = "Flows",
	.needs = HF_NEED_SAMPLE,
	.draw = draw,
	.act = act,
	.filter = filter,
	.order = order,
	.want = want,
};

const struct hf_view *
view_flows(void)
{
	return &view;
}

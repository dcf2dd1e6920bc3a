/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 5: the top flows. The scan orders them, over all lanes; the view asks it for another order.
 */
#include <string.h>

#include "views.h"

/* The column that the scan orders by. */
static uint32_t
sorted_column(enum hf_sort sort)
{
	const struct hf_table *t = columns_table(HF_TABLE_FLOWS);
	const char *name = flows_sort_name(sort);

	for (uint32_t c = 0; c < t->n_columns; c++)
		if (strcmp(t->columns[c].key, name) == 0)
			return c;
	return UINT32_MAX;
}

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	static const struct hf_row_id id = {offsetof(struct hf_flow_row, key),
					    sizeof(struct hf_flow_key)};

	views_table(c, state, shown, HF_TABLE_FLOWS, &id, sorted_column(shown->sample->sort));
}

static int
act(struct hf_view_state *state, const struct hf_shown *shown, struct hf_wish *wish,
    enum hf_action action)
{
	int by = action == HF_ACTION_SORT_NEXT ? 1 : action == HF_ACTION_SORT_PREVIOUS ? -1 : 0;

	(void)shown;
	if (by == 0)
		return 0;
	wish->flows.sort =
		(enum hf_sort)(((int)wish->flows.sort + HF_SORT_COUNT + by) % HF_SORT_COUNT);
	wish->changed = 1;
	state->panel.selected = 0;
	state->panel.moved = 1;
	return 1;
}

static const struct hf_view view = {
	.number = 5,
	.name = "Flows",
	.needs = HF_NEED_SAMPLE | HF_NEED_FLOWS,
	.draw = draw,
	.act = act,
};

const struct hf_view *
view_flows(void)
{
	return &view;
}

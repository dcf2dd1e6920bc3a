/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 8: NUMA nodes and CPUs: who is where, and what does not match. CPU and NODE are as
 * configured, ON-CPU and ON-NODE where the thread was seen.
 */
#include "views.h"

static const struct hf_row_id id = {offsetof(struct hf_place_row, kind),
				    sizeof(((struct hf_place_row *)0)->kind) +
					    sizeof(((struct hf_place_row *)0)->name)};
static_assert(offsetof(struct hf_place_row, name) == sizeof(((struct hf_place_row *)0)->kind),
	      "kind and name of a place stand side by side");

/* The nodes, and what is to be known of all places in one line. Returns lines used. */
static int
draw_nodes(struct hf_canvas *c, const struct hf_shown *shown)
{
	const struct hf_sample *s = shown->sample;
	struct hf_rows nodes = table_rows(s, HF_TABLE_NODES);
	int y = 0, most = c->height / 3;
	uint32_t wrong = 0;

	if (nodes.n > 0 && most > 2)
		y = panel_list(c, 0, (int)nodes.n + 1 < most ? (int)nodes.n + 1 : most, &nodes,
			       shown->exact);
	for (uint32_t i = 0; i < s->n_places; i++)
		wrong += s->places[i].mismatch != 0;
	if (wrong == 0)
		canvas_put(c, 1, y, HF_STYLE_GOOD, "everything is where it should be");
	else
		canvas_print(c, 1, y, HF_STYLE_WARN, "%u of %u do not match: see MISMATCH", wrong,
			     s->n_places);
	return y + 1;
}

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	int y = c->height > 6 ? draw_nodes(c, shown) : 0;
	struct hf_canvas lower = canvas_part(c, 0, y, c->width, c->height - y);

	views_table(&lower, state, shown, HF_TABLE_PLACES, &id, UINT32_MAX);
}

static const struct hf_view view = {
	.number = 8,
	.name = "NUMA",
	.needs = HF_NEED_SAMPLE,
	.draw = draw,
};

const struct hf_view *
view_numa(void)
{
	return &view;
}

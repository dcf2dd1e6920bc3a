/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 4: the workers; of the selected one, when its details are asked for, every figure and the
 * lanes it owns.
 */
#include "views.h"

static const struct hf_row_id id = {offsetof(struct hf_worker_row, slot), sizeof(uint32_t)};

/* The lanes of one worker from line y on. */
static void
draw_lanes(struct hf_canvas *c, int y, const struct hf_worker_row *worker,
	   const struct hf_shown *shown)
{
	struct hf_rows rows = table_rows(shown->sample, HF_TABLE_LANES);
	uint32_t order[HF_MAX_LANES], n = 0;

	for (uint32_t l = 0; l < rows.n; l++)
		if ((worker->lanes >> l & 1) != 0)
			order[n++] = l;
	rows.order = order;
	rows.n = n;
	if (c->height - y < 3)
		return;
	canvas_put(c, 1, y, HF_STYLE_BOLD, "lanes it owns");
	panel_list(c, y + 1, c->height - y - 1, &rows, shown->exact);
}

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	struct hf_canvas lower = views_upper(c, state, shown, HF_TABLE_WORKERS, &id, UINT32_MAX);
	struct hf_rows rows = table_rows(shown->sample, HF_TABLE_WORKERS);
	const struct hf_worker_row *worker = panel_selected(&state->panel, &rows, &id);

	if (!state->details || worker == NULL)
		return;
	draw_lanes(&lower, panel_details(&lower, &rows, worker, shown->exact) + 1, worker, shown);
}

static const struct hf_view view = {
	.number = 4,
	.name = "Workers",
	.needs = HF_NEED_SAMPLE,
	.draw = draw,
};

const struct hf_view *
view_workers(void)
{
	return &view;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 4: the workers.
 */
#include "views.h"

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	static const struct hf_row_id id = {offsetof(struct hf_worker_row, slot),
					    sizeof(((struct hf_worker_row *)0)->slot)};

	views_table(c, state, shown, HF_TABLE_WORKERS, &id, UINT32_MAX);
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

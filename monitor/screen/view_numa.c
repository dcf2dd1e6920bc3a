/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 8: which thread is on which CPU and node.
 */
#include "views.h"

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	static const struct hf_row_id id = {offsetof(struct hf_io_row, io),
					    sizeof(((struct hf_io_row *)0)->io)};

	views_table(c, state, shown, HF_TABLE_IO, &id, UINT32_MAX);
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

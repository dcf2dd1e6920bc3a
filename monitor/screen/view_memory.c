/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 7: the pools of packet buffers.
 */
#include "views.h"

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	static const struct hf_row_id id = {offsetof(struct hf_pool_row, name),
					    sizeof(((struct hf_pool_row *)0)->name)};

	views_table(c, state, shown, HF_TABLE_POOLS, &id, UINT32_MAX);
}

static const struct hf_view view = {
	.number = 7,
	.name = "Memory",
	.needs = HF_NEED_SAMPLE,
	.draw = draw,
};

const struct hf_view *
view_memory(void)
{
	return &view;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 2: the ports.
 */
#include "views.h"

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	static const struct hf_row_id id = {offsetof(struct hf_port_row, name),
					    sizeof(((struct hf_port_row *)0)->name)};

	views_table(c, state, shown, HF_TABLE_PORTS, &id, UINT32_MAX);
}

static const struct hf_view view = {
	.number = 2,
	.name = "Ports",
	.needs = HF_NEED_SAMPLE,
	.draw = draw,
};

const struct hf_view *
view_ports(void)
{
	return &view;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of instances.
 */
#include "picker.h"

#include <stdio.h>

#define ROW(field) offsetof(struct hf_instance_row, field)

/* clang-format off */
static const struct hf_column columns[] = {
	{"instance", "INSTANCE", 12, 0, HF_CELL_TEXT,   COLUMN_LEFT | COLUMN_FLEX, ROW(name)},
	{"state",    "STATE",     8, 0, HF_CELL_TEXT,   COLUMN_LEFT,               ROW(state)},
	{"pid",      "PID",       7, 3, HF_CELL_I32,    0,                         ROW(pid)},
	{"uptime_s", "UPTIME",    6, 2, HF_CELL_UPTIME, 0,                         ROW(uptime_s)},
	{"lanes",    "LANES",     5, 0, HF_CELL_COUNT,  0,                         ROW(lanes)},
	{"workers",  "WORKERS",   7, 1, HF_CELL_COUNT,  0,                         ROW(workers)},
	{"rx_pps",   "PPS",       6, 0, HF_CELL_NUMBER, 0,                         ROW(rx_pps)},
	{"why",      "",          4, 4, HF_CELL_TEXT,   COLUMN_LEFT | COLUMN_FLEX, ROW(why)},
};
/* clang-format on */

static const struct hf_table table = {"instances", columns, sizeof(columns) / sizeof(columns[0]),
				      sizeof(struct hf_instance_row), ROW(alert)};
static const struct hf_row_id id = {ROW(name), HF_INSTANCE_LEN};

static struct hf_rows
rows_of(const struct hf_instances *instances)
{
	return (struct hf_rows){.table = &table, .row = instances->rows, .n = instances->names.n};
}

void
picker_draw(struct hf_canvas *c, struct hf_picker *p, const struct hf_instances *instances,
	    int exact)
{
	struct hf_canvas part = canvas_part(c, 0, 2, c->width, c->height - 2);
	struct hf_rows rows = rows_of(instances);

	canvas_put(c, 1, 0, HF_STYLE_BOLD, "Instances: Enter shows the selected one, q goes back");
	panel_draw(&part, &p->panel, &rows, &id, UINT32_MAX, exact);
}

void
picker_act(struct hf_picker *p, const struct hf_instances *instances, enum hf_action action)
{
	struct hf_rows rows = rows_of(instances);
	const struct hf_instance_row *row;

	if (action == HF_ACTION_BACK || action == HF_ACTION_PICK) {
		p->on = 0;
		return;
	}
	if (action != HF_ACTION_DETAILS) {
		panel_act(&p->panel, action);
		return;
	}
	row = panel_selected(&p->panel, &rows, &id);
	if (row == NULL)
		return;
	snprintf(p->picked, sizeof(p->picked), "%s", row->name);
	p->on = 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 2: the ports; below them how RSS spreads packets: over the queues of the selected port, and
 * over the lanes; and how busy the I/O threads are. EVEN% is how far a share is from an even one.
 */
#include <stdio.h>

#include "views.h"

#define SIDE_BY_SIDE 120 /* columns from which queues and lanes stand beside each other */

static const struct hf_row_id id = {offsetof(struct hf_port_row, name),
				    sizeof(((struct hf_port_row *)0)->name)};

/* The queues of one port: they follow each other. */
static struct hf_rows
queues_of(const struct hf_sample *s, const struct hf_port_row *port)
{
	struct hf_rows rows = table_rows(s, HF_TABLE_QUEUES);
	uint32_t index = (uint32_t)(port - s->ports), first = 0, n = 0;

	while (first < rows.n && s->queues[first].port_index != index)
		first++;
	while (first + n < rows.n && s->queues[first + n].port_index == index)
		n++;
	rows.row = s->queues + first;
	rows.n = n;
	return rows;
}

/* A table under its title in at most lines lines. Returns lines used. */
static int
draw_table(struct hf_canvas *c, int y, int lines, const char *title, const struct hf_rows *rows,
	   int exact)
{
	int want = (int)rows->n + 1 + (rows->n == 0);

	if (lines < 3)
		return 0;
	canvas_put(c, 1, y, HF_STYLE_BOLD, title);
	return 1 + panel_list(c, y + 1, want < lines - 1 ? want : lines - 1, rows, exact);
}

/* Lines that the table of I/O threads takes with a blank one before, 0: there is no room for it. */
static int
io_lines(const struct hf_canvas *c, const struct hf_shown *shown)
{
	int lines = (int)shown->sample->n_io + 3;

	return shown->sample->n_io == 0 || c->height < 2 * lines ? 0 : lines;
}

static void
draw_spread(struct hf_canvas *c, const struct hf_shown *shown, const struct hf_port_row *port)
{
	struct hf_rows lanes = table_rows(shown->sample, HF_TABLE_SHARES);
	struct hf_rows queues = queues_of(shown->sample, port);
	struct hf_rows io = table_rows(shown->sample, HF_TABLE_IO);
	int half = (c->width - 2) / 2, height = c->height - io_lines(c, shown), room = height / 2;
	struct hf_canvas left = *c, right;
	char title[80];
	int y;

	snprintf(title, sizeof(title), "queues of %s", port->name);
	if (c->width >= SIDE_BY_SIDE) {
		left = canvas_part(c, 0, 0, half, c->height);
		right = canvas_part(c, half + 2, 0, half, c->height);
		y = draw_table(&left, 0, height, title, &queues, shown->exact) + 1;
		draw_table(&right, 0, c->height, "lanes", &lanes, shown->exact);
	} else {
		if ((int)lanes.n + 3 < height - room)
			room = height - (int)lanes.n - 3;
		y = draw_table(&left, 0, room, title, &queues, shown->exact) + 1;
		y += draw_table(&left, y, height - y, "lanes", &lanes, shown->exact) + 1;
	}
	if (height < c->height)
		draw_table(&left, y, c->height - y, "I/O threads", &io, shown->exact);
}

/* Lines that draw_spread() fills, each table with its title, its head and a blank line. */
static int
spread_lines(const struct hf_sample *s, const struct hf_port_row *port)
{
	return (int)(queues_of(s, port).n + s->n_lanes + s->n_io) + 9;
}

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	struct hf_rows rows = table_rows(shown->sample, HF_TABLE_PORTS);
	struct hf_canvas upper, lower;
	int lines = (int)rows.n + 1, half = c->height > 6 ? c->height / 2 : c->height, used;
	const struct hf_port_row *port;

	upper = canvas_part(c, 0, 0, c->width, lines < half ? lines + (rows.n == 0) : half);
	state->panel.pinned = state->details;
	panel_draw(&upper, &state->panel, &rows, &id, UINT32_MAX, shown->exact);
	lower = canvas_part(c, 0, upper.height + 1, c->width, c->height - upper.height - 1);
	port = panel_selected(&state->panel, &rows, &id);
	if (port == NULL || lower.height < 3)
		return;
	if (state->details) {
		lower = views_details(&lower, state);
		used = panel_details(&lower, &rows, port, shown->exact);
		lower = canvas_part(&lower, 0, used + 1, lower.width,
				    spread_lines(shown->sample, port));
	}
	draw_spread(&lower, shown, port);
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

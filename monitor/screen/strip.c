/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lanes as cells of a few widths; the widest at which all lanes have room.
 */
#include "strip.h"

#include <stdio.h>
#include <string.h>

#include "format.h"

#define LONG_CELL  39 /* " 0 o worker-name  running   17% 979k   " */
#define BRIEF_CELL 19 /* " 0 o worker~   17% " */
#define SHORT_CELL 5  /* " 0 o " */

static enum hf_style
lane_style(const struct hf_lane_row *lane)
{
	if (lane->alert == HF_ALERT_BAD)
		return HF_STYLE_BAD;
	if (lane->alert == HF_ALERT_WARN)
		return HF_STYLE_WARN;
	return lane->owner_alive ? HF_STYLE_GOOD : HF_STYLE_DIM;
}

/* A mark that tells states apart without colours. */
static const char *
lane_mark(const struct hf_lane_row *lane)
{
	if (lane->alert == HF_ALERT_BAD)
		return "X";
	if (strcmp(lane->state, "running") == 0)
		return "\u25cf";
	return strcmp(lane->state, "free") == 0 ? "\u25cb" : "\u2192";
}

static void
draw_cell(struct hf_canvas *c, const struct hf_lane_row *lane, const struct hf_shown *shown)
{
	enum hf_style style = lane_style(lane);
	const char *owner = lane->owner[0] != '\0' ? lane->owner : "-";
	char busy[16], pps[24], text[64];
	int x = canvas_print(c, 0, 0, HF_STYLE_NORMAL, "%2u ", lane->lane);

	x = canvas_put(c, x, 0, style, lane_mark(lane)) + 1;
	if (c->width <= SHORT_CELL)
		return;
	format_percent(busy, sizeof(busy), lane->busy);
	strcat(busy, "%");
	if (c->width <= BRIEF_CELL) {
		canvas_print(c, x, 0, style, "%-.7s", owner);
		canvas_put_right(c, c->width - 1, 0, HF_STYLE_NORMAL, busy);
		return;
	}
	format_number(pps, sizeof(pps), lane->rx_pps, 0);
	snprintf(text, sizeof(text), "%-11.11s %-9.9s", owner, lane->state);
	x = canvas_put(c, x, 0, style, text);
	canvas_put_right(c, x + 5, 0, HF_STYLE_NORMAL, busy);
	canvas_put_right(c, x + 11, 0, HF_STYLE_NORMAL, pps);
	(void)shown;
}

static int
lines_for(uint32_t n, int width, int cell)
{
	int across = width / cell < 1 ? 1 : width / cell;

	return ((int)n + across - 1) / across;
}

int
strip_draw(struct hf_canvas *c, int y, int lines, const struct hf_shown *shown)
{
	static const int widths[] = {LONG_CELL, BRIEF_CELL, SHORT_CELL};
	const struct hf_sample *s = shown->sample;
	int cell = SHORT_CELL, used;

	for (unsigned int i = 0; i < 3; i++) {
		cell = widths[i];
		if (lines_for(s->n_lanes, c->width, cell) <= lines)
			break;
	}
	used = lines_for(s->n_lanes, c->width, cell);
	used = used > lines ? lines : used;
	for (uint32_t i = 0; i < s->n_lanes; i++) {
		/* Down, then across: neighbours stay neighbours. */
		int column = (int)i / (used > 0 ? used : 1), line = (int)i % (used > 0 ? used : 1);
		struct hf_canvas part = canvas_part(c, column * cell, y + line, cell, 1);

		draw_cell(&part, &s->lanes[i], shown);
	}
	return used;
}

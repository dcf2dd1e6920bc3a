/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 6: packets that were dropped: a matrix of reasons and lanes. What grows stands out, what
 * grew while the monitor looked says how long ago. Left and right go through the lanes, Enter shows
 * the selected reason lane by lane.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "views.h"

#define NAME_WIDTH  16
#define COUNT_WIDTH 9
#define RATE_WIDTH  8
#define SINCE_WIDTH 6
#define LEFT_WIDTH  (NAME_WIDTH + COUNT_WIDTH + RATE_WIDTH + SINCE_WIDTH)
#define CELL_WIDTH  8
#define EXACT_MORE  6 /* a count of all digits takes more */

/* A cell of the matrix, NULL: nothing was dropped there. */
static const struct hf_drop_row *
find_cell(const struct hf_sample *s, const char *reason, uint32_t lane)
{
	for (uint32_t i = 0; i < s->n_drop_cells; i++)
		if (s->drop_cells[i].lane == lane && strcmp(s->drop_cells[i].reason, reason) == 0)
			return &s->drop_cells[i];
	return NULL;
}

/* Seconds since a lane dropped for this reason; NAN: not while the monitor looked. */
static double
since(const struct hf_sample *s, const char *reason)
{
	double least = NAN;

	for (uint32_t i = 0; i < s->n_drop_cells; i++)
		if (strcmp(s->drop_cells[i].reason, reason) == 0)
			least = fmin(least, s->drop_cells[i].since_s);
	return least;
}

static enum hf_style
style_of(uint64_t packets, double pps, enum hf_alert alert)
{
	if (pps > 0 || alert == HF_ALERT_BAD)
		return HF_STYLE_BAD;
	if (alert == HF_ALERT_WARN)
		return HF_STYLE_WARN;
	return packets > 0 ? HF_STYLE_NORMAL : HF_STYLE_DIM;
}

/* Reasons that match the filter. Returns how many. */
static uint32_t
choose(const struct hf_sample *s, const char *filter, const struct hf_count_row *rows[HF_DROP_MAX])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_drops; i++)
		if (filter[0] == '\0' || strcasestr(s->drops[i].reason, filter) != NULL)
			rows[n++] = &s->drops[i];
	return n;
}

/* What the panel has to know to move in n rows of which visible fit; more: lanes without room. */
static void
settle(struct hf_panel *p, uint32_t n, uint32_t visible, uint32_t lanes, uint32_t across)
{
	uint32_t last = lanes > across ? lanes - across : 0;

	p->n = n;
	p->visible = visible;
	if (p->selected >= n)
		p->selected = n > 0 ? n - 1 : 0;
	if (p->selected < p->top)
		p->top = p->selected;
	if (visible > 0 && p->selected >= p->top + visible)
		p->top = p->selected - visible + 1;
	if (p->skipped > last)
		p->skipped = last;
	p->more = lanes - p->skipped > across ? lanes - p->skipped - across : 0;
}

static void
draw_head(struct hf_canvas *c, const struct hf_panel *p, int extra, uint32_t lanes)
{
	int x = LEFT_WIDTH + extra;
	char text[16];

	canvas_fill(c, 0, 0, c->width, HF_STYLE_HEAD);
	canvas_put(c, 0, 0, HF_STYLE_HEAD, "REASON");
	canvas_put_right(c, NAME_WIDTH + COUNT_WIDTH + extra, 0, HF_STYLE_HEAD, "PACKETS");
	canvas_put_right(c, x - SINCE_WIDTH, 0, HF_STYLE_HEAD, "PPS");
	canvas_put_right(c, x, 0, HF_STYLE_HEAD, "SINCE");
	for (uint32_t l = p->skipped; l < lanes; l++) {
		x += CELL_WIDTH + extra;
		if (x > c->width)
			break;
		snprintf(text, sizeof(text), "LANE%u", l);
		canvas_put_right(c, x, 0, HF_STYLE_HEAD, text);
	}
}

static void
draw_reason(struct hf_canvas *c, int y, const struct hf_shown *shown, const struct hf_panel *p,
	    const struct hf_count_row *row, int extra)
{
	const struct hf_sample *s = shown->sample;
	int x = LEFT_WIDTH + extra;
	enum hf_style style = style_of(row->packets, row->pps, HF_ALERT_NONE);
	char text[32];

	canvas_put(c, 0, y, style, row->reason);
	format_count(text, sizeof(text), row->packets, shown->exact);
	canvas_put_right(c, NAME_WIDTH + COUNT_WIDTH + extra, y, style, text);
	format_number(text, sizeof(text), row->pps, shown->exact);
	canvas_put_right(c, x - SINCE_WIDTH, y, style, text);
	format_age(text, sizeof(text), since(s, row->reason));
	canvas_put_right(c, x, y, style, text);
	for (uint32_t l = p->skipped; l < s->n_lanes; l++) {
		const struct hf_drop_row *cell = find_cell(s, row->reason, l);

		x += CELL_WIDTH + extra;
		if (x > c->width)
			break;
		format_count(text, sizeof(text), cell != NULL ? cell->packets : 0, shown->exact);
		style = cell == NULL
				? HF_STYLE_DIM
				: style_of(cell->packets, cell->pps, (enum hf_alert)cell->alert);
		canvas_put_right(c, x, y, style, text);
	}
}

/* The selected reason, lane by lane. */
static void
draw_lanes(struct hf_canvas *c, const struct hf_shown *shown, const char *reason)
{
	static uint32_t order[HF_MAX_DROP_CELLS]; /* too large for a stack frame; one thread */
	struct hf_rows rows = table_rows(shown->sample, HF_TABLE_DROPS);
	uint32_t n = 0;

	for (uint32_t i = 0; i < rows.n; i++)
		if (strcmp(shown->sample->drop_cells[i].reason, reason) == 0)
			order[n++] = i;
	rows.order = order;
	rows.n = n;
	canvas_print(c, 1, 0, HF_STYLE_BOLD, "%s by lane", reason);
	panel_list(c, 1, c->height - 1, &rows, shown->exact);
}

/* Why packets are in no flow: they were not dropped. */
static void
draw_skips(struct hf_canvas *c, int y, const struct hf_shown *shown)
{
	const struct hf_sample *s = shown->sample;
	int x = canvas_put(c, 1, y, HF_STYLE_DIM, "passed, but in no flow:");
	char count[24], rate[24];
	int any = 0;

	for (uint32_t i = 0; i < s->n_skips; i++) {
		if (s->skips[i].packets == 0)
			continue;
		format_count(count, sizeof(count), s->skips[i].packets, shown->exact);
		format_number(rate, sizeof(rate), s->skips[i].pps, shown->exact);
		x = canvas_print(c, x + 1, y, HF_STYLE_NORMAL, "%s %s (%s/s)", s->skips[i].reason,
				 count, rate);
		any = 1;
	}
	if (!any)
		canvas_put(c, x + 1, y, HF_STYLE_DIM, "none");
}

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	const struct hf_count_row *rows[HF_DROP_MAX];
	const struct hf_sample *s = shown->sample;
	struct hf_panel *p = &state->panel;
	int extra = shown->exact ? EXACT_MORE : 0, room = c->height - 1;
	int across = (c->width - LEFT_WIDTH - extra) / (CELL_WIDTH + extra);
	uint32_t n = choose(s, p->filter, rows), visible;
	struct hf_canvas lower;

	room = state->details ? c->height / 2 : room - 2;
	room = room < 1 ? 1 : room;
	visible = n < (uint32_t)room ? n : (uint32_t)room;
	settle(p, n, visible, s->n_lanes, across > 0 ? (uint32_t)across : 0);
	draw_head(c, p, extra, s->n_lanes);
	for (uint32_t i = 0; i < visible && p->top + i < n; i++) {
		draw_reason(c, (int)i + 1, shown, p, rows[p->top + i], extra);
		canvas_hit(c, 0, (int)i + 1, c->width, HF_HIT_ROW, p->top + i);
		if (p->top + i == p->selected)
			canvas_restyle(c, 0, (int)i + 1, c->width, HF_STYLE_PICK);
	}
	if (n == 0)
		canvas_put(c, 1, 1, HF_STYLE_DIM, "none");
	lower = canvas_part(c, 0, (int)visible + 2, c->width, c->height - (int)visible - 2);
	if (state->details)
		lower = views_details(&lower, state);
	if (state->details && n > 0)
		draw_lanes(&lower, shown, rows[p->selected]->reason);
	else
		draw_skips(&lower, 0, shown);
}

static const struct hf_view view = {
	.number = 6,
	.name = "Drops",
	.needs = HF_NEED_SAMPLE,
	.draw = draw,
};

const struct hf_view *
view_drops(void)
{
	return &view;
}

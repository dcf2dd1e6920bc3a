/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 1: the instance at one glance: what comes and goes, the last minutes, who runs which lane,
 * what is dropped, what happened. Shortened by section where the screen is small.
 */
#include <math.h>

#include "chart.h"
#include "format.h"
#include "strip.h"

static void
draw_direction(struct hf_canvas *c, int y, const char *name, double pps, double bps, int exact)
{
	char a[24], b[24];

	format_number(a, sizeof(a), pps, exact);
	format_number(b, sizeof(b), bps, exact);
	canvas_print(c, 1, y, HF_STYLE_BOLD, "%s %*s pps %*s bit/s", name, exact ? 10 : 6, a,
		     exact ? 13 : 6, b);
}

static int
draw_totals(struct hf_canvas *c, const struct hf_shown *shown)
{
	const struct hf_sample *s = shown->sample;
	const struct hf_totals_row *t = &s->totals;
	int x = shown->exact ? 42 : 31;
	char busy[16], drops[24], held[24], live[24];

	format_percent(busy, sizeof(busy), sample_mean_busy(s));
	format_number(drops, sizeof(drops), t->drop_pps, shown->exact);
	format_count(held, sizeof(held), t->held, shown->exact);
	format_count(live, sizeof(live), s->flows.live, shown->exact);
	draw_direction(c, 0, "rx", t->rx_pps, t->rx_bps, shown->exact);
	draw_direction(c, 1, "tx", t->tx_pps, t->tx_bps, shown->exact);
	canvas_print(c, x, 0, HF_STYLE_NORMAL, "busy  %s%%", busy);
	canvas_print(c, x, 1, t->drop_pps > 0 ? HF_STYLE_BAD : HF_STYLE_NORMAL, "drops %s/s",
		     drops);
	canvas_print(c, x + 18, 0, HF_STYLE_NORMAL, "flows %s", live);
	canvas_print(c, x + 18, 1, HF_STYLE_NORMAL, "held  %s", held);
	return 2;
}

static int
draw_chart(struct hf_canvas *c, int y, int lines, const struct hf_shown *shown, const char *name,
	   enum hf_series_kind kind, double top, enum hf_style style)
{
	struct hf_series what = {.kind = kind};

	return chart_named(c, y, lines, shown, name, &what, top, style);
}

static int
draw_charts(struct hf_canvas *c, int y, const struct hf_shown *shown)
{
	int lines = c->height >= 50 ? 6 : c->height >= 30 ? 4 : c->height >= 16 ? 2 : 1;

	y = draw_chart(c, y, lines, shown, "rx pps", HF_SERIES_RX_PPS, 0, HF_STYLE_GOOD);
	if (c->height >= 16)
		y = draw_chart(c, y, lines > 4 ? 3 : 1, shown, "busy %", HF_SERIES_BUSY, 100,
			       HF_STYLE_WARN);
	if (c->height >= 16)
		y = draw_chart(c, y, lines > 4 ? 3 : 1, shown, "drops/s", HF_SERIES_DROP_PPS, 0,
			       HF_STYLE_BAD);
	return y;
}

/* The reasons in one line, those that grow first in red. */
static int
draw_drops(struct hf_canvas *c, int y, const struct hf_shown *shown)
{
	const struct hf_sample *s = shown->sample;
	char count[24], rate[24];
	int x, any = 0;

	x = canvas_put(c, 1, y, HF_STYLE_DIM, "drops");
	for (uint32_t i = 0; i < s->n_drops; i++) {
		const struct hf_count_row *row = &s->drops[i];

		if (row->packets == 0)
			continue;
		format_count(count, sizeof(count), row->packets, shown->exact);
		format_number(rate, sizeof(rate), row->pps, shown->exact);
		x = canvas_print(c, x + 2, y, row->pps > 0 ? HF_STYLE_BAD : HF_STYLE_WARN,
				 "%s %s (%s/s)", row->reason, count, rate);
		any = 1;
	}
	if (!any)
		canvas_put(c, x + 2, y, HF_STYLE_GOOD, "none");
	return y + 1;
}

/* A table in as many lines as it needs, most at most. */
static int
draw_table(struct hf_canvas *c, int y, int most, const struct hf_shown *shown,
	   enum hf_table_id table, uint32_t rows_most)
{
	struct hf_rows rows = table_rows(shown->sample, table);
	int want;

	rows.n = rows.n > rows_most ? rows_most : rows.n;
	want = (int)rows.n + 1 + (rows.n == 0);
	return y + panel_list(c, y, want < most ? want : most, &rows, shown->exact);
}

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	int y = draw_totals(c, shown);

	(void)state;
	y = draw_charts(c, y, shown);
	y += strip_draw(c, y, c->height / 4 > 1 ? c->height / 4 : 1, shown);
	y = draw_drops(c, y, shown);
	y = draw_table(c, y, c->height / 4, shown, HF_TABLE_PORTS, UINT32_MAX);
	if (c->height >= 30)
		y = draw_table(c, y, c->height / 5, shown, HF_TABLE_WORKERS, UINT32_MAX);
	if (c->height >= 30)
		y = draw_table(c, y, c->height / 5, shown, HF_TABLE_FLOWS, (uint32_t)c->height / 6);
	if (y < c->height)
		draw_table(c, y, c->height - y, shown, HF_TABLE_EVENTS,
			   (uint32_t)(c->height - y) - 1);
}

/* There is no row to select. */
static int
act(struct hf_view_state *state, const struct hf_shown *shown, struct hf_wish *wish,
    enum hf_action action)
{
	(void)state;
	(void)shown;
	(void)wish;
	(void)action;
	return 1;
}

static const struct hf_view view = {
	.number = 1,
	.name = "Overview",
	.needs = HF_NEED_SAMPLE,
	.draw = draw,
	.act = act,
};

const struct hf_view *
view_overview(void)
{
	return &view;
}

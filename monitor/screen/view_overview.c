/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 1: the instance at one glance.
 */
#include "format.h"
#include "views.h"

static int
draw_totals(struct hf_canvas *c, const struct hf_shown *shown)
{
	const struct hf_totals_row *t = &shown->sample->totals;
	char a[4][24];
	int x;

	format_number(a[0], sizeof(a[0]), t->rx_pps, shown->exact);
	format_number(a[1], sizeof(a[1]), t->rx_bps, shown->exact);
	format_number(a[2], sizeof(a[2]), t->tx_pps, shown->exact);
	format_number(a[3], sizeof(a[3]), t->tx_bps, shown->exact);
	x = canvas_print(c, 1, 0, HF_STYLE_BOLD, "rx %5s pps %5s bit/s   tx %5s pps %5s bit/s",
			 a[0], a[1], a[2], a[3]);
	format_number(a[0], sizeof(a[0]), t->drop_pps, shown->exact);
	x = canvas_print(c, x + 3, 0, t->drop_pps > 0 ? HF_STYLE_BAD : HF_STYLE_NORMAL,
			 "drops %s/s", a[0]);
	format_count(a[1], sizeof(a[1]), t->held, shown->exact);
	canvas_print(c, x + 3, 0, HF_STYLE_NORMAL, "held %s", a[1]);
	return 1;
}

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	static const enum hf_table_id parts[] = {HF_TABLE_PORTS, HF_TABLE_LANES, HF_TABLE_WORKERS,
						 HF_TABLE_EVENTS, HF_TABLE_FLOWS};
	const uint32_t n = sizeof(parts) / sizeof(parts[0]);
	int y = draw_totals(c, shown) + 1;

	(void)state;
	for (uint32_t i = 0; i < n && y < c->height; i++) {
		struct hf_rows rows = table_rows(shown->sample, parts[i]);
		int left = c->height - y, want = (int)rows.n + 1 + (rows.n == 0);
		int most = i + 1 == n ? left : left / 2;

		y += panel_list(c, y, want < most ? want : most, &rows, shown->exact);
	}
}

static const struct hf_view view = {
	.number = 1,
	.name = "Overview",
	.needs = HF_NEED_SAMPLE | HF_NEED_FLOWS,
	.draw = draw,
};

const struct hf_view *
view_overview(void)
{
	return &view;
}

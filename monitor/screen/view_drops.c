/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 6: packets that were dropped, by reason.
 */
#include "format.h"
#include "views.h"

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	const struct hf_sample *s = shown->sample;

	(void)state;
	canvas_fill(c, 0, 0, c->width, HF_STYLE_HEAD);
	canvas_put(c, 0, 0, HF_STYLE_HEAD, "REASON");
	canvas_put_right(c, 42, 0, HF_STYLE_HEAD, "PACKETS");
	canvas_put_right(c, 54, 0, HF_STYLE_HEAD, "PPS");
	for (uint32_t i = 0; i < s->n_drops; i++) {
		const struct hf_count_row *row = &s->drops[i];
		enum hf_style style = row->pps > 0        ? HF_STYLE_BAD
				      : row->packets != 0 ? HF_STYLE_WARN
							  : HF_STYLE_DIM;
		char text[32];

		canvas_put(c, 0, (int)i + 1, style, row->reason);
		format_count(text, sizeof(text), row->packets, shown->exact);
		canvas_put_right(c, 42, (int)i + 1, style, text);
		format_number(text, sizeof(text), row->pps, shown->exact);
		canvas_put_right(c, 54, (int)i + 1, style, text);
	}
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

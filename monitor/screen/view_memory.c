/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * View 7: memory: the pools of packet buffers, as figures and as bars of where the buffers are; the
 * machine's huge pages; the segment; the flow tables. Bars are of letters, so that they can be read
 * without colours.
 */
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "views.h"

#define BAR_NAME 20 /* before a bar */

static const struct hf_row_id id = {offsetof(struct hf_pool_row, name),
				    sizeof(((struct hf_pool_row *)0)->name)};

/* Where buffers can be, in the order of a bar. */
static const struct share {
	char letter;
	const char *name;
	size_t offset;
	enum hf_style style;
} shares[] = {
	{'!', "lost", offsetof(struct hf_pool_row, unaccounted), HF_STYLE_BAD},
	{'h', "held", offsetof(struct hf_pool_row, held), HF_STYLE_WARN},
	{'r', "rings", offsetof(struct hf_pool_row, rings), HF_STYLE_WARN},
	{'d', "driver", offsetof(struct hf_pool_row, driver), HF_STYLE_BOLD},
	{'c', "cached", offsetof(struct hf_pool_row, cached), HF_STYLE_GOOD},
	{'.', "free", offsetof(struct hf_pool_row, free), HF_STYLE_DIM},
};

#define SHARES (sizeof(shares) / sizeof(shares[0]))

static uint64_t
share_of(const struct hf_pool_row *pool, const struct share *share)
{
	uint64_t n;

	memcpy(&n, (const char *)pool + share->offset, sizeof(n));
	return n == HF_UNKNOWN ? 0 : n;
}

/* Characters for n of size buffers; what is not 0 is seen. */
static int
length(uint64_t n, uint64_t size, int width)
{
	int chars = size > 0 ? (int)((double)n / (double)size * width + 0.5) : 0;

	return n > 0 && chars == 0 ? 1 : chars;
}

static void
draw_bar(struct hf_canvas *c, int y, const struct hf_pool_row *pool)
{
	struct hf_canvas bar = canvas_part(c, BAR_NAME + 1, y, c->width - BAR_NAME - 2, 1);
	int x = 0;

	canvas_print(c, 1, y, HF_STYLE_NORMAL, "%.*s", BAR_NAME - 2, pool->name);
	canvas_put(c, BAR_NAME, y, HF_STYLE_DIM, "[");
	if (pool->free == HF_UNKNOWN) {
		canvas_put(&bar, 1, 0, HF_STYLE_DIM, "not counted yet");
		x = bar.width;
	}
	for (size_t i = 0; i < SHARES && pool->free != HF_UNKNOWN; i++) {
		/* The last one has what is left: rounding must not leave a gap. */
		int n = i + 1 == SHARES ? bar.width - x
					: length(share_of(pool, &shares[i]), pool->size, bar.width);

		for (; n > 0; n--)
			canvas_print(&bar, x++, 0, shares[i].style, "%c", shares[i].letter);
	}
	canvas_put(c, c->width - 1, y, HF_STYLE_DIM, "]");
}

static void
draw_legend(struct hf_canvas *c, int y)
{
	int x = BAR_NAME + 1;

	canvas_put(c, 1, y, HF_STYLE_BOLD, "buffers are");
	for (size_t i = SHARES; i-- > 0;)
		x = canvas_print(c, x, y, shares[i].style, "%c %s", shares[i].letter,
				 shares[i].name) +
		    2;
}

/* Bars of the pools that the table shows. Returns the next free line. */
static int
draw_bars(struct hf_canvas *c, int y, const struct hf_shown *shown, const struct hf_panel *p,
	  int most)
{
	const struct hf_sample *s = shown->sample;

	if (s->n_pools == 0 || most < 2)
		return y;
	draw_legend(c, y++);
	for (uint32_t i = p->top; i < s->n_pools && most > 1; i++, most--)
		draw_bar(c, y++, &s->pools[i]);
	return y;
}

static int
draw_huge(struct hf_canvas *c, int y, const struct hf_shown *shown)
{
	const struct hf_sample *s = shown->sample;
	char page[16], used[16], pages[16];

	for (uint32_t i = 0; i < s->n_huge; i++) {
		const struct hf_huge_row *row = &s->huge[i];
		int x;

		format_bytes(page, sizeof(page), row->page_bytes, 0);
		format_count(used, sizeof(used), row->used, 1);
		format_count(pages, sizeof(pages), row->pages, 1);
		x = canvas_print(c, 1, y, HF_STYLE_NORMAL, "node %d pages of %s", row->node, page);
		canvas_bar(c, x + 1, y, c->width / 3, row->used_pct / 100, HF_STYLE_GOOD);
		canvas_print(c, x + c->width / 3 + 2, y++, HF_STYLE_NORMAL, "%s of %s used", used,
			     pages);
	}
	if (s->n_huge == 0)
		canvas_put(c, 1, y++, HF_STYLE_DIM, "no huge pages are to be seen");
	return y;
}

static int
draw_segment(struct hf_canvas *c, int y, const struct hf_shown *shown)
{
	const struct hf_sample *s = shown->sample;
	int x = canvas_put(c, 1, y, HF_STYLE_NORMAL, "segment");
	char bytes[24];

	for (uint32_t i = s->n_parts; i-- > 0;) {
		format_bytes(bytes, sizeof(bytes), s->parts[i].bytes, shown->exact);
		x = canvas_print(c, x + 2, y, i + 1 == s->n_parts ? HF_STYLE_BOLD : HF_STYLE_NORMAL,
				 "%s %s", s->parts[i].part, bytes);
	}
	return y + 1;
}

static void
draw(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown)
{
	struct hf_rows rows = table_rows(shown->sample, HF_TABLE_POOLS), flows;
	int third = c->height / 3 > 3 ? c->height / 3 : 3, lines = (int)rows.n + 1, y;
	struct hf_canvas upper, lower;
	const void *pool;

	upper = canvas_part(c, 0, 0, c->width, lines < third ? lines + (rows.n == 0) : third);
	state->panel.pinned = state->details;
	panel_draw(&upper, &state->panel, &rows, &id, UINT32_MAX, shown->exact);
	pool = panel_selected(&state->panel, &rows, &id);
	lower = canvas_part(c, 0, upper.height + 1, c->width, c->height - upper.height - 1);
	if (state->details && pool != NULL) {
		lower = views_details(&lower, state);
		panel_details(&lower, &rows, pool, shown->exact);
		return;
	}
	y = draw_bars(&lower, 0, shown, &state->panel, third) + 1;
	y = draw_huge(&lower, y, shown);
	y = draw_segment(&lower, y, shown) + 1;
	flows = table_rows(shown->sample, HF_TABLE_FLOW_TABLES);
	panel_list(&lower, y, lower.height - y, &flows, shown->exact);
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

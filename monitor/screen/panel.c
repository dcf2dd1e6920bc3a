/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drawing and moving in a table. Reads rows, writes the canvas and the panel alone.
 */
#include "panel.h"

#include <string.h>

#include "order.h"

static enum hf_style
alert_style(enum hf_alert alert)
{
	if (alert == HF_ALERT_BAD)
		return HF_STYLE_BAD;
	return alert == HF_ALERT_WARN ? HF_STYLE_WARN : HF_STYLE_NORMAL;
}

static int
in_view(const struct hf_column *c)
{
	return (c->flags & COLUMN_JSON) == 0;
}

static void
read_id(uint8_t out[PANEL_ID_LEN], const struct hf_rows *rows, uint32_t i,
	const struct hf_row_id *id)
{
	size_t n = id->bytes < PANEL_ID_LEN ? id->bytes : PANEL_ID_LEN;

	memset(out, 0, PANEL_ID_LEN);
	memcpy(out, (const char *)table_row(rows, i) + id->offset, n);
}

/* The row (in the order of rows) whose id is panel's; rows->n when there is none. */
static uint32_t
find_id(const struct hf_panel *panel, const struct hf_rows *rows, const struct hf_row_id *id)
{
	uint8_t other[PANEL_ID_LEN];

	for (uint32_t i = 0; i < rows->n; i++) {
		read_id(other, rows, i, id);
		if (memcmp(other, panel->id, PANEL_ID_LEN) == 0)
			return i;
	}
	return rows->n;
}

/* Has a row the text of the filter in one of its cells? */
static int
matches(const struct hf_panel *panel, const struct hf_rows *rows, uint32_t i)
{
	char text[TABLE_CELL_LEN];

	for (uint32_t c = 0; c < rows->table->n_columns; c++) {
		if (!in_view(&rows->table->columns[c]))
			continue;
		table_field(&rows->table->columns[c], table_row(rows, i), 1, text, sizeof(text));
		if (strcasestr(text, panel->filter) != NULL)
			return 1;
	}
	return 0;
}

/* Leaves the rows that match in order, returns their number. */
static uint32_t
filter_rows(const struct hf_panel *panel, const struct hf_rows *rows, uint32_t *order)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rows->n; i++)
		if (panel->filter[0] == '\0' || matches(panel, rows, order[i]))
			order[n++] = order[i];
	return n;
}

/* Where the selection is now: with its row, or where the user moved it. */
static void
settle(struct hf_panel *panel, const struct hf_rows *rows, const struct hf_row_id *id,
       const uint32_t *order, uint32_t n)
{
	uint32_t row =
		panel->table == rows->table && !panel->moved ? find_id(panel, rows, id) : rows->n;

	int stays = panel->selected != 0 || panel->pinned;

	/* The first row is a place, not a row: who looks at the top wants to see the top. */
	for (uint32_t i = 0; row < rows->n && stays && i < n; i++)
		if (order[i] == row)
			panel->selected = i;
	if (panel->selected >= n)
		panel->selected = n > 0 ? n - 1 : 0;
	panel->gone =
		panel->pinned && !panel->moved && panel->table == rows->table && row == rows->n;
	panel->table = rows->table;
	panel->n = n;
	if (n > 0 && !panel->gone)
		read_id(panel->id, rows, order[panel->selected], id);
	panel->moved = 0;
}

static void
scroll(struct hf_panel *panel, uint32_t visible)
{
	uint32_t last = panel->n > visible ? panel->n - visible : 0;

	panel->visible = visible;
	if (panel->selected < panel->top)
		panel->top = panel->selected;
	if (visible > 0 && panel->selected >= panel->top + visible)
		panel->top = panel->selected - visible + 1;
	if (panel->top > last)
		panel->top = last;
}

/* Columns and their widths: those that matter most, or, when scrolled sideways, from there on. */
static void
choose(struct hf_layout *layout, struct hf_panel *panel, const struct hf_rows *rows, int exact,
       uint32_t width)
{
	const struct hf_table *t = rows->table;
	uint32_t seen = 0, shown = 0, x = 0, last = 0;

	for (uint32_t c = 0; c < t->n_columns; c++)
		seen += in_view(&t->columns[c]) != 0;
	last = seen > 1 ? seen - 2 : 0;
	if (panel->skipped > last)
		panel->skipped = last;
	table_fit(layout, rows, exact, panel->skipped > 0 ? UINT32_MAX : width);
	if (panel->skipped > 0) {
		uint32_t place = 0;

		for (uint32_t c = 0; c < t->n_columns; c++) {
			if (!in_view(&t->columns[c]))
				continue;
			if ((place > 0 && place <= panel->skipped) ||
			    (x > 0 && x + layout->width[c] > width))
				layout->width[c] = 0;
			else
				x += layout->width[c] + 1;
			place++;
		}
	}
	for (uint32_t c = 0; c < t->n_columns; c++)
		shown += layout->width[c] != 0;
	panel->more = seen - shown;
}

static void
draw_head(struct hf_canvas *c, int y, const struct hf_layout *layout, const struct hf_rows *rows,
	  int sortable, uint32_t sorted, int reverse)
{
	char cell[TABLE_CELL_LEN];
	int x = 0;

	canvas_fill(c, 0, y, c->width, HF_STYLE_HEAD);
	for (uint32_t i = 0; i < rows->table->n_columns; i++) {
		enum hf_style style = i == sorted ? HF_STYLE_SORT : HF_STYLE_HEAD;
		int end;

		if (layout->width[i] == 0)
			continue;
		table_cell(layout, rows, TABLE_HEAD, i, cell);
		end = canvas_put(c, x, y, style, cell);
		if (sortable)
			canvas_hit(c, x, y, end - x, HF_HIT_HEAD, i);
		if (i == sorted)
			canvas_put(c, end, y, style, reverse ? "\u25b2" : "\u25bc");
		x = end + 1;
	}
}

static void
draw_row(struct hf_canvas *c, int y, const struct hf_layout *layout, const struct hf_rows *rows,
	 uint32_t row)
{
	enum hf_style style = alert_style(table_alert(rows, row));
	char cell[TABLE_CELL_LEN];
	int x = 0;

	for (uint32_t i = 0; i < rows->table->n_columns; i++) {
		if (layout->width[i] == 0)
			continue;
		table_cell(layout, rows, row, i, cell);
		x = canvas_put(c, x, y, style, cell) + 1;
	}
}

void
panel_draw(struct hf_canvas *c, struct hf_panel *panel, const struct hf_rows *rows,
	   const struct hf_row_id *id, uint32_t sorted, int exact)
{
	static uint32_t order[PANEL_MAX_ROWS]; /* too large for a stack frame; one thread */
	struct hf_rows all = *rows, seen;
	struct hf_layout layout;
	uint32_t visible = c->height > 1 ? (uint32_t)c->height - 1 : 0, n;

	if (all.n > PANEL_MAX_ROWS)
		all.n = PANEL_MAX_ROWS;
	if (panel->sort > all.table->n_columns)
		panel->sort = 0;
	if (panel->sort != 0)
		sorted = panel->sort - 1;
	order_rows(order, &all, panel->sort != 0 ? sorted : UINT32_MAX, panel->reverse);
	n = filter_rows(panel, &all, order);
	settle(panel, &all, id, order, n);
	scroll(panel, visible);
	seen = all;
	seen.order = order + panel->top;
	seen.n = n - panel->top < visible ? n - panel->top : visible;
	choose(&layout, panel, &seen, exact, (uint32_t)c->width);
	draw_head(c, 0, &layout, &seen, 1, sorted,
		  panel->sort != 0 ? panel->reverse : panel->came_reversed);
	for (uint32_t i = 0; i < seen.n; i++) {
		draw_row(c, (int)i + 1, &layout, &seen, i);
		canvas_hit(c, 0, (int)i + 1, c->width, HF_HIT_ROW, panel->top + i);
		if (panel->top + i == panel->selected && !panel->gone)
			canvas_restyle(c, 0, (int)i + 1, c->width, HF_STYLE_PICK);
	}
	if (n == 0)
		canvas_put(c, 1, 1, HF_STYLE_DIM, all.n > 0 ? "none that match" : "none");
}

const void *
panel_selected(const struct hf_panel *panel, const struct hf_rows *rows, const struct hf_row_id *id)
{
	int any = panel->table == rows->table && (panel->n > 0 || panel->pinned);
	uint32_t row = any ? find_id(panel, rows, id) : rows->n;

	return row < rows->n ? table_row(rows, row) : NULL;
}

static int
select_row(struct hf_panel *panel, int64_t to)
{
	int64_t last = panel->n > 0 ? (int64_t)panel->n - 1 : 0;

	panel->selected = (uint32_t)(to < 0 ? 0 : to > last ? last : to);
	panel->moved = 1;
	return 1;
}

/* The next column to order by in one direction: round, with "as they come" in between. */
static int
turn_sort(struct hf_panel *panel, int by)
{
	uint32_t places = panel->table != NULL ? panel->table->n_columns + 1 : 1;

	do
		panel->sort = (panel->sort + places + (uint32_t)by) % places;
	while (panel->sort != 0 && !in_view(&panel->table->columns[panel->sort - 1]));
	return 1;
}

int
panel_act(struct hf_panel *panel, enum hf_action action)
{
	int64_t page = panel->visible > 1 ? panel->visible - 1 : 1;

	switch (action) {
	case HF_ACTION_UP:
		return select_row(panel, (int64_t)panel->selected - 1);
	case HF_ACTION_DOWN:
		return select_row(panel, (int64_t)panel->selected + 1);
	case HF_ACTION_PAGE_UP:
		return select_row(panel, (int64_t)panel->selected - page);
	case HF_ACTION_PAGE_DOWN:
		return select_row(panel, (int64_t)panel->selected + page);
	case HF_ACTION_FIRST:
		return select_row(panel, 0);
	case HF_ACTION_LAST:
		return select_row(panel, panel->n);
	case HF_ACTION_LEFT:
		panel->skipped -= panel->skipped > 0;
		return 1;
	case HF_ACTION_RIGHT:
		panel->skipped += panel->more > 0 || panel->skipped > 0;
		return 1;
	case HF_ACTION_SORT_NEXT:
		return turn_sort(panel, 1);
	case HF_ACTION_SORT_PREVIOUS:
		return turn_sort(panel, -1);
	case HF_ACTION_REVERSE:
		panel->reverse = !panel->reverse;
		return 1;
	default:
		return 0;
	}
}

/* Where the fields of a row stand: down, then across. */
struct places {
	int lines, across;
	int key[TABLE_MAX_COLUMNS],
		width[TABLE_MAX_COLUMNS]; /* of each column of fields: its keys; all of it */
};

/* Widths when each column of fields has so many lines. Returns their sum. */
static int
place(struct places *p, int lines, const struct hf_rows *rows, const void *row, int exact)
{
	int n = (int)rows->table->n_columns, sum = 0, value = 0;
	char text[TABLE_CELL_LEN];

	p->lines = lines;
	p->across = (n + lines - 1) / lines;
	for (int i = 0; i < n; i++) {
		const struct hf_column *column = &rows->table->columns[i];
		int at = i / lines, key = (int)strlen(column->key);

		if (i % lines == 0)
			p->key[at] = value = 0;
		table_field(column, row, exact, text, sizeof(text));
		p->key[at] = key > p->key[at] ? key : p->key[at];
		value = (int)strlen(text) > value ? (int)strlen(text) : value;
		p->width[at] = p->key[at] + 2 + value + 3;
	}
	for (int i = 0; i < p->across; i++)
		sum += p->width[i];
	return sum;
}

int
panel_details(struct hf_canvas *c, const struct hf_rows *rows, const void *row, int exact)
{
	int n = (int)rows->table->n_columns, lines = 1, x = 1;
	char text[TABLE_CELL_LEN];
	struct places p;

	while (place(&p, lines, rows, row, exact) > c->width && lines < n)
		lines++;
	for (int i = 0; i < n; i++) {
		const struct hf_column *column = &rows->table->columns[i];
		int at = i / lines;

		if (i > 0 && i % lines == 0)
			x += p.width[at - 1];
		canvas_put(c, x, i % lines, HF_STYLE_DIM, column->key);
		table_field(column, row, exact, text, sizeof(text));
		canvas_put(c, x + p.key[at] + 2, i % lines, HF_STYLE_NORMAL, text);
	}
	return lines;
}

int
panel_list(struct hf_canvas *c, int y, int lines, const struct hf_rows *rows, int exact)
{
	uint32_t shown = lines > 1 ? (uint32_t)lines - 1 : 0;
	struct hf_rows seen = *rows;
	struct hf_layout layout;
	int first = y;

	if (lines < 1)
		return 0;
	if (seen.n > shown)
		seen.n = shown > 1 ? shown - 1 : shown;
	table_fit(&layout, &seen, exact, (uint32_t)c->width);
	draw_head(c, y++, &layout, &seen, 0, UINT32_MAX, 0);
	for (uint32_t i = 0; i < seen.n; i++)
		draw_row(c, y++, &layout, &seen, i);
	if (seen.n < rows->n && shown > 1)
		canvas_print(c, 2, y++, HF_STYLE_DIM, "\u2026 %u more", rows->n - seen.n);
	if (rows->n == 0 && lines > 1)
		canvas_put(c, 1, y++, HF_STYLE_DIM, "none");
	return y - first;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The screen: title, totals, tables, drops, flows, keys. What does not fit is shortened by section
 * (plan.c), by column (table.c) and at last by the edge of the screen.
 */
#include "draw.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "format.h"
#include "plan.h"
#include "table.h"

enum pair { PAIR_GOOD = 1, PAIR_WARN, PAIR_BAD, PAIR_BAR, PAIR_HEAD, PAIR_SORT };

/* How things look; set once by draw_init(). */
static struct {
	attr_t good, warn, bad, bar, head, sort;
} look;

void
draw_init(int color)
{
	look.good = A_BOLD;
	look.warn = A_BOLD;
	look.bad = A_BOLD | A_UNDERLINE;
	look.bar = look.head = A_REVERSE;
	look.sort = A_BOLD | A_UNDERLINE;
	if (!color || !has_colors() || start_color() != OK)
		return;
	use_default_colors();
	init_pair(PAIR_GOOD, COLOR_GREEN, -1);
	init_pair(PAIR_WARN, COLOR_YELLOW, -1);
	init_pair(PAIR_BAD, COLOR_RED, -1);
	init_pair(PAIR_BAR, COLOR_WHITE, COLOR_BLUE);
	init_pair(PAIR_HEAD, COLOR_BLACK, COLOR_CYAN);
	init_pair(PAIR_SORT, COLOR_BLACK, COLOR_GREEN);
	look.good = COLOR_PAIR(PAIR_GOOD) | A_BOLD;
	look.warn = COLOR_PAIR(PAIR_WARN);
	look.bad = COLOR_PAIR(PAIR_BAD) | A_BOLD;
	look.bar = COLOR_PAIR(PAIR_BAR) | A_BOLD;
	look.head = COLOR_PAIR(PAIR_HEAD);
	look.sort = COLOR_PAIR(PAIR_SORT);
}

/* Writes text at (y, x), cut at the edge. Returns where it ended. */
static int
put(int y, int x, attr_t attr, const char *text)
{
	int room = COLS - x, n = (int)strlen(text);

	if (y < 0 || y >= LINES || room <= 0)
		return x;
	if (n > room)
		n = room;
	attrset(attr);
	mvaddnstr(y, x, text, n);
	attrset(A_NORMAL);
	return x + n;
}

/* Fills line y with a bar. */
static void
bar(int y, attr_t attr)
{
	if (y < 0 || y >= LINES)
		return;
	attrset(attr);
	mvhline(y, 0, ' ', COLS);
	attrset(A_NORMAL);
}

static attr_t
alert_look(enum hf_alert alert)
{
	if (alert == HF_ALERT_BAD)
		return look.bad;
	return alert == HF_ALERT_WARN ? look.warn : A_NORMAL;
}

static void
draw_clock(int left)
{
	time_t now = time(NULL);
	char text[12];
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL)
		return;
	strftime(text, sizeof(text), "%H:%M:%S ", &tm);
	if (COLS - 9 > left)
		put(0, COLS - 9, look.bar, text);
}

static void
draw_title(const struct hf_draw *d, const struct hf_sample *s)
{
	char text[320], uptime[24];
	int x;

	bar(0, look.bar);
	x = put(0, 1, look.bar, s->instance);
	x = put(0, x + 2, look.bar, d->paused ? "PAUSED" : sample_state_name(s->state));
	if (s->state == HF_SAMPLE_LIVE || s->state == HF_SAMPLE_WARMING) {
		format_uptime(uptime, sizeof(uptime), s->uptime_s);
		if (s->alone)
			snprintf(text, sizeof(text), "up %s  primary gone, forwarding without it",
				 uptime);
		else
			snprintf(text, sizeof(text), "up %s  primary %d %s%s", uptime,
				 s->primary_pid, s->segment_state, s->silent ? ", silent" : "");
		x = put(0, x + 2, look.bar, text);
	}
	draw_clock(x + 1);
}

/* The second line: totals, or why there are none. */
static void
draw_totals(const struct hf_sample *s)
{
	const struct hf_totals_row *t = &s->totals;
	char text[320], a[4][16], drops[16], per_second[16], held[16];
	int x;

	if (s->state == HF_SAMPLE_WAITING || s->state == HF_SAMPLE_STALE) {
		snprintf(text, sizeof(text), "%s, waiting", s->why);
		put(1, 1, look.bad, text);
		return;
	}
	format_number(a[0], sizeof(a[0]), t->rx_pps, 0);
	format_number(a[1], sizeof(a[1]), t->rx_bps, 0);
	format_number(a[2], sizeof(a[2]), t->tx_pps, 0);
	format_number(a[3], sizeof(a[3]), t->tx_bps, 0);
	format_count(drops, sizeof(drops), t->drops, 0);
	format_number(per_second, sizeof(per_second), t->drop_pps, 0);
	format_count(held, sizeof(held), t->held, 0);
	snprintf(text, sizeof(text), "rx %5s pps %5s bit/s   tx %5s pps %5s bit/s", a[0], a[1],
		 a[2], a[3]);
	x = put(1, 1, A_BOLD, text);
	snprintf(text, sizeof(text), "drops %s/s", per_second);
	x = put(1, x + 3, t->drop_pps > 0 ? look.bad : A_NORMAL, text);
	snprintf(text, sizeof(text), "held %s", held);
	x = put(1, x + 3, A_NORMAL, text);
	if (s->state == HF_SAMPLE_WARMING)
		put(1, x + 3, look.warn, "warming up");
}

/* The drops in one line, those that grow first in red. */
static void
draw_drops(int y, const struct hf_sample *s)
{
	char text[64], count[16], per_second[16];
	int x, any = 0;

	x = put(y, 1, A_BOLD, "drops");
	for (uint32_t i = 0; i < s->n_drops; i++) {
		const struct hf_count_row *row = &s->drops[i];

		if (row->packets == 0)
			continue;
		format_count(count, sizeof(count), row->packets, 0);
		format_number(per_second, sizeof(per_second), row->pps, 0);
		snprintf(text, sizeof(text), "%s %s (%s/s)", row->reason, count, per_second);
		x = put(y, x + 2, row->pps > 0 ? look.bad : look.warn, text);
		any = 1;
	}
	if (!any)
		put(y, x + 2, look.good, "none");
}

static void
draw_head(int y, const struct hf_layout *layout, const struct hf_rows *rows, const char *sorted)
{
	char cell[TABLE_CELL_LEN];
	int x = 0;

	bar(y, look.head);
	for (uint32_t c = 0; c < rows->table->n_columns; c++) {
		const struct hf_column *column = &rows->table->columns[c];
		int hit = sorted != NULL && strcmp(column->key, sorted) == 0;

		if (layout->width[c] == 0)
			continue;
		table_cell(layout, rows, TABLE_HEAD, c, cell);
		x = put(y, x, hit ? look.sort : look.head, cell) + 1;
	}
}

static void
draw_row(int y, const struct hf_layout *layout, const struct hf_rows *rows, uint32_t row)
{
	attr_t attr = alert_look(table_alert(rows, row));
	char cell[TABLE_CELL_LEN];
	int x = 0;

	for (uint32_t c = 0; c < rows->table->n_columns; c++) {
		if (layout->width[c] == 0)
			continue;
		table_cell(layout, rows, row, c, cell);
		x = put(y, x, attr, cell) + 1;
	}
}

/* A table in lines lines from y, its head among them. Returns the next free line. */
static int
draw_table(int y, const struct hf_sample *s, enum hf_table_id id, uint32_t lines)
{
	struct hf_rows rows = table_rows(s, id);
	struct hf_layout layout;
	uint32_t shown;
	char text[32];

	if (lines == 0)
		return y;
	if (id == HF_TABLE_EVENTS && rows.n >= lines) /* old ones are not missed */
		rows.n = lines - 1;
	table_fit(&layout, &rows, 0, (uint32_t)COLS);
	draw_head(y++, &layout, &rows, NULL);
	shown = rows.n < lines ? rows.n : lines - 1;
	if (shown < rows.n && shown > 1)
		shown--;
	for (uint32_t i = 0; i < shown; i++)
		draw_row(y++, &layout, &rows, i);
	if (shown < rows.n && shown + 1 < lines) {
		snprintf(text, sizeof(text), "  ... %u more", rows.n - shown);
		put(y++, 0, A_NORMAL, text);
	}
	if (rows.n == 0 && lines > 1)
		put(y++, 1, look.warn, "none");
	return y;
}

static void
draw_flows(int y, struct hf_draw *d, const struct hf_sample *s, uint32_t lines)
{
	struct hf_rows rows = table_rows(s, HF_TABLE_FLOWS);
	const char *sorted = flows_sort_name(s->sort);
	struct hf_layout layout;

	d->visible = lines > 0 ? lines - 1 : 0;
	if (d->scroll + d->visible > rows.n)
		d->scroll = rows.n > d->visible ? rows.n - d->visible : 0;
	if (lines == 0)
		return;
	/* Widths come from the rows that are seen. */
	rows.row = rows.n > 0 ? table_row(&rows, d->scroll) : NULL;
	rows.n = rows.n - d->scroll < d->visible ? rows.n - d->scroll : d->visible;
	table_fit(&layout, &rows, 0, (uint32_t)COLS);
	draw_head(y++, &layout, &rows, sorted);
	for (uint32_t i = 0; i < rows.n; i++)
		draw_row(y++, &layout, &rows, i);
	if (rows.n == 0 && lines > 1)
		put(y, 1, A_NORMAL, "none");
}

static void
draw_keys(const struct hf_draw *d, const struct hf_sample *s)
{
	char text[160], live[16];
	uint32_t last = d->scroll + d->visible;

	if (last > s->flows.n)
		last = s->flows.n;
	bar(LINES - 1, look.bar);
	format_count(live, sizeof(live), s->flows.live, 0);
	snprintf(text, sizeof(text), "q quit  p %s  s sort: %s  arrows scroll  h help",
		 d->paused ? "resume" : "pause", flows_sort_name(s->sort));
	put(LINES - 1, 1, look.bar, text);
	snprintf(text, sizeof(text), "%u-%u of %s flows", s->flows.n > 0 ? d->scroll + 1 : 0, last,
		 live);
	if (COLS > 56 + (int)strlen(text) + 1)
		put(LINES - 1, COLS - (int)strlen(text) - 1, look.bar, text);
}

static void
draw_help(const struct hf_sample *s)
{
	static const char *const text[] = {
		"q            quit",
		"p            pause, and go on",
		"s            next order of flows: pps, bps, packets, bytes, age",
		"arrows       scroll flows by one; PgUp, PgDn by a page; Home to the top",
		"h ?          this page, and back",
		"",
		"GEN          owners the lane has had       HELD   packets in the lane",
		"HAND, TAKE   planned changes of owner, and changes after a death",
		"GAP          last packet of the old owner to the first of the new one",
		"MISSED       packets the port had no descriptor for; NOMBUF: no buffer for",
		"LOST         buffers of a pool that are nowhere",
		"PPS BIT/S    since the sample before; \"-\" is not known (yet)",
	};

	bar(0, look.bar);
	put(0, 1, look.bar, s->instance);
	for (unsigned int i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		put((int)i + 2, 1, A_NORMAL, text[i]);
}

static void
draw_body(struct hf_draw *d, const struct hf_sample *s)
{
	struct hf_plan plan;
	int y = 2;

	plan_lines(&plan, s, LINES > 0 ? (uint32_t)LINES : 0);
	y = draw_table(y, s, HF_TABLE_PORTS, plan.table[HF_TABLE_PORTS]);
	y = draw_table(y, s, HF_TABLE_LANES, plan.table[HF_TABLE_LANES]);
	y = draw_table(y, s, HF_TABLE_WORKERS, plan.table[HF_TABLE_WORKERS]);
	y = draw_table(y, s, HF_TABLE_IO, plan.table[HF_TABLE_IO]);
	y = draw_table(y, s, HF_TABLE_POOLS, plan.table[HF_TABLE_POOLS]);
	y = draw_table(y, s, HF_TABLE_EVENTS, plan.table[HF_TABLE_EVENTS]);
	if (plan.drops)
		draw_drops(y++, s);
	draw_flows(y, d, s, plan.table[HF_TABLE_FLOWS]);
	if (plan.keys)
		draw_keys(d, s);
}

void
draw_sample(struct hf_draw *d, const struct hf_sample *s)
{
	erase();
	if (d->help) {
		draw_help(s);
	} else {
		draw_title(d, s);
		draw_totals(s);
		if (s->state == HF_SAMPLE_WAITING)
			put(LINES - 1, 1, A_NORMAL, LINES > 2 ? "q quit" : "");
		else
			draw_body(d, s);
	}
	refresh();
}

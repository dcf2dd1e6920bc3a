/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lays tables out: which columns fit, how wide each is, what a cell says. Reads a sample alone.
 */
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "units.h"

#define MIN_CELL 1U

static int
in_view(const struct hf_column *c)
{
	return (c->flags & COLUMN_JSON) == 0;
}

struct hf_rows
table_rows(const struct hf_sample *s, enum hf_table_id id)
{
	const struct {
		const void *row;
		uint32_t n;
	} all[HF_TABLE_COUNT] = {
		[HF_TABLE_PORTS] = {s->ports, s->n_ports},
		[HF_TABLE_LANES] = {s->lanes, s->n_lanes},
		[HF_TABLE_WORKERS] = {s->workers, s->n_workers},
		[HF_TABLE_IO] = {s->io, s->n_io},
		[HF_TABLE_POOLS] = {s->pools, s->n_pools},
		[HF_TABLE_EVENTS] = {s->events, s->n_events},
		[HF_TABLE_FLOWS] = {s->flows.rows, s->flows.n},
		[HF_TABLE_QUEUES] = {s->queues, s->n_queues},
		[HF_TABLE_SHARES] = {s->lanes, s->n_lanes},
		[HF_TABLE_DROPS] = {s->drop_cells, s->n_drop_cells},
		[HF_TABLE_FLOW_TABLES] = {s->lanes, s->n_lanes},
		[HF_TABLE_LOAD] = {s->lanes, s->n_lanes},
		[HF_TABLE_PARTS] = {s->parts, s->n_parts},
		[HF_TABLE_HUGE] = {s->huge, s->n_huge},
		[HF_TABLE_NODES] = {s->nodes, s->n_nodes},
		[HF_TABLE_PLACES] = {s->places, s->n_places},
	};

	return (struct hf_rows){.table = columns_table(id), .row = all[id].row, .n = all[id].n};
}

int
table_parse(const char *key, enum hf_table_id *id)
{
	for (int i = 0; i < HF_TABLE_COUNT; i++) {
		if (strcmp(columns_table((enum hf_table_id)i)->key, key) == 0) {
			*id = (enum hf_table_id)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *
table_keys(char *buf, size_t len)
{
	size_t n = 0;

	buf[0] = '\0';
	for (int i = 0; i < HF_TABLE_COUNT && n < len; i++)
		n += (size_t)snprintf(buf + n, len - n, "%s%s", i > 0 ? ", " : "",
				      columns_table((enum hf_table_id)i)->key);
	return buf;
}

const void *
table_row(const struct hf_rows *rows, uint32_t i)
{
	if (rows->order != NULL)
		i = rows->order[i];
	return (const char *)rows->row + i * rows->table->row_bytes;
}

enum hf_alert
table_alert(const struct hf_rows *rows, uint32_t i)
{
	uint32_t alert;

	if (rows->table->alert == SIZE_MAX)
		return HF_ALERT_NONE;
	memcpy(&alert, (const char *)table_row(rows, i) + rows->table->alert, sizeof(alert));
	return (enum hf_alert)alert;
}

/* The fields a cell may be, read without regard to type rules. */
union value {
	uint32_t u32;
	int32_t i32;
	uint64_t u64;
	double number;
};

void
table_field(const struct hf_column *column, const void *row, int exact, char *buf, size_t len)
{
	const char *field = (const char *)row + column->offset;
	union value v = {0};

	if (column->cell == HF_CELL_TEXT) {
		snprintf(buf, len, "%s", field[0] != '\0' ? field : "-");
		return;
	}
	if (column->cell == HF_CELL_BOOL || column->cell == HF_CELL_U32 ||
	    column->cell == HF_CELL_I32)
		memcpy(&v.u32, field, sizeof(v.u32));
	else
		memcpy(&v.u64, field, sizeof(v.u64));
	switch (column->cell) {
	case HF_CELL_BOOL:
		snprintf(buf, len, "%s", v.u32 > 1 ? "-" : v.u32 != 0 ? "yes" : "no");
		return;
	case HF_CELL_U32:
		snprintf(buf, len, "%u", v.u32);
		return;
	case HF_CELL_I32:
		if (v.i32 == -1)
			snprintf(buf, len, "-");
		else
			snprintf(buf, len, "%d", v.i32);
		return;
	case HF_CELL_COUNT:
		format_count(buf, len, v.u64, exact);
		return;
	case HF_CELL_NUMBER:
		format_number(buf, len, v.number, exact);
		return;
	case HF_CELL_PERCENT:
		format_percent(buf, len, v.number);
		return;
	case HF_CELL_AGE:
		format_age(buf, len, v.number);
		return;
	case HF_CELL_UPTIME:
		format_uptime(buf, len, v.number);
		return;
	case HF_CELL_GAP:
		format_gap(buf, len, v.u64);
		return;
	case HF_CELL_SET:
		hf_format_set(buf, len, v.u64);
		return;
	case HF_CELL_TIME:
		format_utc(buf, len, v.number);
		return;
	case HF_CELL_SIGNED:
		format_signed(buf, len, v.number);
		return;
	case HF_CELL_BYTES:
		format_bytes(buf, len, v.u64, exact);
		return;
	case HF_CELL_TEXT:
		break;
	}
}

/* The longest cell of a column; least: what it has in any case. */
static uint32_t
longest(const struct hf_rows *rows, const struct hf_column *c, int exact, uint32_t least)
{
	uint32_t head = (uint32_t)strlen(c->head), width = head > least ? head : least;
	char buf[TABLE_CELL_LEN];

	for (uint32_t i = 0; i < rows->n; i++) {
		table_field(c, table_row(rows, i), exact, buf, sizeof(buf));
		if (strlen(buf) > width)
			width = (uint32_t)strlen(buf);
	}
	return width;
}

/* What a column takes at least: a flexible one may be cut, a number may not. */
static uint32_t
least_width(const struct hf_rows *rows, const struct hf_column *c, int exact)
{
	return (c->flags & COLUMN_FLEX) != 0 ? c->width : longest(rows, c, exact, c->width);
}

/* Sum of the columns and one blank between them. */
static uint32_t
total_width(const struct hf_layout *layout, const struct hf_table *t)
{
	uint32_t sum = 0;

	for (uint32_t c = 0; c < t->n_columns; c++)
		if (layout->width[c] != 0)
			sum += layout->width[c] + (sum > 0 ? 1 : 0);
	return sum;
}

/* Hides the column that matters least. Returns 0 when none is left to hide. */
static int
drop_column(struct hf_layout *layout, const struct hf_table *t)
{
	uint32_t worst = t->n_columns;

	for (uint32_t c = 0; c < t->n_columns; c++)
		if (layout->width[c] != 0 && t->columns[c].rank > 0 &&
		    (worst == t->n_columns || t->columns[c].rank > t->columns[worst].rank))
			worst = c;
	if (worst == t->n_columns)
		return 0;
	layout->width[worst] = 0;
	return 1;
}

/* Gives the flexible columns what room is left, one character at a time, the narrowest first. */
static void
grow(struct hf_layout *layout, const struct hf_table *t, const uint32_t *wanted, uint32_t room)
{
	while (room > 0) {
		uint32_t next = t->n_columns;

		for (uint32_t c = 0; c < t->n_columns; c++)
			if (layout->width[c] != 0 && layout->width[c] < wanted[c] &&
			    (next == t->n_columns || layout->width[c] < layout->width[next]))
				next = c;
		if (next == t->n_columns)
			return;
		layout->width[next]++;
		room--;
	}
}

void
table_fit(struct hf_layout *layout, const struct hf_rows *rows, int exact, uint32_t avail)
{
	const struct hf_table *t = rows->table;
	uint32_t wanted[TABLE_MAX_COLUMNS] = {0}, total;

	*layout = (struct hf_layout){.exact = exact};
	for (uint32_t c = 0; c < t->n_columns; c++) {
		const struct hf_column *column = &t->columns[c];

		if (!in_view(column))
			continue;
		layout->width[c] = least_width(rows, column, exact);
		wanted[c] = longest(rows, column, exact, 0);
	}
	while (total_width(layout, t) > avail && drop_column(layout, t))
		;
	total = total_width(layout, t);
	if (total < avail)
		grow(layout, t, wanted, avail - total);
}

/* Cuts text to width: the middle goes, for an address tells most at its ends. */
static void
cut(char *text, uint32_t width)
{
	size_t n = strlen(text), tail = width / 2;

	if (n <= width || width == 0)
		return;
	memmove(text + width - tail, text + n - tail, tail + 1);
	if (width > MIN_CELL)
		text[width - tail - 1] = '~';
}

const char *
table_cell(const struct hf_layout *layout, const struct hf_rows *rows, uint32_t i, uint32_t c,
	   char buf[TABLE_CELL_LEN])
{
	const struct hf_column *column = &rows->table->columns[c];
	int width = (int)layout->width[c];
	char text[TABLE_CELL_LEN];

	if (i == TABLE_HEAD)
		snprintf(text, sizeof(text), "%s", column->head);
	else
		table_field(column, table_row(rows, i), layout->exact, text, sizeof(text));
	cut(text, layout->width[c]);
	snprintf(buf, TABLE_CELL_LEN, (column->flags & COLUMN_LEFT) != 0 ? "%-*s" : "%*s", width,
		 text);
	return buf;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables of a sample, described by columns: the screen, the text and the JSON are made from the
 * same descriptors. A cell is a field of a row, named by its offset, in one of a few formats. Main
 * thread only.
 */
#ifndef HF_MONITOR_TABLE_H
#define HF_MONITOR_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "sample.h"

#define TABLE_MAX_COLUMNS 64
#define TABLE_CELL_LEN    256
#define TABLE_KEYS_LEN    256

enum hf_cell {
	HF_CELL_TEXT,    /* char[] */
	HF_CELL_BOOL,    /* uint32_t: yes, no */
	HF_CELL_U32,     /* uint32_t */
	HF_CELL_I32,     /* int32_t, -1 unknown */
	HF_CELL_COUNT,   /* uint64_t */
	HF_CELL_NUMBER,  /* double */
	HF_CELL_PERCENT, /* double */
	HF_CELL_AGE,     /* double, seconds; JSON: seconds */
	HF_CELL_UPTIME,  /* double, seconds; JSON: seconds */
	HF_CELL_GAP,     /* uint64_t, ns; JSON: us */
	HF_CELL_SET,     /* uint64_t, a bit set; JSON: array of numbers */
	HF_CELL_TIME,    /* double, seconds since 1970; JSON: ISO 8601 */
	HF_CELL_SIGNED,  /* double, percent above (+) or below (-) something */
	HF_CELL_BYTES,   /* uint64_t: in KiB, MiB ...; all digits when exact */
};

#define COLUMN_LEFT 1U /* left-aligned */
#define COLUMN_FLEX 2U /* grows to its longest cell while there is room */
#define COLUMN_JSON 4U /* in JSON alone */
#define COLUMN_VIEW 8U /* on screen and in text, not in JSON */

struct hf_column {
	const char *key;   /* in JSON; also what --sort calls it */
	const char *head;  /* above the column */
	uint16_t width;    /* at least, in characters */
	uint16_t rank;     /* where room is short the highest rank goes first; 0 stays */
	enum hf_cell cell; /* type of the field and how it is written */
	uint32_t flags;
	size_t offset; /* of the field in a row */
};

struct hf_table {
	const char *key; /* in JSON */
	const struct hf_column *columns;
	uint32_t n_columns;
	size_t row_bytes;
	size_t alert; /* offset of the row's enum hf_alert, SIZE_MAX: none */
};

/* Rows of one table of a sample. */
struct hf_rows {
	const struct hf_table *table;
	const void *row;
	uint32_t n;
	const uint32_t *order; /* row i is row[order[i]]; NULL: row[i] */
};

enum hf_table_id {
	HF_TABLE_PORTS,
	HF_TABLE_LANES,
	HF_TABLE_WORKERS,
	HF_TABLE_IO,
	HF_TABLE_POOLS,
	HF_TABLE_EVENTS,
	HF_TABLE_FLOWS,
	HF_TABLE_QUEUES, /* of ports */
	HF_TABLE_SHARES, /* how packets are spread over lanes */
	HF_TABLE_DROPS,  /* by reason and lane */
	HF_TABLE_FLOW_TABLES,
	HF_TABLE_LOAD,  /* what lanes cost, and could take */
	HF_TABLE_PARTS, /* of the segment */
	HF_TABLE_HUGE,
	HF_TABLE_NODES,
	HF_TABLE_PLACES,
	HF_TABLE_COUNT
};

/* Width of each column in characters; 0: not shown. */
struct hf_layout {
	uint32_t width[TABLE_MAX_COLUMNS];
	int exact; /* all digits, not 12.3M */
};

/* The rows of a table of *s. */
struct hf_rows table_rows(const struct hf_sample *s, enum hf_table_id id);

/* Chooses columns and widths for avail characters (UINT32_MAX: no limit). */
void table_fit(struct hf_layout *layout, const struct hf_rows *rows, int exact, uint32_t avail);

/* Column c of row i, or its head (i == TABLE_HEAD), padded to its width. Returns buf. */
#define TABLE_HEAD UINT32_MAX
const char *table_cell(const struct hf_layout *layout, const struct hf_rows *rows, uint32_t i,
		       uint32_t c, char buf[TABLE_CELL_LEN]);

/* One field of a row as text, not padded. */
void table_field(const struct hf_column *column, const void *row, int exact, char *buf, size_t len);

/* Row i of rows. */
const void *table_row(const struct hf_rows *rows, uint32_t i);
enum hf_alert table_alert(const struct hf_rows *rows, uint32_t i);

/* Descriptors; columns.c. */
const struct hf_table *columns_table(enum hf_table_id id);

/* The table with this key ("lanes"). Returns 0 or -EINVAL. Any thread. */
int table_parse(const char *key, enum hf_table_id *id);

/* The keys of all tables, "ports, lanes, ...". Returns buf. */
const char *table_keys(char *buf, size_t len);

#endif

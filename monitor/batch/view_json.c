/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sample as one line of JSON. Tables come from the same columns as on the screen. Writes to the
 * stream it is given and nowhere else.
 */
#include <math.h>
#include <string.h>

#include "format.h"
#include "json.h"
#include "table.h"
#include "version.h"
#include "view.h"

#define JSON_FORMAT 1U /* moves when a key changes its meaning or goes */

static void
write_count(struct hf_json *j, const char *key, uint64_t value)
{
	if (value == HF_UNKNOWN)
		json_null(j, key);
	else
		json_u64(j, key, value);
}

static void
write_time(struct hf_json *j, const char *key, double seconds_since_1970)
{
	char utc[32];

	format_utc(utc, sizeof(utc), seconds_since_1970);
	json_text(j, key, utc);
}

/* A cell of 4 bytes. */
static void
write_small(struct hf_json *j, const struct hf_column *c, const char *field)
{
	uint32_t value;

	memcpy(&value, field, sizeof(value));
	if (c->cell == HF_CELL_BOOL && value > 1) /* not known */
		json_null(j, c->key);
	else if (c->cell == HF_CELL_BOOL)
		json_bool(j, c->key, value != 0);
	else if (c->cell == HF_CELL_U32)
		json_u64(j, c->key, value);
	else if ((int32_t)value == -1)
		json_null(j, c->key);
	else
		json_i64(j, c->key, (int32_t)value);
}

/* A cell of 8 bytes: a count or a number. */
static void
write_large(struct hf_json *j, const struct hf_column *c, const char *field)
{
	uint64_t count;
	double number;

	memcpy(&count, field, sizeof(count));
	memcpy(&number, field, sizeof(number));
	if (c->cell == HF_CELL_COUNT)
		write_count(j, c->key, count);
	else if (c->cell == HF_CELL_SET)
		json_set(j, c->key, count);
	else if (c->cell == HF_CELL_GAP)
		json_number(j, c->key, count == HF_UNKNOWN ? NAN : (double)count / 1e3, 3);
	else if (c->cell == HF_CELL_TIME)
		write_time(j, c->key, number);
	else
		json_number(j, c->key, number,
			    c->cell == HF_CELL_AGE || c->cell == HF_CELL_UPTIME ? 3 : 1);
}

static void
write_table(struct hf_json *j, const struct hf_sample *s, enum hf_table_id id)
{
	struct hf_rows rows = table_rows(s, id);

	json_open(j, rows.table->key, '[');
	for (uint32_t i = 0; i < rows.n; i++) {
		json_open(j, NULL, '{');
		for (uint32_t c = 0; c < rows.table->n_columns; c++) {
			const struct hf_column *column = &rows.table->columns[c];
			const char *field = (const char *)table_row(&rows, i) + column->offset;

			if ((column->flags & COLUMN_VIEW) != 0)
				continue;
			if (column->cell == HF_CELL_TEXT)
				json_text(j, column->key, field);
			else if (column->cell <= HF_CELL_I32)
				write_small(j, column, field);
			else
				write_large(j, column, field);
		}
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
write_counts(struct hf_json *j, const char *key, const struct hf_count_row *rows, uint32_t n)
{
	json_open(j, key, '{');
	for (uint32_t i = 0; i < n; i++)
		json_u64(j, rows[i].reason, rows[i].packets);
	json_close(j, '}');
}

static void
write_totals(struct hf_json *j, const struct hf_totals_row *t)
{
	json_open(j, "totals", '{');
	write_count(j, "rx_pkts", t->rx_pkts);
	write_count(j, "rx_bytes", t->rx_bytes);
	write_count(j, "tx_pkts", t->tx_pkts);
	write_count(j, "tx_bytes", t->tx_bytes);
	write_count(j, "drops", t->drops);
	write_count(j, "held", t->held);
	json_number(j, "rx_pps", t->rx_pps, 1);
	json_number(j, "rx_bps", t->rx_bps, 1);
	json_number(j, "tx_pps", t->tx_pps, 1);
	json_number(j, "tx_bps", t->tx_bps, 1);
	json_number(j, "drop_pps", t->drop_pps, 1);
	json_close(j, '}');
}

static void
write_header(struct hf_json *j, const struct hf_sample *s, double now_s)
{
	int seen = s->state == HF_SAMPLE_WARMING || s->state == HF_SAMPLE_LIVE;

	json_text(j, "version", HF_VERSION);
	json_u64(j, "format", JSON_FORMAT);
	write_time(j, "time", now_s);
	json_text(j, "instance", s->instance);
	json_text(j, "state", sample_state_name(s->state));
	json_text(j, "reason", seen ? NULL : s->why);
	json_text(j, "segment_state", seen ? s->segment_state : NULL);
	json_number(j, "uptime_s", seen ? s->uptime_s : NAN, 3);
	json_number(j, "interval_s", s->state == HF_SAMPLE_LIVE ? s->interval_s : NAN, 3);
	if (seen)
		json_i64(j, "primary_pid", s->primary_pid);
	else
		json_null(j, "primary_pid");
	json_text(j, "primary_version", s->program_version);
	json_text(j, "dpdk_version", s->dpdk_version);
	if (seen)
		json_bool(j, "primary_silent", s->silent != 0);
	else
		json_null(j, "primary_silent");
	if (seen)
		json_bool(j, "primary_gone", s->alone != 0);
	else
		json_null(j, "primary_gone");
}

void
view_json(FILE *out, const struct hf_sample *s, double now_s)
{
	struct hf_json j = {.out = out};

	json_open(&j, NULL, '{');
	write_header(&j, s, now_s);
	write_totals(&j, &s->totals);
	write_table(&j, s, HF_TABLE_PORTS);
	write_table(&j, s, HF_TABLE_LANES);
	write_table(&j, s, HF_TABLE_WORKERS);
	write_table(&j, s, HF_TABLE_IO);
	write_table(&j, s, HF_TABLE_POOLS);
	write_counts(&j, "drops", s->drops, s->n_drops);
	write_counts(&j, "flow_skipped", s->skips, s->n_skips);
	json_u64(&j, "flows_live", s->flows.live);
	json_u64(&j, "flows_unread", s->flows.skipped);
	json_text(&j, "sort", flows_sort_name(s->sort));
	write_table(&j, s, HF_TABLE_FLOWS);
	write_table(&j, s, HF_TABLE_EVENTS);
	json_close(&j, '}');
	putc('\n', out);
	fflush(out);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sample as one line of JSON. Tables come from the same columns as on the screen. Writes to the
 * stream it is given and nowhere else.
 */
#include <math.h>

#include "format.h"
#include "json.h"
#include "value.h"
#include "version.h"
#include "view.h"

#define JSON_FORMAT 1U /* moves when a key changes its meaning or goes */

static void
write_count(struct hf_json *j, const char *key, uint64_t value)
{
	if (value == HF_UNKNOWN)
		write_null(j, key);
	else
		write_u64(j, key, value);
}

static void
write_time(struct hf_json *j, const char *key, double seconds_since_1970)
{
	char utc[32];

	format_utc(utc, sizeof(utc), seconds_since_1970);
	write_text(j, key, utc);
}

static void
write_cell(struct hf_json *j, const struct hf_column *c, const void *row)
{
	struct hf_value v;

	value_of(&v, c, row);
	switch (v.kind) {
	case HF_VALUE_NONE:
		write_null(j, c->key);
		break;
	case HF_VALUE_BARE:
		write_bare(j, c->key, v.text);
		break;
	case HF_VALUE_TEXT:
		write_text(j, c->key, v.text);
		break;
	case HF_VALUE_SET:
		write_set(j, c->key, v.bits);
		break;
	}
}

static void
write_rows(struct hf_json *j, struct hf_rows rows)
{
	write_open(j, rows.table->key, '[');
	for (uint32_t i = 0; i < rows.n; i++) {
		write_open(j, NULL, '{');
		for (uint32_t c = 0; c < rows.table->n_columns; c++)
			if (value_wanted(&rows.table->columns[c]))
				write_cell(j, &rows.table->columns[c], table_row(&rows, i));
		write_close(j, '}');
	}
	write_close(j, ']');
}

static void
write_table(struct hf_json *j, const struct hf_sample *s, enum hf_table_id id)
{
	write_rows(j, table_rows(s, id));
}

/* Each event is in one object: the first has the whole log. */
static void
write_events(struct hf_json *j, const struct hf_sample *s, uint64_t *seen)
{
	struct hf_rows rows = table_rows(s, HF_TABLE_EVENTS);

	rows.n = view_fresh_events(s, seen);
	write_rows(j, rows);
}

static void
write_counts(struct hf_json *j, const char *key, const struct hf_count_row *rows, uint32_t n)
{
	write_open(j, key, '{');
	for (uint32_t i = 0; i < n; i++)
		write_u64(j, rows[i].reason, rows[i].packets);
	write_close(j, '}');
}

/* Before the first look nothing is known, not even that it is 0. */
static void
write_totals(struct hf_json *j, const struct hf_sample *s)
{
	static const struct hf_totals_row unknown = {
		HF_UNKNOWN, HF_UNKNOWN, HF_UNKNOWN, HF_UNKNOWN, HF_UNKNOWN, HF_UNKNOWN,
		NAN,        NAN,        NAN,        NAN,        NAN,
	};
	const struct hf_totals_row *t = s->state != HF_SAMPLE_WAITING ? &s->totals : &unknown;

	write_open(j, "totals", '{');
	write_count(j, "rx_pkts", t->rx_pkts);
	write_count(j, "rx_bytes", t->rx_bytes);
	write_count(j, "tx_pkts", t->tx_pkts);
	write_count(j, "tx_bytes", t->tx_bytes);
	write_count(j, "drops", t->drops);
	write_count(j, "held", t->held);
	write_number(j, "rx_pps", t->rx_pps, 1);
	write_number(j, "rx_bps", t->rx_bps, 1);
	write_number(j, "tx_pps", t->tx_pps, 1);
	write_number(j, "tx_bps", t->tx_bps, 1);
	write_number(j, "drop_pps", t->drop_pps, 1);
	write_close(j, '}');
}

/* What one scan of the flow tables found. */
static void
write_flows(struct hf_json *j, const struct hf_sample *s)
{
	int known = s->state != HF_SAMPLE_WAITING;

	write_count(j, "flows_live", known ? s->flows.live : HF_UNKNOWN);
	write_count(j, "flows_unread", known ? s->flows.skipped : HF_UNKNOWN);
	write_count(j, "flows_matched", known ? s->flows.matched : HF_UNKNOWN);
	write_text(j, "sort", flows_sort_name(s->sort));
	write_bool(j, "reverse", s->reverse != 0);
	write_text(j, "filter", s->filter);
	write_table(j, s, HF_TABLE_FLOWS);
}

static void
write_header(struct hf_json *j, const struct hf_sample *s, double now_s)
{
	int seen = s->state == HF_SAMPLE_WARMING || s->state == HF_SAMPLE_LIVE;

	write_text(j, "version", HF_VERSION);
	write_u64(j, "format", JSON_FORMAT);
	write_time(j, "time", now_s);
	write_text(j, "instance", s->instance);
	write_text(j, "state", sample_state_name(s->state));
	write_text(j, "reason", seen ? NULL : s->why);
	write_text(j, "segment_state", seen ? s->segment_state : NULL);
	write_number(j, "uptime_s", seen ? s->uptime_s : NAN, 3);
	write_number(j, "interval_s", s->state == HF_SAMPLE_LIVE ? s->interval_s : NAN, 3);
	write_number(j, "interval_asked_s", s->asked_s > 0 ? s->asked_s : NAN, 3);
	write_number(j, "interval_planned_s", s->planned_s > 0 ? s->planned_s : NAN, 3);
	write_number(j, "sample_cpu_ms", seen ? s->cost_s * 1e3 : NAN, 3);
	if (seen)
		write_i64(j, "primary_pid", s->primary_pid);
	else
		write_null(j, "primary_pid");
	write_text(j, "primary_version", s->program_version);
	write_text(j, "dpdk_version", s->dpdk_version);
	if (seen)
		write_bool(j, "primary_silent", s->silent != 0);
	else
		write_null(j, "primary_silent");
	if (seen)
		write_bool(j, "primary_gone", s->alone != 0);
	else
		write_null(j, "primary_gone");
}

void
view_json(FILE *out, const struct hf_sample *s, double now_s, uint64_t *seen)
{
	struct hf_json j = {.out = out};

	write_open(&j, NULL, '{');
	write_header(&j, s, now_s);
	write_totals(&j, s);
	write_table(&j, s, HF_TABLE_PORTS);
	write_table(&j, s, HF_TABLE_QUEUES);
	write_table(&j, s, HF_TABLE_LANES);
	write_table(&j, s, HF_TABLE_LOAD);
	write_table(&j, s, HF_TABLE_WORKERS);
	write_table(&j, s, HF_TABLE_IO);
	write_table(&j, s, HF_TABLE_SHARES);
	write_table(&j, s, HF_TABLE_POOLS);
	write_table(&j, s, HF_TABLE_FLOW_TABLES);
	write_table(&j, s, HF_TABLE_PARTS);
	write_table(&j, s, HF_TABLE_HUGE);
	write_table(&j, s, HF_TABLE_NODES);
	write_table(&j, s, HF_TABLE_PLACES);
	write_counts(&j, "drops", s->drops, s->n_drops);
	write_table(&j, s, HF_TABLE_DROPS);
	write_counts(&j, "flow_skipped", s->skips, s->n_skips);
	write_flows(&j, s);
	write_events(&j, s, seen);
	write_close(&j, '}');
	putc('\n', out);
	fflush(out);
}

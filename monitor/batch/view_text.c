/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sample as a block of text. Writes to the stream it is given and nowhere else.
 */
#include <inttypes.h>
#include <string.h>

#include "format.h"
#include "pace.h"
#include "table.h"
#include "view.h"

#define MAX_EVENTS 16U /* of those that came since the block before */

/* One line of a table, without blanks at its end. */
static void
write_line(FILE *out, const struct hf_layout *layout, const struct hf_rows *rows, uint32_t row)
{
	char cell[TABLE_CELL_LEN];
	size_t blanks = 0, n;

	for (uint32_t c = 0; c < rows->table->n_columns; c++) {
		if (layout->width[c] == 0)
			continue;
		table_cell(layout, rows, row, c, cell);
		n = strlen(cell);
		while (n > 0 && cell[n - 1] == ' ')
			n--;
		if (n > 0) {
			fprintf(out, "%*s%.*s", (int)blanks, "", (int)n, cell);
			blanks = 0;
		}
		blanks += layout->width[c] - n + 1;
	}
	putc('\n', out);
}

/* Tables of which it is worth knowing that there is nothing. */
static int
says_none(enum hf_table_id id)
{
	return id == HF_TABLE_PORTS || id == HF_TABLE_LANES || id == HF_TABLE_WORKERS ||
	       id == HF_TABLE_FLOWS;
}

static void
write_rows(FILE *out, const struct hf_rows *rows)
{
	struct hf_layout layout;

	putc('\n', out);
	table_fit(&layout, rows, 1, UINT32_MAX);
	write_line(out, &layout, rows, TABLE_HEAD);
	for (uint32_t i = 0; i < rows->n; i++)
		write_line(out, &layout, rows, i);
	if (rows->n == 0)
		fputs("none\n", out);
}

static void
write_table(FILE *out, const struct hf_sample *s, enum hf_table_id id)
{
	struct hf_rows rows = table_rows(s, id);

	if (rows.n > 0 || says_none(id))
		write_rows(out, &rows);
}

uint32_t
view_fresh_events(const struct hf_sample *s, uint64_t *seen)
{
	uint32_t n = 0;

	if (s->n_events == 0 || s->events[0].no < *seen) /* of another monitor's recording */
		*seen = 0;
	while (n < s->n_events && s->events[n].no > *seen)
		n++;
	if (s->n_events > 0)
		*seen = s->events[0].no;
	return n;
}

/* What happened since the block before; of many, the newest. */
static void
write_events(FILE *out, const struct hf_sample *s, uint64_t *seen)
{
	struct hf_rows rows = table_rows(s, HF_TABLE_EVENTS);
	uint32_t fresh = view_fresh_events(s, seen);

	rows.n = fresh < MAX_EVENTS ? fresh : MAX_EVENTS;
	if (rows.n == 0)
		return;
	write_rows(out, &rows);
	if (rows.n < fresh)
		fprintf(out, "and %u before\n", fresh - rows.n);
}

/* "name 12 (3/s)" of every count that is not 0, or "none". */
static void
write_counts(FILE *out, const char *title, const struct hf_count_row *rows, uint32_t n)
{
	char per_second[24];
	int any = 0;

	fputs(title, out);
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].packets == 0)
			continue;
		format_number(per_second, sizeof(per_second), rows[i].pps, 1);
		fprintf(out, "  %s %" PRIu64 " (%s/s)", rows[i].reason, rows[i].packets,
			per_second);
		any = 1;
	}
	fputs(any ? "\n" : "  none\n", out);
}

static void
write_totals(FILE *out, const struct hf_totals_row *t)
{
	char rx[24], tx[24], rx_bits[24], tx_bits[24], drops[24], drop_rate[24], held[24];

	format_number(rx, sizeof(rx), t->rx_pps, 1);
	format_number(tx, sizeof(tx), t->tx_pps, 1);
	format_number(rx_bits, sizeof(rx_bits), t->rx_bps, 1);
	format_number(tx_bits, sizeof(tx_bits), t->tx_bps, 1);
	format_number(drop_rate, sizeof(drop_rate), t->drop_pps, 1);
	format_count(drops, sizeof(drops), t->drops, 1);
	format_count(held, sizeof(held), t->held, 1);
	fprintf(out, "rx %s pps %s bit/s  tx %s pps %s bit/s  drops %s (%s/s)  held %s\n", rx,
		rx_bits, tx, tx_bits, drops, drop_rate, held);
}

static void
write_header(FILE *out, const struct hf_sample *s, double now_s)
{
	char utc[32], uptime[24], pace[80];

	format_utc(utc, sizeof(utc), now_s);
	fprintf(out, "%s  %s  %s", s->instance, sample_state_name(s->state), utc);
	if (s->state == HF_SAMPLE_WAITING || s->state == HF_SAMPLE_STALE) {
		fprintf(out, "  %s, waiting\n", s->why);
		return;
	}
	format_uptime(uptime, sizeof(uptime), s->uptime_s);
	if (s->alone)
		fprintf(out, "  up %s  primary gone, forwarding without it", uptime);
	else
		fprintf(out, "  up %s  primary %d %s%s", uptime, s->primary_pid, s->segment_state,
			s->silent ? ", silent" : "");
	pace_text(pace, sizeof(pace), s->planned_s, s->asked_s, s->flows.live);
	fprintf(out, "%s%s\n", pace[0] != '\0' ? "  " : "", pace);
}

static void
write_flow_head(FILE *out, const struct hf_sample *s)
{
	fprintf(out, "\nflows  %" PRIu64 " live", s->flows.live);
	if (s->filter[0] != '\0')
		fprintf(out, ", %" PRIu64 " match \"%s\"", s->flows.matched, s->filter);
	fprintf(out, ", %s %u by %s\n", s->reverse ? "least" : "top", s->flows.n,
		flows_sort_name(s->sort));
}

void
view_text(FILE *out, const struct hf_sample *s, double now_s, uint64_t *seen)
{
	write_header(out, s, now_s);
	if (s->state == HF_SAMPLE_WARMING || s->state == HF_SAMPLE_LIVE) {
		write_totals(out, &s->totals);
		write_table(out, s, HF_TABLE_PORTS);
		write_table(out, s, HF_TABLE_QUEUES);
		write_table(out, s, HF_TABLE_LANES);
		write_table(out, s, HF_TABLE_LOAD);
		write_table(out, s, HF_TABLE_WORKERS);
		write_table(out, s, HF_TABLE_IO);
		write_table(out, s, HF_TABLE_SHARES);
		write_table(out, s, HF_TABLE_POOLS);
		write_table(out, s, HF_TABLE_FLOW_TABLES);
		write_table(out, s, HF_TABLE_PARTS);
		write_table(out, s, HF_TABLE_HUGE);
		write_table(out, s, HF_TABLE_NODES);
		write_table(out, s, HF_TABLE_PLACES);
		putc('\n', out);
		write_counts(out, "drops", s->drops, s->n_drops);
		write_counts(out, "no flow", s->skips, s->n_skips);
		write_table(out, s, HF_TABLE_DROPS);
		write_events(out, s, seen);
		write_flow_head(out, s);
		write_table(out, s, HF_TABLE_FLOWS);
	}
	putc('\n', out);
	fflush(out);
}

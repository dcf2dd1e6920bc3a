/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One table of a sample as comma-separated values (RFC 4180, but for line ends of one LF, which
 * every reader takes). Columns are those of the JSON, in the same order, behind the time of the
 * sample and the instance. Writes to the stream it is given and nowhere else.
 */
#include <string.h>

#include "format.h"
#include "value.h"
#include "view.h"

/* A field; in quotes only where the text would be misread without. */
static void
write_field(FILE *out, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

void
view_csv_head(FILE *out, enum hf_table_id id)
{
	const struct hf_table *t = columns_table(id);

	fputs("sample_time,instance", out);
	for (uint32_t c = 0; c < t->n_columns; c++)
		if (value_wanted(&t->columns[c]))
			fprintf(out, ",%s", t->columns[c].key);
	putc('\n', out);
	fflush(out);
}

/* The cells of one row. Not known, and an empty set, are empty fields. */
static void
write_row(FILE *out, const struct hf_rows *rows, uint32_t i)
{
	const struct hf_table *t = rows->table;
	struct hf_value v;

	for (uint32_t c = 0; c < t->n_columns; c++) {
		if (!value_wanted(&t->columns[c]))
			continue;
		value_of(&v, &t->columns[c], table_row(rows, i));
		putc(',', out);
		if (v.kind != HF_VALUE_SET || v.bits != 0)
			write_field(out, v.text);
	}
	putc('\n', out);
}

/* Events are written once each, in the order in which they came; a sample has the newest first. */
static void
write_events(FILE *out, const struct hf_sample *s, const char *lead, uint64_t *seen)
{
	struct hf_rows rows = table_rows(s, HF_TABLE_EVENTS);

	for (uint32_t i = view_fresh_events(s, seen); i-- > 0;) {
		fputs(lead, out);
		write_row(out, &rows, i);
	}
}

void
view_csv(FILE *out, const struct hf_sample *s, double now_s, enum hf_table_id id, uint64_t *seen)
{
	struct hf_rows rows = table_rows(s, id);
	char utc[32], lead[sizeof(utc) + sizeof(s->instance) + 1];

	if (s->state != HF_SAMPLE_WARMING && s->state != HF_SAMPLE_LIVE)
		return;
	format_utc(utc, sizeof(utc), now_s);
	snprintf(lead, sizeof(lead), "%s,%s", utc, s->instance);
	if (id == HF_TABLE_EVENTS) {
		write_events(out, s, lead, seen);
	} else {
		for (uint32_t i = 0; i < rows.n; i++) {
			fputs(lead, out);
			write_row(out, &rows, i);
		}
	}
	fflush(out);
}

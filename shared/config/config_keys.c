/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of keys for people: as plain text for `--help-config`, as roff for the manual page.
 */
#include <string.h>

#include "config_table.h"

#define COLUMN_MAX 128
#define HELP_WIDTH 92 /* columns of help text after its indent */

struct columns {
	char values[COLUMN_MAX]; /* what may stand there */
	const char *def;
	const char *unit;
	const char *change;
};

static void
describe_values(const struct config_row *row, char *buf, size_t len)
{
	char range[48];

	config_row_range(row, range, sizeof(range));
	switch (row->type) {
	case CONFIG_INT:
		snprintf(buf, len, "%s%s", range, row->power_of_two ? ", power of two" : "");
		break;
	case CONFIG_COUNT:
		snprintf(buf, len, "%s, or a list", range);
		break;
	case CONFIG_LIST:
		snprintf(buf, len, "list of %s", range);
		break;
	case CONFIG_TEXT:
		snprintf(buf, len, "text, up to %u bytes", row->size - 1);
		break;
	default:
		config_row_kind(row, buf, len);
	}
}

static void
describe(const struct config_row *row, struct columns *c)
{
	describe_values(row, c->values, sizeof(c->values));
	c->def = row->default_help != NULL ? row->default_help : row->def;
	c->unit = row->unit != NULL ? row->unit : "-";
	c->change = row->reloadable ? "running" : "restart";
}

/* Help text, broken at blanks. */
static void
print_wrapped(FILE *out, const char *text, int indent)
{
	while (*text != '\0') {
		size_t len = strlen(text);

		if (len > HELP_WIDTH) {
			len = HELP_WIDTH;
			while (len > 0 && text[len] != ' ')
				len--;
		}
		fprintf(out, "%*s%.*s\n", indent, "", (int)len, text);
		text += len;
		text += *text == ' ';
	}
}

static void
print_plain(FILE *out, const struct config_row *rows, size_t n)
{
	struct columns c;

	fprintf(out, "%-26s %-48s %-12s %-8s %s\n", "KEY", "VALUES", "UNIT", "CHANGE", "DEFAULT");
	for (size_t i = 0; i < n; i++) {
		describe(&rows[i], &c);
		fprintf(out, "%-26s %-48s %-12s %-8s %s\n", rows[i].path, c.values, c.unit,
			c.change, c.def);
		print_wrapped(out, rows[i].help, 4);
	}
	fputs("\nCHANGE: restart - when the primary starts again; running - at any time\n", out);
}

/* Text for roff: backslashes doubled, and no line that begins as a request would. */
static void
print_roff_text(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
	fputc('\n', out);
}

static void
print_roff(FILE *out, const struct config_row *rows, size_t n)
{
	struct columns c;

	for (size_t i = 0; i < n; i++) {
		describe(&rows[i], &c);
		fprintf(out, ".TP\n.B ");
		print_roff_text(out, rows[i].path);
		print_roff_text(out, rows[i].help);
		fprintf(out, ".br\nValues: ");
		print_roff_text(out, c.values);
		if (rows[i].unit != NULL)
			fprintf(out, ".br\nUnit: %s\n", c.unit);
		fprintf(out, ".br\nDefault: ");
		print_roff_text(out, c.def);
		if (rows[i].reloadable)
			fprintf(out, ".br\nMay be changed while the instance runs.\n");
	}
}

void
hf_config_print_keys(FILE *out, int roff)
{
	size_t n;
	const struct config_row *rows = config_table_rows(&n);

	if (roff)
		print_roff(out, rows, n);
	else
		print_plain(out, rows, n);
}

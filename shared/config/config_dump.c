/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The effective configuration as YAML, all keys written out. Reading it back gives the same
 * configuration. Walks the table in its order; changes nothing.
 */
#include <string.h>

#include "config_table.h"

#define INDENT 2

struct dump {
	const struct hf_config *cfg;
	FILE *out;
};

static void dump_level(const struct dump *d, const char *prefix, const char *base, int indent,
		       int dash);

static void
dump_text(const struct dump *d, const char *text)
{
	fputc('"', d->out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', d->out);
		fputc(*text, d->out);
	}
	fputc('"', d->out);
}

static void
dump_rss_key(const struct dump *d)
{
	const struct hf_config *cfg = d->cfg;

	if (strcmp(cfg->rss_key_name, "hex") != 0) {
		fputs(cfg->rss_key_name, d->out);
		return;
	}
	fputc('"', d->out);
	for (uint32_t i = 0; i < cfg->rss_key_len; i++)
		fprintf(d->out, "%02x", cfg->rss_key[i]);
	fputc('"', d->out);
}

static void
dump_rss_fields(const struct dump *d, const struct config_row *row)
{
	const char *separator = "";

	fputc('[', d->out);
	for (int i = 0; row->words[i] != NULL; i++) {
		if ((d->cfg->rss_fields >> i & 1) == 0)
			continue;
		fprintf(d->out, "%s%s", separator, row->words[i]);
		separator = ", ";
	}
	fputc(']', d->out);
}

static void
dump_rss_reta(const struct dump *d, int indent)
{
	const struct hf_config *cfg = d->cfg;
	uint16_t even[HF_CONFIG_RETA_MAX];

	config_reta_even(even, cfg->reta_size, cfg->n_lanes);
	if (memcmp(even, cfg->reta, cfg->reta_size * sizeof(even[0])) == 0) {
		fputs("even", d->out);
		return;
	}
	fputc('[', d->out);
	for (uint32_t i = 0; i < cfg->reta_size; i++) {
		if (i > 0)
			fputs(i % 16 == 0 ? "," : ", ", d->out);
		if (i > 0 && i % 16 == 0)
			fprintf(d->out, "\n%*s", indent + INDENT, "");
		fprintf(d->out, "%u", cfg->reta[i]);
	}
	fputc(']', d->out);
}

static void
dump_integer(const struct dump *d, const struct config_row *row, const char *base)
{
	int64_t v = config_value_get(base, row);

	if (row->word != NULL && v == row->word_value)
		fputs(row->word, d->out);
	else
		fprintf(d->out, "%lld", (long long)v);
}

static void
dump_value(const struct dump *d, const struct config_row *row, const char *base, int indent)
{
	const char *text = base + row->off;

	switch (row->type) {
	case CONFIG_INT:
		dump_integer(d, row, base);
		break;
	case CONFIG_BOOL:
		fputs(config_value_get(base, row) != 0 ? "true" : "false", d->out);
		break;
	case CONFIG_WORD:
		fputs(row->store_text ? text : row->words[config_value_get(base, row)], d->out);
		break;
	case CONFIG_TEXT:
		if (row->word != NULL && text[0] == '\0')
			fputs(row->word, d->out);
		else
			dump_text(d, text);
		break;
	case CONFIG_RSS_KEY:
		dump_rss_key(d);
		break;
	case CONFIG_RSS_FIELDS:
		dump_rss_fields(d, row);
		break;
	case CONFIG_RSS_RETA:
		dump_rss_reta(d, indent);
		break;
	default:
		break;
	}
	fputc('\n', d->out);
}

static void
dump_list(const struct dump *d, const struct config_row *row, int indent)
{
	const char *base = (const char *)d->cfg;
	char prefix[CONFIG_PATH_MAX];
	uint32_t n;

	memcpy(&n, base + row->count_off, sizeof(n));
	snprintf(prefix, sizeof(prefix), "%s[].", row->path);
	fputc('\n', d->out);
	for (uint32_t i = 0; i < n; i++)
		dump_level(d, prefix, base + row->off + (size_t)i * row->elem_size, indent + INDENT,
			   1);
}

/* The key after its indent, with "- " in it where a list's element begins. */
static void
dump_key(const struct dump *d, const char *key, size_t len, int indent, int dash)
{
	fprintf(d->out, "%*s%s%.*s:", indent, "", dash ? "- " : "", (int)len, key);
}

/* Is the row the first of those that share its next section below prefix? */
static int
opens_section(const struct config_row *first, const struct config_row *row, size_t len)
{
	return row == first || strncmp((row - 1)->path, row->path, len) != 0;
}

/*
 * Rows directly below prefix ("", "ring.", "ports[]."), and sections below them. dash: this is one
 * element of a list, whose first key carries the dash.
 */
static void
dump_level(const struct dump *d, const char *prefix, const char *base, int indent, int dash)
{
	size_t n, below = strlen(prefix);
	const struct config_row *rows = config_table_rows(&n);
	int inner = indent + (dash ? INDENT : 0);

	for (const struct config_row *row = rows; row < rows + n; row++) {
		const char *key = row->path + below;
		size_t len;

		if (strncmp(row->path, prefix, below) != 0)
			continue;
		len = strcspn(key, ".[");
		if (key[len] == '[' || (key[len] == '.' && !opens_section(rows, row, below + len)))
			continue;
		dump_key(d, key, len, dash ? indent : inner, dash);
		dash = 0;
		if (key[len] == '.') {
			char section[CONFIG_PATH_MAX];

			snprintf(section, sizeof(section), "%.*s", (int)(below + len + 1),
				 row->path);
			fputc('\n', d->out);
			dump_level(d, section, base, inner + INDENT, 0);
		} else if (row->elem_size != 0) {
			dump_list(d, row, inner);
		} else {
			fputc(' ', d->out);
			dump_value(d, row, base, inner);
		}
	}
}

void
hf_config_dump(const struct hf_config *cfg, FILE *out)
{
	struct dump d = {cfg, out};

	dump_level(&d, "", (const char *)cfg, 0, 0);
}

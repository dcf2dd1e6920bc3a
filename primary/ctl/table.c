/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A list of JSON objects as an aligned table. Knows formats, not what the figures mean.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "units.h"

#define CELL_BYTES  320
#define COLUMNS_MAX 20

int
ctl_use_colour(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

const char *
ctl_format_duration(char *buf, size_t len, double seconds)
{
	unsigned long long s = seconds > 0 ? (unsigned long long)seconds : 0;
	unsigned int clock = (unsigned int)(s % 86400);
	int n = 0;

	if (s >= 86400)
		n = snprintf(buf, len, "%llud ", s / 86400);
	snprintf(buf + n, len - (size_t)n, "%u:%02u:%02u", clock / 3600, clock / 60 % 60,
		 clock % 60);
	return buf;
}

static void
format_protocol(char *buf, size_t len, json_int_t proto)
{
	static const struct {
		int number;
		const char *name;
	} known[] = {{1, "icmp"}, {2, "igmp"}, {6, "tcp"},     {17, "udp"},  {47, "gre"},
		     {50, "esp"}, {51, "ah"},  {58, "icmpv6"}, {89, "ospf"}, {132, "sctp"}};

	snprintf(buf, len, "%d", (int)proto);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].number == proto)
			snprintf(buf, len, "%s", known[i].name);
}

static void
format_lanes(char *buf, size_t len, const json_t *list)
{
	uint64_t bits = 0;
	const json_t *lane;
	size_t i;

	json_array_foreach(list, i,
			   lane) if (json_integer_value(lane) >= 0 && json_integer_value(lane) < 64)
		bits |= UINT64_C(1) << json_integer_value(lane);
	hf_format_set(buf, len, bits);
}

/* Whatever a worker called itself must not move the cursor. */
static void
clean(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static void
format_text(char *buf, size_t len, const json_t *value)
{
	const char *text = json_string_value(value);

	snprintf(buf, len, "%s", text != NULL ? text : "-");
	clean(buf);
}

/* A list of texts with commas between them. */
static void
format_names(char *buf, size_t len, const json_t *list)
{
	size_t i, used = 0;
	const json_t *name;

	snprintf(buf, len, "-");
	json_array_foreach(list, i, name)
	{
		if (used + 40 > len)
			break;
		used += (size_t)snprintf(buf + used, len - used, "%s%s", i > 0 ? "," : "",
					 json_string_value(name));
	}
	clean(buf);
}

static void
format_number(char *buf, size_t len, const json_t *value)
{
	if (json_is_real(value))
		snprintf(buf, len, "%.1f", json_real_value(value));
	else
		snprintf(buf, len, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
}

static void
format_cell(char *buf, size_t len, const json_t *value, enum ctl_format format, double now_s)
{
	double number = json_number_value(value);

	if (value == NULL || json_is_null(value)) {
		snprintf(buf, len, "-");
		return;
	}
	switch (format) {
	case CTL_TEXT:
	case CTL_STATE:
		format_text(buf, len, value);
		break;
	case CTL_NAMES:
		format_names(buf, len, value);
		break;
	case CTL_LANES:
		format_lanes(buf, len, value);
		break;
	case CTL_YES:
		snprintf(buf, len, "%s", json_is_true(value) ? "yes" : "-");
		break;
	case CTL_PROTOCOL:
		format_protocol(buf, len, json_integer_value(value));
		break;
	case CTL_NUMBER:
	case CTL_BAD:
		format_number(buf, len, value);
		break;
	case CTL_SI:
		hf_format_si(buf, len, number);
		break;
	case CTL_PERCENT:
		snprintf(buf, len, "%.0f%%", number);
		break;
	case CTL_AGE_MS:
		ctl_format_duration(buf, len, number / 1000);
		break;
	case CTL_SINCE:
		ctl_format_duration(buf, len, now_s - number);
		break;
	}
}

/* Escape sequence that goes before the cell, "" for none. */
static const char *
colour_of(const char *text, const json_t *value, enum ctl_format format)
{
	static const char *const good[] = {"up", "running", "ready"};
	static const char *const bad[] = {"down", "dead", "dirty", "broken", "gone", "free"};

	if (format == CTL_BAD)
		return json_number_value(value) != 0 ? "\033[31m" : "";
	if (format != CTL_STATE)
		return "";
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (strcmp(text, good[i]) == 0)
			return "\033[32m";
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strcmp(text, bad[i]) == 0)
			return "\033[31m";
	return "\033[33m";
}

/* Characters, not bytes, of UTF-8. */
static int
width_of(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static void
print_cell(FILE *out, const char *text, int width, const struct ctl_column *column, int last,
	   const char *colour)
{
	int right = column->format >= CTL_NUMBER;
	int space = width - width_of(text);

	if (right)
		fprintf(out, "%*s", space, "");
	fprintf(out, "%s%s%s", colour, text, colour[0] != '\0' ? "\033[0m" : "");
	if (!right && !last)
		fprintf(out, "%*s", space, "");
	fputs(last ? "\n" : "  ", out);
}

static void
measure(const json_t *list, const struct ctl_column *columns, size_t n, double now_s, int *width)
{
	const json_t *row;
	char cell[CELL_BYTES];
	size_t r;

	for (size_t i = 0; i < n; i++)
		width[i] = width_of(columns[i].title);
	json_array_foreach(list, r, row)
	{
		for (size_t i = 0; i < n; i++) {
			int w;

			format_cell(cell, sizeof(cell), json_object_get(row, columns[i].key),
				    columns[i].format, now_s);
			w = width_of(cell);
			width[i] = w > width[i] ? w : width[i];
		}
	}
}

void
ctl_table_print(FILE *out, const json_t *list, const struct ctl_column *columns, size_t n_columns,
		double now_s, int colour)
{
	int width[COLUMNS_MAX];
	const json_t *row;
	char cell[CELL_BYTES];
	size_t r, n = n_columns < COLUMNS_MAX ? n_columns : COLUMNS_MAX;

	measure(list, columns, n, now_s, width);
	for (size_t i = 0; i < n; i++)
		print_cell(out, columns[i].title, width[i], &columns[i], i + 1 == n,
			   colour ? "\033[1m" : "");
	json_array_foreach(list, r, row)
	{
		for (size_t i = 0; i < n; i++) {
			const json_t *value = json_object_get(row, columns[i].key);

			format_cell(cell, sizeof(cell), value, columns[i].format, now_s);
			print_cell(out, cell, width[i], &columns[i], i + 1 == n,
				   colour ? colour_of(cell, value, columns[i].format) : "");
		}
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions to the table of keys: which row, which is near, what may stand there. Pure functions.
 */
#include "config_table.h"

#include <string.h>

const struct config_row *
config_table_find(const char *path)
{
	size_t n;
	const struct config_row *rows = config_table_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].path, path) == 0)
			return &rows[i];
	return NULL;
}

int
config_table_is_section(const char *path)
{
	size_t n, len = strlen(path);
	const struct config_row *rows = config_table_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (strncmp(rows[i].path, path, len) == 0 && rows[i].path[len] == '.')
			return 1;
	return 0;
}

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein distance of a to the first b_len bytes of b. */
static size_t
edit_distance(const char *a, const char *b, size_t b_len)
{
	size_t row[CONFIG_PATH_MAX + 1];
	size_t a_len = strlen(a);

	if (a_len > CONFIG_PATH_MAX || b_len > CONFIG_PATH_MAX)
		return CONFIG_PATH_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t up = row[j];

			row[j] = least(up + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = up;
		}
	}
	return row[b_len];
}

static const char *
last_part(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

/* How far an unknown key is from the first len bytes of a row's path. */
static size_t
distance(const char *unknown, const char *path, size_t len)
{
	size_t d = edit_distance(unknown, path, len);

	/* The right word in the wrong section is as good as one wrong letter. */
	if (d > 1 && path[len] == '\0' && strcmp(last_part(unknown), last_part(path)) == 0)
		return 1;
	return d;
}

const char *
config_table_nearest(const char *path, char *buf, size_t len)
{
	size_t n, d, part_len = strlen(last_part(path));
	size_t best = part_len < 4 ? 2 : 4; /* first distance that is too far */
	const struct config_row *rows = config_table_rows(&n);

	buf[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		const char *p = rows[i].path;

		/* Each section above the key is a candidate too: "ports", "ports[].tx" ... */
		for (size_t k = strcspn(p, ".["); k > 0; k += strcspn(p + k, ".[")) {
			d = distance(path, p, k);
			if (d > 0 && d < best && k < len) {
				best = d;
				memcpy(buf, p, k);
				buf[k] = '\0';
			}
			if (p[k] == '\0')
				break;
			k += p[k] == '[' ? strlen("[].") : strlen(".");
		}
	}
	return buf;
}

const char *
config_row_range(const struct config_row *row, char *buf, size_t len)
{
	if (row->word != NULL)
		snprintf(buf, len, "%lld to %lld, or %s", (long long)row->min, (long long)row->max,
			 row->word);
	else
		snprintf(buf, len, "%lld to %lld", (long long)row->min, (long long)row->max);
	return buf;
}

/* "a, b, c" after what buf holds. */
static const char *
append_words(const char *const *words, char *buf, size_t len)
{
	size_t at = strlen(buf);

	for (size_t i = 0; words[i] != NULL && at < len; i++)
		at += (size_t)snprintf(buf + at, len - at, "%s%s", i > 0 ? ", " : "", words[i]);
	return buf;
}

const char *
config_row_kind(const struct config_row *row, char *buf, size_t len)
{
	static const char *const kinds[] = {
		[CONFIG_INT] = "an integer",
		[CONFIG_BOOL] = "true or false",
		[CONFIG_WORD] = "one of ",
		[CONFIG_TEXT] = "text",
		[CONFIG_LIST] = "a list of mappings",
		[CONFIG_COUNT] = "an integer or a list of mappings",
		[CONFIG_RSS_KEY] = "symmetric, default or 40 or 52 bytes in hex",
		[CONFIG_RSS_FIELDS] = "all or a list of ",
		[CONFIG_RSS_RETA] = "even or a list of lanes",
	};

	snprintf(buf, len, "%s", kinds[row->type]);
	if (row->words != NULL)
		append_words(row->words, buf, len);
	if (row->type == CONFIG_INT && row->word != NULL)
		snprintf(buf, len, "an integer or %s", row->word);
	if (row->type == CONFIG_INT && row->elem_size != 0)
		snprintf(buf, len, "%s", kinds[CONFIG_COUNT]);
	return buf;
}

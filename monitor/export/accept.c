/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the Accept header of a scrape. What cannot be read counts as not there.
 */
#include "accept.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OPENMETRICS "application/openmetrics-text"

/* The media range at *text, without blanks around it, into a string of its own; *text moves on. */
static int
next_range(const char **text, char *range, size_t len)
{
	size_t n;

	*text += strspn(*text, " \t,");
	n = strcspn(*text, ",");
	if (n == 0)
		return 0;
	if (n >= len)
		n = len - 1;
	memcpy(range, *text, n);
	range[n] = '\0';
	*text += strcspn(*text, ",");
	return 1;
}

/* The parameter "name=" of a media range: where its value begins, or NULL. */
static const char *
parameter(const char *range, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = strchr(range, ';'); p != NULL; p = strchr(p, ';')) {
		p++;
		p += strspn(p, " \t");
		if (strncasecmp(p, name, n) == 0 && p[n] == '=')
			return p + n + 1 + (p[n + 1] == '"');
	}
	return NULL;
}

static double
quality(const char *range)
{
	const char *q = parameter(range, "q");
	double value = q != NULL ? strtod(q, NULL) : 1;

	return value >= 0 && value <= 1 ? value : 0;
}

static int
is_type(const char *range, const char *type)
{
	size_t n = strlen(type);

	return strncasecmp(range, type, n) == 0 && strchr(" \t;", range[n]) != NULL;
}

/* Version 1.x is written; 0.0.1, its draft, is not. */
static int
speaks_version(const char *range)
{
	const char *version = parameter(range, "version");

	return version == NULL || strncmp(version, "1.", 2) == 0;
}

enum metrics_format
accept_parse(const char *accept)
{
	double text = 0, open = 0;
	char range[128];

	if (accept == NULL)
		return METRICS_TEXT;
	while (next_range(&accept, range, sizeof(range))) {
		double q = quality(range);

		if (is_type(range, OPENMETRICS) && speaks_version(range) && q > open)
			open = q;
		else if (is_type(range, "text/plain") && q > text)
			text = q;
	}
	return open > 0 && open >= text ? METRICS_OPENMETRICS : METRICS_TEXT;
}

const char *
accept_content_type(enum metrics_format format)
{
	if (format == METRICS_OPENMETRICS)
		return OPENMETRICS "; version=1.0.0; charset=utf-8";
	return "text/plain; version=0.0.4; charset=utf-8";
}

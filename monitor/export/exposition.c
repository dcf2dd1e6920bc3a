/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines of an exposition, in the text format of Prometheus (0.0.4) or as OpenMetrics (1.0.0). The
 * two differ in what the head of a family says: OpenMetrics names it without _total and _info, and
 * knows units. Writes to the stream it is given and nowhere else.
 */
#include "exposition.h"

#include <inttypes.h>

int
exposition_next(struct exposition *w, uint32_t *i)
{
	while (*i < w->n && w->looks[*i].err != 0)
		++*i;
	if (*i == w->n)
		return 0;
	w->s = w->looks[(*i)++].sample;
	w->hz = (double)w->s->tsc_hz;
	return 1;
}

const char *
exposition_suffix(enum metric_type type)
{
	return type == METRIC_COUNTER ? "_total" : type == METRIC_INFO ? "_info" : "";
}

static const char *
type_name(const struct exposition *w, enum metric_type type)
{
	static const char *const names[] = {"counter", "gauge", "info", "histogram"};

	return type == METRIC_INFO && !w->open ? "gauge" : names[type];
}

void
exposition_head(const struct exposition *w, const char *name, enum metric_type type,
		const char *unit, const char *help)
{
	const char *end = w->open ? "" : exposition_suffix(type);

	fprintf(w->out, "# HELP " METRIC_PREFIX "%s%s %s\n", name, end, help);
	fprintf(w->out, "# TYPE " METRIC_PREFIX "%s%s %s\n", name, end, type_name(w, type));
	if (w->open && unit != NULL)
		fprintf(w->out, "# UNIT " METRIC_PREFIX "%s %s\n", name, unit);
}

void
exposition_label(const struct exposition *w, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	fprintf(w->out, ",%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			putc('\\', w->out);
		putc(*value, w->out);
	}
	putc('"', w->out);
}

void
exposition_series(const struct exposition *w, const char *name, const char *end)
{
	fprintf(w->out, METRIC_PREFIX "%s%s{" METRIC_INSTANCE "=\"%s\"", name, end, w->s->instance);
}

void
exposition_count(const struct exposition *w, uint64_t n)
{
	fprintf(w->out, "} %" PRIu64 "\n", n);
}

void
exposition_number(const struct exposition *w, double n)
{
	fprintf(w->out, "} %.9g\n", n);
}

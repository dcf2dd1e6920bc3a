/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The layout of samples as text. Pure functions.
 */
#include "layout.h"

#include <stdarg.h>
#include <stdio.h>

#include "table.h"

/* A field of the sample itself: what belongs to no table. */
struct field {
	const char *name;
	size_t offset, bytes;
};

#define FIELD(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct hf_sample, name), sizeof(((struct hf_sample *)0)->name)     \
	}

static const struct field fields[] = {
	FIELD(state),
	FIELD(why),
	FIELD(instance),
	FIELD(segment_state),
	FIELD(program_version),
	FIELD(dpdk_version),
	FIELD(primary_pid),
	FIELD(alone),
	FIELD(silent),
	FIELD(time_s),
	FIELD(uptime_s),
	FIELD(interval_s),
	FIELD(sort),
	FIELD(reverse),
	FIELD(filter),
	FIELD(n_ports),
	FIELD(n_io),
	FIELD(n_lanes),
	FIELD(n_workers),
	FIELD(n_pools),
	FIELD(n_drops),
	FIELD(n_skips),
	FIELD(n_events),
	FIELD(totals),
	FIELD(drops),
	FIELD(skips),
	FIELD(flows.n),
	FIELD(flows.live),
	FIELD(flows.matched),
	FIELD(flows.skipped),
};

/* Text that grows; what does not fit is left away. */
struct text {
	char *buf;
	size_t len, n;
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->n, t->len - t->n, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < t->len - t->n)
		t->n += (size_t)n;
}

static void
describe_table(struct text *t, const struct hf_sample *s, enum hf_table_id id)
{
	struct hf_rows rows = table_rows(s, id);
	size_t offset = sizeof(*s);

	if (id != HF_TABLE_FLOWS)
		offset = (size_t)((const char *)rows.row - (const char *)s);
	add(t, "table %s %zu %zu\n", rows.table->key, offset, rows.table->row_bytes);
	for (uint32_t i = 0; i < rows.table->n_columns; i++) {
		const struct hf_column *c = &rows.table->columns[i];

		add(t, "cell %s %d %zu\n", c->key, (int)c->cell, c->offset);
	}
}

size_t
layout_describe(char *buf, size_t len)
{
	static const struct hf_sample none;
	struct text t = {.buf = buf, .len = len};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		add(&t, "field %s %zu %zu\n", fields[i].name, fields[i].offset, fields[i].bytes);
	for (int i = 0; i < HF_TABLE_COUNT; i++)
		describe_table(&t, &none, (enum hf_table_id)i);
	return t.n;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes metrics in the text format of Prometheus (0.0.4) or as OpenMetrics (1.0.0). The two differ
 * in what the head of a family says: OpenMetrics names it without _total and _info, knows units and
 * ends with "# EOF". Writes to the stream it is given and nowhere else.
 */
#include "metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "value.h"
#include "version.h"

/* One exposition under way. */
struct writer {
	FILE *out;
	int open; /* OpenMetrics */
	const struct hf_sample *s;
	double hz;
};

static const char *const gap_kinds[HF_GAP_KINDS] = {
	[HF_GAP_HANDOVER] = "handover",
	[HF_GAP_TAKEOVER] = "takeover",
};

static const char *
suffix(enum metric_type type)
{
	return type == METRIC_COUNTER ? "_total" : type == METRIC_INFO ? "_info" : "";
}

static const char *
type_name(const struct writer *w, enum metric_type type)
{
	static const char *const names[] = {"counter", "gauge", "info", "histogram"};

	return type == METRIC_INFO && !w->open ? "gauge" : names[type];
}

static void
write_head(const struct writer *w, const char *name, enum metric_type type, const char *unit,
	   const char *help)
{
	const char *end = w->open ? "" : suffix(type);

	fprintf(w->out, "# HELP " METRIC_PREFIX "%s%s %s\n", name, end, help);
	fprintf(w->out, "# TYPE " METRIC_PREFIX "%s%s %s\n", name, end, type_name(w, type));
	if (w->open && unit != NULL)
		fprintf(w->out, "# UNIT " METRIC_PREFIX "%s %s\n", name, unit);
}

/* name="value", behind a comma; nothing when there is no value. */
static void
write_label(const struct writer *w, const char *name, const char *value)
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

/* The name of a series and its first label; the others, '}' and the value follow. */
static void
begin_series(const struct writer *w, const char *name, const char *end)
{
	fprintf(w->out, METRIC_PREFIX "%s%s{" METRIC_INSTANCE "=\"%s\"", name, end, w->s->instance);
}

static void
end_count(const struct writer *w, uint64_t n)
{
	fprintf(w->out, "} %" PRIu64 "\n", n);
}

static void
end_number(const struct writer *w, double n)
{
	fprintf(w->out, "} %.9g\n", n);
}

/* The number a field stands for; NAN: not known. Counts of 2^53 and more are not lost: see
 * count_of(). */
static double
number_of(const struct writer *w, const struct metric *m, const char *field)
{
	uint64_t wide;
	uint32_t word;
	double number;

	if (m->field == METRIC_SECONDS) {
		memcpy(&number, field, sizeof(number));
		return number;
	}
	if (m->field == METRIC_MBITS) {
		memcpy(&word, field, sizeof(word));
		return word == 0 || word == UINT32_MAX ? NAN : word * 1e6 / 8;
	}
	memcpy(&wide, field, sizeof(wide));
	if (wide == HF_UNKNOWN)
		return NAN;
	return (double)wide / (m->field == METRIC_TICKS   ? w->hz
			       : m->field == METRIC_NANOS ? 1e9
							  : 1e6);
}

/* A field that is a whole number. Returns 0: not known. */
static int
count_of(const struct metric *m, const char *field, uint64_t *n)
{
	uint32_t word;

	if (m->field == METRIC_U64) {
		memcpy(n, field, sizeof(*n));
		return *n != HF_UNKNOWN;
	}
	if (m->field == METRIC_ONE) {
		*n = 1;
		return 1;
	}
	memcpy(&word, field, sizeof(word));
	*n = word;
	return m->field != METRIC_FLAG || word <= 1;
}

static int
is_whole(const struct metric *m)
{
	return m->field == METRIC_U64 || m->field == METRIC_U32 || m->field == METRIC_FLAG ||
	       m->field == METRIC_ONE;
}

/* The labels that are columns of the row. */
static void
write_labels(const struct writer *w, const struct metric *m, const struct hf_table *t,
	     const void *row)
{
	struct hf_value v;

	for (uint32_t i = 0; i < METRIC_MAX_LABELS && m->labels[i].name != NULL; i++) {
		for (uint32_t c = 0; c < t->n_columns; c++) {
			if (strcmp(t->columns[c].key, m->labels[i].column) != 0)
				continue;
			value_of(&v, &t->columns[c], row);
			write_label(w, m->labels[i].name, v.text);
		}
	}
	if (m->fixed != NULL)
		fprintf(w->out, ",%s", m->fixed);
}

static void
write_series(const struct writer *w, const struct metric *m, const struct hf_table *t,
	     const void *row)
{
	const char *field = (const char *)row + m->offset;
	uint64_t count = 0;
	double number = 0;

	if (is_whole(m) ? !count_of(m, field, &count) : !isfinite(number = number_of(w, m, field)))
		return;
	begin_series(w, m->name, suffix(m->type));
	write_labels(w, m, t, row);
	if (is_whole(m))
		end_count(w, count);
	else
		end_number(w, number);
}

/* A row of the table of metrics; its head, when it begins a family. */
static void
write_metric(const struct writer *w, const struct metric *m, int begins)
{
	struct hf_rows rows = {.n = 1};

	if (begins)
		write_head(w, m->name, m->type, m->unit, m->help);
	if (m->table == HF_TABLE_COUNT) {
		write_series(w, m, NULL, w->s);
		return;
	}
	rows = table_rows(w->s, m->table);
	for (uint32_t i = 0; i < rows.n; i++)
		write_series(w, m, rows.table, table_row(&rows, i));
}

static void
write_all(const struct writer *w)
{
	const struct metric *m;
	uint32_t n;

	m = metrics_table(&n);
	for (uint32_t i = 0; i < n; i++)
		write_metric(w, &m[i], i == 0 || strcmp(m[i].name, m[i - 1].name) != 0);
}

/* Every reason that this version knows, with or without packets, so that a rate begins at 0. */
static void
write_drops(const struct writer *w)
{
	write_head(w, "lane_drop_packets", METRIC_COUNTER, NULL,
		   "Packets of the lane that were dropped, by reason.");
	for (uint32_t l = 0; l < w->s->n_lanes; l++) {
		const struct hf_lane_row *row = &w->s->lanes[l];

		for (uint32_t d = 0; d < w->s->n_drops && row->drops != HF_UNKNOWN; d++) {
			begin_series(w, "lane_drop_packets", "_total");
			fprintf(w->out, ",lane=\"%" PRIu32 "\"", row->lane);
			write_label(w, "reason", w->s->drops[d].reason);
			end_count(w, row->totals.drop[d]);
		}
	}
}

static void
write_skips(const struct writer *w)
{
	write_head(w, "flow_skipped_packets", METRIC_COUNTER, NULL,
		   "Packets that were counted in no flow, by reason.");
	for (uint32_t k = 0; k < w->s->n_skips; k++) {
		begin_series(w, "flow_skipped_packets", "_total");
		write_label(w, "reason", w->s->skips[k].reason);
		end_count(w, w->s->skips[k].packets);
	}
}

/* Bucket b of a lane's gaps ends at 2^b us, the last one nowhere. */
static void
write_buckets(const struct writer *w, const struct hf_lane_row *row, unsigned int kind)
{
	uint64_t n = 0;

	for (unsigned int b = 0; b < HF_GAP_BUCKETS; b++) {
		n += row->gap_counts[kind][b];
		begin_series(w, "lane_gap_seconds", "_bucket");
		fprintf(w->out, ",lane=\"%" PRIu32 "\",kind=\"%s\"", row->lane, gap_kinds[kind]);
		if (b + 1 < HF_GAP_BUCKETS)
			fprintf(w->out, ",le=\"%.7g\"", (double)(UINT64_C(1) << b) / 1e6);
		else
			fputs(",le=\"+Inf\"", w->out);
		end_count(w, n);
	}
	begin_series(w, "lane_gap_seconds", "_sum");
	fprintf(w->out, ",lane=\"%" PRIu32 "\",kind=\"%s\"", row->lane, gap_kinds[kind]);
	end_number(w, (double)row->gap_sum_ns[kind] / 1e9);
	begin_series(w, "lane_gap_seconds", "_count");
	fprintf(w->out, ",lane=\"%" PRIu32 "\",kind=\"%s\"", row->lane, gap_kinds[kind]);
	end_count(w, n);
}

static void
write_gaps(const struct writer *w)
{
	write_head(w, "lane_gap_seconds", METRIC_HISTOGRAM, "seconds",
		   "From the last packet of an owner to the first of the next: planned changes "
		   "(handover), and those after a death (takeover).");
	for (uint32_t l = 0; l < w->s->n_lanes; l++)
		for (unsigned int k = 0; k < HF_GAP_KINDS; k++)
			write_buckets(w, &w->s->lanes[l], k);
}

static void
write_events(const struct writer *w)
{
	write_head(w, "events", METRIC_COUNTER, NULL,
		   "Events so far: starts, changes of owner, deaths, links.");
	begin_series(w, "events", "_total");
	end_count(w, w->s->n_events > 0 ? w->s->events[0].seq : 0);
}

static void
write_versions(const struct writer *w)
{
	write_head(w, "build", METRIC_INFO, NULL, "Versions of the primary and of DPDK.");
	begin_series(w, "build", "_info");
	write_label(w, "version", w->s->program_version);
	write_label(w, "dpdk", w->s->dpdk_version);
	end_count(w, 1);
}

const char *
metrics_reason(int err)
{
	switch (err) {
	case 0:
		return "";
	case -ENOENT:
		return "no_instance";
	case -EACCES:
		return "no_permission";
	case -EPROTO:
		return "other_version";
	case -EAGAIN:
		return "starting";
	case -ESRCH:
		return "primary_gone";
	case -EFAULT:
		return "segment_lost";
	default:
		return "error";
	}
}

/* What there is to say although there is no sample. */
static void
write_exporter(const struct writer *w, int err, double took_s)
{
	write_head(w, "up", METRIC_GAUGE, NULL, "1 when the instance could be looked at.");
	begin_series(w, "up", "");
	end_count(w, err == 0);
	if (err != 0) {
		write_head(w, "down", METRIC_INFO, NULL, "Why holdfast_up is 0.");
		begin_series(w, "down", "_info");
		write_label(w, "reason", metrics_reason(err));
		end_count(w, 1);
	}
	write_head(w, "exporter", METRIC_INFO, NULL, "Version of the exporter.");
	begin_series(w, "exporter", "_info");
	write_label(w, "version", HF_VERSION);
	end_count(w, 1);
	write_head(w, "look_seconds", METRIC_GAUGE, "seconds",
		   "Time this look at the instance took.");
	begin_series(w, "look_seconds", "");
	end_number(w, took_s);
}

void
metrics_write(FILE *out, enum metrics_format format, const struct hf_sample *s, int err,
	      double took_s)
{
	struct writer w = {.out = out, .open = format == METRICS_OPENMETRICS, .s = s};

	w.hz = (double)s->tsc_hz;
	write_exporter(&w, err, took_s);
	if (err == 0) {
		write_versions(&w);
		write_all(&w);
		write_drops(&w);
		write_gaps(&w);
		write_skips(&w);
		write_events(&w);
	}
	if (w.open)
		fputs("# EOF\n", out);
}

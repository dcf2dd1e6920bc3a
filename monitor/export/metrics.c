/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What there is to say, family by family: those of the table (families.c), and those whose labels
 * are no columns. Reads looks and writes to the stream it is given.
 */
#include "exposition.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "value.h"
#include "version.h"

static const char *const gap_kinds[HF_GAP_KINDS] = {
	[HF_GAP_HANDOVER] = "handover",
	[HF_GAP_TAKEOVER] = "takeover",
};

/* The number a field that is no whole one stands for; NAN: not known. */
static double
number_of(const struct exposition *w, const struct metric *m, const char *field)
{
	uint64_t wide;
	uint32_t word;
	double number;

	if (m->field == METRIC_NUMBER) {
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
write_labels(const struct exposition *w, const struct metric *m, const struct hf_table *t,
	     const void *row)
{
	struct hf_value v;

	for (uint32_t i = 0; i < METRIC_MAX_LABELS && m->labels[i].name != NULL; i++) {
		for (uint32_t c = 0; c < t->n_columns; c++) {
			if (strcmp(t->columns[c].key, m->labels[i].column) != 0)
				continue;
			value_of(&v, &t->columns[c], row);
			exposition_label(w, m->labels[i].name, v.text);
		}
	}
	if (m->fixed != NULL)
		fprintf(w->out, ",%s", m->fixed);
}

static void
write_series(const struct exposition *w, const struct metric *m, const struct hf_table *t,
	     const void *row)
{
	const char *field = (const char *)row + m->offset;
	uint64_t count = 0;
	double number = 0;

	if (is_whole(m) ? !count_of(m, field, &count) : !isfinite(number = number_of(w, m, field)))
		return;
	exposition_series(w, m->name, exposition_suffix(m->type));
	write_labels(w, m, t, row);
	if (is_whole(m))
		exposition_count(w, count);
	else
		exposition_number(w, number);
}

/* The series of one row of the table of metrics. */
static void
write_metric(const struct exposition *w, const struct metric *m)
{
	struct hf_rows rows = {.n = 1};

	if (m->table == HF_TABLE_COUNT) {
		write_series(w, m, NULL, w->s);
		return;
	}
	rows = table_rows(w->s, m->table);
	for (uint32_t i = 0; i < rows.n; i++)
		write_series(w, m, rows.table, table_row(&rows, i));
}

static void
write_table(struct exposition *w)
{
	const struct metric *m;
	uint32_t n;

	m = metrics_table(&n);
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(m[i].name, m[i - 1].name) != 0)
			exposition_head(w, m[i].name, m[i].type, m[i].unit, m[i].help);
		for (uint32_t k = 0; exposition_next(w, &k);)
			write_metric(w, &m[i]);
	}
}

/* Every reason that this version knows, with or without packets, so that a rate begins at 0. */
static void
write_drops(const struct exposition *w)
{
	for (uint32_t l = 0; l < w->s->n_lanes; l++) {
		const struct hf_lane_row *row = &w->s->lanes[l];

		for (uint32_t d = 0; d < w->s->n_drops && row->drops != HF_UNKNOWN; d++) {
			exposition_series(w, "lane_drop_packets", "_total");
			fprintf(w->out, ",lane=\"%" PRIu32 "\"", row->lane);
			exposition_label(w, "reason", w->s->drops[d].reason);
			exposition_count(w, row->totals.drop[d]);
		}
	}
}

static void
write_skips(const struct exposition *w)
{
	for (uint32_t k = 0; k < w->s->n_skips; k++) {
		exposition_series(w, "flow_skipped_packets", "_total");
		exposition_label(w, "reason", w->s->skips[k].reason);
		exposition_count(w, w->s->skips[k].packets);
	}
}

/* Bucket b of a lane's gaps ends at 2^b us, the last one nowhere. */
static void
write_buckets(const struct exposition *w, const struct hf_lane_row *row, unsigned int kind)
{
	uint64_t n = 0;

	for (unsigned int b = 0; b < HF_GAP_BUCKETS; b++) {
		n += row->gap_counts[kind][b];
		exposition_series(w, "lane_gap_seconds", "_bucket");
		fprintf(w->out, ",lane=\"%" PRIu32 "\",kind=\"%s\"", row->lane, gap_kinds[kind]);
		if (b + 1 < HF_GAP_BUCKETS)
			fprintf(w->out, ",le=\"%.7g\"", (double)(UINT64_C(1) << b) / 1e6);
		else
			fputs(",le=\"+Inf\"", w->out);
		exposition_count(w, n);
	}
	exposition_series(w, "lane_gap_seconds", "_sum");
	fprintf(w->out, ",lane=\"%" PRIu32 "\",kind=\"%s\"", row->lane, gap_kinds[kind]);
	exposition_number(w, (double)row->gap_sum_ns[kind] / 1e9);
	exposition_series(w, "lane_gap_seconds", "_count");
	fprintf(w->out, ",lane=\"%" PRIu32 "\",kind=\"%s\"", row->lane, gap_kinds[kind]);
	exposition_count(w, n);
}

static void
write_gaps(const struct exposition *w)
{
	for (uint32_t l = 0; l < w->s->n_lanes; l++)
		for (unsigned int k = 0; k < HF_GAP_KINDS; k++)
			write_buckets(w, &w->s->lanes[l], k);
}

static void
write_events(const struct exposition *w)
{
	exposition_series(w, "events", "_total");
	exposition_count(w, w->s->n_events > 0 ? w->s->events[0].seq : 0);
}

static void
write_versions(const struct exposition *w)
{
	exposition_series(w, "build", "_info");
	exposition_label(w, "version", w->s->program_version);
	exposition_label(w, "dpdk", w->s->dpdk_version);
	exposition_count(w, 1);
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

/* The families that are no columns of one table. */
static const struct {
	const char *name;
	enum metric_type type;
	const char *unit;
	const char *help;
	void (*write)(const struct exposition *w);
} families[] = {
	{"build", METRIC_INFO, NULL, "Versions of the primary and of DPDK.", write_versions},
	{"lane_drop_packets", METRIC_COUNTER, NULL,
	 "Packets of the lane that were dropped, by reason.", write_drops},
	{"lane_gap_seconds", METRIC_HISTOGRAM, "seconds",
	 "From the last packet of an owner to the first of the next: planned changes (handover), "
	 "and those after a death (takeover).",
	 write_gaps},
	{"flow_skipped_packets", METRIC_COUNTER, NULL,
	 "Packets that were counted in no flow, by reason.", write_skips},
	{"events", METRIC_COUNTER, NULL, "Events so far: starts, changes of owner, deaths, links.",
	 write_events},
};

static void
write_others(struct exposition *w)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		exposition_head(w, families[i].name, families[i].type, families[i].unit,
				families[i].help);
		for (uint32_t k = 0; exposition_next(w, &k);)
			families[i].write(w);
	}
}

/* Takes look number i, with or without a sample of now. Returns 0 behind the last one. */
static int
any_look(struct exposition *w, uint32_t i)
{
	if (i < w->n)
		w->s = w->looks[i].sample;
	return i < w->n;
}

static void
write_reasons(struct exposition *w)
{
	exposition_head(w, "down", METRIC_INFO, NULL, "Why holdfast_up is 0.");
	for (uint32_t i = 0; any_look(w, i); i++) {
		if (w->looks[i].err == 0)
			continue;
		exposition_series(w, "down", "_info");
		exposition_label(w, "reason", metrics_reason(w->looks[i].err));
		exposition_count(w, 1);
	}
}

/* What there is to say although there is no sample. */
static void
write_exporter(struct exposition *w)
{
	exposition_head(w, "up", METRIC_GAUGE, NULL, "1 when the instance could be looked at.");
	for (uint32_t i = 0; any_look(w, i); i++) {
		exposition_series(w, "up", "");
		exposition_count(w, w->looks[i].err == 0);
	}
	write_reasons(w);
	exposition_head(w, "exporter", METRIC_INFO, NULL, "Version of the exporter.");
	for (uint32_t i = 0; any_look(w, i); i++) {
		exposition_series(w, "exporter", "_info");
		exposition_label(w, "version", HF_VERSION);
		exposition_count(w, 1);
	}
	exposition_head(w, "look_seconds", METRIC_GAUGE, "seconds",
			"Time this look at the instance took.");
	for (uint32_t i = 0; any_look(w, i); i++) {
		exposition_series(w, "look_seconds", "");
		exposition_number(w, w->looks[i].took_s);
	}
}

void
metrics_write(FILE *out, enum metrics_format format, const struct metrics_look *looks, uint32_t n)
{
	struct exposition w = {.out = out,
			       .open = format == METRICS_OPENMETRICS,
			       .looks = looks,
			       .n = n};
	uint32_t first = 0;

	write_exporter(&w);
	if (exposition_next(&w, &first)) {
		write_table(&w);
		write_others(&w);
	}
	if (w.open)
		fputs("# EOF\n", out);
}

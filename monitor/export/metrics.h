/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sample as metrics for Prometheus. What there is stands in a table (families.c), by name, type
 * and field of a row; a few families whose labels are no columns are written by hand (metrics.c).
 * Main thread only.
 *
 * A family without a value is left out: what is not known is absent, never 0. No family has a label
 * of unbounded values: no flows, no pids.
 */
#ifndef HF_MONITOR_METRICS_H
#define HF_MONITOR_METRICS_H

#include <stdio.h>

#include "accept.h"
#include "table.h"

#define METRIC_PREFIX     "holdfast_"
#define METRIC_MAX_LABELS 4

/*
 * The label that every series has. Not "instance": that is what Prometheus calls the address which
 * it scrapes.
 */
#define METRIC_INSTANCE "holdfast_instance"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_INFO, METRIC_HISTOGRAM };

/* The field behind a value. */
enum metric_field {
	METRIC_U64,    /* uint64_t */
	METRIC_U32,    /* uint32_t */
	METRIC_FLAG,   /* uint32_t: 0 or 1, else not known */
	METRIC_TICKS,  /* uint64_t of the time stamp counter, written in seconds */
	METRIC_NANOS,  /* uint64_t, written in seconds */
	METRIC_MICROS, /* uint64_t, written in seconds */
	METRIC_NUMBER, /* double */
	METRIC_MBITS,  /* uint32_t in Mbit/s, 0 not known; written in bytes a second */
	METRIC_ONE,    /* 1 for every row */
};

/* A label: its name, and the column of the table that holds its value. */
struct metric_label {
	const char *name;
	const char *column;
};

/*
 * One series for each row of a table. Rows of the table below with the same name follow one
 * another and make one family; the help of the first counts.
 */
struct metric {
	const char *name; /* without prefix, _total and _info */
	const char *unit; /* the name ends with it; NULL: none */
	enum metric_type type;
	enum metric_field field;
	enum hf_table_id table; /* HF_TABLE_COUNT: the sample itself is the only row */
	size_t offset;
	const struct metric_label *labels; /* METRIC_MAX_LABELS, NULL names at the end */
	const char *fixed;                 /* one more label, as it is written; NULL: none */
	const char *help;
};

const struct metric *metrics_table(uint32_t *n);

/* Why there is no instance to look at, in one word without changing parts; err as source_poll(). */
const char *metrics_reason(int err);

/* One instance as it was looked at. */
struct metrics_look {
	const struct hf_sample *sample;
	int err;       /* 0, or why there is no fresh sample (-errno of feed_step()) */
	double took_s; /* what the look cost */
};

/*
 * Writes all that is known of n instances, family by family. Of one without a sample that is
 * whether it is up, and why not.
 */
void metrics_write(FILE *out, enum metrics_format format, const struct metrics_look *looks,
		   uint32_t n);

#endif

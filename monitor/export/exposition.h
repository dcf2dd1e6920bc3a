/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines of which an exposition is made: heads of families, and series, which are begun, given
 * their labels, and ended with a value. Main thread only.
 */
#ifndef HF_MONITOR_EXPOSITION_H
#define HF_MONITOR_EXPOSITION_H

#include "metrics.h"

/* One exposition under way. */
struct exposition {
	FILE *out;
	int open; /* OpenMetrics */
	const struct metrics_look *looks;
	uint32_t n;
	const struct hf_sample *s; /* of the look whose series are written */
	double hz;
};

/* "_total", "_info" or "": what the names of a type's series end with. */
const char *exposition_suffix(enum metric_type type);

/* HELP and TYPE of a family, and UNIT (NULL: none) where the format has it. */
void exposition_head(const struct exposition *w, const char *name, enum metric_type type,
		     const char *unit, const char *help);

/* The name of a series, with end behind it, and its first label; the others follow. */
void exposition_series(const struct exposition *w, const char *name, const char *end);

/* name="value", behind a comma; nothing when value is empty. */
void exposition_label(const struct exposition *w, const char *name, const char *value);

/* The value that ends a series. */
void exposition_count(const struct exposition *w, uint64_t n);
void exposition_number(const struct exposition *w, double n);

/* Takes the next look that has a sample, from number *i on. Returns 0 when there is none. */
int exposition_next(struct exposition *w, uint32_t *i);

#endif

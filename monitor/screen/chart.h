/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Series of the history as lines of small bars. Reads the history, draws on a canvas. Main thread
 * only.
 */
#ifndef HF_MONITOR_CHART_H
#define HF_MONITOR_CHART_H

#include "views.h"

#define CHART_MAX 512 /* values of a chart at most */

/* Minutes that a chart spans: the last five, fewer where the history is shorter. */
int chart_minutes(const struct hf_shown *shown);

/*
 * The series in lines lines of width characters, its end at the time of the sample that is shown,
 * its height top (<= 0: the largest value). Returns the largest value; 0 when nothing is known.
 */
double chart_draw(struct hf_canvas *c, int x, int y, int width, int lines,
		  const struct hf_shown *shown, const struct hf_series *what, double top,
		  enum hf_style style);

/*
 * The same with its name, its largest value and its span in CHART_LABEL columns before it. top: as
 * above. Returns the line below.
 */
#define CHART_LABEL 10
int chart_named(struct hf_canvas *c, int y, int lines, const struct hf_shown *shown,
		const char *name, const struct hf_series *what, double top, enum hf_style style);

#endif

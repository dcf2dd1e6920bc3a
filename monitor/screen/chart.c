/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bars from a series: one character a value in one line, or stacked in several.
 */
#include "chart.h"

#include <math.h>

#include "format.h"
#include "spark.h"

#define STEPS 8 /* heights of a character */

int
chart_minutes(const struct hf_shown *shown)
{
	double seconds = 0;

	if (shown->history != NULL && history_count(shown->history) > 0)
		seconds = shown->sample->time_s - history_time(shown->history, 0);
	return seconds <= 60 ? 1 : seconds <= 120 ? 2 : 5;
}

/* Line `line` from the bottom of a bar of height steps. */
static const char *
block(int steps, int line)
{
	static const char *const blocks[] = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
					     "\u2585", "\u2586", "\u2587", "\u2588"};
	int here = steps - line * STEPS;

	return blocks[here < 0 ? 0 : here > STEPS ? STEPS : here];
}

static void
bar(struct hf_canvas *c, int x, int y, int lines, float value, float top, enum hf_style style)
{
	int steps = 0;

	if (isnan(value))
		return;
	if (value > 0 && top > 0)
		steps = (int)ceilf(fminf(value / top, 1) * (float)(lines * STEPS));
	if (steps == 0) { /* known, and nothing */
		canvas_put(c, x, y + lines - 1, HF_STYLE_DIM, "\u2581");
		return;
	}
	for (int i = 0; i < lines; i++)
		canvas_put(c, x, y + lines - 1 - i, style, block(steps, i));
}

double
chart_draw(struct hf_canvas *c, int x, int y, int width, int lines, const struct hf_shown *shown,
	   const struct hf_series *what, double top, enum hf_style style)
{
	float values[CHART_MAX], most;

	width = width > CHART_MAX ? CHART_MAX : width;
	if (width < 1 || lines < 1 || shown->history == NULL)
		return 0;
	history_series(shown->history, what, shown->sample->time_s,
		       chart_minutes(shown) * 60.0 / width, values, (uint32_t)width);
	most = spark_top(values, (uint32_t)width);
	for (int i = 0; i < width; i++)
		bar(c, x + i, y, lines, values[i], top > 0 ? (float)top : most, style);
	return most;
}

int
chart_named(struct hf_canvas *c, int y, int lines, const struct hf_shown *shown, const char *name,
	    const struct hf_series *what, double top, enum hf_style style)
{
	char most[24];
	double max;

	if (lines < 1)
		return y;
	max = chart_draw(c, CHART_LABEL, y, c->width - CHART_LABEL - 1, lines, shown, what, top,
			 style);
	canvas_put(c, 1, y, HF_STYLE_DIM, name);
	format_number(most, sizeof(most), top > 0 ? top : max, 0);
	if (lines > 1)
		canvas_print(c, 1, y + 1, HF_STYLE_DIM, "to %s", most);
	if (lines > 2)
		canvas_print(c, 1, y + lines - 1, HF_STYLE_DIM, "%d min", chart_minutes(shown));
	return y + lines;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws a sample on a curses screen of any size down to 1x1. All text is ASCII. Reads the sample
 * alone; the screen is opened and closed by screen.c. Main thread only.
 */
#ifndef HF_MONITOR_DRAW_H
#define HF_MONITOR_DRAW_H

#include "sample.h"

struct hf_draw {
	int paused;
	int help;
	uint32_t scroll;  /* first flow that is shown; draw_sample() keeps it in range */
	uint32_t visible; /* flows that had room; set by draw_sample() */
};

/* Sets up colours, or none. Once, after the screen is open. */
void draw_init(int color);

/* Draws everything and brings it to the terminal. */
void draw_sample(struct hf_draw *d, const struct hf_sample *s);

#endif

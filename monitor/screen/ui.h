/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The screen without a terminal: which view is shown, what keys and mouse do, what is around the
 * view (title, tabs, state, help, last line). Takes no samples and knows no curses. Main thread
 * only.
 */
#ifndef HF_MONITOR_UI_H
#define HF_MONITOR_UI_H

#include "picker.h"
#include "prompt.h"
#include "seek.h"
#include "views.h"

#define UI_INTERVAL_LEAST 0.1
#define UI_INTERVAL_MOST  10.0

enum hf_click { HF_CLICK, HF_CLICK_TWICE, HF_WHEEL_UP, HF_WHEEL_DOWN };

struct hf_ui {
	uint32_t current; /* view, from 0 */
	struct hf_view_state states[HF_VIEW_COUNT];
	struct hf_wish wish;
	double interval_s;
	struct hf_seek seek; /* paused, or in the past */
	int help;
	int help_top; /* first line of it that is shown */
	int exact;
	struct hf_picker picker;
	struct hf_prompt prompt; /* for a filter */
	int quit;                /* the user wants to end */
};

void ui_init(struct hf_ui *ui, const struct hf_flow_query *flows, double interval_s);

/* Draws all of a canvas of any size. */
void ui_draw(struct hf_ui *ui, struct hf_canvas *c, const struct hf_shown *shown);

/* A key: a character or an enum hf_key. */
void ui_key(struct hf_ui *ui, const struct hf_shown *shown, int key);

/* The mouse at (x, y) of the canvas that was drawn last. */
void ui_mouse(struct hf_ui *ui, const struct hf_canvas *c, const struct hf_shown *shown, int x,
	      int y, enum hf_click click);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The views of the screen: one file each, view_NAME.c, and one row in the list of views.c. A view
 * reads what it is shown (struct hf_shown), keeps what the user set (struct hf_view_state), draws
 * on the canvas it is given and nowhere else. It opens nothing and knows no terminal. Main thread
 * only.
 */
#ifndef HF_MONITOR_VIEWS_H
#define HF_MONITOR_VIEWS_H

#include "canvas.h"
#include "history.h"
#include "keys.h"
#include "panel.h"
#include "sample.h"

#define HF_VIEW_COUNT 9

/* What a view cannot do without; else the screen says why instead. */
#define HF_NEED_SAMPLE 1U /* anything but WAITING */
#define HF_NEED_FLOWS  2U /* the scan of flows */

/* What views draw. */
struct hf_shown {
	const struct hf_sample *sample;   /* never NULL; the one before while paused */
	const struct hf_history *history; /* NULL: none */
	int exact;                        /* all digits */
	double now_s;                     /* the clock, seconds since 1970 */
};

/* What the user set in one view; zero at the start. */
struct hf_view_state {
	struct hf_panel panel;
	int details; /* 1: the selected row in full */
};

/* What a view may ask of those who take samples. */
struct hf_wish {
	struct hf_flow_query flows; /* which, in which order */
	int changed;                /* 1: a new sample is wanted soon */
};

struct hf_view {
	int number;       /* its key, 1 to 9 */
	const char *name; /* on its tab, up to 8 characters */
	uint32_t needs;
	void (*draw)(struct hf_canvas *c, struct hf_view_state *state,
		     const struct hf_shown *shown);
	/* Returns 1 when it took the action, else the panel gets it. NULL: the panel gets all. */
	int (*act)(struct hf_view_state *state, const struct hf_shown *shown, struct hf_wish *wish,
		   enum hf_action action);
};

/* Each in the file of its name. */
const struct hf_view *view_overview(void);
const struct hf_view *view_ports(void);
const struct hf_view *view_lanes(void);
const struct hf_view *view_workers(void);
const struct hf_view *view_flows(void);
const struct hf_view *view_drops(void);
const struct hf_view *view_memory(void);
const struct hf_view *view_numa(void);
const struct hf_view *view_events(void);

/* The views in the order of their numbers: view 1 is views_get(0). */
const struct hf_view *views_get(uint32_t index);

/* Hands an action to a view: to act, then to its panel. Returns 1 when it was taken. */
int views_act(const struct hf_view *view, struct hf_view_state *state, const struct hf_shown *shown,
	      struct hf_wish *wish, enum hf_action action);

/*
 * What most views are: one table on all of c, and when the user asked for it the selected row in
 * full below. sorted: as in panel_draw().
 */
void views_table(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown,
		 enum hf_table_id table, const struct hf_row_id *id, uint32_t sorted);

#endif

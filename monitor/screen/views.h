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
#include "instances.h"
#include "keys.h"
#include "panel.h"
#include "sample.h"

#define HF_VIEW_COUNT 9

/* What a view cannot do without; else the screen says why instead. */
#define HF_NEED_SAMPLE 1U /* anything but WAITING */

/* What views draw. */
struct hf_shown {
	const struct hf_sample *sample;       /* never NULL; the one before while paused */
	const struct hf_history *history;     /* NULL: none */
	const struct hf_instances *instances; /* for the picker; NULL: none */
	const char *note;                     /* what failed on the way; NULL or "": nothing */
	int recording;                        /* 1: samples go to a file */
	int replay;                           /* 1: they come from one */
	int exact;                            /* all digits */
	double now_s;                         /* the clock, seconds since 1970 */
};

/* What the user set in one view; zero at the start. */
struct hf_view_state {
	struct hf_panel panel;
	int details;                   /* 1: the selected row in full */
	int skipped, below, page;      /* lines of the details: above sight, below it, in it */
	char filter[PANEL_FILTER_LEN]; /* as the user typed it, "": none */
};

/* What a view may ask of those who take samples. */
struct hf_wish {
	struct hf_flow_query flows; /* which, in which order */
	int follow;                 /* 1: this flow is looked at closely */
	uint32_t follow_lane;
	struct hf_flow_key follow_key;
	int frozen;  /* 1: what is shown is of the past, and no scan changes it */
	int changed; /* 1: a new sample is wanted soon */
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
	/* Says after a drawing what it would have liked to know. NULL: nothing. */
	void (*want)(const struct hf_view_state *state, const struct hf_shown *shown,
		     struct hf_wish *wish);
	/*
	 * The filter that the user typed. Returns 0, or -EINVAL with one line in why. NULL: it is a
	 * text that a row of the panel must hold.
	 */
	int (*filter)(struct hf_view_state *state, struct hf_wish *wish, const char *text,
		      char *why, size_t len);
	/* A click on the head of a column. Returns 1 when it took it. NULL: the panel orders. */
	int (*order)(struct hf_view_state *state, struct hf_wish *wish, uint32_t column);
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

/* Draws a view on c, and finds how much of the details is out of sight. */
void views_draw(const struct hf_view *view, struct hf_canvas *c, struct hf_view_state *state,
		const struct hf_shown *shown);

/* Hands an action to a view: to act, then to its panel. Returns 1 when it was taken. */
int views_act(const struct hf_view *view, struct hf_view_state *state, const struct hf_shown *shown,
	      struct hf_wish *wish, enum hf_action action);

/* Filters what a view shows. Returns as hf_view.filter. */
int views_filter(const struct hf_view *view, struct hf_view_state *state, struct hf_wish *wish,
		 const char *text, char *why, size_t len);

/* Orders by a column, or, when it does already, the other way round. */
void views_order(const struct hf_view *view, struct hf_view_state *state, struct hf_wish *wish,
		 uint32_t column);

/*
 * Room for details on c: more lines than c has, those that are in sight as the user scrolled.
 */
struct hf_canvas views_details(const struct hf_canvas *c, struct hf_view_state *state);

/*
 * A table on all of c, or, when the details of its selected row are to be shown, on the upper third
 * of it. Returns what is below: nothing, or room for the details. sorted: as in panel_draw().
 */
struct hf_canvas views_upper(struct hf_canvas *c, struct hf_view_state *state,
			     const struct hf_shown *shown, enum hf_table_id table,
			     const struct hf_row_id *id, uint32_t sorted);

/*
 * What most views are: one table on all of c, and when the user asked for it the selected row in
 * full below. sorted: as in panel_draw().
 */
void views_table(struct hf_canvas *c, struct hf_view_state *state, const struct hf_shown *shown,
		 enum hf_table_id table, const struct hf_row_id *id, uint32_t sorted);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table on a canvas: ordered, scrolled, one row selected. The selection stays with its row (a
 * lane, a flow) when the order changes. Main thread only.
 */
#ifndef HF_MONITOR_PANEL_H
#define HF_MONITOR_PANEL_H

#include "canvas.h"
#include "keys.h"
#include "table.h"

#define PANEL_FILTER_LEN 256
#define PANEL_ID_LEN     64
#define PANEL_MAX_ROWS   8192U /* no table has more rows */

/* What the user set, and what the last drawing found. Zero at the start. */
struct hf_panel {
	uint32_t selected; /* in the order shown */
	uint32_t top;      /* first row shown */
	uint32_t skipped;  /* columns scrolled away, behind the first */
	uint32_t sort;     /* column + 1; 0: the rows as they come */
	int reverse;
	char filter[PANEL_FILTER_LEN]; /* only rows with this in a cell; "": all */
	int pinned;                    /* 1: the selection stays with its row even at the top */
	int came_reversed; /* the rows come from the least on: for the mark in the head */
	int moved;         /* the user selected a row: the selection goes where selected says */
	/* Found when it was drawn. */
	const struct hf_table *table;
	uint32_t n, visible, more; /* rows that match, those shown, columns that had no room */
	int gone;                  /* the selected row, pinned, is not among the rows now */
	uint8_t id[PANEL_ID_LEN];  /* of the selected row */
};

/* What tells a row from the others: so many bytes at an offset in it. */
struct hf_row_id {
	size_t offset;
	size_t bytes; /* up to PANEL_ID_LEN */
};

/*
 * Draws rows, head first, on all of c. sorted: the column that ordered them when they came (its
 * head is marked while panel->sort is 0), UINT32_MAX: none.
 */
void panel_draw(struct hf_canvas *c, struct hf_panel *panel, const struct hf_rows *rows,
		const struct hf_row_id *id, uint32_t sorted, int exact);

/* Moves, scrolls, orders. Returns 1 when action was one for a panel. */
int panel_act(struct hf_panel *panel, enum hf_action action);

/* The selected row among rows, NULL when there is none (any more). */
const void *panel_selected(const struct hf_panel *panel, const struct hf_rows *rows,
			   const struct hf_row_id *id);

/* All fields of a row, those of the JSON too, in as many columns as fit. Returns lines used. */
int panel_details(struct hf_canvas *c, const struct hf_rows *rows, const void *row, int exact);

/* A table without selection in at most lines lines, its head among them. Returns lines used. */
int panel_list(struct hf_canvas *c, int y, int lines, const struct hf_rows *rows, int exact);

#endif

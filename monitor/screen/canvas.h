/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A screen as an array of styled characters. Views draw on a canvas and know nothing of a terminal;
 * screen.c alone brings one to curses. A part of a canvas is a canvas: what is drawn on it is cut
 * at its edges, so that a view cannot write outside its area. Main thread only.
 */
#ifndef HF_MONITOR_CANVAS_H
#define HF_MONITOR_CANVAS_H

#include <stdint.h>

enum hf_style {
	HF_STYLE_NORMAL,
	HF_STYLE_DIM,
	HF_STYLE_BOLD,
	HF_STYLE_GOOD,
	HF_STYLE_WARN,
	HF_STYLE_BAD,
	HF_STYLE_BAR,  /* title and keys */
	HF_STYLE_TAB,  /* the view that is shown, among those that are not */
	HF_STYLE_HEAD, /* above columns */
	HF_STYLE_SORT, /* the head of the column that orders the rows */
	HF_STYLE_PICK, /* the selected row */
	HF_STYLE_COUNT,
};

/* One character of a screen; all are one column wide. */
struct hf_glyph {
	uint32_t code; /* Unicode */
	uint32_t style;
};

/* What a mouse finds at a place. */
enum hf_hit_kind {
	HF_HIT_NONE,
	HF_HIT_TAB,  /* value: number of the view */
	HF_HIT_ROW,  /* value: row in the order shown */
	HF_HIT_HEAD, /* value: column */
};

struct hf_hit {
	int x, y, width, height; /* on the whole screen */
	enum hf_hit_kind kind;
	uint32_t value;
};

#define CANVAS_MAX_HITS 1024

struct hf_canvas {
	struct hf_glyph *cells; /* of the whole screen, row by row */
	int stride;
	int left, top;       /* of this part, on the screen */
	int width, height;   /* of this part */
	int first, last;     /* lines of the screen that it may write: those before last */
	int ascii;           /* 1: what is not ASCII is replaced */
	struct hf_hit *hits; /* CANVAS_MAX_HITS */
	uint32_t *n_hits;
	int *lowest; /* the line below the lowest that had text, in sight or not */
};

/* A blank canvas. Returns 0 or -ENOMEM. Sizes below 1 are taken as 1. */
int canvas_init(struct hf_canvas *c, int width, int height, int ascii);
void canvas_free(struct hf_canvas *c);

/* Blanks everything and forgets the hits. Of a whole canvas. */
void canvas_clear(struct hf_canvas *c);

/* The part of c at (x, y), as far as it lies inside c. */
struct hf_canvas canvas_part(const struct hf_canvas *c, int x, int y, int width, int height);

/*
 * A canvas as wide as c and so many lines high, of which c shows those from line skip on. What is
 * drawn on the others is not seen.
 */
struct hf_canvas canvas_scrolled(const struct hf_canvas *c, int lines, int skip);

/* Forgets how low text was written. Of a whole canvas. */
void canvas_measure(struct hf_canvas *c);

/* Lines with text below the lower edge of c since canvas_measure(); negative: lines without. */
int canvas_below(const struct hf_canvas *c);

/* Writes text (UTF-8) in line y from x on, cut at the edges. Returns the column behind it. */
int canvas_put(struct hf_canvas *c, int x, int y, enum hf_style style, const char *text);

/* The same, printf-like, up to 511 bytes. */
int canvas_print(struct hf_canvas *c, int x, int y, enum hf_style style, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The same, ending before column right. Returns the column where it began. */
int canvas_put_right(struct hf_canvas *c, int right, int y, enum hf_style style, const char *text);

/* Blanks width characters in style. */
void canvas_fill(struct hf_canvas *c, int x, int y, int width, enum hf_style style);

/* Gives width characters another style. */
void canvas_restyle(struct hf_canvas *c, int x, int y, int width, enum hf_style style);

/* Columns that text takes. */
int canvas_width(const char *text);

/* A bar of width characters, filled to share (0 to 1; NAN: empty). */
void canvas_bar(struct hf_canvas *c, int x, int y, int width, double share, enum hf_style style);

/* Says what a mouse finds at width characters of line y. Silently none when there are too many. */
void canvas_hit(struct hf_canvas *c, int x, int y, int width, enum hf_hit_kind kind,
		uint32_t value);

/* What is at (x, y) of the screen; NULL: nothing. The latest wins. */
const struct hf_hit *canvas_find(const struct hf_canvas *c, int x, int y);

/* The character at (x, y) of this part. */
const struct hf_glyph *canvas_at(const struct hf_canvas *c, int x, int y);

#endif

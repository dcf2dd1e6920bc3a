/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Characters in an array, clipped. Owns the cells and hits of a canvas; knows no terminal.
 */
#include "canvas.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xfffdU

/* What stands for a character where only ASCII can be shown. */
static const struct {
	uint32_t code;
	char ascii;
} substitutes[] = {
	{0x2014, '-'}, {0x2026, '~'}, {0x00b7, '.'}, {0x00b5, 'u'}, {0x2500, '-'}, {0x2502, '|'},
	{0x250c, '+'}, {0x2510, '+'}, {0x2514, '+'}, {0x2518, '+'}, {0x251c, '+'}, {0x2524, '+'},
	{0x2581, '_'}, {0x2582, '.'}, {0x2583, ':'}, {0x2584, '-'}, {0x2585, '='}, {0x2586, '+'},
	{0x2587, '*'}, {0x2588, '#'}, {0x2589, '#'}, {0x258a, '#'}, {0x258b, '#'}, {0x258c, '='},
	{0x258d, '='}, {0x258e, '-'}, {0x258f, '-'}, {0x2591, '.'}, {0x2592, ':'}, {0x2593, '%'},
	{0x25b2, '^'}, {0x25bc, 'v'}, {0x25b6, '>'}, {0x25c0, '<'}, {0x25cf, 'o'}, {0x25cb, '.'},
	{0x2190, '<'}, {0x2191, '^'}, {0x2192, '>'}, {0x2193, 'v'}, {0x00b1, '~'},
};

int
canvas_init(struct hf_canvas *c, int width, int height, int ascii)
{
	width = width < 1 ? 1 : width;
	height = height < 1 ? 1 : height;
	*c = (struct hf_canvas){
		.width = width, .height = height, .last = height, .stride = width, .ascii = ascii};
	c->cells = calloc((size_t)width * (size_t)height, sizeof(*c->cells));
	c->hits = calloc(CANVAS_MAX_HITS, sizeof(*c->hits));
	c->n_hits = calloc(1, sizeof(*c->n_hits));
	c->lowest = calloc(1, sizeof(*c->lowest));
	if (c->cells == NULL || c->hits == NULL || c->n_hits == NULL || c->lowest == NULL) {
		canvas_free(c);
		return -ENOMEM;
	}
	canvas_clear(c);
	return 0;
}

void
canvas_free(struct hf_canvas *c)
{
	free(c->cells);
	free(c->hits);
	free(c->n_hits);
	free(c->lowest);
	*c = (struct hf_canvas){0};
}

void
canvas_clear(struct hf_canvas *c)
{
	for (int y = 0; y < c->height; y++)
		canvas_fill(c, 0, y, c->width, HF_STYLE_NORMAL);
	*c->n_hits = 0;
}

struct hf_canvas
canvas_part(const struct hf_canvas *c, int x, int y, int width, int height)
{
	struct hf_canvas part = *c;
	int right = x + width, bottom = y + height;

	x = x < 0 ? 0 : x > c->width ? c->width : x;
	y = y < 0 ? 0 : y > c->height ? c->height : y;
	right = right < x ? x : right > c->width ? c->width : right;
	bottom = bottom < y ? y : bottom > c->height ? c->height : bottom;
	part.left = c->left + x;
	part.top = c->top + y;
	part.width = right - x;
	part.height = bottom - y;
	return part;
}

struct hf_canvas
canvas_scrolled(const struct hf_canvas *c, int lines, int skip)
{
	struct hf_canvas all = *c;

	if (c->top > all.first)
		all.first = c->top;
	if (c->top + c->height < all.last)
		all.last = c->top + c->height;
	all.top -= skip;
	all.height = lines;
	return all;
}

void
canvas_measure(struct hf_canvas *c)
{
	*c->lowest = 0;
}

int
canvas_below(const struct hf_canvas *c)
{
	return *c->lowest - c->top - c->height;
}

/* Is line y of this part to be seen? */
static int
in_sight(const struct hf_canvas *c, int y)
{
	return y >= 0 && y < c->height && c->top + y >= c->first && c->top + y < c->last;
}

static struct hf_glyph *
cell(const struct hf_canvas *c, int x, int y)
{
	return &c->cells[(size_t)(c->top + y) * (size_t)c->stride + (size_t)(c->left + x)];
}

const struct hf_glyph *
canvas_at(const struct hf_canvas *c, int x, int y)
{
	return cell(c, x, y);
}

/* The next character of *text, which moves on. Bad UTF-8 gives REPLACEMENT, one a byte. */
static uint32_t
next_code(const char **text)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)*text;
	unsigned int more = p[0] < 0x80 ? 0 : p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;
	uint32_t code = more == 0 ? p[0] : p[0] & (0x3fU >> more);

	(*text)++;
	if (p[0] >= 0x80 && (p[0] < 0xc2 || p[0] > 0xf4))
		return REPLACEMENT;
	for (unsigned int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		code = code << 6 | (p[i] & 0x3fU);
	}
	if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return REPLACEMENT;
	*text += more;
	return code;
}

/* code as it can be shown: never a control character, ASCII where nothing else is understood. */
static uint32_t
shown(const struct hf_canvas *c, uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return '?';
	if (code < 0x7f || !c->ascii)
		return code;
	for (unsigned int i = 0; i < sizeof(substitutes) / sizeof(substitutes[0]); i++)
		if (substitutes[i].code == code)
			return (unsigned char)substitutes[i].ascii;
	return '?';
}

int
canvas_put(struct hf_canvas *c, int x, int y, enum hf_style style, const char *text)
{
	int inside = in_sight(c, y);

	/* A canvas of no cells measures text alone. */
	if (c->lowest != NULL && y >= 0 && y < c->height && c->top + y >= *c->lowest)
		*c->lowest = c->top + y + 1;
	while (*text != '\0') {
		uint32_t code = next_code(&text);

		if (inside && x >= 0 && x < c->width)
			*cell(c, x, y) = (struct hf_glyph){.code = shown(c, code), .style = style};
		x++;
	}
	return x;
}

int
canvas_print(struct hf_canvas *c, int x, int y, enum hf_style style, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return canvas_put(c, x, y, style, text);
}

int
canvas_width(const char *text)
{
	int n = 0;

	while (*text != '\0') {
		next_code(&text);
		n++;
	}
	return n;
}

int
canvas_put_right(struct hf_canvas *c, int right, int y, enum hf_style style, const char *text)
{
	int x = right - canvas_width(text);

	canvas_put(c, x, y, style, text);
	return x;
}

void
canvas_fill(struct hf_canvas *c, int x, int y, int width, enum hf_style style)
{
	if (!in_sight(c, y))
		return;
	for (int i = x < 0 ? 0 : x; i < x + width && i < c->width; i++)
		*cell(c, i, y) = (struct hf_glyph){.code = ' ', .style = style};
}

void
canvas_restyle(struct hf_canvas *c, int x, int y, int width, enum hf_style style)
{
	if (!in_sight(c, y))
		return;
	for (int i = x < 0 ? 0 : x; i < x + width && i < c->width; i++)
		cell(c, i, y)->style = style;
}

void
canvas_bar(struct hf_canvas *c, int x, int y, int width, double share, enum hf_style style)
{
	static const char *const eighths[] = {"\u2591", "\u258f", "\u258e", "\u258d",
					      "\u258c", "\u258b", "\u258a", "\u2589"};
	int full = 0;

	if (share > 0 && width > 0)
		full = (int)lround(fmin(share, 1) * width * 8);
	for (int i = 0; i < width; i++, full -= 8) {
		int on = full > 0;

		canvas_put(c, x + i, y, on ? style : HF_STYLE_DIM,
			   full >= 8 ? "\u2588" : eighths[on ? full : 0]);
	}
}

void
canvas_hit(struct hf_canvas *c, int x, int y, int width, enum hf_hit_kind kind, uint32_t value)
{
	struct hf_canvas place = canvas_part(c, x, y, width, 1);

	if (place.width == 0 || !in_sight(c, y) || *c->n_hits >= CANVAS_MAX_HITS)
		return;
	c->hits[(*c->n_hits)++] = (struct hf_hit){.x = place.left,
						  .y = place.top,
						  .width = place.width,
						  .height = 1,
						  .kind = kind,
						  .value = value};
}

const struct hf_hit *
canvas_find(const struct hf_canvas *c, int x, int y)
{
	for (uint32_t i = *c->n_hits; i > 0; i--) {
		const struct hf_hit *hit = &c->hits[i - 1];

		if (x >= hit->x && x < hit->x + hit->width && y >= hit->y &&
		    y < hit->y + hit->height)
			return hit;
	}
	return NULL;
}

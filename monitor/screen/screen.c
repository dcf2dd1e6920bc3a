/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop behind the screen: keys, samples, drawing; and the only file that knows curses. Owns the
 * terminal from newterm() to endwin(); every way out of screen_run() restores it.
 */
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "track.h"
#include "ui.h"

#define SOON_S      0.25 /* to the next sample, when the interval would be too long to wait */
#define KEY_WAIT_MS 25   /* for the rest of an escape sequence */
#define EMPTY_READS 3    /* readable but no key so often: the terminal is gone */

struct screen {
	const struct hf_options *options;
	struct hf_instances instances; /* while one is to be picked */
	struct hf_track track;
	struct hf_ui ui;
	struct hf_canvas canvas;
	attr_t looks[HF_STYLE_COUNT];
	int ascii;
	int empty_reads;
};

static const attr_t plain_looks[HF_STYLE_COUNT] = {
	[HF_STYLE_NORMAL] = A_NORMAL, [HF_STYLE_DIM] = A_NORMAL,
	[HF_STYLE_BOLD] = A_BOLD,     [HF_STYLE_GOOD] = A_NORMAL,
	[HF_STYLE_WARN] = A_BOLD,     [HF_STYLE_BAD] = A_BOLD | A_UNDERLINE,
	[HF_STYLE_BAR] = A_REVERSE,   [HF_STYLE_TAB] = A_REVERSE | A_BOLD,
	[HF_STYLE_HEAD] = A_REVERSE,  [HF_STYLE_SORT] = A_BOLD | A_UNDERLINE,
	[HF_STYLE_PICK] = A_REVERSE,
};

/* Colours of a terminal that has some; a pair is made for each. */
static const struct {
	short front, back;
	attr_t more;
} colors[HF_STYLE_COUNT] = {
	[HF_STYLE_NORMAL] = {-1, -1, A_NORMAL},
	[HF_STYLE_DIM] = {COLOR_BLUE, -1, A_NORMAL},
	[HF_STYLE_BOLD] = {-1, -1, A_BOLD},
	[HF_STYLE_GOOD] = {COLOR_GREEN, -1, A_NORMAL},
	[HF_STYLE_WARN] = {COLOR_YELLOW, -1, A_NORMAL},
	[HF_STYLE_BAD] = {COLOR_RED, -1, A_BOLD},
	[HF_STYLE_BAR] = {COLOR_WHITE, COLOR_BLUE, A_BOLD},
	[HF_STYLE_TAB] = {COLOR_BLACK, COLOR_CYAN, A_BOLD},
	[HF_STYLE_HEAD] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL},
	[HF_STYLE_SORT] = {COLOR_BLACK, COLOR_GREEN, A_NORMAL},
	[HF_STYLE_PICK] = {COLOR_BLACK, COLOR_WHITE, A_NORMAL},
};

/* Keys of curses that are no characters. */
static const struct {
	int curses, key;
} keys[] = {
	{KEY_UP, HF_KEY_UP},
	{KEY_DOWN, HF_KEY_DOWN},
	{KEY_LEFT, HF_KEY_LEFT},
	{KEY_RIGHT, HF_KEY_RIGHT},
	{KEY_PPAGE, HF_KEY_PAGE_UP},
	{KEY_NPAGE, HF_KEY_PAGE_DOWN},
	{KEY_HOME, HF_KEY_HOME},
	{KEY_END, HF_KEY_END},
	{KEY_BTAB, HF_KEY_BACKTAB},
	{KEY_F(1), HF_KEY_F1},
	{KEY_F(6), HF_KEY_F6},
	{KEY_ENTER, HF_KEY_ENTER},
	{KEY_BACKSPACE, HF_KEY_BACKSPACE},
};

static int
want_color(const struct hf_options *o)
{
	const char *no = getenv("NO_COLOR");

	return !o->no_color && (no == NULL || no[0] == '\0');
}

static void
set_looks(struct screen *sc, int color)
{
	memcpy(sc->looks, plain_looks, sizeof(sc->looks));
	if (!color || !has_colors() || start_color() != OK || COLOR_PAIRS <= HF_STYLE_COUNT ||
	    use_default_colors() != OK)
		return;
	for (short i = 0; i < HF_STYLE_COUNT; i++) {
		init_pair((short)(i + 1), colors[i].front, colors[i].back);
		sc->looks[i] = (attr_t)COLOR_PAIR(i + 1) | colors[i].more;
	}
}

/* A canvas of the terminal's size. Keeps the old one when there is no memory. */
static void
fit(struct screen *sc)
{
	struct hf_canvas next;

	if (sc->canvas.cells != NULL && sc->canvas.width == COLS && sc->canvas.height == LINES)
		return;
	if (canvas_init(&next, COLS, LINES, sc->ascii) != 0)
		return;
	canvas_free(&sc->canvas);
	sc->canvas = next;
}

/* One line of the canvas, in runs of one style. */
static void
show_line(const struct screen *sc, int y)
{
	wchar_t run[256];
	int x = 0;

	while (x < sc->canvas.width) {
		uint32_t style = canvas_at(&sc->canvas, x, y)->style;
		int first = x, n = 0;

		while (x < sc->canvas.width && n < 256 &&
		       canvas_at(&sc->canvas, x, y)->style == style)
			run[n++] = (wchar_t)canvas_at(&sc->canvas, x++, y)->code;
		attrset(sc->looks[style]);
		mvaddnwstr(y, first, run, n);
	}
}

static struct hf_shown
shown_of(const struct screen *sc)
{
	const struct hf_sample *sample = track_sample(&sc->track, &sc->ui.seek);

	return (struct hf_shown){.sample = sample,
				 .history = &sc->track.history,
				 .instances = sc->instances.names.n > 0 ? &sc->instances : NULL,
				 .note = sc->track.note,
				 .recording = sc->track.recorder.fd >= 0,
				 .replay = sc->track.replay,
				 .exact = sc->ui.exact,
				 .now_s = sc->track.replay ? sample->time_s : loop_now()};
}

/* Draws on the canvas; what keys do depends on what was drawn. */
static void
draw(struct screen *sc)
{
	struct hf_shown shown = shown_of(sc);

	fit(sc);
	if (sc->canvas.cells != NULL)
		ui_draw(&sc->ui, &sc->canvas, &shown);
}

static void
show(struct screen *sc)
{
	draw(sc);
	if (sc->canvas.cells == NULL)
		return;
	erase();
	for (int y = 0; y < sc->canvas.height && y < LINES; y++)
		show_line(sc, y);
	refresh();
}

static void
handle_mouse(struct screen *sc, const struct hf_shown *shown)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return;
	if ((event.bstate & BUTTON1_DOUBLE_CLICKED) != 0)
		ui_mouse(&sc->ui, &sc->canvas, shown, event.x, event.y, HF_CLICK_TWICE);
	else if ((event.bstate & (BUTTON1_CLICKED | BUTTON1_PRESSED)) != 0)
		ui_mouse(&sc->ui, &sc->canvas, shown, event.x, event.y, HF_CLICK);
	else if ((event.bstate & BUTTON4_PRESSED) != 0)
		ui_mouse(&sc->ui, &sc->canvas, shown, event.x, event.y, HF_WHEEL_UP);
	else if ((event.bstate & BUTTON5_PRESSED) != 0)
		ui_mouse(&sc->ui, &sc->canvas, shown, event.x, event.y, HF_WHEEL_DOWN);
}

static void
handle_key(struct screen *sc, int status, wint_t code)
{
	struct hf_shown shown = shown_of(sc);
	int key = (int)code, held = sc->ui.seek.on;

	if (status == KEY_CODE_YES && code == KEY_MOUSE) {
		handle_mouse(sc, &shown);
		return;
	}
	if (status == KEY_CODE_YES) {
		key = 0; /* KEY_RESIZE too: the next drawing has the new size */
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (keys[i].curses == (int)code)
				key = keys[i].key;
	} else if (key == '\r') {
		key = HF_KEY_ENTER;
	} else if (key == 0x08) {
		key = HF_KEY_BACKSPACE;
	}
	ui_key(&sc->ui, &shown, key);
	track_seek(&sc->track, &sc->ui.seek, held);
}

/* Handles all keys there are. readable: the terminal said that there is something. */
static void
read_keys(struct screen *sc, int readable)
{
	int status, any = 0;
	wint_t code;

	while (!sc->ui.quit && (status = get_wch(&code)) != ERR) {
		if (any)
			draw(sc);
		handle_key(sc, status, code);
		any = 1;
	}
	sc->empty_reads = readable > 0 && !any ? sc->empty_reads + 1 : 0;
	if (readable < 0 || sc->empty_reads >= EMPTY_READS)
		sc->ui.quit = 1;
}

/* While the picker is open: the instances there are, and what they do. */
static void
look_around(struct screen *sc)
{
	struct hf_instance_names there = sc->options->named;

	if (!sc->ui.picker.on || sc->track.replay) {
		if (sc->instances.names.n > 0)
			instances_close(&sc->instances);
		return;
	}
	if (there.n < 2)
		instances_find(&there);
	if (memcmp(&there, &sc->instances.names, sizeof(there)) != 0)
		instances_open(&sc->instances, &there);
	instances_look(&sc->instances);
}

/* Shows the instance that was picked, from its first sample on. */
static void
change_instance(struct screen *sc)
{
	if (track_change(&sc->track, sc->ui.picker.picked) != 0)
		sc->ui.quit = 1;
	sc->ui.picker.picked[0] = '\0';
	sc->ui.seek.on = 0;
}

/* Takes a sample. Returns the seconds to the next one. */
static double
step(struct screen *sc)
{
	look_around(sc);
	return track_step(&sc->track, &sc->ui.wish, &sc->ui.seek, sc->ui.interval_s);
}

static void
run(struct screen *sc, const struct hf_options *o)
{
	int input = isatty(STDIN_FILENO) ? STDIN_FILENO : -1;
	struct timespec deadline = loop_after(0);

	while (!sc->ui.quit && !loop_stopped()) {
		if (loop_due(&deadline))
			loop_advance(&deadline, step(sc));
		show(sc);
		if (o->count != 0 && sc->track.taken >= o->count)
			return;
		read_keys(sc, loop_wait(input, &deadline));
		if (sc->ui.picker.picked[0] != '\0') {
			change_instance(sc);
			deadline = loop_after(0);
		}
		/* A new order of flows wants a scan soon, but rates want some time. */
		if (sc->ui.wish.changed && loop_left(&deadline) > SOON_S)
			deadline = loop_after(SOON_S);
		sc->ui.wish.changed = 0;
	}
}

static void
open_terminal(struct screen *sc, const struct hf_options *o)
{
	set_escdelay(KEY_WAIT_MS);
	cbreak();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	curs_set(0);
	mouseinterval(200);
	mousemask(BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED,
		  NULL);
	set_looks(sc, want_color(o));
}

/* The instance that is shown first; several and none of them named: the user picks. */
static void
begin_with(struct screen *sc, char instance[HF_INSTANCE_LEN])
{
	const struct hf_options *o = sc->options;
	struct hf_instance_names there;

	snprintf(instance, HF_INSTANCE_LEN, "%s", o->instance);
	if (o->named.n > 0 || o->past.replay != NULL)
		return;
	instances_find(&there);
	for (uint32_t i = 0; i < there.n; i++)
		if (strcmp(there.name[i], instance) == 0)
			return;
	if (there.n == 1)
		snprintf(instance, HF_INSTANCE_LEN, "%s", there.name[0]);
	sc->ui.picker.on = there.n > 1;
}

int
screen_run(const struct hf_options *o)
{
	struct screen sc = {.options = o};
	const char *term = getenv("TERM");
	char instance[HF_INSTANCE_LEN];
	SCREEN *terminal;
	int status;

	setlocale(LC_CTYPE, "");
	sc.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	ui_init(&sc.ui, &o->query, o->interval_s);
	sc.ui.exact = o->exact;
	begin_with(&sc, instance);
	status = track_open(&sc.track, o, instance);
	if (status != 0)
		return status;
	terminal = newterm(NULL, stdout, stdin);
	if (terminal == NULL) {
		hf_err("terminal %s: cannot be used: see --batch", term != NULL ? term : "(none)");
		track_close(&sc.track);
		return 1;
	}
	open_terminal(&sc, o);
	run(&sc, o);
	endwin();
	delscreen(terminal);
	canvas_free(&sc.canvas);
	instances_close(&sc.instances);
	track_close(&sc.track);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop behind the screen: keys, samples, drawing. Owns the terminal from newterm() to
 * endwin(); every way out of screen_run() restores it.
 */
#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "draw.h"
#include "feed.h"
#include "log.h"
#include "loop.h"

#define SOON_S      0.25 /* to the next sample, when the interval would be too long to wait */
#define KEY_WAIT_MS 25   /* for the rest of an escape sequence */
#define EMPTY_READS 3    /* readable but no key so often: the terminal is gone */

struct screen {
	struct hf_feed feed;
	struct hf_draw draw;
	int quit;
	int lost;  /* the last step had no segment */
	int hurry; /* the order of flows was changed */
	int empty_reads;
	uint64_t taken; /* samples */
};

static int
want_color(const struct hf_options *o)
{
	const char *no = getenv("NO_COLOR");

	return !o->no_color && (no == NULL || no[0] == '\0');
}

static void
scroll_flows(struct hf_draw *d, int64_t by)
{
	int64_t to = (int64_t)d->scroll + by;

	d->scroll = to < 0 ? 0 : (uint32_t)to; /* the lower end is found when it is drawn */
}

static void
handle_key(struct screen *sc, int key)
{
	uint32_t page = sc->draw.visible > 1 ? sc->draw.visible - 1 : 1;

	switch (key) {
	case 'q':
	case 'Q':
		sc->quit = 1;
		break;
	case 'p':
	case 'P':
		sc->draw.paused = !sc->draw.paused;
		break;
	case 's':
	case 'S':
		sc->feed.sort = (enum hf_sort)((sc->feed.sort + 1) % HF_SORT_COUNT);
		sc->draw.scroll = 0;
		sc->hurry = 1;
		break;
	case 'h':
	case 'H':
	case '?':
		sc->draw.help = !sc->draw.help;
		break;
	case KEY_UP:
		scroll_flows(&sc->draw, -1);
		break;
	case KEY_DOWN:
		scroll_flows(&sc->draw, 1);
		break;
	case KEY_PPAGE:
		scroll_flows(&sc->draw, -(int64_t)page);
		break;
	case KEY_NPAGE:
		scroll_flows(&sc->draw, page);
		break;
	case KEY_HOME:
		sc->draw.scroll = 0;
		break;
	default: /* KEY_RESIZE too: the next drawing has the new size */
		break;
	}
}

/* Handles all keys there are. readable: the terminal said that there is something. */
static void
read_keys(struct screen *sc, int readable)
{
	int key, any = 0;

	while ((key = getch()) != ERR && !sc->quit) {
		handle_key(sc, key);
		any = 1;
	}
	sc->empty_reads = readable > 0 && !any ? sc->empty_reads + 1 : 0;
	if (readable < 0 || sc->empty_reads >= EMPTY_READS)
		sc->quit = 1;
}

/* Takes a sample, unless paused. Returns the seconds to the next one. */
static double
step(struct screen *sc, const struct hf_options *o)
{
	int was_lost = sc->lost;

	if (sc->draw.paused)
		return o->interval_s;
	sc->lost = feed_step(&sc->feed) != 0;
	sc->taken += !sc->lost;
	/* Look for a primary often; and a new one's first rates come soon. */
	if ((sc->lost || was_lost) && o->interval_s > SOON_S)
		return SOON_S;
	return o->interval_s;
}

static void
run(struct screen *sc, const struct hf_options *o)
{
	int keys = isatty(STDIN_FILENO) ? STDIN_FILENO : -1;
	struct timespec deadline = loop_after(0);

	while (!sc->quit && !loop_stopped()) {
		if (loop_due(&deadline))
			loop_advance(&deadline, step(sc, o));
		draw_sample(&sc->draw, feed_sample(&sc->feed));
		if (o->count != 0 && sc->taken >= o->count)
			return;
		read_keys(sc, loop_wait(keys, &deadline));
		/* A new order of flows wants a scan soon, but rates want some time. */
		if (sc->hurry && loop_left(&deadline) > SOON_S)
			deadline = loop_after(SOON_S);
		sc->hurry = 0;
	}
}

int
screen_run(const struct hf_options *o)
{
	struct screen sc = {.lost = 1};
	const char *term = getenv("TERM");
	SCREEN *terminal;
	int err;

	err = feed_init(&sc.feed, o->instance, o->top, o->sort);
	if (err != 0) {
		hf_err("%s: cannot start: %s", o->instance, strerror(-err));
		return 1;
	}
	terminal = newterm(NULL, stdout, stdin);
	if (terminal == NULL) {
		hf_err("terminal %s: cannot be used: see --batch", term != NULL ? term : "(none)");
		feed_close(&sc.feed);
		return 1;
	}
	set_escdelay(KEY_WAIT_MS);
	cbreak();
	noecho();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	curs_set(0);
	draw_init(want_color(o));
	run(&sc, o);
	endwin();
	delscreen(terminal);
	feed_close(&sc.feed);
	return 0;
}

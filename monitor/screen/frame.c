/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Title, tabs, state, last line and help.
 */
#include "frame.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "format.h"
#include "pace.h"

static const char *
state_text(const struct hf_ui *ui, const struct hf_shown *shown, const struct hf_sample *s)
{
	if (ui->seek.on)
		return "PAUSED";
	return shown->replay ? "REPLAY" : sample_state_name(s->state);
}

/* What is wrong with the primary, "" when nothing is. */
static const char *
primary_text(const struct hf_sample *s)
{
	if (s->alone)
		return "primary gone, forwarding without it";
	if (s->silent)
		return "primary silent";
	return "";
}

/* How often there is a sample, and why not as often as asked, where room is. */
static void
put_pace(struct hf_canvas *c, const struct hf_ui *ui, const struct hf_sample *s, int left,
	 int right)
{
	int slow = s->planned_s > s->asked_s;
	char text[80];

	pace_text(text, sizeof(text), s->planned_s, s->asked_s, s->flows.live);
	if (!slow || right - canvas_width(text) - 2 <= left)
		snprintf(text, sizeof(text), "every %.2g s", slow ? s->planned_s : ui->interval_s);
	if (right - canvas_width(text) - 2 > left)
		canvas_put_right(c, right - 2, 0, slow ? HF_STYLE_WARN : HF_STYLE_BAR, text);
}

void
frame_title(struct hf_canvas *c, const struct hf_ui *ui, const struct hf_shown *shown)
{
	const struct hf_sample *s = shown->sample;
	time_t now = (time_t)(ui->seek.on || shown->replay ? s->time_s : shown->now_s);
	char text[32] = "";
	struct tm tm;
	int x, right;

	canvas_fill(c, 0, 0, c->width, HF_STYLE_BAR);
	if (localtime_r(&now, &tm) != NULL)
		strftime(text, sizeof(text), shown->replay ? "%F %T" : "%T", &tm);
	right = canvas_put_right(c, c->width - 1, 0, HF_STYLE_BAR, text);
	x = canvas_put(c, 1, 0, HF_STYLE_BAR, s->instance);
	x = canvas_put(c, x + 2, 0, HF_STYLE_BAR, state_text(ui, shown, s));
	if (shown->recording)
		x = canvas_put(c, x + 1, 0, HF_STYLE_BAD, "REC");
	if (ui->seek.on && shown->now_s - s->time_s >= 1) {
		char ago[24];

		format_uptime(ago, sizeof(ago), shown->now_s - s->time_s);
		x = canvas_print(c, x + 1, 0, HF_STYLE_BAR, "%s ago", ago);
	}
	if (s->state == HF_SAMPLE_LIVE || s->state == HF_SAMPLE_WARMING) {
		char up[24];

		format_uptime(up, sizeof(up), s->uptime_s);
		x = canvas_print(c, x + 2, 0, HF_STYLE_BAR, "up %s", up);
		if (primary_text(s)[0] != '\0')
			x = canvas_put(c, x + 2, 0, HF_STYLE_BAD, primary_text(s));
	}
	put_pace(c, ui, s, x, right);
}

void
frame_tabs(struct hf_canvas *c, const struct hf_ui *ui)
{
	int x = 0;

	for (uint32_t i = 0; i < HF_VIEW_COUNT; i++) {
		const struct hf_view *view = views_get(i);
		enum hf_style style = i == ui->current ? HF_STYLE_TAB : HF_STYLE_NORMAL;
		int end = canvas_print(c, x, 1, style, "%d%s", view->number, view->name);

		canvas_hit(c, x, 1, end - x, HF_HIT_TAB, i);
		x = end + 1;
	}
}

/* What is out of sight: of details, or of rows: "3-20 of 4096". */
static void
rows_text(char *buf, size_t len, const struct hf_view_state *state)
{
	const struct hf_panel *p = &state->panel;
	uint32_t last = p->top + p->visible < p->n ? p->top + p->visible : p->n;

	buf[0] = '\0';
	if (state->details && state->below > 0)
		snprintf(buf, len, "PgDn: %d more", state->below);
	else if (state->details && state->skipped > 0)
		snprintf(buf, len, "PgUp: %d above", state->skipped);
	else if (p->table != NULL && p->n > 0)
		snprintf(buf, len, "%u-%u of %u", p->top + 1, last, p->n);
}

/* What the user types, its end in view; what was wrong with it behind. */
static void
draw_prompt(struct hf_canvas *c, int y, const struct hf_prompt *p)
{
	int room = c->width - 10, skip = (int)p->len > room ? (int)p->len - room : 0;
	int x = canvas_print(c, 0, y, HF_STYLE_BAR, " filter: %s", p->text + skip);

	canvas_put(c, x, y, HF_STYLE_PICK, " ");
	if (p->why[0] != '\0')
		canvas_print(c, x + 2, y, HF_STYLE_BAD, "%s", p->why);
	else if (p->text[0] == '\0')
		canvas_put(c, x + 2, y, HF_STYLE_BAR, "Enter: all, Esc: as it was");
}

void
frame_keys(struct hf_canvas *c, const struct hf_ui *ui, const struct hf_shown *shown)
{
	const struct hf_view_state *state = &ui->states[ui->current];
	const struct hf_key_row *rows;
	int x = 1, y = c->height - 1;
	char text[64];
	uint32_t n;

	canvas_fill(c, 0, y, c->width, HF_STYLE_BAR);
	if (ui->prompt.on) {
		draw_prompt(c, y, &ui->prompt);
		return;
	}
	if (shown->note != NULL && shown->note[0] != '\0') {
		canvas_print(c, 1, y, HF_STYLE_BAD, "%s", shown->note);
		return;
	}
	rows = keys_table(&n);
	for (uint32_t i = 0; i < n; i++) {
		const char *key = rows[i].key[0] == HF_KEY_ENTER ? "Enter" : "";

		if (rows[i].hint == NULL)
			continue;
		x = canvas_put(c, x, y, HF_STYLE_BAR, key);
		if (key[0] == '\0')
			x = canvas_print(c, x, y, HF_STYLE_BAR, "%c", (char)rows[i].key[0]);
		x = canvas_print(c, x + 1, y, HF_STYLE_BAR, "%s",
				 rows[i].action == HF_ACTION_PAUSE && ui->seek.on ? "resume"
										  : rows[i].hint) +
		    2;
	}
	if (shown->sample->state == HF_SAMPLE_WAITING || ui->help)
		return;
	rows_text(text, sizeof(text), state);
	if (state->filter[0] != '\0')
		x = canvas_print(c, x, y, HF_STYLE_SORT, "%.40s", state->filter) + 1;
	if (c->width - canvas_width(text) - 2 > x)
		canvas_put_right(c, c->width - 1, y, HF_STYLE_BAR, text);
}

int
frame_state(struct hf_canvas *c, const struct hf_shown *shown, uint32_t needs)
{
	const struct hf_sample *s = shown->sample;

	if (s->state == HF_SAMPLE_STALE) {
		canvas_print(c, 1, 0, HF_STYLE_BAD, "%s, waiting; below is what was seen last",
			     s->why);
		return 1;
	}
	if (s->state == HF_SAMPLE_WARMING) {
		canvas_put(c, 1, 0, HF_STYLE_WARN, "warming up: rates come with the next sample");
		return 1;
	}
	if (s->state != HF_SAMPLE_WAITING || (needs & HF_NEED_SAMPLE) == 0)
		return 0;
	canvas_print(c, 1, 1, HF_STYLE_BAD, "%s, waiting", s->why[0] != '\0' ? s->why : "starting");
	return c->height;
}

static int
help_lines(struct hf_canvas *c, int y)
{
	static const char *const words[] = {
		"GEN         owners the lane has had; HELD: packets in the lane",
		"HAND TAKE   planned changes of owner, and changes after a death",
		"BUSY% CYC/P time spent with packets; cycles that a packet takes; an idle poll is idle",
		"ROOM        packets a second that the lane could take on top, by what polls cost",
		"GAP         last packet of the old owner to the first of the new one",
		"MISSED      packets the port had no descriptor for; NOMBUF: no buffer for",
		"LOST        buffers of a pool that are nowhere",
		"-           not known (yet): rates compare two samples of the same run",
		"warming, live, stale   no rates yet; rates; the last look at what is gone",
	};
	const struct hf_key_row *rows;
	uint32_t n;

	rows = keys_table(&n);
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].label == NULL)
			continue;
		canvas_put(c, 1, y, HF_STYLE_BOLD, rows[i].label);
		canvas_put(c, 18, y++, HF_STYLE_NORMAL, rows[i].help);
	}
	canvas_put(c, 1, y, HF_STYLE_BOLD, "mouse");
	canvas_put(c, 18, y, HF_STYLE_NORMAL,
		   "tabs, rows (twice: details), heads (order), wheel; Shift: the terminal's own");
	y += 2;
	for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		canvas_put(c, 1, y++, HF_STYLE_NORMAL, words[i]);
	return y;
}

void
frame_help(struct hf_canvas *c, struct hf_ui *ui)
{
	int lines = help_lines(&(struct hf_canvas){.ascii = 1}, 0);

	if (ui->help_top > lines - c->height)
		ui->help_top = lines - c->height;
	if (ui->help_top < 0)
		ui->help_top = 0;
	help_lines(c, -ui->help_top);
}

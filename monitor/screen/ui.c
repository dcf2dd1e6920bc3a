/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What keys and mouse do, and the order in which a screen is drawn.
 */
#include "ui.h"

#include <stdio.h>

#include "frame.h"

#define WHEEL_ROWS 3

/* Intervals that + and - step through. */
static const double intervals[] = {0.1, 0.2, 0.5, 1, 2, 5, 10};

void
ui_init(struct hf_ui *ui, const struct hf_flow_query *flows, double interval_s)
{
	*ui = (struct hf_ui){.interval_s = interval_s, .wish.flows = *flows};
	snprintf(ui->states[4].filter, sizeof(ui->states[4].filter), "%s", flows->filter.text);
}

void
ui_draw(struct hf_ui *ui, struct hf_canvas *c, const struct hf_shown *shown)
{
	const struct hf_view *view = views_get(ui->current);
	struct hf_canvas body = canvas_part(c, 0, 2, c->width, c->height - 3);
	int taken;

	canvas_clear(c);
	frame_title(c, ui, shown);
	frame_tabs(c, ui);
	if (ui->help) {
		frame_help(&body, ui);
	} else if (ui->picker.on && shown->instances != NULL) {
		picker_draw(&body, &ui->picker, shown->instances, ui->exact);
	} else {
		taken = frame_state(&body, shown, view->needs);
		body = canvas_part(&body, 0, taken, body.width, body.height - taken);
		ui->wish.follow = 0;
		ui->wish.frozen = ui->seek.on || shown->replay;
		if (body.height > 0)
			views_draw(view, &body, &ui->states[ui->current], shown);
		if (body.height > 0 && view->want != NULL)
			view->want(&ui->states[ui->current], shown, &ui->wish);
	}
	if (c->height > 3)
		frame_keys(c, ui, shown);
}

static void
go(struct hf_ui *ui, uint32_t view)
{
	ui->current = view % HF_VIEW_COUNT;
	ui->help = 0;
	ui->picker.on = 0;
}

/* The next interval of the list in one direction. */
static void
change_interval(struct hf_ui *ui, int longer)
{
	const int n = sizeof(intervals) / sizeof(intervals[0]);

	for (int i = longer ? 0 : n - 1; i >= 0 && i < n; i += longer ? 1 : -1) {
		double next = intervals[i];

		if (longer ? next > ui->interval_s * 1.001 : next < ui->interval_s * 0.999) {
			ui->interval_s = next;
			ui->wish.changed = 1;
			return;
		}
	}
}

/* Out of what is on top: help, details, then the program. */
static void
back(struct hf_ui *ui, int key)
{
	struct hf_view_state *state = &ui->states[ui->current];

	if (ui->help)
		ui->help = 0;
	else if (state->details)
		state->details = 0;
	else if (key != HF_KEY_ESCAPE)
		ui->quit = 1;
}

static int
help_act(struct hf_ui *ui, enum hf_action action)
{
	switch (action) {
	case HF_ACTION_UP:
		ui->help_top--;
		return 1;
	case HF_ACTION_DOWN:
		ui->help_top++;
		return 1;
	case HF_ACTION_PAGE_UP:
		ui->help_top -= 10;
		return 1;
	case HF_ACTION_PAGE_DOWN:
		ui->help_top += 10;
		return 1;
	case HF_ACTION_FIRST:
		ui->help_top = 0;
		return 1;
	default:
		return 0;
	}
}

/* Is this for the table that is on top? */
static int
for_panel(enum hf_action action)
{
	return (action >= HF_ACTION_UP && action <= HF_ACTION_REVERSE) ||
	       action == HF_ACTION_BACK || action == HF_ACTION_PICK;
}

static void
act(struct hf_ui *ui, const struct hf_shown *shown, enum hf_action action, int key)
{
	if (action >= HF_ACTION_VIEW_1 && action <= HF_ACTION_VIEW_9) {
		go(ui, (uint32_t)(action - HF_ACTION_VIEW_1));
		return;
	}
	if (ui->help && help_act(ui, action))
		return;
	if (ui->picker.on && !ui->help && shown->instances != NULL && for_panel(action)) {
		picker_act(&ui->picker, shown->instances, action);
		return;
	}
	if (seek_act(&ui->seek, shown->history, shown->sample->time_s, action)) {
		ui->wish.changed |= shown->replay; /* a recording goes on from here, at once */
		return;
	}
	switch (action) {
	case HF_ACTION_NEXT_VIEW:
		go(ui, ui->current + 1);
		break;
	case HF_ACTION_PREVIOUS_VIEW:
		go(ui, ui->current + HF_VIEW_COUNT - 1);
		break;
	case HF_ACTION_FASTER:
	case HF_ACTION_SLOWER:
		change_interval(ui, action == HF_ACTION_SLOWER);
		break;
	case HF_ACTION_FILTER:
		prompt_open(&ui->prompt, ui->states[ui->current].filter);
		break;
	case HF_ACTION_PICK:
		ui->picker.on = 1;
		ui->help = 0;
		ui->wish.changed = 1;
		break;
	case HF_ACTION_EXACT:
		ui->exact = !ui->exact;
		break;
	case HF_ACTION_HELP:
		ui->help = !ui->help;
		ui->help_top = 0;
		break;
	case HF_ACTION_BACK:
		back(ui, key);
		break;
	default:
		views_act(views_get(ui->current), &ui->states[ui->current], shown, &ui->wish,
			  action);
		break;
	}
}

/* A key while the user types a filter. What is wrong with it is said, and the prompt stays. */
static void
prompt(struct hf_ui *ui, int key)
{
	struct hf_prompt *p = &ui->prompt;

	if (prompt_key(p, key) && views_filter(views_get(ui->current), &ui->states[ui->current],
					       &ui->wish, p->text, p->why, sizeof(p->why)) == 0)
		p->on = 0;
}

void
ui_key(struct hf_ui *ui, const struct hf_shown *shown, int key)
{
	if (ui->prompt.on)
		prompt(ui, key);
	else
		act(ui, shown, keys_action(key), key);
}

void
ui_mouse(struct hf_ui *ui, const struct hf_canvas *c, const struct hf_shown *shown, int x, int y,
	 enum hf_click click)
{
	struct hf_panel *panel = ui->picker.on ? &ui->picker.panel : &ui->states[ui->current].panel;
	const struct hf_hit *hit;

	if (click == HF_WHEEL_UP || click == HF_WHEEL_DOWN) {
		for (int i = 0; i < WHEEL_ROWS; i++)
			act(ui, shown, click == HF_WHEEL_UP ? HF_ACTION_UP : HF_ACTION_DOWN, 0);
		return;
	}
	hit = canvas_find(c, x, y);
	if (hit == NULL)
		return;
	if (hit->kind == HF_HIT_TAB)
		go(ui, hit->value);
	else if (hit->kind == HF_HIT_HEAD && !ui->picker.on)
		views_order(views_get(ui->current), &ui->states[ui->current], &ui->wish,
			    hit->value);
	if (hit->kind != HF_HIT_ROW)
		return;
	panel->selected = hit->value;
	panel->moved = 1;
	if (click == HF_CLICK_TWICE)
		act(ui, shown, HF_ACTION_DETAILS, 0);
}

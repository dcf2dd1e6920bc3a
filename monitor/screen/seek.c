/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steps through the times of the history.
 */
#include "seek.h"

static void
show_moment(struct hf_seek *seek, const struct hf_history *h, uint32_t i)
{
	seek->on = 1;
	seek->time_s = history_time(h, i);
}

static void
by_time(struct hf_seek *seek, const struct hf_history *h, double from_s, double by_s)
{
	uint32_t n = history_count(h);

	if (by_s > 0 && from_s + by_s >= history_time(h, n - 1))
		seek->on = 0;
	else
		show_moment(seek, h, history_find(h, from_s + by_s));
}

static void
by_sample(struct hf_seek *seek, const struct hf_history *h, double from_s, int by)
{
	uint32_t i = history_find(h, from_s);

	if (by < 0)
		show_moment(seek, h, i > 0 ? i - 1 : 0);
	else if (i + 1 >= history_count(h))
		seek->on = 0;
	else
		show_moment(seek, h, i + 1);
}

int
seek_act(struct hf_seek *seek, const struct hf_history *h, double now_s, enum hf_action action)
{
	double from_s = seek->on ? seek->time_s : now_s;
	int by = action == HF_ACTION_STEP_BACK || action == HF_ACTION_MINUTE_BACK ? -1 : 1;

	switch (action) {
	case HF_ACTION_PAUSE:
		seek->on = !seek->on;
		seek->time_s = now_s;
		return 1;
	case HF_ACTION_STEP_BACK:
	case HF_ACTION_STEP_FORWARD:
	case HF_ACTION_MINUTE_BACK:
	case HF_ACTION_MINUTE_FORWARD:
	case HF_ACTION_OLDEST:
	case HF_ACTION_NEWEST:
		break;
	default:
		return 0;
	}
	if (h == NULL || history_count(h) == 0)
		return 1;
	if (action == HF_ACTION_OLDEST || action == HF_ACTION_NEWEST) {
		show_moment(seek, h, action == HF_ACTION_OLDEST ? 0 : history_count(h) - 1);
		return 1;
	}
	/* Live, there is nothing before us; in a recording there may be. */
	if (by > 0 && !seek->on && from_s >= history_time(h, history_count(h) - 1))
		return 1;
	if (action == HF_ACTION_MINUTE_BACK || action == HF_ACTION_MINUTE_FORWARD)
		by_time(seek, h, from_s, by * 60.0);
	else
		by_sample(seek, h, from_s, by);
	return 1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steps through live samples or through a recording, and holds a moment of either.
 */
#include "track.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

#define SOON_S    0.25 /* to the next look for a primary, and to a new one's first rates */
#define PLAY_MIN  0.05 /* a recording is played as it was taken, between these */
#define PLAY_MOST 10.0

static void
forget(struct hf_track *t)
{
	feed_close(&t->feed);
	history_free(&t->history);
	sample_free(&t->held);
	sample_free(&t->played);
}

/* Everything that live samples need. Returns 0 or -ENOMEM. */
static int
open_live(struct hf_track *t)
{
	const struct hf_options *o = t->options;

	t->lost = 1;
	if (feed_init(&t->feed, t->instance, o->top, &o->query) != 0)
		return -ENOMEM;
	if (history_init(&t->history, o->past.minutes, o->top, HISTORY_BYTES) == 0 &&
	    sample_init(&t->held, o->top) == 0)
		return 0;
	forget(t);
	return -ENOMEM;
}

/* Sample i of the recording becomes the one that is shown. */
static void
play(struct hf_track *t, uint32_t i)
{
	int err = history_get(&t->history, i, &t->played);

	t->at = i;
	t->note[0] = '\0';
	if (err != 0)
		snprintf(t->note, sizeof(t->note), "sample %u left out: %s", i, strerror(-err));
}

static int
open_replay(struct hf_track *t)
{
	const struct hf_past *past = &t->options->past;
	char note[sizeof(t->note)];
	double first_s, last_s;
	int err;

	t->replay = 1;
	err = history_open(&t->history, past->replay, note, sizeof(note));
	if (err != 0) {
		hf_err("%s", note);
		return err == -EINVAL ? 2 : 1;
	}
	if (sample_init(&t->played, t->options->top) != 0 ||
	    sample_init(&t->held, t->options->top) != 0) {
		hf_err("%s: cannot replay: %s", past->replay, strerror(ENOMEM));
		forget(t);
		return 1;
	}
	first_s = history_time(&t->history, 0);
	last_s = history_time(&t->history, history_count(&t->history) - 1);
	play(t, history_from(&t->history, past_moment(&past->at, first_s, last_s)));
	if (note[0] != '\0')
		snprintf(t->note, sizeof(t->note), "%s", note);
	return 0;
}

int
track_open(struct hf_track *t, const struct hf_options *o, const char *instance)
{
	int err;

	*t = (struct hf_track){.options = o, .recorder = {.fd = -1}};
	if (o->past.replay != NULL)
		return open_replay(t);
	snprintf(t->instance, sizeof(t->instance), "%s", instance);
	if (open_live(t) != 0) {
		hf_err("%s: cannot start: %s", instance, strerror(ENOMEM));
		return 1;
	}
	if (o->past.record == NULL)
		return 0;
	err = recorder_open(&t->recorder, o->past.record, o->past.record_max, o->top);
	if (err == 0)
		return 0;
	hf_err("%s", t->recorder.why);
	track_close(t);
	return err == -EINVAL ? 2 : 1;
}

void
track_close(struct hf_track *t)
{
	recorder_close(&t->recorder);
	forget(t);
}

int
track_change(struct hf_track *t, const char *instance)
{
	if (t->replay || strcmp(instance, t->instance) == 0)
		return 0;
	snprintf(t->instance, sizeof(t->instance), "%s", instance);
	forget(t);
	return open_live(t);
}

/* The flow that is looked at closely from the next sample on. */
static void
follow_wish(struct hf_flow_follow *f, const struct hf_wish *wish)
{
	if (!wish->follow)
		follow_none(f);
	else if (!f->wanted || f->lane != wish->follow_lane ||
		 memcmp(&f->key, &wish->follow_key, sizeof(f->key)) != 0)
		follow_flow(f, wish->follow_lane, &wish->follow_key);
}

/* Keeps what was just taken: in memory, and in the recording if there is one. */
static void
keep(struct hf_track *t)
{
	if (!t->lost)
		history_push(&t->history, feed_sample(&t->feed)); /* without memory: a gap */
	if (t->recorder.fd < 0 || recorder_write(&t->recorder, feed_sample(&t->feed)) == 0)
		return;
	snprintf(t->note, sizeof(t->note), "%s", t->recorder.why);
}

static double
step_live(struct hf_track *t, const struct hf_wish *wish, double interval_s)
{
	int was_lost = t->lost;

	t->feed.query = wish->flows;
	follow_wish(&t->feed.follow, wish);
	t->lost = feed_step(&t->feed) != 0;
	t->taken += !t->lost;
	keep(t);
	interval_s = feed_interval(&t->feed, interval_s);
	if ((t->lost || was_lost) && interval_s > SOON_S)
		return SOON_S;
	return interval_s;
}

/* slowness: what a second takes, in seconds. */
static double
step_replay(struct hf_track *t, const struct hf_seek *seek, double slowness)
{
	uint32_t n = history_count(&t->history);
	double gap;

	/* The first one is there already; a moment that is held stays. */
	if (t->taken > 0 && !seek->on && t->at + 1 < n)
		play(t, t->at + 1);
	t->taken++;
	if (seek->on || t->at + 1 >= n)
		return SOON_S; /* until a key moves it */
	gap = history_time(&t->history, t->at + 1) - history_time(&t->history, t->at);
	return fmin(fmax(gap * slowness, PLAY_MIN), PLAY_MOST);
}

double
track_step(struct hf_track *t, const struct hf_wish *wish, const struct hf_seek *seek,
	   double interval_s)
{
	return t->replay ? step_replay(t, seek, interval_s) : step_live(t, wish, interval_s);
}

const struct hf_sample *
track_sample(const struct hf_track *t, const struct hf_seek *seek)
{
	if (t->replay)
		return &t->played;
	return seek->on ? &t->held : feed_sample(&t->feed);
}

/* A copy of a sample with its own room for flows. */
static void
copy_sample(struct hf_sample *to, const struct hf_sample *from)
{
	struct hf_flow_top flows = to->flows;

	*to = *from;
	to->flows.rows = flows.rows;
	to->flows.top = flows.top;
	memcpy(to->flows.rows, from->flows.rows, from->flows.n * sizeof(*flows.rows));
}

void
track_seek(struct hf_track *t, struct hf_seek *seek, int was_on)
{
	const struct hf_sample *live = feed_sample(&t->feed);

	if (t->replay) {
		if (seek->on && seek->time_s != history_time(&t->history, t->at))
			play(t, history_find(&t->history, seek->time_s));
		return;
	}
	if (!seek->on || (was_on && seek->time_s == t->held.time_s))
		return;
	if (seek->time_s == live->time_s)
		copy_sample(&t->held, live);
	else if (history_get(&t->history, history_find(&t->history, seek->time_s), &t->held) != 0)
		seek->on = 0;
}

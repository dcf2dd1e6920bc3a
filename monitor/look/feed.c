/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One step: look whether the segment is there, take a sample, compare it with the one before.
 */
#include "feed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "places.h"

int
feed_init(struct hf_feed *f, const char *instance, uint32_t top, const struct hf_flow_query *query)
{
	*f = (struct hf_feed){.top = top, .query = *query};
	source_init(&f->source, instance);
	machine_init(&f->machine, "/sys");
	if (events_init(&f->events) != 0)
		return -ENOMEM;
	for (unsigned int i = 0; i < 2; i++) {
		if (sample_init(&f->samples[i], top) != 0) {
			feed_close(f);
			return -ENOMEM;
		}
		snprintf(f->samples[i].instance, sizeof(f->samples[i].instance), "%s", instance);
	}
	return 0;
}

void
feed_close(struct hf_feed *f)
{
	source_close(&f->source);
	flows_free(&f->memory);
	events_free(&f->events);
	for (unsigned int i = 0; i < 2; i++)
		sample_free(&f->samples[i]);
}

const struct hf_sample *
feed_sample(const struct hf_feed *f)
{
	return &f->samples[f->current];
}

/* Shapes of the segment that was just attached, copied out under the guard. */
struct shape {
	uint32_t n_lanes;
	uint32_t capacity;
};

static int
read_shape(const struct hf_segment *seg, void *arg)
{
	struct shape *shape = arg;
	struct hf_flow_table table;

	hf_segment_flow_table(seg, 0, &table);
	shape->n_lanes = seg->header.n_lanes;
	shape->capacity = table.n_buckets * HF_FLOW_BUCKET_SLOTS;
	return 0;
}

/* Makes the memory of flows fit a segment that is new. */
static int
remember(struct hf_feed *f)
{
	struct shape shape;
	int err;

	if (f->top == 0 || f->remembered == f->source.attaches)
		return 0;
	err = source_read(&f->source, read_shape, &shape);
	if (err == 0)
		err = flows_reset(&f->memory, shape.n_lanes, shape.capacity, f->top);
	if (err == 0)
		f->remembered = f->source.attaches;
	else if (err == -ENOMEM)
		snprintf(f->source.why, sizeof(f->source.why), "no memory for %u flow tables",
			 shape.n_lanes);
	return err;
}

static int
take(const struct hf_segment *seg, void *arg)
{
	struct hf_feed *f = arg;
	struct hf_sample *s = &f->samples[f->current ^ 1];

	sample_take(s, seg, hf_tsc());
	events_read(&f->events, seg, f->source.attaches);
	if (f->top > 0)
		flows_scan(&f->memory, seg, s->n_lanes, &f->query, &s->flows);
	follow_look(&f->follow, seg, s->n_lanes, &s->detail);
	return 0;
}

/* Seconds since 1970. */
static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The whole log of events is part of every sample, so that one of the past has its own. */
static void
show_events(const struct hf_feed *f, struct hf_sample *s)
{
	s->n_events = f->events.n;
	memcpy(s->events, events_rows(&f->events), s->n_events * sizeof(s->events[0]));
}

double
feed_interval(struct hf_feed *f, double asked_s)
{
	f->asked_s = asked_s;
	f->planned_s = pace_interval(&f->pace, asked_s);
	return f->planned_s;
}

/* CPU seconds of this thread. */
static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What the sample says about its making. */
static void
stamp(struct hf_feed *f, struct hf_sample *s, double cost_s)
{
	pace_note(&f->pace, cost_s);
	s->cost_s = cost_s;
	s->asked_s = f->asked_s;
	s->planned_s = f->planned_s;
	s->attach = f->source.attaches;
	s->sort = f->query.sort;
	s->reverse = f->query.reverse;
	snprintf(s->filter, sizeof(s->filter), "%s", f->query.filter.text);
	s->time_s = now_s();
}

int
feed_step(struct hf_feed *f)
{
	struct hf_sample *before = &f->samples[f->current];
	struct hf_sample *s = &f->samples[f->current ^ 1];
	double began = cpu_s();
	int err;

	err = source_poll(&f->source);
	if (err == 0)
		err = remember(f);
	if (err == 0)
		err = source_read(&f->source, take, f);
	if (err != 0) {
		sample_retire(before, f->source.why);
		before->time_s = now_s();
		return err;
	}
	s->alone = f->source.alone;
	show_events(f, s);
	machine_look(&f->machine, s);
	places_find(s, &f->machine, f->source.trust_pids);
	stamp(f, s, cpu_s() - began);
	sample_compare(s, before);
	f->current ^= 1;
	return 0;
}

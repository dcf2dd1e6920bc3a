/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What feeds the views: a source, the current sample and the one before, the memory of flows. One
 * object, owned by the loop that runs (batch or screen). Main thread only.
 */
#ifndef HF_MONITOR_FEED_H
#define HF_MONITOR_FEED_H

#include "events.h"
#include "flows.h"
#include "follow.h"
#include "machine.h"
#include "pace.h"
#include "sample.h"
#include "source.h"

struct hf_feed {
	struct hf_monitor_source source;
	struct hf_flow_memory memory;
	struct hf_event_memory events;
	struct hf_machine machine;
	uint64_t remembered; /* source.attaches the memory belongs to */
	struct hf_sample samples[2];
	unsigned int current;
	uint32_t top;
	struct hf_flow_query query;   /* may be changed between steps */
	struct hf_flow_follow follow; /* may be changed between steps (follow.h) */
	struct hf_pace pace;
	double asked_s, planned_s;
};

/*
 * Returns 0 or -ENOMEM. instance is kept by pointer, *query is copied. top 0: the flow tables are
 * not looked at.
 */
int feed_init(struct hf_feed *f, const char *instance, uint32_t top,
	      const struct hf_flow_query *query);

/*
 * Takes one sample. Returns 0, or -errno when there is nothing to take it from; then the current
 * sample is WAITING or STALE and says why.
 */
int feed_step(struct hf_feed *f);

/*
 * Seconds from the step before to the next one when asked_s are asked for: more, when steps take
 * too much CPU time. The samples from then on say what was asked and what it became.
 */
double feed_interval(struct hf_feed *f, double asked_s);

/* The sample to show; never NULL, valid until the next feed_step(). */
const struct hf_sample *feed_sample(const struct hf_feed *f);

void feed_close(struct hf_feed *f);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the samples of the screen come from: a live instance, whose last minutes are kept and which
 * may be recorded, or a recording that is played. Main thread only.
 */
#ifndef HF_MONITOR_TRACK_H
#define HF_MONITOR_TRACK_H

#include "feed.h"
#include "options.h"
#include "record.h"
#include "seek.h"
#include "views.h"

struct hf_track {
	const struct hf_options *options;
	char instance[HF_INSTANCE_LEN];
	struct hf_feed feed; /* of a live instance */
	struct hf_recorder recorder;
	struct hf_history history; /* of it, or the recording */
	struct hf_sample held;     /* what is shown while the user holds a moment */
	struct hf_sample played;   /* of a recording */
	uint32_t at;               /* which one */
	int replay;                /* 1: a recording */
	int lost;                  /* the last step had no segment */
	uint64_t taken;            /* samples */
	char note[512];            /* what failed on the way, "": nothing */
};

/*
 * Opens what the options ask for; instance: which live one. Returns 0, or the exit status of the
 * program after one line on stderr.
 */
int track_open(struct hf_track *t, const struct hf_options *o, const char *instance);
void track_close(struct hf_track *t);

/* Another live instance, from its first sample on. Returns 0 or -ENOMEM. */
int track_change(struct hf_track *t, const char *instance);

/*
 * The next sample. Returns the seconds from it to the one after it, when the user asked for
 * interval_s; in a replay a second takes so long.
 */
double track_step(struct hf_track *t, const struct hf_wish *wish, const struct hf_seek *seek,
		  double interval_s);

/* What is to be drawn. */
const struct hf_sample *track_sample(const struct hf_track *t, const struct hf_seek *seek);

/* After a key: brings the moment that *seek asks for. was_on: what seek->on was before. */
void track_seek(struct hf_track *t, struct hf_seek *seek, int was_on);

#endif

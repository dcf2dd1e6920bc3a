/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the user asked of the past: how long it is remembered, what is recorded where, what is
 * replayed from when. Part of the command line. Main thread only.
 */
#ifndef HF_MONITOR_PAST_H
#define HF_MONITOR_PAST_H

#include <stdint.h>

/* A moment of a recording, as it was given. */
struct hf_when {
	enum {
		HF_WHEN_START,      /* not given */
		HF_WHEN_FROM_START, /* seconds after the first sample */
		HF_WHEN_FROM_END,   /* seconds before the last one */
		HF_WHEN_DAYTIME,    /* seconds after midnight, local time; the first there is */
		HF_WHEN_TIME,       /* seconds since 1970 */
	} kind;
	double seconds;
};

struct hf_past {
	double minutes;      /* of history in memory */
	const char *record;  /* file, NULL: none */
	uint64_t record_max; /* bytes */
	const char *replay;  /* file, NULL: none */
	struct hf_when at;   /* where the replay begins */
};

/* What holds when nothing is asked. */
void past_init(struct hf_past *past);

/* Their lines of --help, on stdout. */
void past_print_help(void);

/*
 * Each takes the value of an option, which stays where it is. Returns 0, or -1 after one line on
 * stderr.
 */
int past_set_minutes(struct hf_past *past, const char *text);
int past_set_record(struct hf_past *past, const char *file);
int past_set_record_max(struct hf_past *past, const char *text);
int past_set_replay(struct hf_past *past, const char *file);
int past_set_at(struct hf_past *past, const char *text);

/*
 * The moment *when of a recording that lasts from first_s to last_s, seconds since 1970; it may lie
 * outside.
 */
double past_moment(const struct hf_when *when, double first_s, double last_s);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How often samples are taken: as asked, or, when a sample costs too much for that, as seldom as
 * keeps the monitor to a share of one CPU. Pure functions; any thread.
 */
#ifndef HF_MONITOR_PACE_H
#define HF_MONITOR_PACE_H

#include <stddef.h>
#include <stdint.h>

#define HF_PACE_SHARE 0.25 /* of a CPU, at most */

/* CPU seconds of the last two samples. */
struct hf_pace {
	double cost_s[2];
};

/* A sample took so much CPU time. */
void pace_note(struct hf_pace *p, double cost_s);

/*
 * Seconds from one sample to the next when asked_s are asked for: that, or more. The cheaper one of
 * the last two samples counts, so that one that had more to do alone changes nothing.
 */
double pace_interval(const struct hf_pace *p, double asked_s);

/* "interval 2.4 s (asked 1 s: 16.2M flows)"; "" when it is as asked. Returns buf. */
const char *pace_text(char *buf, size_t len, double interval_s, double asked_s, uint64_t flows);

#endif

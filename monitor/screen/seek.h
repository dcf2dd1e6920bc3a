/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which moment is shown: now, or one of the history. Pure; main thread only.
 */
#ifndef HF_MONITOR_SEEK_H
#define HF_MONITOR_SEEK_H

#include "history.h"
#include "keys.h"

struct hf_seek {
	int on;        /* 1: a moment of the past, and it stays */
	double time_s; /* which */
};

/*
 * Steps from the moment that is shown (now_s when not on). Forward beyond the newest is back to
 * now. Returns 1 when action was one of these.
 */
int seek_act(struct hf_seek *seek, const struct hf_history *h, double now_s, enum hf_action action);

#endif

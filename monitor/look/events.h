/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The events of an instance, and those of the instances of its name before it: copied once, kept
 * for as long as the monitor runs, the newest HF_EVENTS_KEPT of them. Main thread only.
 */
#ifndef HF_MONITOR_EVENTS_H
#define HF_MONITOR_EVENTS_H

#include <stdint.h>

#include "events_text.h"
#include "segment.h"

#define HF_EVENTS_KEPT 1100U /* all that the log holds, and some that it no longer does */

/* How a row is to be seen. */
enum hf_alert { HF_ALERT_NONE, HF_ALERT_WARN, HF_ALERT_BAD };

struct hf_event_row {
	uint64_t no;   /* from 1, for as long as the monitor runs: tells what is new */
	uint64_t seq;  /* in the segment's log */
	double time_s; /* seconds since 1970 */
	char clock[12];
	char type[20];
	char name[24];
	char level[8]; /* "info", "warning", "bad" */
	int32_t pid, lane, port;
	uint64_t value;
	char text[HF_EVENT_TEXT_LEN]; /* a sentence with its figures */
	uint32_t alert;
};

struct hf_event_memory {
	struct hf_event_row *rows; /* twice HF_EVENTS_KEPT; those from first on are valid */
	uint32_t first, n;
	uint64_t total;  /* rows ever added */
	uint64_t last;   /* number of the newest in the segment's log */
	uint64_t attach; /* which segment that was */
};

/* Returns 0 or -ENOMEM. */
int events_init(struct hf_event_memory *m);
void events_free(struct hf_event_memory *m);

/*
 * Adds what is new in seg's log. attach tells one segment from the next; a segment that was kept
 * by its next primary brings no event twice. Allocates nothing and leaves *m whole wherever it is
 * interrupted by a fault.
 */
void events_read(struct hf_event_memory *m, const struct hf_segment *seg, uint64_t attach);

/* The newest first, m->n of them; valid until the next events_read(). */
const struct hf_event_row *events_rows(const struct hf_event_memory *m);

#endif

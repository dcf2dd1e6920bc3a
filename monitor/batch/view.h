/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The views that write a sample to a stream. They read the sample alone and flush when a block
 * is complete. Main thread only.
 */
#ifndef HF_MONITOR_VIEW_H
#define HF_MONITOR_VIEW_H

#include <stdio.h>

#include "table.h"

/*
 * An aligned block of text for people, all digits. now_s: seconds since 1970. *seen: number of the
 * newest event written so far, 0 at first; of events those after it alone.
 */
void view_text(FILE *out, const struct hf_sample *s, double now_s, uint64_t *seen);

/* One JSON object on one line; the keys are listed in the folder's README. */
void view_json(FILE *out, const struct hf_sample *s, double now_s, uint64_t *seen);

/* Of s->events, newest first: how many came after *seen, which moves to the newest. */
uint32_t view_fresh_events(const struct hf_sample *s, uint64_t *seen);

/*
 * The first line of a CSV stream; and one line for each row of a table of *s, none without data.
 */
void view_csv_head(FILE *out, enum hf_table_id id);
void view_csv(FILE *out, const struct hf_sample *s, double now_s, enum hf_table_id id,
	      uint64_t *seen);

#endif

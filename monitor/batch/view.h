/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two views that write a sample to a stream. They read the sample alone and flush when a block
 * is complete. Main thread only.
 */
#ifndef HF_MONITOR_VIEW_H
#define HF_MONITOR_VIEW_H

#include <stdio.h>

#include "sample.h"

/* An aligned block of text for people, all digits. now_s: seconds since 1970. */
void view_text(FILE *out, const struct hf_sample *s, double now_s);

/* One JSON object on one line; the keys are listed in the folder's README. */
void view_json(FILE *out, const struct hf_sample *s, double now_s);

#endif

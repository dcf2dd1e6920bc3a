/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The newest events of an instance. Main thread only.
 */
#ifndef HF_MONITOR_EVENTS_H
#define HF_MONITOR_EVENTS_H

#include "sample.h"

/* Copies the newest events of seg, newest first, to s->events. Allocates nothing. */
void events_take(struct hf_sample *s, const struct hf_segment *seg);

#endif

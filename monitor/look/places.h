/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which lane, port, pool, I/O thread and worker is on which CPU and node, and what does not match.
 * Main thread only.
 */
#ifndef HF_MONITOR_PLACES_H
#define HF_MONITOR_PLACES_H

#include "machine.h"
#include "sample.h"

/*
 * Fills s->places from the other rows of *s. pids_visible: 1 when the processes of the instance
 * are to be seen in /proc; else it is not known where a thread runs now.
 */
void places_find(struct hf_sample *s, const struct hf_machine *m, int pids_visible);

#endif

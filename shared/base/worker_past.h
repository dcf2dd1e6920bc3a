/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What became of workers, by name: kept beside the slots, so that the next holder of a name shows
 * how often it was started and how the one before it ended. Every process reads it; the primary's
 * main thread writes it.
 */
#ifndef HF_WORKER_PAST_H
#define HF_WORKER_PAST_H

#include <stddef.h>

#include "segment.h"

#define HF_EXIT_TEXT_LEN 96 /* room for every sentence */

/* One consistent copy of a name's past. name: of a worker's slot, 32 bytes, perhaps without a 0.
 * Returns 0; -ENOENT no worker of that name was seen, or too many others since. */
int hf_worker_past_find(const struct hf_segment *seg, const char name[32],
			struct hf_worker_past *out);

/* The same by place, 0 to HF_MAX_PASTS - 1. -ENOENT: nobody's, or it is being written. */
int hf_worker_past_read(const struct hf_segment *seg, uint32_t place, struct hf_worker_past *out);

/* "left", "crashed", ... */
const char *hf_exit_name(uint32_t reason);

/* "crashed: SIGSEGV in plan of flow, lane 0"; "" when none of the name has ended. Returns buf. */
const char *hf_exit_text(const struct hf_worker_past *past, char *buf, size_t len);

/* The number of an end as in its text: "SIGKILL", "status 1", "". Returns buf. */
const char *hf_exit_detail(uint32_t reason, uint32_t number, char *buf, size_t len);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keeps count of workers by name, and finds out how they ended. Primary, main thread only; the one
 * writer of seg->past[].
 */
#ifndef HF_PAST_H
#define HF_PAST_H

#include "primary.h"

/* A worker of this slot's name runs. again: the process of before, which started anew. */
void past_started(struct hf_primary *p, uint32_t slot, int again);

/*
 * The process of a slot has ended; its slot is still as it left it. pidfd: of that process, or
 * another descriptor when it was gone before. left: it gave its lanes back and said so. Returns the
 * end as the code of an event: HF_EXIT_CODE.
 */
uint32_t past_ended(struct hf_primary *p, uint32_t slot, int32_t pid, int pidfd, int left);

#endif

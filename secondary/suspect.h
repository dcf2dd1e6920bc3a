/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of death: which packets a death accuses, one packet at a time, and the one on which a
 * second owner died. Runs on the lane thread that holds the lease; see quarantine.h.
 */
#ifndef HF_SUSPECT_H
#define HF_SUSPECT_H

#include "burst.h"

/* How the last owner died, if that counts against packets. */
struct hf_suspect_cause {
	int counts;
	int ring;              /* in which it was at work; -1: not known */
	uint32_t generation;   /* the dead owner's */
	struct hf_crash crash; /* its report; signal 0: it hung */
};

/*
 * Finds out how the last owner of the lane died: it counts if it crashed over a burst, by a signal
 * of the kernel's or abort(), or was killed in a loop or blocked. New owner, in recovery.
 */
void hf_suspect_cause(const struct hf_lane_context *ctx, struct hf_suspect_cause *cause);

/*
 * Ring k of the lane, after the undo: drops the packet that the dead owner had alone at hand, or
 * makes its burst suspect, if the death counts. May be killed and run again. New owner, in
 * recovery.
 */
void hf_suspect_judge(struct hf_lane_context *ctx, uint32_t k,
		      const struct hf_suspect_cause *cause);

/* Shortens a burst of suspect packets to one, and notes which. Owner. */
void hf_suspect_try(struct hf_burst *b);

#endif

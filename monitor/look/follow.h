/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One flow that is looked at closely: found by its key at every sample, wherever it stands in the
 * list of flows. Main thread only.
 */
#ifndef HF_MONITOR_FOLLOW_H
#define HF_MONITOR_FOLLOW_H

#include "flows.h"

/* Which flow, and what it was at the look before. */
struct hf_flow_follow {
	uint32_t wanted; /* 0: none */
	uint32_t lane;
	struct hf_flow_key key;
	uint64_t tsc; /* of the look before; 0: there was none, or it was not found */
	uint64_t packets, bytes;
	uint32_t index;
	uint16_t generation;
	struct hf_flow_row row; /* as it was seen last */
};

enum hf_follow_state {
	HF_FOLLOW_NONE, /* no flow is followed */
	HF_FOLLOW_LIVE,
	HF_FOLLOW_GONE, /* it has no record: expired, evicted, or not there yet */
};

/* What one look found. */
struct hf_flow_detail {
	uint32_t state;         /* enum hf_follow_state */
	struct hf_flow_row row; /* GONE: as it was seen last, without rates; only key and lane are
				 * sure */
};

/* From the next look on follow this flow, or none. */
void follow_flow(struct hf_flow_follow *f, uint32_t lane, const struct hf_flow_key *key);
void follow_none(struct hf_flow_follow *f);

/*
 * Looks the flow up among the 16 records it may be in. Rates are against the look before, NAN when
 * that one did not see this flow. Allocates nothing. A lane that seg has not is GONE.
 */
void follow_look(struct hf_flow_follow *f, const struct hf_segment *seg, uint32_t n_lanes,
		 struct hf_flow_detail *out);

#endif

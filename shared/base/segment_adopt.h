/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Taking over the segment that an earlier primary of the instance kept: flow records, their
 * accounts and the totals of lanes go on; workers, pools, owners of lanes begin anew.
 */
#ifndef HF_SEGMENT_ADOPT_H
#define HF_SEGMENT_ADOPT_H

#include "segment.h"

/* What must be the same for the kept segment to be of use. */
struct hf_segment_shape {
	uint32_t n_lanes;
	uint32_t n_io; /* 0 with hardware lanes */
	uint32_t kind; /* enum hf_lane_kind */
	uint32_t flow_capacity;
	uint64_t tsc_hz;
};

/*
 * Maps the kept segment in dir and makes it whole: finishes removals that a dead owner left open in
 * flow tables, counts what was in the lost rings as primary_lost, frees lanes and worker slots. Its
 * state is STARTING then, its magic set. Leases are left to the caller, and the fields of ports.
 * Primary, main thread, when no worker lives. A death anywhere inside leaves a segment that the
 * next call adopts. lost: receives the packets counted as lost. why: one line. Returns 0; -ENOENT
 * none was kept (why is not written); -EPROTO it cannot be adopted; -errno otherwise.
 */
int hf_segment_adopt(struct hf_segment_map *map, const char *instance, const char *dir,
		     const struct hf_segment_shape *want, gid_t gid, uint64_t *lost, char *why,
		     size_t why_len);

/* The two steps of it, for a segment of bytes bytes in memory: is it of use (0 or -EPROTO), and
 * making it whole. The second returns the packets lost. */
int hf_segment_adopt_check(const struct hf_segment *seg, size_t bytes, const char *instance,
			   const struct hf_segment_shape *want, char *why, size_t why_len);
uint64_t hf_segment_adopt_mend(struct hf_segment *seg);

#endif

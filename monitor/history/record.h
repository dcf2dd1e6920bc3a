/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing a recording: each sample is appended to a file as one chunk (chunk.h) by one write, and
 * nothing that was written is touched again, so that a recorder that is killed at any instant
 * leaves a file that can be read up to there. What was written is with the kernel, not yet on the
 * disk.
 *
 * The space is bounded: before FILE outgrows half of it, it becomes FILE.1, in place of the one
 * before, and a new FILE is begun. Main thread only.
 */
#ifndef HF_MONITOR_RECORD_H
#define HF_MONITOR_RECORD_H

#include "pack.h"

#define RECORD_BYTES     (UINT64_C(256) << 20)
#define RECORD_BYTES_MIN (UINT64_C(4) << 20)
#define RECORD_BYTES_MAX (UINT64_C(1) << 40)

struct hf_recorder {
	struct hf_packer packer;
	const char *path;
	int fd; /* -1: not recording */
	uint32_t top;
	uint64_t size, size_max; /* of the file at hand; of both files */
	int begun;               /* 1: this file has a head of this session */
	char why[240];           /* what failed; one line */
};

/*
 * Goes on with the recording at path (kept by pointer), which is made when it is not there, and
 * from which a chunk that was cut is removed. Samples have top flows at most. Returns 0, or
 * -errno with r->why: -EINVAL when the file is something else, -EBUSY when another one records
 * there.
 */
int recorder_open(struct hf_recorder *r, const char *path, uint64_t size_max, uint32_t top);

/* Appends *s. Returns 0, or -errno with r->why; then the recording is closed. */
int recorder_write(struct hf_recorder *r, const struct hf_sample *s);

/* Also for one that is zeroed, or could not be opened. */
void recorder_close(struct hf_recorder *r);

#endif

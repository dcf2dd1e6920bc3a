/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segment as a file: its size, its path, who may read it. Shared by segment.c, which makes one,
 * and segment_adopt.c, which takes over one that was kept. Primary, main thread.
 */
#ifndef HF_SEGMENT_FILE_H
#define HF_SEGMENT_FILE_H

#include "segment.h"

/* Bytes in use of a segment; where its flow regions begin. */
size_t segment_bytes(uint32_t n_lanes, uint32_t flow_capacity);
size_t segment_flow_off(void);

/* Length of the file: a multiple of its file system's pages. */
size_t segment_file_bytes(int fd, size_t bytes);

/* Group that may read, and mode. 0 or -errno. */
int segment_set_owner(int fd, gid_t gid);

/* Points /run/holdfast/<instance>/segment to file, at once. 0 or -errno. */
int segment_point_link(const char *instance, const char *file);

/* Writes down this process as the primary. */
void segment_fill_primary(struct hf_segment_header *h);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segment the monitor looks at: finds it, maps it PROT_READ, notices when it is gone, finds
 * the next one. Main thread only.
 */
#ifndef HF_MONITOR_SOURCE_H
#define HF_MONITOR_SOURCE_H

#include <stdint.h>

#include "segment.h"

struct hf_monitor_source {
	const char *instance;
	struct hf_segment_map map; /* map.seg NULL: not attached */
	uint64_t inode;            /* of the segment that was opened last */
	uint64_t attaches;         /* segments attached so far: tells one from the next */
	uint32_t alone;            /* 1: the primary is gone, its workers go on without it */
	int trust_pids;            /* 1: /proc shows the primary's processes */
	char why[240];             /* why it is not attached; one line */
};

/* Prepares *s (instance is kept by pointer) and takes over SIGBUS and SIGSEGV. */
void source_init(struct hf_monitor_source *s, const char *instance);

/*
 * Attaches when it can and detaches when the primary is gone or another segment took the place of
 * this one: a map that is kept would keep hugepages from the next primary. Returns 0 attached, or
 * -errno: s->why says why not (-ENOENT no instance, -EACCES, -EPROTO, -EAGAIN, -ESRCH primary
 * gone, -EFAULT segment lost).
 */
int source_poll(struct hf_monitor_source *s);

/*
 * Runs read(s->map.seg, arg). When that touches memory that is no longer there (the file was
 * truncated, or its header destroyed), detaches and returns -EFAULT; read must therefore hold
 * nothing that it has to release. Otherwise returns what read returned.
 */
int source_read(struct hf_monitor_source *s, int (*read)(const struct hf_segment *seg, void *arg),
		void *arg);

void source_close(struct hf_monitor_source *s);

#endif

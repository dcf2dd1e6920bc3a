/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What batch writes to stdout: one block after the other in the form that was asked for. Main
 * thread only.
 */
#ifndef HF_MONITOR_STREAM_H
#define HF_MONITOR_STREAM_H

#include "options.h"
#include "sample.h"

struct hf_stream {
	const struct hf_options *options;
	uint64_t seen; /* newest event written */
};

/* Writes what stands before the first block; first: of several streams, this is the first one. */
void stream_begin(struct hf_stream *st, const struct hf_options *o, int first);

/* Writes a block. Returns 0, 1 when nobody reads any more, -1 after a line on stderr. */
int stream_write(struct hf_stream *st, const struct hf_sample *s);

#endif

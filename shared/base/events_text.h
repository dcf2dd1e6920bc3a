/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events as people read them: reading one out of the log, its sentence, how grave it is. Every
 * process; the segment is read alone.
 */
#ifndef HF_EVENTS_TEXT_H
#define HF_EVENTS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "segment.h"

#define HF_EVENT_TEXT_LEN 160 /* room for every sentence */

enum hf_event_level {
	HF_EVENT_LEVEL_INFO,
	HF_EVENT_LEVEL_WARNING, /* somebody should look */
	HF_EVENT_LEVEL_BAD,     /* something died, or nobody serves */
};

/* An event, copied out. */
struct hf_event_copy {
	uint64_t seq;
	int64_t realtime_ns;
	uint32_t type; /* enum hf_event_type; of a newer program: any number */
	int32_t pid;   /* 0: none */
	int32_t lane;  /* or port; -1: none */
	uint32_t code;
	uint64_t value;
	char name[25]; /* of a worker, port or stage: printable ASCII, ended */
};

/* Copies event number seq. Returns 0, or -ENOENT: overwritten since, being written, or not yet. */
int hf_event_read(const struct hf_event_log *log, uint64_t seq, struct hf_event_copy *out);

/* Number of the oldest event that the log still holds; 1 when there is none. */
uint64_t hf_event_first(const struct hf_event_log *log);

/* "lane 0: handed over to worker w1 (pid 12), gap 250 us": one line, cut to len. Returns buf. */
const char *hf_event_text(const struct hf_event_copy *e, char *buf, size_t len);

enum hf_event_level hf_event_level(const struct hf_event_copy *e);

/* "info", "warning", "bad". */
const char *hf_event_level_name(enum hf_event_level level);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The past of an instance: samples to step through, and series of figures for sparklines. Kept in
 * memory while the monitor runs (history_push()), or read from a recording (history_open()). A
 * sample that comes back is what the views were given then: they draw it as if live. Main thread
 * only.
 *
 * In memory it is bounded by age and by bytes. When bytes run out samples are thinned: the one
 * whose absence leaves the shortest gap for its age goes, so that what is old becomes coarse and
 * what is new stays complete.
 */
#ifndef HF_MONITOR_HISTORY_H
#define HF_MONITOR_HISTORY_H

#include "pack.h"

#define HISTORY_MINUTES     15.0
#define HISTORY_MINUTES_MAX 1440.0
#define HISTORY_BYTES       (16UL << 20) /* in memory, for packed samples */
#define HISTORY_FLOWS       256U         /* flows of each sample that are kept in memory */

/* One sample of the past. */
struct hf_moment {
	double time_s;            /* seconds since 1970; never less than the one before */
	uint64_t at, key_at;      /* it and its key: address, or place in the recording */
	struct hf_digest *digest; /* part of the packed sample; a copy when that is in a file */
};

struct hf_replay;

struct hf_history {
	struct hf_packer packer;
	struct hf_unpacker unpacker;
	struct hf_moment *moments; /* oldest first */
	uint32_t n, room;
	double seconds;           /* kept at most, 0: nothing is kept */
	size_t bytes, bytes_max;  /* of packed samples */
	struct hf_replay *replay; /* NULL: in memory */
};

/* What a series is of. */
enum hf_series_kind {
	HF_SERIES_RX_PPS,
	HF_SERIES_TX_PPS,
	HF_SERIES_DROP_PPS,
	HF_SERIES_RX_BPS,
	HF_SERIES_TX_BPS,
	HF_SERIES_BUSY,        /* percent, mean of the lanes */
	HF_SERIES_LANE_PPS,    /* index: lane */
	HF_SERIES_LANE_BUSY,   /* index: lane */
	HF_SERIES_PORT_RX_PPS, /* index: port */
	HF_SERIES_PORT_TX_PPS, /* index: port */
	HF_SERIES_FLOW_PPS,    /* flow; known while it is one of the first 256 shown */
};

struct hf_series {
	enum hf_series_kind kind;
	uint32_t index;
	const struct hf_flow_key *flow;
};

/* An empty history in memory of samples with top flows. Returns 0 or -ENOMEM. */
int history_init(struct hf_history *h, double minutes, uint32_t top, size_t bytes_max);
void history_free(struct hf_history *h);

/*
 * A history that is the recording at path (record.h) and the older one beside it, as they are now;
 * nothing can be added to it. What was cut off or damaged is left out, and *note says so in a line
 * ("": nothing was). Returns 0, or -errno with the reason as *note: -EINVAL when it is no
 * recording, -ENODATA when it has no sample.
 */
int history_open(struct hf_history *h, const char *path, char *note, size_t note_len);

/* Adds the newest sample, s->time_s its time. Returns 0 or -ENOMEM (the sample is missing then). */
int history_push(struct hf_history *h, const struct hf_sample *s);

/* Samples there are; valid until the next history_push(), which may drop any of them. */
uint32_t history_count(const struct hf_history *h);

/* When sample i was taken. i < history_count(). */
double history_time(const struct hf_history *h, uint32_t i);

/* The last sample not later than time_s, the first when all are later. 0 when there is none. */
uint32_t history_find(const struct hf_history *h, double time_s);

/* The first sample not earlier than time_s, the last when all are earlier. As history_find(). */
uint32_t history_from(const struct hf_history *h, double time_s);

/* Sample i into *out (sample_init()). Returns 0, -ERANGE: no such sample, -EBADMSG, -EIO. */
int history_get(struct hf_history *h, uint32_t i, struct hf_sample *out);

/*
 * n means over bucket_s seconds each, the last one that of the bucket end_s lies in. Buckets begin
 * at whole multiples of bucket_s, so that the values stand still while they move to the left. A
 * rate holds from the sample before to its own; NAN where nothing is known.
 */
void history_series(const struct hf_history *h, const struct hf_series *what, double end_s,
		    double bucket_s, float *out, uint32_t n);

#endif

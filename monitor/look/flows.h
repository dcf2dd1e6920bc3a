/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The top flows of an instance: one scan over the flow tables of all lanes, and the counts of the
 * scan before, from which rates come. Main thread only.
 */
#ifndef HF_MONITOR_FLOWS_H
#define HF_MONITOR_FLOWS_H

#include <assert.h>
#include <stdint.h>

#include "filter.h"
#include "segment.h"

enum hf_sort {
	HF_SORT_PPS,
	HF_SORT_BPS,
	HF_SORT_PACKETS,
	HF_SORT_BYTES,
	HF_SORT_AGE,
	HF_SORT_IDLE,
};
#define HF_SORT_COUNT 6

/* What is asked of a scan. */
struct hf_flow_query {
	enum hf_sort sort; /* the greatest first */
	uint32_t reverse;  /* 1: the least first; what is not known stays last */
	struct hf_filter filter;
};

/* One flow as it is shown. Rates are NAN when there is nothing to compare with. */
struct hf_flow_row {
	double score; /* what the scan orders by */
	double pps;
	double bps; /* bit/s of frame bytes without FCS */
	double age_s;
	double idle_s;  /* since the last packet */
	double first_s; /* first and last seen, seconds since the primary's start */
	double last_s;
	uint64_t packets;
	uint64_t bytes;
	uint32_t lane;
	uint32_t index; /* record in the lane's table */
	struct hf_flow_key key;
	uint32_t sport;
	uint32_t dport;
	uint32_t proto;
	uint32_t family;
	char src[46];
	char dst[46];
	char proto_name[12];
};

/*
 * The counts of one record at the scan before, in 12 bytes: packets modulo 2^36, bytes modulo 2^44
 * and the slot's generation, so that an hour of 19 million packets a second in one flow is still
 * told right. Generations of records in use are even: bit 0 marks an entry that is filled.
 */
struct hf_flow_mark {
	uint32_t packets_low;
	uint32_t bytes_low;
	uint16_t generation;
	uint16_t high; /* packets 32 to 35, bytes 32 to 43 */
};
static_assert(sizeof(struct hf_flow_mark) == 12, "memory is 12 bytes a record");

/*
 * What is kept of the tables from one scan to the next. Records that are in use and were not seen
 * for a while need not be read: their counts are in the marks, their rates are 0.
 */
struct hf_flow_memory {
	struct hf_flow_mark *marks[HF_MAX_LANES]; /* capacity entries each */
	uint8_t *used[HF_MAX_LANES];     /* a byte a bucket: bit i: slot i's mark is filled */
	uint8_t *matched[HF_MAX_LANES];  /* of these: what the filter let through */
	uint64_t scan_tsc[HF_MAX_LANES]; /* when the scan before began; 0: there was none */
	uint32_t refresh[HF_MAX_LANES];  /* next bucket that is read whatever it says */
	uint8_t empty[HF_MAX_LANES];     /* 1: no mark is filled */
	uint8_t large[HF_MAX_LANES]; /* 1: a flow has more than marks tell: they give no order */
	char filter[HF_FILTER_LEN];  /* of the scan before */
	uint64_t n_read;             /* records the last scan read */
	uint32_t capacity;
	uint32_t *heap; /* room for top row numbers */
};

/* The result of one scan. rows has room for top; they come out best first. */
struct hf_flow_top {
	struct hf_flow_row *rows;
	uint32_t top;
	uint32_t n;
	uint64_t now_tsc; /* when the scan began: ages and idle times of all rows are of then */
	uint64_t live;    /* records in use */
	uint64_t matched; /* of these, what the filter lets through */
	uint64_t skipped; /* records that kept changing while they were read */
};

/* Seconds since a flow was first and last seen; negative when that came after now. Ticks wrap. */
static inline double
flow_idle_s(uint32_t now_tick, uint32_t last_tick)
{
	return (int32_t)(now_tick - last_tick) / 1e3;
}

static inline double
flow_age_s(uint32_t now_tick, uint32_t first_tick, uint32_t last_tick)
{
	/* In whole ticks, so that equal ages are equal. */
	return ((double)(last_tick - first_tick) + (int32_t)(now_tick - last_tick)) / 1e3;
}

/*
 * Sets the times of a row as they were at now_tsc, of a flow first and last seen at these ticks;
 * one that was seen after now_tsc was idle for 0 s then.
 */
void flow_row_times(struct hf_flow_row *row, const struct hf_segment_header *h, uint64_t now_tsc,
		    uint32_t first_tick, uint32_t last_tick);

/* Fills in the texts and numbers that follow from the key; for the rows that are shown alone. */
void flow_row_describe(struct hf_flow_row *row);

/* "pps" and so on to a key and back. flows_parse_sort() returns 0 or -EINVAL. Any thread. */
int flows_parse_sort(const char *text, enum hf_sort *sort);
const char *flows_sort_name(enum hf_sort sort);

/*
 * Makes room for n_lanes tables of capacity records (a power of two) and lists of top rows, and
 * forgets the scan before. Pages are touched only where there are flows. Returns 0 or -ENOMEM.
 */
int flows_reset(struct hf_flow_memory *m, uint32_t n_lanes, uint32_t capacity, uint32_t top);
void flows_free(struct hf_flow_memory *m);

/*
 * Scans n_lanes tables of seg and leaves the exact top of *query in *out. What is equal is ordered
 * by lane and record. Allocates nothing, so that it may be left in the middle.
 */
void flows_scan(struct hf_flow_memory *m, const struct hf_segment *seg, uint32_t n_lanes,
		const struct hf_flow_query *query, struct hf_flow_top *out);

#endif

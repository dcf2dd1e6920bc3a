/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scans the flow tables, compares with the scan before, selects the top. Reads the segment through
 * hf_flow_read() alone. Private memory: 12 bytes a record and the rows that are shown.
 */
#include "flows.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_UNKNOWN  2U /* generation of an entry whose record could not be read */
#define PACKETS_RANGE (UINT64_C(1) << 36)
#define BYTES_RANGE   (UINT64_C(1) << 44)

static const char *const sort_names[HF_SORT_COUNT] = {"pps",   "bps", "packets",
						      "bytes", "age", "idle"};

/* What the records of one lane are judged by. */
struct lane_scan {
	const struct hf_segment_header *header;
	uint64_t now_tsc;
	uint32_t lane;
	const struct hf_flow_query *query;
	double seconds; /* since the scan before; 0: there was none */
};

int
flows_parse_sort(const char *text, enum hf_sort *sort)
{
	for (unsigned int i = 0; i < HF_SORT_COUNT; i++) {
		if (strcmp(text, sort_names[i]) == 0) {
			*sort = (enum hf_sort)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *
flows_sort_name(enum hf_sort sort)
{
	return sort_names[sort];
}

void
flows_free(struct hf_flow_memory *m)
{
	for (unsigned int l = 0; l < HF_MAX_LANES; l++)
		free(m->marks[l]);
	free(m->heap);
	*m = (struct hf_flow_memory){0};
}

int
flows_reset(struct hf_flow_memory *m, uint32_t n_lanes, uint32_t capacity, uint32_t top)
{
	flows_free(m);
	m->heap = calloc(top, sizeof(*m->heap));
	if (m->heap == NULL)
		return -ENOMEM;
	for (uint32_t l = 0; l < n_lanes; l++) {
		m->marks[l] = calloc(capacity, sizeof(*m->marks[l]));
		if (m->marks[l] == NULL) {
			flows_free(m);
			return -ENOMEM;
		}
	}
	m->capacity = capacity;
	return 0;
}

static struct hf_flow_mark
pack(const struct hf_flow_view *v)
{
	return (struct hf_flow_mark){
		.packets_low = (uint32_t)v->packets,
		.bytes_low = (uint32_t)v->bytes,
		.generation = v->generation | 1,
		.high = (uint16_t)((v->packets >> 32 & 0xf) | (v->bytes >> 32 & 0xfff) << 4),
	};
}

/* now - before, modulo range; a count that recovery took back is not negative but 0. */
static double
difference(uint64_t now, uint64_t before, uint64_t range)
{
	uint64_t d = (now - before) & (range - 1);

	return d < range / 2 ? (double)d : 0;
}

/* Rates of v since the scan before; a flow that is newer than that counts from 0. */
static void
set_rates(struct hf_flow_row *row, const struct hf_flow_view *v, const struct hf_flow_mark *mark,
	  double seconds)
{
	uint64_t packets = 0, bytes = 0;

	row->pps = row->bps = NAN;
	if (seconds <= 0 || mark->generation == MARK_UNKNOWN)
		return;
	if (mark->generation == (v->generation | 1)) {
		packets = mark->packets_low | (uint64_t)(mark->high & 0xf) << 32;
		bytes = mark->bytes_low | (uint64_t)(mark->high >> 4) << 32;
	}
	row->pps = difference(v->packets, packets, PACKETS_RANGE) / seconds;
	row->bps = difference(v->bytes, bytes, BYTES_RANGE) * 8 / seconds;
}

static double
value_of(const struct hf_flow_row *row, enum hf_sort sort)
{
	switch (sort) {
	case HF_SORT_PPS:
		return row->pps;
	case HF_SORT_BPS:
		return row->bps;
	case HF_SORT_PACKETS:
		return (double)row->packets;
	case HF_SORT_BYTES:
		return (double)row->bytes;
	case HF_SORT_AGE:
		return row->age_s;
	case HF_SORT_IDLE:
		return row->idle_s;
	}
	return 0;
}

/* What is greater stands above. Rates that are not known stand below all, in reverse too. */
static double
score_of(const struct hf_flow_row *row, const struct hf_flow_query *query)
{
	double value = value_of(row, query->sort);

	if (isnan(value))
		return -INFINITY;
	return query->reverse ? -value : value;
}

/* Does a stand below b in the list? A total order, so that the list does not jump about. */
static int
below(const struct hf_flow_row *a, const struct hf_flow_row *b)
{
	if (a->score != b->score)
		return a->score < b->score;
	if (a->lane != b->lane)
		return a->lane > b->lane;
	return a->index > b->index;
}

static int
compare(const void *a, const void *b)
{
	return below(a, b) ? 1 : -1;
}

/* Restores the heap (lowest row on top) below place i. */
static void
sift_down(uint32_t *heap, uint32_t n, const struct hf_flow_row *rows, uint32_t i)
{
	for (uint32_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
		uint32_t moved = heap[i];

		if (child + 1 < n && below(&rows[heap[child + 1]], &rows[heap[child]]))
			child++;
		if (!below(&rows[heap[child]], &rows[moved]))
			return;
		heap[i] = heap[child];
		heap[child] = moved;
		i = child;
	}
}

static void
sift_up(uint32_t *heap, const struct hf_flow_row *rows, uint32_t i)
{
	while (i > 0 && below(&rows[heap[i]], &rows[heap[(i - 1) / 2]])) {
		uint32_t parent = (i - 1) / 2, moved = heap[i];

		heap[i] = heap[parent];
		heap[parent] = moved;
		i = parent;
	}
}

/* Takes row into the list if it belongs there. */
static void
offer(struct hf_flow_memory *m, struct hf_flow_top *out, const struct hf_flow_row *row)
{
	if (out->n < out->top) {
		m->heap[out->n] = out->n;
		out->rows[out->n] = *row;
		out->n++;
		sift_up(m->heap, out->rows, out->n - 1);
		return;
	}
	if (!below(&out->rows[m->heap[0]], row))
		return;
	out->rows[m->heap[0]] = *row;
	sift_down(m->heap, out->n, out->rows, 0);
}

static void
scan_record(struct hf_flow_memory *m, const struct lane_scan *scan, uint32_t index,
	    const struct hf_flow_view *v, struct hf_flow_top *out)
{
	struct hf_flow_mark *mark = &m->marks[scan->lane][index];
	struct hf_flow_row row = {.key = v->key, .lane = scan->lane, .index = index};

	row.packets = v->packets;
	row.bytes = v->bytes;
	set_rates(&row, v, mark, scan->seconds);
	flow_row_times(&row, scan->header, scan->now_tsc, v->first_tick, v->last_tick);
	row.score = score_of(&row, scan->query);
	*mark = pack(v);
	out->live++;
	if (!filter_match(&scan->query->filter, &row.key, row.lane))
		return;
	out->matched++;
	offer(m, out, &row);
}

static void
scan_lane(struct hf_flow_memory *m, const struct lane_scan *scan, const struct hf_flow_table *t,
	  struct hf_flow_top *out)
{
	struct hf_flow_view view;

	for (uint32_t i = 0; i < m->capacity; i++) {
		struct hf_flow_mark *mark = &m->marks[scan->lane][i];
		int found = hf_flow_read(t, i, &view);

		if (found == 1) {
			scan_record(m, scan, i, &view, out);
		} else if (found == 0) {
			if (mark->generation != 0) /* or an empty page would be touched */
				mark->generation = 0;
		} else {
			mark->generation = MARK_UNKNOWN;
			out->skipped++;
		}
	}
}

void
flows_scan(struct hf_flow_memory *m, const struct hf_segment *seg, uint32_t n_lanes,
	   const struct hf_flow_query *query, struct hf_flow_top *out)
{
	const struct hf_segment_header *h = &seg->header;
	struct hf_flow_table table;

	out->n = 0;
	out->live = out->matched = out->skipped = 0;
	for (uint32_t l = 0; l < n_lanes; l++) {
		struct lane_scan scan = {.header = h, .lane = l, .query = query};

		if (l >= HF_MAX_LANES || m->marks[l] == NULL)
			continue;
		scan.now_tsc = hf_tsc();
		if (m->scan_tsc[l] != 0)
			scan.seconds = (double)(scan.now_tsc - m->scan_tsc[l]) / (double)h->tsc_hz;
		hf_segment_flow_table(seg, l, &table);
		scan_lane(m, &scan, &table, out);
		m->scan_tsc[l] = scan.now_tsc;
	}
	qsort(out->rows, out->n, sizeof(out->rows[0]), compare);
	for (uint32_t i = 0; i < out->n; i++)
		flow_row_describe(&out->rows[i]);
}

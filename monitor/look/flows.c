/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scans the flow tables, compares with the scan before, selects the top. Reads the segment through
 * hf_flow_read() and flow_peek.h alone. Private memory: 12 bytes a record, 2 a bucket, and the rows
 * that are shown.
 *
 * What it costs is cache lines: a bucket's line tells which of its eight records were seen since
 * the scan before; these alone are read, their lines fetched some buckets ahead, and a row is made
 * of those alone that have a place in the list.
 */
#include "flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow_list.h"
#include "flow_mark.h"

#define AHEAD 16U /* buckets whose records are on their way; divides their number */
/*
 * A packet is counted a moment after its record was marked as seen. A worker that was stopped for
 * longer than this in between is caught up with by the part of the table that each scan reads
 * anyway.
 */
#define LATE_TICKS    256U
#define REFRESH_SCANS 64U

static const char *const sort_names[HF_SORT_COUNT] = {"pps",   "bps", "packets",
						      "bytes", "age", "idle"};

/* One lane's part of a scan. */
struct lane_scan {
	const struct hf_flow_query *query;
	const struct hf_segment_header *header;
	struct hf_flow_memory *memory;
	struct hf_flow_list *list;
	struct hf_flow_table table;
	uint64_t now_tsc;  /* when this part began */
	uint32_t now_tick; /* when the scan began: lanes' times are compared */
	uint32_t lane;
	double seconds; /* since the scan before; 0: there was none */
	int rests;      /* 1: records that were not seen since then need not be read */
	uint32_t rest_tick;
	int filtered;
	int same_filter; /* as at the scan before */
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
	for (unsigned int l = 0; l < HF_MAX_LANES; l++) {
		free(m->marks[l]);
		free(m->used[l]);
		free(m->matched[l]);
	}
	free(m->heap);
	*m = (struct hf_flow_memory){0};
}

int
flows_reset(struct hf_flow_memory *m, uint32_t n_lanes, uint32_t capacity, uint32_t top)
{
	uint32_t n_buckets = capacity / HF_FLOW_BUCKET_SLOTS;

	flows_free(m);
	m->heap = calloc(top, sizeof(*m->heap));
	for (uint32_t l = 0; l < n_lanes && m->heap != NULL; l++) {
		m->marks[l] = calloc(capacity, sizeof(*m->marks[l]));
		m->used[l] = calloc(n_buckets, sizeof(*m->used[l]));
		m->matched[l] = calloc(n_buckets, sizeof(*m->matched[l]));
		m->empty[l] = 1;
		if (m->marks[l] == NULL || m->used[l] == NULL || m->matched[l] == NULL) {
			flows_free(m);
			return -ENOMEM;
		}
	}
	m->capacity = capacity;
	return m->heap == NULL ? -ENOMEM : 0;
}

static uint32_t
count_bits(uint32_t bits)
{
	bits -= bits >> 1 & 0x55;
	bits = (bits & 0x33) + (bits >> 2 & 0x33);
	return (bits + (bits >> 4)) & 0xf;
}

static void
set_bit(uint8_t *bytes, uint32_t index, int on)
{
	uint32_t bit = 1U << index % HF_FLOW_BUCKET_SLOTS;
	uint8_t *byte = &bytes[index / HF_FLOW_BUCKET_SLOTS];

	*byte = (uint8_t)(on ? *byte | bit : *byte & ~bit);
}

static int
has_bit(const uint8_t *bytes, uint32_t index)
{
	return bytes[index / HF_FLOW_BUCKET_SLOTS] >> index % HF_FLOW_BUCKET_SLOTS & 1;
}

static void
remember(struct lane_scan *s, uint32_t index, const struct hf_flow_counts *c)
{
	s->memory->marks[s->lane][index] = mark_pack(c);
	set_bit(s->memory->used[s->lane], index, 1);
	s->memory->large[s->lane] |= (uint8_t)mark_overflows(c);
	s->list->out->live++;
}

/* The slot is empty, or (generation MARK_UNKNOWN) could not be read. */
static void
forget(struct lane_scan *s, uint32_t index, uint16_t generation)
{
	struct hf_flow_mark *mark = &s->memory->marks[s->lane][index];

	if (mark->generation != generation) /* or an empty page would be touched */
		mark->generation = generation;
	set_bit(s->memory->used[s->lane], index, 0);
}

/* What a flow is ordered by. */
static double
value_of(const struct lane_scan *s, const struct hf_flow_mark *mark, const struct hf_flow_counts *c)
{
	switch (s->query->sort) {
	case HF_SORT_PPS:
		return mark_pps(mark, c, s->seconds);
	case HF_SORT_BPS:
		return mark_bps(mark, c, s->seconds);
	case HF_SORT_PACKETS:
		return (double)c->packets;
	case HF_SORT_BYTES:
		return (double)c->bytes;
	case HF_SORT_AGE:
		return flow_age_s(s->now_tick, c->first_tick, c->last_tick);
	case HF_SORT_IDLE:
		return flow_idle_s(s->now_tick, c->last_tick);
	}
	return 0;
}

static void
offer(struct lane_scan *s, uint32_t index, const struct hf_flow_key *key,
      const struct hf_flow_counts *c)
{
	const struct hf_flow_mark *mark = &s->memory->marks[s->lane][index];
	double score = flow_list_score(value_of(s, mark, c), s->query->reverse);
	struct hf_flow_row row = {.lane = s->lane, .index = index, .score = score};

	if (!flow_list_wants(s->list, score))
		return;
	row.key = *key;
	row.packets = c->packets;
	row.bytes = c->bytes;
	row.pps = mark_pps(mark, c, s->seconds);
	row.bps = mark_bps(mark, c, s->seconds);
	flow_row_times(&row, s->header, s->list->out->now_tsc, c->first_tick, c->last_tick);
	flow_list_offer(s->list, &row);
}

/* Reads a record whole: one that is new to the filter, has a place in the list, or is busy. */
static void
read_whole(struct lane_scan *s, uint32_t index)
{
	struct hf_flow_view v;
	struct hf_flow_counts c;
	int found = hf_flow_read(&s->table, index, &v), match;

	if (found != 1) {
		forget(s, index, found == 0 ? 0 : MARK_UNKNOWN);
		s->list->out->skipped += found != 0;
		return;
	}
	c = (struct hf_flow_counts){v.packets, v.bytes, v.first_tick, v.last_tick, v.generation};
	match = filter_match(&s->query->filter, &v.key, s->lane);
	if (match) {
		s->list->out->matched++;
		offer(s, index, &v.key, &c);
	}
	set_bit(s->memory->matched[s->lane], index, match);
	remember(s, index, &c);
}

/* Reads the counts of a record, and the rest of it when they are not enough. */
static void
read_counts(struct lane_scan *s, uint32_t index)
{
	const struct hf_flow_mark *mark = &s->memory->marks[s->lane][index];
	struct hf_flow_counts c;
	int match = 1;

	if (!hf_flow_peek(&s->table, index, &c) ||
	    (s->filtered && (!s->same_filter || !mark_is_of(mark, &c)))) {
		read_whole(s, index);
		return;
	}
	if (s->filtered)
		match = has_bit(s->memory->matched[s->lane], index);
	if (match &&
	    flow_list_wants(s->list, flow_list_score(value_of(s, mark, &c), s->query->reverse))) {
		read_whole(s, index);
		return;
	}
	s->list->out->matched += (uint64_t)match;
	remember(s, index, &c);
}

/* The score of a record that was not seen since the scan before. */
static double
resting_score(const struct lane_scan *s, uint32_t index)
{
	const struct hf_flow_mark *mark = &s->memory->marks[s->lane][index];
	double value = 0;

	if (s->query->sort == HF_SORT_PACKETS)
		value = (double)mark_packets(mark);
	else if (s->query->sort == HF_SORT_BYTES)
		value = (double)mark_bytes(mark);
	return flow_list_score(value, s->query->reverse);
}

/* Records of a bucket that were not seen since the scan before: bits. */
static void
pass_resting(struct lane_scan *s, uint32_t bucket, uint32_t bits)
{
	struct hf_flow_top *out = s->list->out;
	int by_rate = s->query->sort == HF_SORT_PPS || s->query->sort == HF_SORT_BPS;
	uint32_t matched = bits, n;

	if (s->filtered)
		matched &= s->memory->matched[s->lane][bucket];
	out->live += count_bits(bits & ~matched);
	if (by_rate && !flow_list_wants(s->list, flow_list_score(0, s->query->reverse))) {
		n = count_bits(matched);
		out->live += n;
		out->matched += n;
		return;
	}
	for (; matched != 0; matched &= matched - 1) {
		uint32_t index = bucket * HF_FLOW_BUCKET_SLOTS + (uint32_t)__builtin_ctz(matched);

		if (flow_list_wants(s->list, resting_score(s, index))) {
			read_whole(s, index);
		} else {
			out->live++;
			out->matched++;
		}
	}
}

/* What is to be done in one bucket. */
struct work {
	uint8_t used;    /* slots in use */
	uint8_t resting; /* of these, not to be read */
};

/* Looks at a bucket's line, and sends for those of its records that are to be read. */
static struct work
look_ahead(const struct lane_scan *s, uint32_t bucket, uint32_t refresh_end)
{
	const struct hf_flow_memory *m = s->memory;
	const struct hf_flow_bucket *b = &s->table.buckets[bucket];
	const struct hf_flow_record *r = &s->table.records[bucket * HF_FLOW_BUCKET_SLOTS];
	const struct hf_flow_mark *mark = &m->marks[s->lane][bucket * HF_FLOW_BUCKET_SLOTS];
	uint32_t used = hf_flow_slots_used(b), resting = 0;

	if (s->rests && (bucket < m->refresh[s->lane] || bucket >= refresh_end))
		resting = used & m->used[s->lane][bucket] & hf_flow_slots_before(b, s->rest_tick);
	for (uint32_t bits = used & ~resting; bits != 0; bits &= bits - 1) {
		__builtin_prefetch(&r[__builtin_ctz(bits)]);
		__builtin_prefetch(&mark[__builtin_ctz(bits)], 1);
	}
	return (struct work){(uint8_t)used, (uint8_t)resting};
}

static void
do_bucket(struct lane_scan *s, uint32_t bucket, struct work w)
{
	uint32_t first = bucket * HF_FLOW_BUCKET_SLOTS;
	uint32_t gone = s->memory->used[s->lane][bucket] & ~(uint32_t)w.used;

	for (; gone != 0; gone &= gone - 1)
		forget(s, first + (uint32_t)__builtin_ctz(gone), 0);
	if (w.resting == w.used) {
		pass_resting(s, bucket, w.resting);
		return;
	}
	/* In the order of records: of equals the list keeps those that come first. */
	for (uint32_t bits = w.used; bits != 0; bits &= bits - 1) {
		uint32_t bit = bits & -bits;

		if ((w.resting & bit) != 0) {
			pass_resting(s, bucket, bit);
			continue;
		}
		read_counts(s, first + (uint32_t)__builtin_ctz(bit));
		s->memory->n_read++;
	}
}

static void
scan_table(struct lane_scan *s)
{
	uint32_t n = s->table.n_buckets, part = (n + REFRESH_SCANS - 1) / REFRESH_SCANS;
	uint32_t *refresh = &s->memory->refresh[s->lane], end = *refresh + part;
	struct work works[AHEAD];

	for (uint32_t b = 0; b < AHEAD; b++)
		works[b] = look_ahead(s, b, end);
	for (uint32_t b = 0; b < n; b++) {
		struct work now = works[b % AHEAD];

		if (b + AHEAD < n)
			works[b % AHEAD] = look_ahead(s, b + AHEAD, end);
		if ((now.used | s->memory->used[s->lane][b]) != 0)
			do_bucket(s, b, now);
	}
	*refresh = end < n ? end : 0;
}

static void
scan_lane(struct lane_scan *s)
{
	struct hf_flow_memory *m = s->memory;
	uint64_t live = s->list->out->live, before = m->scan_tsc[s->lane];

	/* Marks whose range was exceeded tell rates, but not which count is the greatest. */
	s->rests = before != 0 && s->same_filter && s->query->sort != HF_SORT_AGE &&
		   s->query->sort != HF_SORT_IDLE &&
		   (!m->large[s->lane] || s->query->sort == HF_SORT_PPS ||
		    s->query->sort == HF_SORT_BPS);
	s->rest_tick = hf_tick(s->header, before) - LATE_TICKS;
	/* Never too low beside a live record: inserts store it before the tag. */
	if (!m->empty[s->lane] || hf_load(&s->table.account->live_flows) != 0)
		scan_table(s);
	m->empty[s->lane] = s->list->out->live == live;
	m->scan_tsc[s->lane] = s->now_tsc;
}

void
flows_scan(struct hf_flow_memory *m, const struct hf_segment *seg, uint32_t n_lanes,
	   const struct hf_flow_query *query, struct hf_flow_top *out)
{
	struct hf_flow_list list;

	m->n_read = 0;
	out->now_tsc = hf_tsc();
	out->live = out->matched = out->skipped = 0;
	flow_list_begin(&list, out, m->heap);
	for (uint32_t l = 0; l < n_lanes; l++) {
		struct lane_scan s = {.query = query,
				      .header = &seg->header,
				      .memory = m,
				      .list = &list,
				      .now_tsc = hf_tsc(),
				      .now_tick = hf_tick(&seg->header, out->now_tsc),
				      .lane = l,
				      .filtered = query->filter.n_nodes != 0,
				      .same_filter = strcmp(m->filter, query->filter.text) == 0};

		if (l >= HF_MAX_LANES || m->marks[l] == NULL)
			continue;
		if (m->scan_tsc[l] != 0)
			s.seconds = (double)(s.now_tsc - m->scan_tsc[l]) / (double)s.header->tsc_hz;
		hf_segment_flow_table(seg, l, &s.table);
		scan_lane(&s);
	}
	memcpy(m->filter, query->filter.text, sizeof(m->filter));
	flow_list_end(&list);
	for (uint32_t i = 0; i < out->n; i++)
		flow_row_describe(&out->rows[i]);
}

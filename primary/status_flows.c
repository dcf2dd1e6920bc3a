/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The greatest flows of all lanes as JSON, gathered in steps of bounded work.
 *
 * Primary; main thread (control socket) and telemetry threads. Reads the flow tables as any reader
 * does, without a lock, and must not write to anything shared.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "status.h"

struct top_flow {
	struct hf_flow_view view;
	uint32_t lane, index;
};

/* What one scan gathers. heap[0] is the least of those kept. */
struct hf_flow_scan {
	const struct hf_segment *seg;
	struct top_flow *heap;
	uint32_t n, top;
	enum hf_flow_sort sort;
	uint64_t live, live_pkts, live_bytes, unread;
	uint64_t now_ms;    /* when it began */
	uint32_t next_lane; /* where the next step goes on */
	uint32_t next_index;
};

static uint64_t
weight(const struct hf_flow_scan *s, const struct hf_flow_view *v)
{
	return s->sort == HF_FLOW_SORT_BYTES ? v->bytes : v->packets;
}

/* A total order, so that equals do not change places from one call to the next. */
static int
lighter(const struct hf_flow_scan *s, uint32_t a, uint32_t b)
{
	const struct top_flow *fa = &s->heap[a], *fb = &s->heap[b];
	uint64_t wa = weight(s, &fa->view), wb = weight(s, &fb->view);

	if (wa != wb)
		return wa < wb;
	if (fa->lane != fb->lane)
		return fa->lane > fb->lane;
	return fa->index > fb->index;
}

static void
swap(struct hf_flow_scan *s, uint32_t a, uint32_t b)
{
	struct top_flow t = s->heap[a];

	s->heap[a] = s->heap[b];
	s->heap[b] = t;
}

static void
sink(struct hf_flow_scan *s, uint32_t i)
{
	for (;;) {
		uint32_t least = i, left = 2 * i + 1, right = 2 * i + 2;

		if (left < s->n && lighter(s, left, least))
			least = left;
		if (right < s->n && lighter(s, right, least))
			least = right;
		if (least == i)
			return;
		swap(s, i, least);
		i = least;
	}
}

/* Flows come in the order of lane and index: of equals those that are kept came first. */
static void
keep(struct hf_flow_scan *s, const struct top_flow *flow)
{
	uint32_t i = s->n;

	if (s->n == s->top) {
		if (weight(s, &flow->view) <= weight(s, &s->heap[0].view))
			return;
		s->heap[0] = *flow;
		sink(s, 0);
		return;
	}
	s->heap[s->n++] = *flow;
	while (i > 0 && lighter(s, i, (i - 1) / 2)) {
		swap(s, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

/* Reads at most n records of the lane the scan is at. Returns how many. */
static uint32_t
scan_lane(struct hf_flow_scan *s, uint32_t n)
{
	struct top_flow flow = {.lane = s->next_lane, .index = s->next_index};
	struct hf_flow_table table;
	uint32_t first = s->next_index, all, end;

	hf_segment_flow_table(s->seg, s->next_lane, &table);
	all = table.n_buckets * HF_FLOW_BUCKET_SLOTS;
	end = all - first < n ? all : first + n;
	for (; flow.index < end; flow.index++) {
		int found = hf_flow_read(&table, flow.index, &flow.view);

		if (found < 0)
			s->unread++;
		if (found != 1)
			continue;
		s->live++;
		s->live_pkts += flow.view.packets;
		s->live_bytes += flow.view.bytes;
		keep(s, &flow);
	}
	s->next_index = end < all ? end : 0;
	s->next_lane += end == all;
	return end - first;
}

/* Seconds since the start of a tick in the past; ticks wrap after 49 days, the result does not. */
static double
tick_seconds(uint32_t tick, uint64_t now_ms)
{
	int32_t ago = (int32_t)((uint32_t)now_ms - tick);

	/* A record may be a little younger than the scan. */
	if (ago < 0)
		return (double)now_ms / 1000;
	return (double)(now_ms - (uint32_t)ago) / 1000;
}

static const char *
address(const uint8_t bytes[16], uint8_t family, char *buf)
{
	if (family == 4)
		return inet_ntop(AF_INET, bytes + 12, buf, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, bytes, buf, INET6_ADDRSTRLEN);
}

static json_t *
flow_json(const struct top_flow *f, uint64_t now_ms)
{
	const struct hf_flow_key *key = &f->view.key;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:I, s:I, s:f, s:f}", "src",
			 address(key->src, key->family, src), "dst",
			 address(key->dst, key->family, dst), "sport", (int)ntohs(key->sport_be),
			 "dport", (int)ntohs(key->dport_be), "proto", (int)key->proto, "lane",
			 (int)f->lane, "packets", (json_int_t)f->view.packets, "bytes",
			 (json_int_t)f->view.bytes, "first_s",
			 tick_seconds(f->view.first_tick, now_ms), "last_s",
			 tick_seconds(f->view.last_tick, now_ms));
}

/* Empties the heap, least first, into a list that starts with the greatest. */
static json_t *
heap_json(struct hf_flow_scan *s, uint64_t now_ms)
{
	json_t *list = json_array();

	while (s->n > 0) {
		json_array_insert_new(list, 0, flow_json(&s->heap[0], now_ms));
		swap(s, 0, --s->n);
		sink(s, 0);
	}
	return list;
}

static json_t *
totals_json(const struct hf_segment *seg, const struct hf_flow_scan *s)
{
	uint64_t evicted[3] = {0}, expired[3] = {0}, skipped[HF_SKIP_MAX] = {0};

	for (uint32_t l = 0; l < seg->header.n_lanes && l < HF_MAX_LANES; l++) {
		const struct hf_flow_account *a = &seg->lanes[l].flows;

		evicted[0] += hf_load(&a->evicted_flows);
		evicted[1] += hf_load(&a->evicted_pkts);
		evicted[2] += hf_load(&a->evicted_bytes);
		expired[0] += hf_load(&a->expired_flows);
		expired[1] += hf_load(&a->expired_pkts);
		expired[2] += hf_load(&a->expired_bytes);
		for (uint32_t r = 0; r < HF_SKIP_MAX; r++)
			skipped[r] += hf_load(&seg->lanes[l].flow_skipped[r]);
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I}", "live",
			 (json_int_t)s->live, "evicted_flows", (json_int_t)evicted[0],
			 "evicted_pkts", (json_int_t)evicted[1], "evicted_bytes",
			 (json_int_t)evicted[2], "expired_flows", (json_int_t)expired[0],
			 "expired_pkts", (json_int_t)expired[1], "skipped", status_skipped(skipped),
			 "expired_bytes", (json_int_t)expired[2], "live_pkts",
			 (json_int_t)s->live_pkts, "live_bytes", (json_int_t)s->live_bytes,
			 "unread", (json_int_t)s->unread);
}

struct hf_flow_scan *
hf_flow_scan_begin(const struct hf_segment *seg, uint32_t top, enum hf_flow_sort sort)
{
	const struct hf_segment_header *h = &seg->header;
	struct hf_flow_scan *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->seg = seg;
	s->sort = sort;
	s->top = top >= 1 && top <= HF_STATUS_FLOWS_MAX ? top : HF_STATUS_FLOWS_DEFAULT;
	s->now_ms = (hf_tsc() - h->start_tsc) / (h->tsc_hz / 1000);
	s->heap = calloc(s->top, sizeof(s->heap[0]));
	if (s->heap != NULL)
		return s;
	free(s);
	return NULL;
}

int
hf_flow_scan_step(struct hf_flow_scan *s, uint32_t n_records)
{
	uint32_t n_lanes = s->seg->header.n_lanes;

	if (n_lanes > HF_MAX_LANES)
		n_lanes = HF_MAX_LANES;
	while (s->next_lane < n_lanes && n_records > 0)
		n_records -= scan_lane(s, n_records);
	return s->next_lane >= n_lanes;
}

void
hf_flow_scan_free(struct hf_flow_scan *s)
{
	if (s == NULL)
		return;
	free(s->heap);
	free(s);
}

json_t *
hf_flow_scan_end(struct hf_flow_scan *s)
{
	json_t *flows = heap_json(s, s->now_ms);
	json_t *reply = json_pack("{s:o, s:f, s:o}", "flows", flows, "now_s",
				  (double)s->now_ms / 1000, "totals", totals_json(s->seg, s));

	hf_flow_scan_free(s);
	return reply;
}

json_t *
hf_status_flows(const struct hf_segment *seg, uint32_t top, enum hf_flow_sort sort)
{
	struct hf_flow_scan *s = hf_flow_scan_begin(seg, top, sort);

	if (s == NULL)
		return NULL;
	while (!hf_flow_scan_step(s, UINT32_MAX))
		continue;
	return hf_flow_scan_end(s);
}

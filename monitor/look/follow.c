/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds one flow by its key, as a reader beside the lane's owner. Reads shared memory, writes to
 * what it was given alone.
 */
#include "follow.h"

#include <math.h>
#include <string.h>

void
follow_flow(struct hf_flow_follow *f, uint32_t lane, const struct hf_flow_key *key)
{
	if (f->wanted && f->lane == lane && memcmp(&f->key, key, sizeof(*key)) == 0)
		return;
	*f = (struct hf_flow_follow){.wanted = 1, .lane = lane, .key = *key};
}

void
follow_none(struct hf_flow_follow *f)
{
	*f = (struct hf_flow_follow){0};
}

/* The record of a key: each slot of its two buckets is read and compared. */
static uint32_t
find_record(const struct hf_flow_table *t, const struct hf_flow_key *key, struct hf_flow_view *view)
{
	uint64_t hash = hf_flow_hash(t, key);

	for (uint32_t i = 0; i < 2 * HF_FLOW_BUCKET_SLOTS; i++) {
		uint32_t bucket = hf_flow_bucket(t, hash, i / HF_FLOW_BUCKET_SLOTS);
		uint32_t index = bucket * HF_FLOW_BUCKET_SLOTS + i % HF_FLOW_BUCKET_SLOTS;

		if (hf_flow_read(t, index, view) == 1 && memcmp(&view->key, key, sizeof(*key)) == 0)
			return index;
	}
	return HF_FLOW_NONE;
}

static void
set_rates(struct hf_flow_follow *f, const struct hf_flow_view *v, uint32_t index, double seconds)
{
	int same = f->tsc != 0 && f->index == index && f->generation == v->generation;

	f->row.pps = f->row.bps = NAN;
	if (!same || !(seconds > 0))
		return;
	/* A count that recovery took back is not negative but 0. */
	f->row.pps = v->packets > f->packets ? (double)(v->packets - f->packets) / seconds : 0;
	f->row.bps = v->bytes > f->bytes ? (double)(v->bytes - f->bytes) * 8 / seconds : 0;
}

static void
take(struct hf_flow_follow *f, const struct hf_segment_header *h, const struct hf_flow_view *v,
     uint32_t index)
{
	uint64_t now = hf_tsc();
	struct hf_flow_row *row = &f->row;

	*row = (struct hf_flow_row){.key = v->key, .lane = f->lane, .index = index};
	row->packets = v->packets;
	row->bytes = v->bytes;
	set_rates(f, v, index, (double)(now - f->tsc) / (double)h->tsc_hz);
	flow_row_times(row, h, now, v->first_tick, v->last_tick);
	flow_row_describe(row);
	f->tsc = now;
	f->packets = v->packets;
	f->bytes = v->bytes;
	f->index = index;
	f->generation = v->generation;
}

void
follow_look(struct hf_flow_follow *f, const struct hf_segment *seg, uint32_t n_lanes,
	    struct hf_flow_detail *out)
{
	struct hf_flow_table table;
	struct hf_flow_view view;
	uint32_t index = HF_FLOW_NONE;

	out->state = HF_FOLLOW_NONE;
	if (!f->wanted)
		return;
	if (f->lane < n_lanes) {
		hf_segment_flow_table(seg, f->lane, &table);
		index = find_record(&table, &f->key, &view);
	}
	if (index != HF_FLOW_NONE) {
		take(f, &seg->header, &view, index);
		out->state = HF_FOLLOW_LIVE;
	} else {
		f->tsc = 0;
		f->row.key = f->key;
		f->row.lane = f->lane;
		f->row.pps = f->row.bps = NAN;
		flow_row_describe(&f->row);
		out->state = HF_FOLLOW_GONE;
	}
	out->row = f->row;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies what the views need to know of memory out of the segment: packet buffers by where they
 * are, bytes of the segment by what they are for. Reads shared memory, writes the sample alone.
 */
#include <math.h>
#include <stdio.h>

#include "format.h"
#include "take.h"

static void
take_census(struct hf_pool_row *row, const struct hf_pool *p)
{
	row->free = take_u32(&p->free);
	row->cached = take_u32(&p->cached);
	row->rings = take_u32(&p->rings);
	row->held = take_u32(&p->held);
	row->driver = take_u32(&p->driver);
	row->unaccounted = take_u32(&p->unaccounted);
	row->twice = take_u32(&p->twice);
	if (row->size > 0 && row->free + row->cached <= row->size)
		row->used = 100 - 100.0 * (double)(row->free + row->cached) / (double)row->size;
	if (row->unaccounted != 0 || row->twice != 0)
		row->alert = HF_ALERT_BAD;
}

void
take_pools(struct hf_sample *s, const struct hf_segment *seg)
{
	s->n_pools = take_least(seg->header.n_pools, HF_MAX_POOLS);
	for (uint32_t i = 0; i < s->n_pools; i++) {
		const struct hf_pool *p = &seg->pools[i];
		struct hf_pool_row *row = &s->pools[i];
		uint64_t census = hf_load(&p->census_tsc);

		*row = (struct hf_pool_row){.node = p->node, .size = p->size, .used = NAN};
		format_clean(row->name, sizeof(row->name), p->name, sizeof(p->name));
		row->free = row->cached = row->rings = row->held = HF_UNKNOWN;
		row->driver = row->unaccounted = row->twice = HF_UNKNOWN;
		row->census_s = NAN;
		if (census == 0)
			continue;
		row->census_s = take_age(s, census);
		take_census(row, p);
	}
}

static void
add_part(struct hf_sample *s, const char *part, uint64_t bytes)
{
	struct hf_part_row *row = &s->parts[s->n_parts++];

	*row = (struct hf_part_row){.bytes = bytes};
	snprintf(row->part, sizeof(row->part), "%s", part);
}

void
take_parts(struct hf_sample *s, const struct hf_segment *seg)
{
	uint64_t total = seg->header.total_bytes, flows;
	uint64_t named = sizeof(seg->io) + sizeof(seg->events) + sizeof(seg->quarantine);

	flows = (uint64_t)s->n_lanes * seg->header.flow_stride;
	s->n_parts = 0;
	add_part(s, "flows", flows);
	add_part(s, "quarantine", sizeof(seg->quarantine));
	add_part(s, "io", sizeof(seg->io));
	add_part(s, "events", sizeof(seg->events));
	add_part(s, "other", total > flows + named ? total - flows - named : 0);
	add_part(s, "total", total);
}

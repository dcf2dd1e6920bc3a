/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Samples that are made up, for tests of history and recordings.
 */
#ifndef HF_TEST_HISTORY_WORLD_H
#define HF_TEST_HISTORY_WORLD_H

#include "monitor_world.h"

#include <stdio.h>

/* Some other figure for each place of each sample. */
static inline uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static inline void
make_flow(struct hf_flow_row *row, uint64_t n, uint32_t i)
{
	uint64_t id = mix(i);

	*row = (struct hf_flow_row){.lane = i % LANES, .index = i, .family = 4, .proto = 6};
	row->key.family = 4;
	memcpy(row->key.src + 12, &id, 4);
	row->packets = 1000 * n + mix(n * 977 + i) % 1000;
	row->bytes = row->packets * 100;
	row->pps = row->score = (double)(mix(n + 31 * i) % 100000) / 7;
	row->bps = row->pps * 800;
	row->age_s = (double)n;
	snprintf(row->src, sizeof(row->src), "10.0.%u.%u", i / 256 % 256, i % 256);
	snprintf(row->dst, sizeof(row->dst), "10.1.0.1");
	snprintf(row->proto_name, sizeof(row->proto_name), "tcp");
}

/* Sample number n of an instance at work, taken at time_s, with flows flows. */
static inline void
make_sample(struct hf_sample *s, uint64_t n, double time_s, uint32_t flows)
{
	s->state = HF_SAMPLE_LIVE;
	s->time_s = time_s;
	snprintf(s->instance, sizeof(s->instance), "made-up");
	snprintf(s->segment_state, sizeof(s->segment_state), "ready");
	s->tsc = n * HZ;
	s->tsc_hz = HZ;
	s->n_lanes = LANES;
	s->n_ports = 1;
	s->totals.rx_pkts = n * 1000;
	s->totals.rx_pps = (double)n;
	s->totals.tx_pps = 2 * (double)n;
	s->ports[0].rx_pps = 10 * (double)n;
	snprintf(s->ports[0].name, sizeof(s->ports[0].name), "tap0");
	for (uint32_t l = 0; l < LANES; l++) {
		s->lanes[l].lane = l;
		s->lanes[l].rx_pkts = mix(n + l);
		s->lanes[l].rx_pps = (double)(n + 100 * l);
		s->lanes[l].busy = (double)(n % 100);
	}
	s->flows.live = flows;
	s->flows.n = flows < s->flows.top ? flows : s->flows.top;
	for (uint32_t i = 0; i < s->flows.n; i++)
		make_flow(&s->flows.rows[i], n, i);
}

/* Are two samples the same in every byte, room for flows apart? */
static inline int
same_sample(const struct hf_sample *a, const struct hf_sample *b)
{
	struct hf_sample x = *a;

	if (a->flows.n != b->flows.n ||
	    memcmp(a->flows.rows, b->flows.rows, a->flows.n * sizeof(a->flows.rows[0])) != 0)
		return 0;
	x.flows.rows = b->flows.rows;
	x.flows.top = b->flows.top;
	return memcmp(&x, b, sizeof(x)) == 0;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is said of a flow that is shown: times, addresses, names. Writes to the row alone.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>

#include "flows.h"
#include "protocols.h"

void
flow_row_times(struct hf_flow_row *row, const struct hf_segment_header *h, uint64_t now_tsc,
	       uint32_t first_tick, uint32_t last_tick)
{
	double now_s = (double)hf_tsc_to_ns(h, now_tsc - h->start_tsc) / 1e9;
	uint32_t now_tick = hf_tick(h, now_tsc);
	double idle_s = flow_idle_s(now_tick, last_tick);
	double age_s = flow_age_s(now_tick, first_tick, last_tick);

	row->idle_s = fmax(idle_s, 0);
	row->age_s = fmax(age_s, 0);
	row->last_s = fmax(now_s - idle_s, 0);
	row->first_s = fmax(now_s - age_s, 0);
}

static void
name_protocol(struct hf_flow_row *row)
{
	const char *name = protocol_name(row->key.proto);

	if (name != NULL)
		snprintf(row->proto_name, sizeof(row->proto_name), "%s", name);
	else
		snprintf(row->proto_name, sizeof(row->proto_name), "%u", row->key.proto);
}

void
flow_row_describe(struct hf_flow_row *row)
{
	const struct hf_flow_key *k = &row->key;

	row->family = k->family;
	row->proto = k->proto;
	row->sport = ntohs(k->sport_be);
	row->dport = ntohs(k->dport_be);
	if (k->family == 4) {
		inet_ntop(AF_INET, k->src + 12, row->src, sizeof(row->src));
		inet_ntop(AF_INET, k->dst + 12, row->dst, sizeof(row->dst));
	} else {
		inet_ntop(AF_INET6, k->src, row->src, sizeof(row->src));
		inet_ntop(AF_INET6, k->dst, row->dst, sizeof(row->dst));
	}
	name_protocol(row);
}

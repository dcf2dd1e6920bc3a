/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies what the views need out of the segment. Reads shared memory, writes the sample alone.
 * Counts that index arrays are clamped here: a crashing worker may have scribbled on them.
 */
#include "sample.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "format.h"
#include "take.h"

#define SILENT_S    1.0 /* a heartbeat older than this is worth showing */
#define TAKE_TRIES  3
#define GAP_SLOW_NS 20000000U /* a gap above this outlasts the lane's ring: shown as a warning */

int
sample_init(struct hf_sample *s, uint32_t top)
{
	*s = (struct hf_sample){0};
	s->flows.rows = calloc(top, sizeof(*s->flows.rows));
	s->flows.top = top;
	return s->flows.rows == NULL ? -ENOMEM : 0;
}

void
sample_free(struct hf_sample *s)
{
	free(s->flows.rows);
	s->flows.rows = NULL;
}

static void
take_header(struct hf_sample *s, const struct hf_segment_header *h, uint64_t tsc)
{
	uint32_t state = atomic_load_explicit(&h->state, memory_order_acquire);

	s->tsc = tsc;
	s->tsc_hz = h->tsc_hz;
	s->clear_seq = take_u32(&h->clear_seq);
	s->primary_pid = h->primary_pid;
	s->uptime_s = take_age(s, h->start_tsc);
	s->silent = take_age(s, hf_load(&h->heartbeat_tsc)) > SILENT_S;
	snprintf(s->segment_state, sizeof(s->segment_state), "%s", hf_segment_state_name(state));
	format_clean(s->instance, sizeof(s->instance), h->instance, sizeof(h->instance));
	format_clean(s->program_version, sizeof(s->program_version), h->program_version,
		     sizeof(h->program_version));
	format_clean(s->dpdk_version, sizeof(s->dpdk_version), h->dpdk_version,
		     sizeof(h->dpdk_version));
}

static void
name_link(struct hf_port_row *row)
{
	if (row->link_up == HF_LINK_DOWN)
		snprintf(row->link, sizeof(row->link), "down");
	else if (row->link_up != HF_LINK_UP)
		snprintf(row->link, sizeof(row->link), "-");
	else if (row->link_mbps == 0 || row->link_mbps == UINT32_MAX)
		snprintf(row->link, sizeof(row->link), "up");
	else if (row->link_mbps < 1000)
		snprintf(row->link, sizeof(row->link), "%uM", row->link_mbps);
	else
		snprintf(row->link, sizeof(row->link), "%gG", row->link_mbps / 1000.0);
}

static void
take_port(struct hf_port_row *row, const struct hf_segment *seg, const struct hf_port *port)
{
	format_clean(row->name, sizeof(row->name), port->name, sizeof(port->name));
	format_clean(row->driver, sizeof(row->driver), port->driver, sizeof(port->driver));
	if (port->peer < HF_MAX_PORTS)
		format_clean(row->peer, sizeof(row->peer), seg->ports[port->peer].name,
			     sizeof(seg->ports[port->peer].name));
	row->link_up = take_u32(&port->link_up);
	row->link_mbps = take_u32(&port->link_mbps);
	row->mtu = port->mtu;
	row->node = port->node;
	row->io = port->io;
	row->pool = port->pool;
	row->sampled_tsc = atomic_load_explicit(&port->sampled_tsc, memory_order_acquire);
	row->rx_pkts = hf_load(&port->rx_pkts);
	row->rx_bytes = hf_load(&port->rx_bytes);
	row->tx_pkts = hf_load(&port->tx_pkts);
	row->tx_bytes = hf_load(&port->tx_bytes);
	row->missed = hf_load(&port->rx_missed);
	row->nombuf = hf_load(&port->rx_nombuf);
	row->rx_errors = hf_load(&port->rx_errors);
	row->tx_errors = hf_load(&port->tx_errors);
	row->errors = row->rx_errors + row->tx_errors;
	row->alert = row->link_up == HF_LINK_DOWN ? HF_ALERT_BAD
		     : row->nombuf != 0           ? HF_ALERT_WARN
						  : HF_ALERT_NONE;
	name_link(row);
}

static void
take_ports(struct hf_sample *s, const struct hf_segment *seg)
{
	s->n_ports = take_least(seg->header.n_ports, HF_MAX_PORTS);
	for (uint32_t i = 0; i < s->n_ports; i++) {
		s->ports[i] = (struct hf_port_row){0};
		take_port(&s->ports[i], seg, &seg->ports[i]);
	}
}

static void
take_io(struct hf_sample *s, const struct hf_segment *seg)
{
	s->n_io = take_least(seg->header.n_io, HF_MAX_IO);
	for (uint32_t i = 0; i < s->n_io; i++) {
		const struct hf_io *io = &seg->io[i];

		s->io[i] = (struct hf_io_row){.io = i, .cpu = io->cpu, .node = io->node};
		s->io[i].tid = atomic_load_explicit(&io->tid, memory_order_relaxed);
		s->io[i].loops = hf_load(&io->loops);
		s->io[i].busy_tsc = hf_load(&io->busy_tsc);
		s->io[i].total_tsc = hf_load(&io->total_tsc);
		if (take_age(s, hf_load(&io->heartbeat_tsc)) > SILENT_S)
			s->io[i].alert = HF_ALERT_BAD;
	}
}

/*
 * A lane's owner lives only if the worker's slot says so: the pid is the same and the worker runs,
 * or is about to leave and has not given the lane back yet.
 */
static void
take_owner(struct hf_lane_row *row, const struct hf_segment *seg, const struct hf_lane *lane)
{
	uint32_t slot = take_u32(&lane->owner_slot_plus1) - 1, state;
	const struct hf_worker *w;

	row->pid = atomic_load_explicit(&lane->owner_pid, memory_order_relaxed);
	if (row->pid <= 0)
		row->pid = -1;
	if (row->pid == -1 || slot >= HF_MAX_WORKERS)
		return;
	w = &seg->workers[slot];
	state = atomic_load_explicit(&w->state, memory_order_acquire);
	if ((state != HF_WORKER_RUNNING && state != HF_WORKER_LEAVING) ||
	    atomic_load_explicit(&w->pid, memory_order_relaxed) != row->pid)
		return;
	row->owner_alive = 1;
	row->tid = atomic_load_explicit(&lane->owner_tid, memory_order_relaxed);
	format_clean(row->owner, sizeof(row->owner), w->name, sizeof(w->name));
}

static void
take_lane_state(struct hf_lane_row *row, const struct hf_lane *lane)
{
	uint32_t state = take_u32(&lane->state);
	const char *name = hf_lane_state_name(state);

	/* What a dead owner left behind says "running" until the next one comes. */
	if (state == HF_LANE_RUNNING && !row->owner_alive)
		name = "orphaned";
	snprintf(row->state, sizeof(row->state), "%s", name);
	if (!row->owner_alive)
		row->alert = HF_ALERT_BAD;
	else if (state != HF_LANE_RUNNING || take_u32(&lane->numa_mismatch) != 0)
		row->alert = HF_ALERT_WARN;
}

static void
take_lane_counts(struct hf_lane_row *row, const struct hf_segment *seg)
{
	const struct hf_lane_totals *t = &row->totals;

	if (hf_lane_totals_read(seg, row->lane, &row->totals) != 0) {
		row->rx_pkts = row->rx_bytes = row->tx_pkts = row->tx_bytes = HF_UNKNOWN;
		row->drops = row->held = HF_UNKNOWN;
		return;
	}
	row->rx_pkts = t->rx_pkts;
	row->rx_bytes = t->rx_bytes;
	row->tx_pkts = t->tx_pkts;
	row->tx_bytes = t->tx_bytes;
	row->drops = t->drops;
	row->held = t->held_pkts;
}

static void
take_gaps(struct hf_lane_row *row, const struct hf_gaps *gaps)
{
	for (unsigned int k = 0; k < HF_GAP_KINDS; k++) {
		row->gap_sum_ns[k] = hf_load(&gaps->sum_ns[k]);
		for (unsigned int b = 0; b < HF_GAP_BUCKETS; b++)
			row->gap_counts[k][b] = take_u32(&gaps->count[k][b]);
	}
}

static void
take_lane(struct hf_sample *s, struct hf_lane_row *row, const struct hf_segment *seg)
{
	const struct hf_lane *lane = &seg->lanes[row->lane];

	snprintf(row->kind, sizeof(row->kind), "%s", hf_lane_kind_name(lane->kind));
	row->cpu = lane->cpu;
	row->node = lane->node;
	row->generation = take_u32(&lane->generation);
	row->handovers = hf_load(&lane->handovers);
	row->takeovers = hf_load(&lane->takeovers);
	row->undone = hf_load(&lane->undone);
	row->numa_mismatch = take_u32(&lane->numa_mismatch);
	row->flow_slots = seg->header.flow_capacity;
	row->live_flows = hf_load(&lane->flows.live_flows);
	row->inserted_flows = hf_load(&lane->flows.inserted_flows);
	row->flow_fill = row->flow_slots > 0
				 ? 100.0 * (double)row->live_flows / (double)row->flow_slots
				 : NAN;
	row->evicted_flows = hf_load(&lane->flows.evicted_flows);
	row->expired_flows = hf_load(&lane->flows.expired_flows);
	row->busy_tsc = hf_load(&lane->busy_tsc);
	row->total_tsc = hf_load(&lane->total_tsc);
	row->gap_ns = HF_UNKNOWN;
	if (take_u32(&lane->last_gap_gen) != 0) {
		row->gap_ns = hf_load(&lane->last_gap_ns);
		row->gap_takeover = take_u32(&lane->last_gap_takeover);
	}
	take_gaps(row, &lane->gaps);
	take_owner(row, seg, lane);
	take_lane_state(row, lane);
	row->owned_s = row->owner_alive ? take_age(s, hf_load(&lane->since_tsc)) : NAN;
	if (row->alert == HF_ALERT_NONE && row->gap_ns != HF_UNKNOWN && row->gap_ns > GAP_SLOW_NS)
		row->alert = HF_ALERT_WARN;
	take_lane_counts(row, seg);
	take_load(row, seg);
}

static void
take_lanes(struct hf_sample *s, const struct hf_segment *seg)
{
	s->n_lanes = take_least(seg->header.n_lanes, HF_MAX_LANES);
	for (uint32_t l = 0; l < s->n_lanes; l++) {
		s->lanes[l] = (struct hf_lane_row){.lane = l};
		take_lane(s, &s->lanes[l], seg);
	}
}

static void
take_worker(struct hf_sample *s, struct hf_worker_row *row, const struct hf_worker *w,
	    uint32_t state)
{
	row->pid = atomic_load_explicit(&w->pid, memory_order_relaxed);
	row->standby = w->standby != 0;
	row->attach_us = w->attach_us;
	row->uptime_s = NAN;
	if (hf_load(&w->attached_tsc) != 0)
		row->uptime_s = take_age(s, hf_load(&w->attached_tsc));
	format_clean(row->name, sizeof(row->name), w->name, sizeof(w->name));
	format_clean(row->version, sizeof(row->version), w->version, sizeof(w->version));
	snprintf(row->state, sizeof(row->state), "%s", hf_worker_state_name(state));
	for (unsigned int l = 0; l < HF_MAX_LANES; l++) {
		uint8_t t = atomic_load_explicit(&w->thread[l], memory_order_relaxed);

		row->lanes |= (uint64_t)(t == HF_THREAD_OWNER) << l;
		row->waits |= (uint64_t)(t == HF_THREAD_WAITING) << l;
	}
	if (state == HF_WORKER_DEAD)
		row->alert = HF_ALERT_BAD;
	else if (state != HF_WORKER_RUNNING || take_age(s, hf_load(&w->heartbeat_tsc)) > SILENT_S)
		row->alert = HF_ALERT_WARN;
}

static void
take_workers(struct hf_sample *s, const struct hf_segment *seg)
{
	s->n_workers = 0;
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		const struct hf_worker *w = &seg->workers[i];
		uint32_t state = atomic_load_explicit(&w->state, memory_order_acquire);

		if (state == HF_WORKER_FREE)
			continue;
		s->workers[s->n_workers] = (struct hf_worker_row){.slot = i, .cpu = -1, .node = -1};
		take_worker(s, &s->workers[s->n_workers], w, state);
		take_past(&s->workers[s->n_workers++], seg);
	}
}

static void
add_known(uint64_t *sum, uint64_t n)
{
	*sum = *sum == HF_UNKNOWN || n == HF_UNKNOWN ? HF_UNKNOWN : *sum + n;
}

static void
take_totals(struct hf_sample *s)
{
	s->totals = (struct hf_totals_row){0};
	for (uint32_t l = 0; l < s->n_lanes; l++) {
		add_known(&s->totals.rx_pkts, s->lanes[l].rx_pkts);
		add_known(&s->totals.rx_bytes, s->lanes[l].rx_bytes);
		add_known(&s->totals.tx_pkts, s->lanes[l].tx_pkts);
		add_known(&s->totals.tx_bytes, s->lanes[l].tx_bytes);
		add_known(&s->totals.drops, s->lanes[l].drops);
		add_known(&s->totals.held, s->lanes[l].held);
	}
}

int
sample_take(struct hf_sample *s, const struct hf_segment *seg, uint64_t tsc)
{
	for (unsigned int i = 0; i < TAKE_TRIES; i++) {
		take_header(s, &seg->header, tsc);
		take_ports(s, seg);
		take_queues(s, seg);
		take_io(s, seg);
		take_lanes(s, seg);
		if (take_u32(&seg->header.clear_seq) == s->clear_seq)
			break;
	}
	take_workers(s, seg);
	take_pools(s, seg);
	take_parts(s, seg);
	take_drops(s);
	take_skips(s, seg);
	take_totals(s);
	return 0;
}

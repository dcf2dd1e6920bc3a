/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports, pools, I/O threads and the whole of an instance as JSON.
 *
 * Primary; main thread (control socket) and telemetry threads. Reads the segment, owns nothing, and
 * must not write to anything shared.
 */
#include "status.h"

#include <stdio.h>
#include <string.h>

json_t *
status_number(int known, uint64_t n)
{
	return known ? json_integer((json_int_t)n) : json_null();
}

json_t *
status_text(const char *text, size_t size)
{
	char copy[160];
	size_t n = strnlen(text, size < sizeof(copy) ? size : sizeof(copy));
	json_t *json = json_stringn(text, n);

	if (json != NULL)
		return json;
	for (size_t i = 0; i < n; i++)
		copy[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	return json_stringn(copy, n);
}

json_t *
status_age_ms(const struct hf_segment *seg, uint64_t tsc)
{
	uint64_t now = hf_tsc();

	/* The stamp may come from another CPU, a little ahead. */
	if (now < tsc)
		now = tsc;
	return status_number(tsc != 0, hf_tsc_to_ns(&seg->header, now - tsc) / 1000000);
}

json_t *
status_percent(uint64_t part, uint64_t whole)
{
	if (whole == 0)
		return json_null();
	return json_real((double)(uint64_t)(10000.0 * (double)part / (double)whole + 0.5) / 100);
}

int
status_owner_slot(const struct hf_segment *seg, uint32_t lane)
{
	const struct hf_lane *l = &seg->lanes[lane];
	int32_t pid = atomic_load_explicit(&l->owner_pid, memory_order_relaxed);
	uint32_t plus1 = atomic_load_explicit(&l->owner_slot_plus1, memory_order_relaxed);
	const struct hf_worker *w;

	if (pid <= 0 || plus1 == 0 || plus1 > HF_MAX_WORKERS)
		return -1;
	w = &seg->workers[plus1 - 1];
	if (atomic_load_explicit(&w->pid, memory_order_relaxed) != pid ||
	    !hf_process_alive(pid, hf_load(&w->start_time)))
		return -1;
	return (int)plus1 - 1;
}

static json_t *
port_figures(const struct hf_port *port)
{
	uint64_t rx_errors = hf_load(&port->rx_errors);
	uint64_t tx_errors = hf_load(&port->tx_errors);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "rx_pkts",
			 (json_int_t)hf_load(&port->rx_pkts), "rx_bytes",
			 (json_int_t)hf_load(&port->rx_bytes), "tx_pkts",
			 (json_int_t)hf_load(&port->tx_pkts), "tx_bytes",
			 (json_int_t)hf_load(&port->tx_bytes), "rx_missed",
			 (json_int_t)hf_load(&port->rx_missed), "rx_nombuf",
			 (json_int_t)hf_load(&port->rx_nombuf), "errors",
			 (json_int_t)(rx_errors + tx_errors), "rx_errors", (json_int_t)rx_errors,
			 "tx_errors", (json_int_t)tx_errors);
}

static json_t *
port_identity(const struct hf_port *port)
{
	uint32_t up = atomic_load_explicit(&port->link_up, memory_order_relaxed);

	return json_pack("{s:o, s:o, s:i, s:s?}", "name",
			 status_text(port->name, sizeof(port->name)), "driver",
			 status_text(port->driver, sizeof(port->driver)), "queues",
			 (int)port->n_queues, "link",
			 up == HF_LINK_UNKNOWN ? NULL
			 : up == HF_LINK_UP    ? "up"
					       : "down");
}

static json_t *
port_details(const struct hf_segment *seg, const struct hf_port *port)
{
	uint32_t mbps = atomic_load_explicit(&port->link_mbps, memory_order_relaxed);
	const struct hf_port *peer = NULL;
	char mac[18];

	if (port->peer < seg->header.n_ports)
		peer = &seg->ports[port->peer];
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", port->mac[0], port->mac[1],
		 port->mac[2], port->mac[3], port->mac[4], port->mac[5]);
	return json_pack("{s:o, s:o, s:o, s:s, s:i, s:o, s:s, s:s, s:o, s:o}", "link_mbps",
			 status_number(mbps != 0, mbps), "device",
			 status_text(port->device, sizeof(port->device)), "peer",
			 peer != NULL ? status_text(peer->name, sizeof(peer->name)) : json_null(),
			 "mac", mac, "mtu", (int)port->mtu, "node",
			 status_number(port->node >= 0, (uint64_t)port->node), "rss",
			 port->rss_in_hardware != 0 ? "hardware" : "software", "kind",
			 hf_lane_kind_name(port->kind), "why",
			 status_text(port->why, sizeof(port->why)), "io",
			 status_number(port->io >= 0, (uint64_t)port->io));
}

/* Packets by queue, the first one first. */
static json_t *
queue_pkts(const struct hf_queue_count *queue, uint32_t n)
{
	json_t *list = json_array();

	for (uint32_t q = 0; q < n; q++)
		json_array_append_new(list, json_integer((json_int_t)hf_queue_pkts(&queue[q])));
	return list;
}

static json_t *
port_queues(const struct hf_port *port)
{
	uint32_t n_rx = port->n_queues < HF_MAX_RXQ ? port->n_queues : HF_MAX_RXQ;
	uint32_t n_tx = port->n_tx_queues < HF_MAX_TXQ ? port->n_tx_queues : HF_MAX_TXQ;

	return json_pack("{s:o, s:o}", "rx_queue_pkts", queue_pkts(port->rx_queue, n_rx),
			 "tx_queue_pkts", queue_pkts(port->tx_queue, n_tx));
}

json_t *
hf_status_ports(const struct hf_segment *seg)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < seg->header.n_ports && i < HF_MAX_PORTS; i++) {
		json_t *port = port_identity(&seg->ports[i]);

		json_object_update_new(port, port_figures(&seg->ports[i]));
		json_object_update_new(port, port_details(seg, &seg->ports[i]));
		json_object_update_new(port, port_queues(&seg->ports[i]));
		json_array_append_new(list, port);
	}
	return list;
}

static json_t *
mbufs(const struct hf_pool *pool, const _Atomic(uint32_t) *count)
{
	return status_number(hf_load(&pool->census_tsc) != 0,
			     atomic_load_explicit(count, memory_order_relaxed));
}

/* What recoveries of hardware lanes found. */
static json_t *
pool_recoveries(const struct hf_pool *pool)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "rebuilt",
			 (json_int_t)atomic_load_explicit(&pool->rebuilt, memory_order_relaxed),
			 "audits",
			 (json_int_t)atomic_load_explicit(&pool->audits, memory_order_relaxed),
			 "missing",
			 (json_int_t)atomic_load_explicit(&pool->missing, memory_order_relaxed),
			 "doubled",
			 (json_int_t)atomic_load_explicit(&pool->doubled, memory_order_relaxed));
}

static json_t *
pool_census(const struct hf_segment *seg, const struct hf_pool *pool)
{
	int known = hf_load(&pool->census_tsc) != 0;
	uint32_t exact = atomic_load_explicit(&pool->exact, memory_order_relaxed);

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "exact",
			 known ? json_boolean(exact != 0) : json_null(), "driver_max",
			 mbufs(pool, &pool->driver_max), "census_age_ms",
			 status_age_ms(seg, hf_load(&pool->census_tsc)), "census_io_ns",
			 mbufs(pool, &pool->stood_ns), "census_work_ns",
			 mbufs(pool, &pool->work_ns));
}

static json_t *
pool_json(const struct hf_segment *seg, const struct hf_pool *pool)
{
	json_t *json =
		json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
			  status_text(pool->name, sizeof(pool->name)), "size",
			  (json_int_t)pool->size, "free", mbufs(pool, &pool->free), "cached",
			  mbufs(pool, &pool->cached), "rings", mbufs(pool, &pool->rings), "held",
			  mbufs(pool, &pool->held), "unaccounted", mbufs(pool, &pool->unaccounted),
			  "twice", mbufs(pool, &pool->twice), "driver", mbufs(pool, &pool->driver),
			  "node", status_number(pool->node >= 0, (uint64_t)pool->node));

	json_object_update_new(json, pool_census(seg, pool));
	json_object_update_new(json, pool_recoveries(pool));
	return json;
}

json_t *
hf_status_pools(const struct hf_segment *seg)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < seg->header.n_pools && i < HF_MAX_POOLS; i++)
		json_array_append_new(list, pool_json(seg, &seg->pools[i]));
	return list;
}

/* What a packet costs the thread, step by step; null before the first was timed. */
static json_t *
io_steps(const struct hf_segment *seg, const struct hf_io *io)
{
	json_t *o = json_object();

	for (uint32_t i = 0; i < HF_IO_STEPS; i++) {
		uint64_t pkts =
			hf_load(i <= HF_IO_STEP_PUBLISH ? &io->step_rx_pkts : &io->step_tx_pkts);
		double ns = (double)hf_tsc_to_ns(&seg->header, hf_load(&io->step_tsc[i]));

		json_object_set_new(o, hf_io_step_name(i),
				    pkts > 0 ? json_real(ns / (double)pkts) : json_null());
	}
	return o;
}

json_t *
hf_status_io(const struct hf_segment *seg)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < seg->header.n_io && i < HF_MAX_IO; i++) {
		const struct hf_io *io = &seg->io[i];
		int32_t tid = atomic_load_explicit(&io->tid, memory_order_relaxed);

		json_array_append_new(
			list,
			json_pack("{s:i, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "id", (int)i, "tid",
				  status_number(tid > 0, (uint64_t)tid), "cpu",
				  status_number(io->cpu >= 0, (uint64_t)io->cpu), "node",
				  status_number(io->node >= 0, (uint64_t)io->node), "loops",
				  (json_int_t)hf_load(&io->loops), "busy",
				  status_percent(hf_load(&io->busy_tsc), hf_load(&io->total_tsc)),
				  "heartbeat_age_ms",
				  status_age_ms(seg, hf_load(&io->heartbeat_tsc)), "ns_per_pkt",
				  io_steps(seg, io)));
	}
	return list;
}

static void
warn_lanes(const struct hf_segment *seg, json_t *list)
{
	for (uint32_t l = 0; l < seg->header.n_lanes && l < HF_MAX_LANES; l++) {
		const struct hf_lane *lane = &seg->lanes[l];

		if (status_owner_slot(seg, l) < 0)
			json_array_append_new(list,
					      json_sprintf("lane %u: it has no living owner", l));
		if (atomic_load_explicit(&lane->unsupervised, memory_order_relaxed) != 0)
			json_array_append_new(
				list, json_sprintf("lane %u: its owner is not supervised: a hang "
						   "lasts until somebody ends it",
						   l));
		if (atomic_load_explicit(&lane->numa_mismatch, memory_order_relaxed) != 0)
			json_array_append_new(
				list, json_sprintf("lane %u: CPU %d is on NUMA node %d: a port "
						   "it serves is on another node",
						   l, lane->cpu, lane->node));
	}
}

static void
warn_pools(const struct hf_segment *seg, json_t *list)
{
	for (uint32_t i = 0; i < seg->header.n_pools && i < HF_MAX_POOLS; i++) {
		const struct hf_pool *p = &seg->pools[i];
		uint32_t lost = atomic_load_explicit(&p->unaccounted, memory_order_relaxed);
		uint32_t twice = atomic_load_explicit(&p->twice, memory_order_relaxed);

		if (hf_load(&p->census_tsc) == 0)
			continue;
		if (lost != 0)
			json_array_append_new(
				list, json_sprintf("pool %.31s: %u mbufs are unaccounted for",
						   p->name, lost));
		if (twice != 0)
			json_array_append_new(list,
					      json_sprintf("pool %.31s: %u mbufs are there twice",
							   p->name, twice));
	}
}

json_t *
hf_status_warnings(const struct hf_segment *seg)
{
	json_t *list = json_array();

	warn_lanes(seg, list);
	for (uint32_t i = 0; i < seg->header.n_ports && i < HF_MAX_PORTS; i++)
		if (atomic_load_explicit(&seg->ports[i].link_up, memory_order_relaxed) ==
		    HF_LINK_DOWN)
			json_array_append_new(list, json_sprintf("port %.31s: the link is down",
								 seg->ports[i].name));
	warn_pools(seg, list);
	return list;
}

/* What the segment takes in memory, and how full its flow tables are together. */
static json_t *
segment_json(const struct hf_segment *seg)
{
	const struct hf_segment_header *h = &seg->header;
	uint64_t live = 0, evicted = 0, expired = 0;

	for (uint32_t l = 0; l < h->n_lanes && l < HF_MAX_LANES; l++) {
		live += hf_load(&seg->lanes[l].flows.live_flows);
		evicted += hf_load(&seg->lanes[l].flows.evicted_flows);
		expired += hf_load(&seg->lanes[l].flows.expired_flows);
	}
	return json_pack("{s:I, s:I, s:i, s:I, s:I, s:o, s:I, s:I}", "bytes",
			 (json_int_t)h->total_bytes, "flow_bytes",
			 (json_int_t)(h->n_lanes * h->flow_stride), "layout_version",
			 (int)h->layout_version, "flow_records",
			 (json_int_t)((uint64_t)h->n_lanes * h->flow_capacity), "flows_live",
			 (json_int_t)live, "flow_fill",
			 status_percent(live, (uint64_t)h->n_lanes * h->flow_capacity),
			 "flows_evicted", (json_int_t)evicted, "flows_expired",
			 (json_int_t)expired);
}

json_t *
hf_status_all(const struct hf_segment *seg)
{
	const struct hf_segment_header *h = &seg->header;
	uint32_t state = atomic_load_explicit(&h->state, memory_order_relaxed);
	uint64_t up_ns = hf_tsc_to_ns(h, hf_tsc() - h->start_tsc);

	return json_pack(
		"{s:o, s:s, s:I, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o}",
		"instance", status_text(h->instance, sizeof(h->instance)), "state",
		hf_segment_state_name(state), "uptime_s", (json_int_t)(up_ns / 1000000000), "ports",
		hf_status_ports(seg), "lanes", hf_status_lanes(seg), "workers",
		hf_status_workers(seg), "pools", hf_status_pools(seg), "primary_pid",
		(int)h->primary_pid, "version",
		status_text(h->program_version, sizeof(h->program_version)), "dpdk",
		status_text(h->dpdk_version, sizeof(h->dpdk_version)), "io", hf_status_io(seg),
		"warnings", hf_status_warnings(seg), "clear_seq",
		(json_int_t)atomic_load_explicit(&h->clear_seq, memory_order_relaxed), "adoptions",
		(json_int_t)h->adoptions, "crashes", hf_status_crashes(seg), "segment",
		segment_json(seg));
}

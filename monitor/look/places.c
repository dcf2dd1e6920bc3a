/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts every thread, port and pool of a sample in its place. Reads the sample and /proc, never the
 * segment. A lane serves all ports, so it matches when all that have a node are on its own.
 */
#include "places.h"

#include <stdarg.h>
#include <stdio.h>

#include "units.h"

static struct hf_place_row *
add_place(struct hf_sample *s, const char *kind, const char *name)
{
	struct hf_place_row *row = &s->places[s->n_places++];

	*row = (struct hf_place_row){
		.tid = -1, .cpu = -1, .node = -1, .cpu_now = -1, .node_now = -1};
	snprintf(row->kind, sizeof(row->kind), "%s", kind);
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

/* The first thing that does not match is the one that is told. */
__attribute__((format(printf, 2, 3))) static void
mark(struct hf_place_row *row, const char *format, ...)
{
	va_list args;

	if (row->mismatch)
		return;
	row->mismatch = 1;
	row->alert = HF_ALERT_WARN;
	va_start(args, format);
	vsnprintf(row->note, sizeof(row->note), format, args);
	va_end(args);
}

/* Where thread tid of process pid runs; pid 0: not to be seen. */
static void
find_thread(struct hf_place_row *row, const struct hf_machine *m, int32_t pid, int32_t tid)
{
	row->tid = tid > 0 ? tid : -1;
	row->cpu_now = machine_cpu_of_thread(pid, tid);
	row->node_now = machine_node_of_cpu(m, row->cpu_now);
	if (row->cpu >= 0 && row->cpu_now >= 0 && row->cpu != row->cpu_now)
		mark(row, "runs on CPU %d, not on CPU %d", row->cpu_now, row->cpu);
}

/* Node of a thread: of its CPU, or of where it happens to run. */
static int32_t
node_of(const struct hf_place_row *row)
{
	return row->node >= 0 ? row->node : row->node_now;
}

static int
apart(int32_t a, int32_t b)
{
	return a >= 0 && b >= 0 && a != b;
}

static void
place_io(struct hf_sample *s, const struct hf_machine *m, uint32_t i, int32_t pid)
{
	const struct hf_io_row *io = &s->io[i];
	struct hf_place_row *row;
	char name[16];

	snprintf(name, sizeof(name), "io%u", i);
	row = add_place(s, "io", name);
	row->cpu = io->cpu;
	row->node = io->node;
	snprintf(row->runs, sizeof(row->runs), "primary");
	find_thread(row, m, pid, io->tid);
	for (uint32_t p = 0; p < s->n_ports; p++)
		if (s->ports[p].io == (int32_t)i && apart(node_of(row), s->ports[p].node))
			mark(row, "port %s is on node %d", s->ports[p].name, s->ports[p].node);
}

static void
place_lane(struct hf_sample *s, const struct hf_machine *m, const struct hf_lane_row *lane,
	   int visible)
{
	struct hf_place_row *row;
	char name[16];

	snprintf(name, sizeof(name), "lane%u", lane->lane);
	row = add_place(s, "lane", name);
	row->cpu = lane->cpu;
	row->node = lane->node;
	snprintf(row->runs, sizeof(row->runs), "%s", lane->owner);
	if (lane->owner_alive)
		find_thread(row, m, visible ? lane->pid : 0, lane->tid);
	for (uint32_t p = 0; p < s->n_ports; p++)
		if (apart(node_of(row), s->ports[p].node))
			mark(row, "port %s is on node %d", s->ports[p].name, s->ports[p].node);
	if (lane->numa_mismatch)
		mark(row, "a port it serves is on another node");
}

/* Pool and I/O thread of a port should be on its node; with pools this is seen from both ends. */
static void
place_port(struct hf_sample *s, const struct hf_port_row *port)
{
	struct hf_place_row *row = add_place(s, "port", port->name);

	row->node = port->node;
	if (port->pool < s->n_pools && apart(port->node, s->pools[port->pool].node))
		mark(row, "its pool is on node %d", s->pools[port->pool].node);
	if (port->io >= 0 && (uint32_t)port->io < s->n_io) {
		snprintf(row->runs, sizeof(row->runs), "io%d", port->io);
		if (apart(port->node, s->io[port->io].node))
			mark(row, "io%d is on node %d", port->io, s->io[port->io].node);
	}
}

static void
place_pool(struct hf_sample *s, uint32_t i)
{
	struct hf_place_row *row = add_place(s, "pool", s->pools[i].name);

	row->node = s->pools[i].node;
	for (uint32_t p = 0; p < s->n_ports; p++)
		if (s->ports[p].pool == i && apart(row->node, s->ports[p].node))
			mark(row, "port %s is on node %d", s->ports[p].name, s->ports[p].node);
}

/* A worker's main thread watches, it forwards nothing: it may be anywhere. */
static void
place_worker(struct hf_sample *s, const struct hf_machine *m, struct hf_worker_row *worker,
	     int visible)
{
	struct hf_place_row *row = add_place(s, "worker", worker->name);

	if (worker->lanes != 0) {
		char set[24];

		hf_format_set(set, sizeof(set), worker->lanes);
		snprintf(row->runs, sizeof(row->runs), "lanes %s", set);
	}
	find_thread(row, m, visible ? worker->pid : 0, worker->pid);
	worker->cpu = row->cpu_now;
	worker->node = row->node_now;
}

void
places_find(struct hf_sample *s, const struct hf_machine *m, int pids_visible)
{
	int32_t primary = pids_visible && !s->alone ? s->primary_pid : 0;

	s->n_places = 0;
	find_thread(add_place(s, "primary", "main"), m, primary, s->primary_pid);
	for (uint32_t i = 0; i < s->n_io; i++)
		place_io(s, m, i, primary);
	for (uint32_t i = 0; i < s->n_ports; i++)
		place_port(s, &s->ports[i]);
	for (uint32_t i = 0; i < s->n_pools; i++)
		place_pool(s, i);
	for (uint32_t i = 0; i < s->n_lanes; i++)
		place_lane(s, m, &s->lanes[i], pids_visible);
	for (uint32_t i = 0; i < s->n_workers; i++)
		place_worker(s, m, &s->workers[i], pids_visible);
}

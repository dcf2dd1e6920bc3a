/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the monitor makes of a segment and of the machine below: drops by lane, spread of packets,
 * memory, places. Segment and /sys are made up.
 */
#include "monitor_world.h"

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "places.h"

static void
take_first(struct fixture *f)
{
	struct hf_sample none = {.state = HF_SAMPLE_WAITING};

	sample_take(&f->a, f->seg, f->t0);
	f->a.time_s = 1000;
	sample_compare(&f->a, &none);
}

/* now, so many seconds after the first. */
static void
take_next(struct fixture *f, struct hf_sample *now, const struct hf_sample *before, double seconds)
{
	sample_take(now, f->seg, f->t0 + (uint64_t)(seconds * HZ));
	now->time_s = 1000 + seconds;
	sample_compare(now, before);
}

static const struct hf_drop_row *
find_drop(const struct hf_sample *s, const char *reason, uint32_t lane)
{
	for (uint32_t i = 0; i < s->n_drop_cells; i++)
		if (s->drop_cells[i].lane == lane && strcmp(s->drop_cells[i].reason, reason) == 0)
			return &s->drop_cells[i];
	return NULL;
}

static void
drops_are_told_by_reason_and_lane_with_their_rates(void **state)
{
	struct fixture *f = *state;
	const struct hf_drop_row *row;

	f->seg->io[0].lane[1].drop[HF_DROP_TX_FULL] = 10;
	take_first(f);
	assert_int_equal(f->a.n_drop_cells, 1);
	row = find_drop(&f->a, "tx_full", 1);
	assert_non_null(row);
	assert_true(row->packets == 10 && isnan(row->pps) && isnan(row->since_s));
	f->seg->io[1].lane[1].drop[HF_DROP_TX_FULL] = 30;
	f->seg->io[0].lane[0].drop[HF_DROP_NO_PEER] = 5;
	take_next(f, &f->b, &f->a, 2);
	assert_int_equal(f->b.n_drop_cells, 2);
	assert_true(find_drop(&f->b, "tx_full", 1)->pps == 15);
	assert_true(find_drop(&f->b, "no_peer", 0)->pps == 2.5);
	assert_int_equal(find_drop(&f->b, "tx_full", 1)->packets, 40);
}

static void
a_drop_is_remembered_by_when_it_grew_last(void **state)
{
	struct fixture *f = *state;
	const struct hf_drop_row *row;

	f->seg->io[0].lane[0].drop[HF_DROP_DAMAGED] = 1; /* nobody knows when */
	take_first(f);
	f->seg->io[0].lane[1].drop[HF_DROP_DAMAGED] = 1;
	take_next(f, &f->b, &f->a, 1);
	take_next(f, &f->a, &f->b, 31);
	row = find_drop(&f->a, "damaged", 1);
	assert_true(row->pps == 0 && row->last_s == 1001 && row->since_s == 30);
	assert_int_equal(row->alert, HF_ALERT_WARN);
	row = find_drop(&f->a, "damaged", 0);
	assert_true(isnan(row->since_s) && row->alert == HF_ALERT_NONE);
	/* The lane cannot be read for a moment: what was known comes back. */
	f->seg->io[0].lane[1].seq = 1;
	take_next(f, &f->b, &f->a, 32);
	assert_null(find_drop(&f->b, "damaged", 1));
	f->seg->io[0].lane[1].seq = 2;
	take_next(f, &f->a, &f->b, 33);
	assert_true(find_drop(&f->a, "damaged", 1)->since_s == 32);
	f->seg->header.clear_seq++;
	take_next(f, &f->b, &f->a, 34);
	assert_true(isnan(find_drop(&f->b, "damaged", 1)->since_s));
}

static void
an_uneven_spread_is_told_for_lanes_and_for_queues_of_a_port(void **state)
{
	struct fixture *f = *state;
	struct hf_port *port = &f->seg->ports[0];

	f->seg->header.n_ports = 2;
	port[0].n_queues = 2;
	port[0].n_tx_queues = 1;
	port[1].n_queues = 1;
	take_first(f);
	assert_int_equal(f->a.n_queues, 3);
	assert_true(f->a.queues[1].tx_pkts == HF_UNKNOWN && isnan(f->a.queues[0].share));
	f->seg->io[0].lane[0].rx_pkts = 9000;
	f->seg->io[0].lane[1].rx_pkts = 1000;
	port[0].rx_queue[0].pkts = 2200;
	port[0].rx_queue[1].pkts = 1800;
	port[1].rx_queue[0].pkts = 77;
	take_next(f, &f->b, &f->a, 1);
	assert_true(fabs(f->b.lanes[0].share - 90) < 1e-9);
	assert_true(fabs(f->b.lanes[0].deviation - 80) < 1e-9);
	assert_true(fabs(f->b.lanes[1].deviation + 80) < 1e-9);
	assert_int_equal(f->b.lanes[1].uneven, HF_ALERT_WARN);
	assert_true(fabs(f->b.queues[0].share - 55) < 1e-9);
	assert_true(fabs(f->b.queues[1].deviation + 10) < 1e-9);
	assert_int_equal(f->b.queues[1].alert, HF_ALERT_NONE);
	assert_true(fabs(f->b.queues[2].share - 100) < 1e-9);
	take_next(f, &f->a, &f->b, 2); /* nothing came: no share of nothing */
	assert_true(isnan(f->a.lanes[0].share) && isnan(f->a.queues[0].deviation));
}

static void
pools_that_nobody_counted_are_unknown_and_lost_buffers_stand_out(void **state)
{
	struct fixture *f = *state;
	struct hf_pool *pool = f->seg->pools;

	f->seg->header.n_pools = 2;
	pool[0].size = pool[1].size = 1000;
	pool[1].census_tsc = f->t0 - HZ;
	pool[1].free = 600;
	pool[1].cached = 150;
	pool[1].rings = 249;
	pool[1].unaccounted = 1;
	take_first(f);
	assert_true(f->a.pools[0].free == HF_UNKNOWN && isnan(f->a.pools[0].used));
	assert_true(f->a.pools[1].used == 25 && f->a.pools[1].census_s == 1);
	assert_int_equal(f->a.pools[1].alert, HF_ALERT_BAD);
}

static void
parts_of_the_segment_add_up_to_its_bytes(void **state)
{
	struct fixture *f = *state;
	uint64_t sum = 0;

	f->seg->header.total_bytes = f->seg->header.flow_off + LANES * f->seg->header.flow_stride;
	take_first(f);
	for (uint32_t i = 0; i + 1 < f->a.n_parts; i++)
		sum += f->a.parts[i].bytes;
	assert_string_equal(f->a.parts[f->a.n_parts - 1].part, "total");
	assert_int_equal(sum, f->seg->header.total_bytes);
	assert_int_equal(f->a.parts[0].bytes, LANES * hf_flow_region_bytes(CAPACITY));
}

static void
flow_tables_tell_their_fill_and_evictions(void **state)
{
	struct fixture *f = *state;

	f->seg->lanes[1].flows.live_flows = CAPACITY / 4;
	take_first(f);
	f->seg->lanes[1].flows.evicted_flows = 30;
	f->seg->lanes[1].flows.inserted_flows = 90;
	take_next(f, &f->b, &f->a, 3);
	assert_true(f->b.lanes[1].flow_fill == 25);
	assert_true(f->b.lanes[1].evict_rate == 10 && f->b.lanes[1].insert_rate == 30);
}

/* A file under root with one line. */
static void
put_file(const char *root, const char *path, const char *line)
{
	char name[512];
	FILE *file;

	snprintf(name, sizeof(name), "%s/%s", root, path);
	for (char *slash = name + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(name, 0700);
		*slash = '/';
	}
	file = fopen(name, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", line);
	fclose(file);
}

#define PAGES "devices/system/node/node1/hugepages/hugepages-"

static void
huge_pages_are_told_by_node_and_size(void **state)
{
	char root[] = "/tmp/hf-sys-XXXXXX", command[64];
	struct fixture *f = *state;
	struct hf_machine *m = calloc(1, sizeof(*m));

	assert_non_null(mkdtemp(root));
	put_file(root, "devices/system/node/node0/cpulist", "0-3,8");
	put_file(root, PAGES "2048kB/nr_hugepages", "512");
	put_file(root, PAGES "2048kB/free_hugepages", "128");
	put_file(root, PAGES "2048kB/surplus_hugepages", "0");
	put_file(root, PAGES "1048576kB/nr_hugepages", "2");
	put_file(root, PAGES "64kB/nr_hugepages", "0");
	machine_init(m, root);
	take_first(f);
	machine_look(m, &f->a);
	assert_int_equal(f->a.n_nodes, 2);
	assert_string_equal(f->a.nodes[0].cpus, "0-3,8");
	assert_int_equal(f->a.n_huge, 2);
	assert_int_equal(f->a.huge[0].page_bytes, 2 << 20);
	assert_int_equal(f->a.huge[0].node, 1);
	assert_int_equal(f->a.huge[0].used, 384);
	assert_true(f->a.huge[0].used_pct == 75);
	assert_true(f->a.huge[1].pages == 2 && f->a.huge[1].used == HF_UNKNOWN);
	/* Looked at once a second at most. */
	put_file(root, PAGES "2048kB/free_hugepages", "512");
	f->a.tsc += HZ / 2;
	machine_look(m, &f->a);
	assert_int_equal(f->a.huge[0].used, 384);
	f->a.tsc += HZ / 2;
	machine_look(m, &f->a);
	assert_int_equal(f->a.huge[0].used, 0);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
	free(m);
}

static const struct hf_place_row *
find_place(const struct hf_sample *s, const char *kind, const char *name)
{
	for (uint32_t i = 0; i < s->n_places; i++)
		if (strcmp(s->places[i].kind, kind) == 0 && strcmp(s->places[i].name, name) == 0)
			return &s->places[i];
	return NULL;
}

/* Two ports: "near" on node 0, "far" on node 1, polled by I/O thread 0 on node 0. */
static void
make_places(struct fixture *f)
{
	f->seg->header.n_ports = 2;
	f->seg->header.n_pools = 1;
	snprintf(f->seg->pools[0].name, sizeof(f->seg->pools[0].name), "pool0");
	snprintf(f->seg->ports[0].name, sizeof(f->seg->ports[0].name), "near");
	snprintf(f->seg->ports[1].name, sizeof(f->seg->ports[1].name), "far");
	f->seg->ports[1].node = 1;
	f->seg->io[0].cpu = f->seg->io[1].cpu = -1;
	f->seg->io[1].node = 1;
	f->seg->lanes[0].cpu = f->seg->lanes[1].cpu = -1;
	f->seg->lanes[1].node = -1;
}

static void
what_is_on_the_wrong_node_is_marked_and_says_why(void **state)
{
	struct fixture *f = *state;
	struct hf_machine *m = calloc(1, sizeof(*m));

	make_places(f);
	take_first(f);
	places_find(&f->a, m, 1);
	assert_int_equal(f->a.n_places, 1 + 2 + 2 + 1 + 2);
	assert_string_equal(find_place(&f->a, "io", "io0")->note, "port far is on node 1");
	assert_false(find_place(&f->a, "io", "io1")->mismatch); /* it polls no port */
	assert_false(find_place(&f->a, "port", "near")->mismatch);
	assert_string_equal(find_place(&f->a, "port", "far")->note, "its pool is on node 0");
	assert_string_equal(find_place(&f->a, "pool", "pool0")->note, "port far is on node 1");
	assert_string_equal(find_place(&f->a, "lane", "lane0")->note, "port far is on node 1");
	assert_int_equal(find_place(&f->a, "lane", "lane0")->alert, HF_ALERT_WARN);
	assert_false(find_place(&f->a, "lane", "lane1")->mismatch); /* on no node known */
	free(m);
}

static void
a_thread_is_where_the_kernel_runs_it_or_nobody_knows(void **state)
{
	struct fixture *f = *state;
	struct hf_machine *m = calloc(1, sizeof(*m));
	const struct hf_place_row *row;

	make_places(f);
	machine_init(m, "/sys");
	f->seg->header.primary_pid = getpid();
	f->seg->io[0].tid = gettid();
	f->seg->io[0].cpu = 4000; /* no machine has it */
	take_first(f);
	places_find(&f->a, m, 1);
	row = find_place(&f->a, "io", "io0");
	assert_true(row->tid == gettid() && row->cpu_now >= 0);
	assert_non_null(strstr(row->note, "not on CPU 4000"));
	if (m->numa)
		assert_true(row->node_now >= 0);
	places_find(&f->a, m, 0);
	assert_int_equal(find_place(&f->a, "io", "io0")->cpu_now, -1);
	assert_int_equal(machine_cpu_of_thread(getpid(), 1), -1);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(drops_are_told_by_reason_and_lane_with_their_rates),
		TEST(a_drop_is_remembered_by_when_it_grew_last),
		TEST(an_uneven_spread_is_told_for_lanes_and_for_queues_of_a_port),
		TEST(pools_that_nobody_counted_are_unknown_and_lost_buffers_stand_out),
		TEST(parts_of_the_segment_add_up_to_its_bytes),
		TEST(flow_tables_tell_their_fill_and_evictions),
		TEST(huge_pages_are_told_by_node_and_size),
		TEST(what_is_on_the_wrong_node_is_marked_and_says_why),
		TEST(a_thread_is_where_the_kernel_runs_it_or_nobody_knows),
	};

	return cmocka_run_group_tests_name("monitor_rows", tests, NULL, NULL);
}

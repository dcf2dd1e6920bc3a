/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The JSON of a made-up segment: the promised keys, null for what is not known, sums that balance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "status.h"

#define LANES    3
#define CAPACITY 1024U
#define HZ       UINT64_C(1000000000)

static void
add_worker(struct hf_segment *seg, uint32_t slot, const char *name, int32_t pid)
{
	struct hf_worker *w = &seg->workers[slot];

	atomic_store(&w->state, HF_WORKER_RUNNING);
	atomic_store(&w->pid, pid);
	snprintf(w->name, sizeof(w->name), "%s", name);
	atomic_store(&w->attached_tsc, hf_tsc());
}

static void
own(struct hf_segment *seg, uint32_t lane, uint32_t slot)
{
	atomic_store(&seg->lanes[lane].owner_slot_plus1, slot + 1);
	atomic_store(&seg->lanes[lane].owner_pid, atomic_load(&seg->workers[slot].pid));
	atomic_store(&seg->lanes[lane].state, HF_LANE_RUNNING);
	atomic_store(&seg->lanes[lane].generation, 1);
	atomic_store(&seg->workers[slot].thread[lane], HF_THREAD_OWNER);
}

static void
fill_header(struct hf_segment *seg, size_t region)
{
	struct hf_segment_header *h = &seg->header;

	snprintf(h->instance, sizeof(h->instance), "made-up");
	atomic_store(&h->state, HF_SEGMENT_READY);
	h->tsc_hz = HZ;
	h->start_tsc = hf_tsc() - 5 * HZ;
	h->primary_pid = getpid();
	h->n_ports = 2;
	h->n_lanes = LANES;
	h->n_io = 2;
	h->n_pools = 1;
	h->flow_off = (sizeof(*seg) + 63) / 64 * 64;
	h->flow_stride = region;
	h->flow_capacity = CAPACITY;
	h->flow_seed = 7;
}

/* Lane 0 is worker w0's, lane 1 that of a dead process, lane 2 nobody's. */
static int
make(void **state)
{
	size_t region = (hf_flow_region_bytes(CAPACITY) + 63) / 64 * 64;
	size_t total = sizeof(struct hf_segment) + 64 + LANES * region;
	struct hf_segment *seg = aligned_alloc(64, (total + 63) / 64 * 64);

	assert_non_null(seg);
	memset(seg, 0, total);
	fill_header(seg, region);
	for (uint32_t l = 0; l < LANES; l++)
		hf_flow_region_format(hf_segment_flow_region(seg, l), CAPACITY);
	snprintf(seg->ports[0].name, sizeof(seg->ports[0].name), "west");
	snprintf(seg->ports[1].name, sizeof(seg->ports[1].name), "east");
	seg->ports[0].peer = 1;
	seg->ports[1].peer = UINT16_MAX;
	snprintf(seg->pools[0].name, sizeof(seg->pools[0].name), "pool0");
	seg->pools[0].size = 100;
	add_worker(seg, 0, "w0", getpid());
	add_worker(seg, 1, "gone", INT32_MAX);
	own(seg, 0, 0);
	own(seg, 1, 1);
	atomic_store(&seg->workers[0].thread[1], HF_THREAD_WAITING);
	*state = seg;
	return 0;
}

static int
drop(void **state)
{
	free(*state);
	return 0;
}

/* keys: separated by blanks. */
static void
assert_keys(const json_t *object, const char *keys)
{
	char key[32];
	int n;

	assert_non_null(object);
	for (; sscanf(keys, "%31s%n", key, &n) == 1; keys += n)
		if (json_object_get(object, key) == NULL)
			fail_msg("key %s is missing", key);
}

static const json_t *
first_of(const json_t *object, const char *list)
{
	return json_array_get(json_object_get(object, list), 0);
}

static json_int_t
number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("%s is no integer", key);
	return json_integer_value(value);
}

static int
is_null(const json_t *object, const char *key)
{
	return json_is_null(json_object_get(object, key));
}

static void
status_has_every_promised_key(void **state)
{
	json_t *s = hf_status_all(*state);

	assert_keys(s, "instance state uptime_s ports lanes workers pools");
	assert_keys(first_of(s, "ports"), "name driver queues link rx_pkts rx_bytes tx_pkts "
					  "tx_bytes rx_missed rx_nombuf errors");
	assert_keys(first_of(s, "lanes"), "id kind owner_pid generation state rx_pkts tx_pkts "
					  "drops held_pkts handovers takeovers last_gap_us");
	assert_keys(first_of(s, "workers"), "pid name state lanes");
	assert_keys(first_of(s, "pools"), "name size free cached rings held unaccounted");
	assert_string_equal(json_string_value(json_object_get(s, "instance")), "made-up");
	assert_string_equal(json_string_value(json_object_get(s, "state")), "ready");
	assert_true(number(s, "uptime_s") >= 5);
	json_decref(s);
}

static void
what_is_not_known_is_null(void **state)
{
	struct hf_segment *seg = *state;
	json_t *lanes = hf_status_lanes(seg), *pools = hf_status_pools(seg);
	const json_t *pool = json_array_get(pools, 0), *lane = json_array_get(lanes, 0);

	assert_true(is_null(pool, "free") && is_null(pool, "cached") && is_null(pool, "rings"));
	assert_true(is_null(pool, "held") && is_null(pool, "unaccounted"));
	assert_true(is_null(lane, "last_gap_us") && is_null(lane, "busy"));
	json_decref(lanes);
	json_decref(pools);

	atomic_store(&seg->pools[0].free, 90);
	atomic_store(&seg->pools[0].census_tsc, hf_tsc());
	atomic_store(&seg->lanes[0].last_gap_ns, 12999);
	atomic_store(&seg->lanes[0].last_gap_gen, 1);
	lanes = hf_status_lanes(seg);
	pools = hf_status_pools(seg);
	assert_int_equal(number(json_array_get(pools, 0), "free"), 90);
	assert_int_equal(number(json_array_get(pools, 0), "unaccounted"), 0);
	assert_int_equal(number(json_array_get(lanes, 0), "last_gap_us"), 12);
	json_decref(lanes);
	json_decref(pools);
}

static void
only_a_living_process_is_an_owner(void **state)
{
	json_t *lanes = hf_status_lanes(*state);

	assert_int_equal(number(json_array_get(lanes, 0), "owner_pid"), getpid());
	assert_true(is_null(json_array_get(lanes, 1), "owner_pid"));
	assert_true(is_null(json_array_get(lanes, 1), "owner_name"));
	assert_true(is_null(json_array_get(lanes, 2), "owner_pid"));
	json_decref(lanes);
}

static void
a_worker_owns_some_lanes_and_waits_for_others(void **state)
{
	json_t *workers = hf_status_workers(*state);
	const json_t *w = json_array_get(workers, 0);
	const json_t *dead = json_array_get(workers, 1);

	assert_int_equal(json_array_size(workers), 2);
	assert_int_equal(json_array_size(json_object_get(w, "lanes")), 1);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(w, "lanes"), 0)), 0);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(w, "waiting"), 0)), 1);
	assert_string_equal(json_string_value(json_object_get(dead, "state")), "dead");
	assert_int_equal(json_array_size(json_object_get(dead, "lanes")), 0);
	json_decref(workers);
}

static void
a_lane_balances_and_names_its_drops(void **state)
{
	struct hf_segment *seg = *state;
	struct hf_io_lane *a = &seg->io[0].lane[0], *b = &seg->io[1].lane[0];
	json_t *lanes;
	const json_t *lane, *drops;

	atomic_store(&a->rx_pkts, 100);
	atomic_store(&a->tx_pkts, 90);
	atomic_store(&a->held_pkts, 4);
	atomic_store(&a->drop[HF_DROP_TX_FULL], 6);
	atomic_store(&b->rx_pkts, 10);
	atomic_store(&b->drop[HF_DROP_NO_PEER], 10);
	atomic_store(&seg->clear[0].rx_pkts, 50);
	atomic_store(&seg->clear[0].tx_pkts, 50);
	lanes = hf_status_lanes(seg);
	lane = json_array_get(lanes, 0);
	drops = json_object_get(lane, "drops");
	assert_int_equal(json_object_size(drops), HF_DROP_COUNT);
	assert_int_equal(number(drops, "tx_full"), 6);
	assert_int_equal(number(drops, "no_peer"), 10);
	assert_int_equal(number(drops, "damaged"), 0);
	assert_int_equal(number(lane, "rx_pkts"), 60);
	assert_int_equal(number(lane, "rx_pkts"), number(lane, "tx_pkts") +
							  number(lane, "held_pkts") +
							  number(lane, "dropped_pkts"));
	json_decref(lanes);
}

static void
figures_of_a_writer_that_stopped_halfway_are_null(void **state)
{
	struct hf_segment *seg = *state;
	json_t *lanes;

	atomic_store(&seg->io[1].lane[0].seq, 1);
	lanes = hf_status_lanes(seg);
	assert_true(is_null(json_array_get(lanes, 0), "rx_pkts"));
	assert_true(is_null(json_object_get(json_array_get(lanes, 0), "drops"), "tx_full"));
	assert_int_equal(number(json_array_get(lanes, 1), "rx_pkts"), 0);
	json_decref(lanes);
}

static void
ports_have_peers_links_and_added_errors(void **state)
{
	struct hf_segment *seg = *state;
	json_t *ports;
	const json_t *west, *east;

	atomic_store(&seg->ports[0].link_up, 1);
	atomic_store(&seg->ports[0].rx_errors, 3);
	atomic_store(&seg->ports[0].tx_errors, 4);
	ports = hf_status_ports(seg);
	west = json_array_get(ports, 0);
	east = json_array_get(ports, 1);
	assert_string_equal(json_string_value(json_object_get(west, "peer")), "east");
	assert_string_equal(json_string_value(json_object_get(west, "link")), "up");
	assert_string_equal(json_string_value(json_object_get(east, "link")), "down");
	assert_true(is_null(east, "peer") && is_null(east, "link_mbps"));
	assert_int_equal(number(west, "errors"), 7);
	json_decref(ports);
}

static void
a_name_that_is_no_utf8_spoils_nothing(void **state)
{
	struct hf_segment *seg = *state;
	json_t *s;

	memset(seg->workers[0].name, 0xff, sizeof(seg->workers[0].name));
	s = hf_status_all(seg);
	assert_non_null(s);
	assert_int_equal(strlen(json_string_value(json_object_get(
				 json_array_get(json_object_get(s, "workers"), 0), "name"))),
			 sizeof(seg->workers[0].name));
	json_decref(s);
}

static void
warnings_name_lanes_without_owner_nodes_and_lost_mbufs(void **state)
{
	struct hf_segment *seg = *state;
	json_t *list;

	atomic_store(&seg->ports[0].link_up, 1);
	atomic_store(&seg->ports[1].link_up, 1);
	list = hf_status_warnings(seg);
	assert_int_equal(json_array_size(list), 2);
	json_decref(list);
	atomic_store(&seg->lanes[0].numa_mismatch, 1);
	atomic_store(&seg->pools[0].unaccounted, 5);
	atomic_store(&seg->pools[0].census_tsc, 1);
	list = hf_status_warnings(seg);
	assert_int_equal(json_array_size(list), 4);
	json_decref(list);
}

static void
add_flow(struct hf_segment *seg, uint32_t lane, uint32_t id, uint32_t pkts, uint32_t len)
{
	struct hf_flow_key key = {.src[10] = 0xff, .src[11] = 0xff, .family = 4, .proto = 17};
	struct hf_flow_table t;
	uint32_t index;

	memcpy(key.dst, key.src, sizeof(key.dst));
	key.src[12] = key.dst[12] = 10;
	key.src[14] = (uint8_t)(id >> 8);
	key.src[15] = (uint8_t)id;
	key.sport_be = htons((uint16_t)id);
	key.dport_be = htons(53);
	hf_segment_flow_table(seg, lane, &t);
	index = hf_flow_find_or_insert(&t, &key, hf_flow_hash(&t, &key), 1000, NULL, 0);
	assert_int_not_equal(index, HF_FLOW_NONE);
	for (uint32_t i = 0; i < pkts; i++)
		hf_flow_count(&t.records[index], len, 2500);
}

static void
flows_are_the_greatest_of_all_lanes_in_order(void **state)
{
	struct hf_segment *seg = *state;
	const json_t *list, *first;
	json_t *f;

	for (uint32_t id = 1; id <= 300; id++)
		add_flow(seg, id % LANES, id, id * 5 % 301, 60);
	f = hf_status_flows(seg, 20, HF_FLOW_SORT_PACKETS);
	list = json_object_get(f, "flows");
	assert_int_equal(json_array_size(list), 20);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(number(json_array_get(list, i), "packets"), 300 - i);
	first = json_array_get(list, 0);
	assert_int_equal(number(first, "sport") * 5 % 301, 300);
	assert_int_equal(number(first, "dport"), 53);
	assert_int_equal(number(first, "proto"), 17);
	assert_int_equal(number(first, "lane"), number(first, "sport") % LANES);
	assert_int_equal(number(first, "bytes"), 300 * 60);
	assert_int_equal(strncmp(json_string_value(json_object_get(first, "src")), "10.0.", 5), 0);
	assert_true(json_real_value(json_object_get(first, "first_s")) == 1.0);
	assert_true(json_real_value(json_object_get(first, "last_s")) == 2.5);
	json_decref(f);
}

static void
flows_sort_by_bytes_and_sum_everything(void **state)
{
	struct hf_segment *seg = *state;
	const json_t *list, *t;
	json_t *f;

	add_flow(seg, 0, 1, 10, 60);
	add_flow(seg, 1, 2, 1, 1500);
	atomic_store(&seg->lanes[0].flows.evicted_pkts, 5);
	atomic_store(&seg->lanes[1].flows.evicted_pkts, 6);
	atomic_store(&seg->lanes[2].flow_skipped[HF_SKIP_NOT_IP], 9);
	f = hf_status_flows(seg, 10, HF_FLOW_SORT_BYTES);
	list = json_object_get(f, "flows");
	t = json_object_get(f, "totals");
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(number(json_array_get(list, 0), "bytes"), 1500);
	assert_int_equal(number(t, "live"), 2);
	assert_int_equal(number(t, "live_pkts"), 11);
	assert_int_equal(number(t, "evicted_pkts"), 11);
	assert_int_equal(number(json_object_get(t, "skipped"), "not_ip"), 9);
	json_decref(f);
}

static void
equal_flows_keep_their_places(void **state)
{
	struct hf_segment *seg = *state;
	json_t *few, *many;

	for (uint32_t id = 1; id <= 90; id++)
		add_flow(seg, id % LANES, id, 4, 60);
	few = hf_status_flows(seg, 7, HF_FLOW_SORT_PACKETS);
	many = hf_status_flows(seg, 50, HF_FLOW_SORT_PACKETS);
	for (size_t i = 0; i < 7; i++)
		assert_true(json_equal(json_array_get(json_object_get(few, "flows"), i),
				       json_array_get(json_object_get(many, "flows"), i)));
	assert_int_equal(number(json_array_get(json_object_get(many, "flows"), 0), "lane"), 0);
	json_decref(few);
	json_decref(many);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(status_has_every_promised_key),
		CASE(what_is_not_known_is_null),
		CASE(only_a_living_process_is_an_owner),
		CASE(a_worker_owns_some_lanes_and_waits_for_others),
		CASE(a_lane_balances_and_names_its_drops),
		CASE(figures_of_a_writer_that_stopped_halfway_are_null),
		CASE(ports_have_peers_links_and_added_errors),
		CASE(a_name_that_is_no_utf8_spoils_nothing),
		CASE(warnings_name_lanes_without_owner_nodes_and_lost_mbufs),
		CASE(flows_are_the_greatest_of_all_lanes_in_order),
		CASE(flows_sort_by_bytes_and_sum_everything),
		CASE(equal_flows_keep_their_places),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}

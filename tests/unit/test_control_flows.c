/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `flows` over a table of a million records: the scan goes on in turns of the main loop, so that a
 * hand-over or another client never waits for the end of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_fixture.h"
#include "status.h"

#define CAPACITY (1U << 20)
#define FLOWS    300U

static void *region;

static void
add_flow(struct hf_flow_table *t, uint32_t id)
{
	struct hf_flow_key key = {.family = 4, .proto = 17, .dport_be = 80};
	uint32_t record;

	memcpy(&key.src[12], &id, sizeof(id));
	record = hf_flow_find_or_insert(t, &key, hf_flow_hash(t, &key), 0, NULL, 0);
	assert_int_not_equal(record, HF_FLOW_NONE);
	for (uint32_t i = 0; i <= id; i++)
		hf_flow_count(&t->records[record], 60, 0);
}

/* The region lies beyond the segment: of it only the pages with flows come to exist. */
static int
make(void **state)
{
	struct hf_segment_header *h;
	struct hf_flow_table t;

	if (control_make(state) != 0)
		return -1;
	h = &fake_get()->p.seg->header;
	region = mmap(NULL, hf_flow_region_bytes(CAPACITY), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(region != MAP_FAILED);
	h->n_lanes = 1;
	h->flow_off = (uintptr_t)region - (uintptr_t)fake_get()->p.seg;
	h->flow_stride = hf_flow_region_bytes(CAPACITY);
	h->flow_capacity = CAPACITY;
	hf_segment_flow_table(fake_get()->p.seg, 0, &t);
	for (uint32_t id = 0; id < FLOWS; id++)
		add_flow(&t, id);
	return 0;
}

static int
drop(void **state)
{
	munmap(region, hf_flow_region_bytes(CAPACITY));
	return control_drop(state);
}

/* Is nothing there to be read? */
static int
silent(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

static void
the_reply_is_that_of_a_scan_in_one_piece(void **state)
{
	json_t *whole = hf_status_flows(fake_get()->p.seg, 20, HF_FLOW_SORT_PACKETS);
	int fd = dial();
	json_t *reply = ask(fd, "{\"command\": \"flows\", \"top\": 20}");

	(void)state;
	assert_true(ok(reply));
	assert_int_equal(json_array_size(json_object_get(reply, "flows")), 20);
	assert_int_equal(number(json_array_get(json_object_get(reply, "flows"), 0), "packets"),
			 FLOWS);
	assert_int_equal(number(json_object_get(reply, "totals"), "live"), FLOWS);
	assert_true(json_equal(json_object_get(reply, "flows"), json_object_get(whole, "flows")));
	assert_true(json_equal(json_object_get(reply, "totals"), json_object_get(whole, "totals")));
	json_decref(reply);
	json_decref(whole);
	close(fd);
}

static void
others_are_served_and_a_restart_goes_on_meanwhile(void **state)
{
	int fd = dial(), other = dial(), third = dial();
	json_t *reply;

	(void)state;
	put(fd, "{\"command\": \"flows\"}\n{\"command\": \"version\"}\n");
	turns(5);
	reply = ask(other, "{\"command\": \"version\"}");
	assert_true(ok(reply));
	json_decref(reply);
	reply = ask(third, "{\"command\": \"restart\", \"target\": \"0\"}");
	assert_true(ok(reply));
	json_decref(reply);
	assert_true(silent(fd));
	reply = get(fd);
	assert_non_null(json_object_get(reply, "flows"));
	json_decref(reply);
	reply = get(fd); /* in the order of the requests */
	assert_non_null(json_object_get(reply, "version"));
	json_decref(reply);
	close(fd);
	close(other);
	close(third);
}

static void
two_scans_take_turns(void **state)
{
	int a = dial(), b = dial();
	json_t *reply;

	(void)state;
	put(a, "{\"command\": \"flows\"}\n");
	turns(20);
	put(b, "{\"command\": \"flows\", \"sort\": \"bytes\"}\n");
	turns(CAPACITY / CONTROL_SCAN_RECORDS);
	assert_true(silent(a) && silent(b)); /* one alone would be through */
	reply = get(b);
	assert_int_equal(number(json_object_get(reply, "totals"), "live"), FLOWS);
	json_decref(reply);
	reply = get(a);
	assert_int_equal(number(json_object_get(reply, "totals"), "live"), FLOWS);
	json_decref(reply);
	close(a);
	close(b);
}

/* The sanitizers see what is left. */
static void
a_client_that_hangs_up_takes_its_scan_along(void **state)
{
	struct hf_control *c = fake_get()->p.control;
	int fd = dial();

	(void)state;
	put(fd, "{\"command\": \"flows\"}\n");
	turns(5);
	assert_int_equal(hf_control_poll(&fake_get()->p), 0);
	close(fd);
	turns(5);
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		assert_null(c->client[i].scan);
	assert_int_equal(hf_control_poll(&fake_get()->p), -1);
	fd = dial();
	put(fd, "{\"command\": \"flows\"}\n");
	turns(5); /* and so does the end of the server, in the tear-down */
	close(fd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_reply_is_that_of_a_scan_in_one_piece),
		CASE(others_are_served_and_a_restart_goes_on_meanwhile),
		CASE(two_scans_take_turns),
		CASE(a_client_that_hangs_up_takes_its_scan_along),
	};
	int skip = control_check_place();

	return skip != 0 ? skip : cmocka_run_group_tests_name("control_flows", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `restart`: which lanes move, which workers are let go, what is served meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control_fixture.h"

static void
a_restart_of_a_lane_keeps_its_worker(void **state)
{
	int fd = dial();
	json_t *reply = ask(fd, "{\"command\": \"restart\", \"target\": \"1\"}");
	const json_t *lane = json_array_get(json_object_get(reply, "lanes"), 0);

	assert_true(ok(reply));
	assert_int_equal(number(lane, "lane"), 1);
	assert_int_equal(number(lane, "gap_us"), 21);
	assert_int_equal(number(lane, "lost_pkts"), 0);
	assert_int_equal(number(lane, "to_pid"), getpid());
	assert_string_equal(json_string_value(json_object_get(lane, "to_role")), "fresh");
	assert_string_equal(json_string_value(json_object_get(lane, "to_name")), "next");
	assert_string_equal(json_string_value(json_object_get(lane, "from_name")), "a");
	assert_int_equal(json_array_size(json_object_get(reply, "failed")), 0);
	assert_int_equal(fake_get()->begun, 1);
	assert_int_equal(fake_get()->released[0], 0);
	json_decref(reply);
	close(fd);
}

static void
a_restart_of_a_worker_moves_its_lanes_and_lets_it_go(void **state)
{
	int fd = dial();
	json_t *reply = ask(fd, "{\"command\": \"restart\", \"target\": \"a\"}");

	assert_true(ok(reply));
	assert_int_equal(json_array_size(json_object_get(reply, "lanes")), 2);
	assert_int_equal(fake_get()->released[0], HF_COMMAND_EXIT);
	assert_int_equal(fake_get()->released[1], 0);
	json_decref(reply);
	close(fd);
}

static void
a_worker_that_a_standby_replaced_starts_afresh(void **state)
{
	int fd = dial();
	json_t *reply;
	const json_t *lane;

	fake_get()->to_standby[1] = 1;
	fake_get()->gap_known = 0;
	reply = ask(fd, "{\"command\": \"restart\", \"target\": \"all\"}");
	assert_true(ok(reply));
	assert_int_equal(json_array_size(json_object_get(reply, "lanes")), 3);
	lane = json_array_get(json_object_get(reply, "lanes"), 1);
	assert_string_equal(json_string_value(json_object_get(lane, "to_role")), "standby");
	assert_true(json_is_null(json_object_get(lane, "gap_us")));
	assert_int_equal(fake_get()->released[0], HF_COMMAND_REEXEC);
	assert_int_equal(fake_get()->released[1], HF_COMMAND_EXIT);
	json_decref(reply);
	close(fd);
}

static void
a_standby_that_gives_a_lane_back_stays(void **state)
{
	int fd = dial();
	json_t *reply;

	fake_get()->p.seg->workers[0].standby = 1;
	reply = ask(fd, "{\"command\": \"restart\", \"target\": \"all\"}");
	assert_true(ok(reply));
	assert_int_equal(fake_get()->released[0], 0);
	assert_int_equal(fake_get()->released[1], HF_COMMAND_EXIT);
	json_decref(reply);
	close(fd);
}

static void
a_lane_that_fails_is_named_and_keeps_its_worker(void **state)
{
	int fd = dial();
	const json_t *failed;
	json_t *reply;

	fake_get()->begin_err[0] = -ENOENT;
	fake_get()->fails[2] = 1;
	reply = ask(fd, "{\"command\": \"restart\", \"target\": \"all\"}");
	assert_false(ok(reply));
	assert_int_equal(number(reply, "code"), 1);
	assert_int_equal(json_array_size(json_object_get(reply, "lanes")), 1);
	failed = json_object_get(reply, "failed");
	assert_int_equal(json_array_size(failed), 2);
	assert_int_equal(number(json_array_get(failed, 1), "lane"), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(failed, 0), "reason")),
			    "nobody waits");
	assert_int_equal(fake_get()->released[0], 0);
	assert_int_equal(fake_get()->released[1], 0);
	json_decref(reply);
	close(fd);
}

static void
others_are_served_during_a_restart_but_for_a_second_one(void **state)
{
	int fd = dial(), other = dial();
	json_t *reply;

	put(fd, "{\"command\": \"restart\", \"target\": \"all\"}\n");
	turns(3);
	fake_get()->polls_left = 1000;
	reply = ask(other, "{\"command\": \"status\"}");
	assert_true(ok(reply));
	json_decref(reply);
	refused(other, "{\"command\": \"restart\", \"target\": \"0\"}", 1);
	refused(other, "{\"command\": \"drain\", \"worker\": \"a\"}", 1);
	fake_get()->polls_left = 0;
	reply = get(fd);
	assert_int_equal(json_array_size(json_object_get(reply, "lanes")), 3);
	json_decref(reply);
	reply = ask(other, "{\"command\": \"restart\", \"target\": \"0\"}");
	assert_true(ok(reply));
	json_decref(reply);
	close(fd);
	close(other);
}

static void
a_restart_goes_on_when_who_asked_has_left(void **state)
{
	int fd = dial();

	put(fd, "{\"command\": \"restart\", \"target\": \"all\"}\n");
	turns(3);
	assert_true(fake_get()->p.control->restart.active);
	close(fd);
	for (int i = 0; i < 100 && fake_get()->p.control->restart.active; i++)
		turn();
	assert_false(fake_get()->p.control->restart.active);
	assert_int_equal(fake_get()->begun, 3);
	assert_int_equal(fake_get()->released[0], HF_COMMAND_EXIT);
}

static void
closing_in_the_middle_of_a_restart_is_clean(void **state)
{
	int fd = dial();

	put(fd, "{\"command\": \"restart\", \"target\": \"all\"}\n");
	turns(3);
	hf_control_close(&fake_get()->p);
	assert_null(get(fd));
	close(fd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, control_make, control_drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_restart_of_a_lane_keeps_its_worker),
		CASE(a_restart_of_a_worker_moves_its_lanes_and_lets_it_go),
		CASE(a_worker_that_a_standby_replaced_starts_afresh),
		CASE(a_standby_that_gives_a_lane_back_stays),
		CASE(a_lane_that_fails_is_named_and_keeps_its_worker),
		CASE(others_are_served_during_a_restart_but_for_a_second_one),
		CASE(a_restart_goes_on_when_who_asked_has_left),
		CASE(closing_in_the_middle_of_a_restart_is_clean),
	};
	int skip = control_check_place();

	return skip != 0 ? skip : cmocka_run_group_tests_name("control_restart", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `upgrade` on the control socket: its requests, its reply, and what becomes of it when the client
 * goes. The upgrade itself is made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "control_fixture.h"
#include "upgrade.h"

#define LIMITS "\"watch_ms\": 500, \"max_slowdown\": 1.5, \"max_drop_ratio\": 0.001"
#define PAIR   "\"workers\": [{\"old\": 1, \"new\": 2}]"
#define BEGIN                                                                                      \
	"{\"command\": \"upgrade\", \"action\": \"begin\", \"canary\": 1, " PAIR ", " LIMITS "}"
#define BEGIN_MORE                                                                                 \
	"{\"command\": \"upgrade\", \"action\": \"begin\", \"canary\": 1, \"more\": true, " PAIR   \
	", " LIMITS "}"
#define ACTION(name) "{\"command\": \"upgrade\", \"action\": \"" name "\"}"

static int
result_is(const json_t *reply, const char *result)
{
	const char *text = json_string_value(json_object_get(reply, "result"));

	return text != NULL && strcmp(text, result) == 0;
}

static void
an_upgrade_answers_when_it_is_over(void **state)
{
	int fd = dial();
	json_t *reply = ask(fd, BEGIN);

	(void)state;
	assert_true(ok(reply) && result_is(reply, "upgraded"));
	assert_int_equal(number(reply, "canary_lane"), 1);
	assert_int_equal(number(reply, "packets_lost"), 0);
	assert_int_equal(json_array_size(json_object_get(reply, "lanes_moved")), 1);
	assert_true(json_is_null(json_object_get(reply, "reason")));
	assert_true(json_is_null(
		json_object_get(json_object_get(reply, "measured"), "cycles_per_pkt")));
	assert_true(json_is_string(json_object_get(reply, "warning"))); /* no packet came */
	json_decref(reply);
	close(fd);
}

static void
a_cancel_ends_it_with_the_reason(void **state)
{
	int fd = dial(), other = dial();
	json_t *reply;

	(void)state;
	put(fd, BEGIN_MORE "\n");
	turns(20);
	reply = ask(other, ACTION("status"));
	assert_string_equal(json_string_value(json_object_get(reply, "phase")), "more");
	json_decref(reply);
	refused(other, BEGIN, 1);
	refused(other, "{\"command\": \"restart\", \"target\": \"all\"}", 1);
	refused(other, "{\"command\": \"drain\", \"worker\": \"a\"}", 1);
	refused(other, "{\"command\": \"clear\"}", 1);
	reply = ask(other, ACTION("cancel"));
	assert_true(ok(reply));
	json_decref(reply);
	reply = get(fd);
	assert_false(ok(reply));
	assert_true(result_is(reply, "rolled_back"));
	assert_non_null(strstr(json_string_value(json_object_get(reply, "reason")), "interrupted"));
	json_decref(reply);
	close(other);
	close(fd);
}

static void
others_are_named_once_the_trial_is_passed(void **state)
{
	int fd = dial(), other = dial();
	json_t *reply;

	(void)state;
	put(fd, BEGIN_MORE "\n");
	turns(20);
	reply = ask(other, "{\"command\": \"upgrade\", \"action\": \"add\", " PAIR "}");
	assert_true(ok(reply));
	json_decref(reply);
	reply = get(fd);
	assert_true(ok(reply) && result_is(reply, "upgraded"));
	json_decref(reply);
	close(other);
	close(fd);
}

static void
it_goes_back_when_who_asked_has_left(void **state)
{
	int fd = dial(), other = dial();
	json_t *reply;

	(void)state;
	put(fd, BEGIN_MORE "\n");
	turns(20);
	assert_non_null(fake_get()->p.upgrade);
	close(fd);
	turns(20);
	assert_null(fake_get()->p.upgrade);
	reply = ask(other, ACTION("status"));
	assert_true(ok(reply) && json_is_null(json_object_get(reply, "phase")));
	json_decref(reply);
	close(other);
}

static void
wrong_requests_are_refused(void **state)
{
	int fd = dial();

	(void)state;
	refused(fd, "{\"command\": \"upgrade\"}", 2);
	refused(fd, ACTION("sing"), 2);
	refused(fd, ACTION("begin"), 2);
	refused(fd, ACTION("add"), 2);
	refused(fd, ACTION("cancel"), 1);
	refused(fd, "{\"command\": \"upgrade\", \"action\": \"add\", " PAIR "}", 1);
	refused(fd,
		"{\"command\": \"upgrade\", \"action\": \"begin\", \"canary\": 9, " PAIR ", " LIMITS
		"}",
		2);
	refused(fd,
		"{\"command\": \"upgrade\", \"action\": \"begin\", \"canary\": 0, \"workers\": [], " LIMITS
		"}",
		2);
	refused(fd,
		"{\"command\": \"upgrade\", \"action\": \"begin\", \"canary\": 0, \"workers\": "
		"[{\"old\": -1, \"new\": 2}], " LIMITS "}",
		2);
	refused(fd,
		"{\"command\": \"upgrade\", \"action\": \"begin\", \"canary\": 0, \"workers\": "
		"[{\"old\": 1, \"new\": \"x\"}], " LIMITS "}",
		2);
	refused(fd,
		"{\"command\": \"upgrade\", \"action\": \"begin\", \"canary\": 0, " PAIR
		", \"watch_ms\": 1, \"max_slowdown\": 1.5, \"max_drop_ratio\": 0.001}",
		2);
	refused(fd,
		"{\"command\": \"upgrade\", \"action\": \"begin\", \"canary\": 0, " PAIR
		", \"watch_ms\": 500, \"max_slowdown\": 0.5, \"max_drop_ratio\": 0.001}",
		2);
	refused(fd,
		"{\"command\": \"upgrade\", \"action\": \"begin\", \"canary\": 0, " PAIR
		", \"watch_ms\": 500, \"max_slowdown\": 2, \"max_drop_ratio\": 2}",
		2);
	close(fd);
}

static void
closing_in_the_middle_of_an_upgrade_is_clean(void **state)
{
	int fd = dial();

	(void)state;
	put(fd, BEGIN_MORE "\n");
	turns(20);
	assert_non_null(fake_get()->p.upgrade);
	hf_control_close(&fake_get()->p);
	assert_null(fake_get()->p.upgrade);
	close(fd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, control_make, control_drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_upgrade_answers_when_it_is_over),
		CASE(a_cancel_ends_it_with_the_reason),
		CASE(others_are_named_once_the_trial_is_passed),
		CASE(it_goes_back_when_who_asked_has_left),
		CASE(wrong_requests_are_refused),
		CASE(closing_in_the_middle_of_an_upgrade_is_clean),
	};
	int skip = control_check_place();

	return skip != 0 ? skip : cmocka_run_group_tests_name("control_upgrade", tests, NULL, NULL);
}

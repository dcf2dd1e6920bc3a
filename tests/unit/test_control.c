/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket, driven by clients that behave and clients that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control_fixture.h"
#include "log.h"

static void
the_socket_is_for_owner_and_group_alone(void **state)
{
	struct stat st;

	assert_int_equal(stat(fake_get()->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void
what_a_dead_primary_left_is_replaced(void **state)
{
	struct hf_primary again = fake_get()->p;

	again.control = NULL;
	assert_int_equal(hf_control_open(&again, (gid_t)-1), 0);
	hf_control_close(&again);
	hf_control_close(&fake_get()->p);
	assert_int_equal(hf_control_open(&fake_get()->p, getgid()), 0);
}

static void
status_like_commands_answer_and_refresh(void **state)
{
	static const char *const list[] = {"lanes", "workers", "ports", "pools", "flows"};
	char text[64];
	int fd = dial();
	json_t *reply = ask(fd, "{\"command\": \"status\"}");

	assert_true(ok(reply));
	assert_string_equal(json_string_value(json_object_get(reply, "instance")),
			    fake_get()->instance);
	assert_int_equal(fake_get()->census, 1);
	assert_int_equal(fake_get()->samples, 1);
	json_decref(reply);
	fake_get()->p.seg->header.n_lanes = 0; /* there is no flow region */
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		snprintf(text, sizeof(text), "{\"command\": \"%s\"}", list[i]);
		reply = ask(fd, text);
		assert_true(ok(reply));
		assert_true(json_is_array(json_object_get(reply, list[i])));
		json_decref(reply);
	}
	close(fd);
}

static void
a_census_is_made_at_most_every_100_ms(void **state)
{
	int fd = dial();

	fake_get()->census_err = -ETIMEDOUT;
	for (int i = 0; i < 5; i++) {
		json_t *reply = ask(fd, "{\"command\": \"pools\"}");

		assert_int_equal(json_array_size(json_object_get(reply, "warnings")), 1);
		json_decref(reply);
	}
	assert_int_equal(fake_get()->census, 1);
	usleep(110000);
	json_decref(ask(fd, "{\"command\": \"pools\"}"));
	assert_int_equal(fake_get()->census, 2);
	close(fd);
}

static void
bad_requests_get_code_2_and_change_nothing(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"7",
		"{}",
		"{\"command\": 3}",
		"{\"command\": \"fly\"}",
		"{\"command\": \"stop\", \"now\": true}",
		"{\"command\": \"stop\", \"command\": \"stop\"}",
		"{\"command\": \"restart\"}",
		"{\"command\": \"restart\", \"target\": []}",
		"{\"command\": \"drain\"}",
		"{\"command\": \"loglevel\", \"level\": \"loud\"}",
		"{\"command\": \"loglevel\"}",
		"{\"command\": \"flows\", \"top\": 0}",
		"{\"command\": \"flows\", \"top\": 1001}",
		"{\"command\": \"flows\", \"top\": \"3\"}",
		"{\"command\": \"flows\", \"sort\": \"size\"}",
		"{\"command\": \"flows\", \"sort\": 1}",
		"\xff\xfe",
	};
	int fd = dial();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(fd, bad[i], 2);
	assert_int_equal(atomic_load(&fake_get()->p.stop), 0);
	assert_int_equal(fake_get()->begun + fake_get()->drained, 0);
	close(fd);
}

static void
what_is_not_there_gets_code_1(void **state)
{
	int fd = dial();

	atomic_store(&fake_get()->p.seg->lanes[2].owner_pid, INT32_MAX);
	refused(fd, "{\"command\": \"restart\", \"target\": 7}", 1);
	refused(fd, "{\"command\": \"restart\", \"target\": \"-1\"}", 1);
	refused(fd, "{\"command\": \"restart\", \"target\": \"nobody\"}", 1);
	refused(fd, "{\"command\": \"restart\", \"target\": \"next\"}", 1);
	refused(fd, "{\"command\": \"restart\", \"target\": 2}", 1);
	refused(fd, "{\"command\": \"drain\", \"worker\": \"nobody\"}", 1);
	refused(fd, "{\"command\": \"drain\", \"worker\": \"b\"}", 1);
	close(fd);
}

static void
small_commands_do_what_they_say(void **state)
{
	int fd = dial();
	json_t *reply;

	reply = ask(fd, "{\"command\": \"loglevel\", \"level\": \"warning\"}");
	assert_true(ok(reply));
	assert_int_equal(hf_log_get_level(), HF_LOG_WARNING);
	json_decref(reply);
	json_decref(ask(fd, "{\"command\": \"clear\"}"));
	assert_int_equal(fake_get()->clears, 1);
	reply = ask(fd, "{\"command\": \"drain\", \"worker\": \"a\"}");
	assert_true(ok(reply));
	assert_int_equal(fake_get()->drained, 1);
	json_decref(reply);
	reply = ask(fd, "{\"command\": \"version\"}");
	assert_true(ok(reply));
	json_decref(reply);
	reply = ask(fd, "{\"command\": \"stop\"}");
	assert_true(ok(reply));
	assert_int_equal(atomic_load(&fake_get()->p.stop), 1);
	json_decref(reply);
	close(fd);
}

static void
requests_in_one_write_are_answered_in_order(void **state)
{
	int fd = dial();
	json_t *reply;

	put(fd, "{\"command\": \"restart\", \"target\": 0}\n{\"command\": \"version\"}\nno\n"
		"{\"command\": \"clear\"}\n");
	reply = get(fd);
	assert_int_equal(json_array_size(json_object_get(reply, "lanes")), 1);
	json_decref(reply);
	reply = get(fd);
	assert_non_null(json_object_get(reply, "layout_version"));
	json_decref(reply);
	reply = get(fd);
	assert_int_equal(number(reply, "code"), 2);
	json_decref(reply);
	reply = get(fd);
	assert_non_null(json_object_get(reply, "clear_seq"));
	json_decref(reply);
	close(fd);
}

static void
a_request_may_come_byte_by_byte_and_end_with_the_writing_side(void **state)
{
	static const char text[] = "{\"command\": \"version\"}\n";
	int fd = dial();
	json_t *reply;

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		assert_int_equal(send(fd, text + i, 1, 0), 1);
		turn();
	}
	shutdown(fd, SHUT_WR);
	reply = get(fd);
	assert_true(ok(reply));
	json_decref(reply);
	assert_null(get(fd));
	assert_int_equal(fake_get()->p.control->client[0].source.fd, -1);
	close(fd);
}

static void
a_request_longer_than_the_limit_ends_the_connection(void **state)
{
	static char junk[CONTROL_LINE_BYTES + 100];
	int fd = dial(), other = dial();
	json_t *reply;

	memset(junk, ' ', sizeof(junk));
	assert_true(send(fd, junk, sizeof(junk), 0) > CONTROL_LINE_BYTES);
	reply = get(fd);
	assert_int_equal(number(reply, "code"), 2);
	json_decref(reply);
	assert_int_equal(fake_get()->p.control->client[0].source.fd, -1);
	reply = ask(other, "{\"command\": \"version\"}");
	assert_true(ok(reply));
	json_decref(reply);
	close(fd);
	close(other);
}

static void
the_longest_request_allowed_is_served(void **state)
{
	static char text[CONTROL_LINE_BYTES + 1];
	int fd = dial();
	json_t *reply;

	memset(text, ' ', CONTROL_LINE_BYTES);
	memcpy(text, "{\"command\": \"version\"}", 22);
	text[CONTROL_LINE_BYTES - 1] = '\n';
	put(fd, text);
	reply = get(fd);
	assert_true(ok(reply));
	json_decref(reply);
	close(fd);
}

static void
clients_that_vanish_leave_their_place(void **state)
{
	json_t *reply;
	int fd;

	for (int i = 0; i < 3 * CONTROL_CLIENTS; i++) {
		fd = dial();
		put(fd, i % 3 == 0 ? "{\"comm" : "{\"command\": \"version\"}\n");
		if (i % 3 == 2)
			turns(2);
		close(fd);
		turns(3);
	}
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		assert_int_equal(fake_get()->p.control->client[i].source.fd, -1);
	fd = dial();
	reply = ask(fd, "{\"command\": \"version\"}");
	assert_true(ok(reply));
	json_decref(reply);
	close(fd);
}

static void
one_client_too_many_is_told_so(void **state)
{
	int fd[CONTROL_CLIENTS], extra;
	json_t *reply;

	for (int i = 0; i < CONTROL_CLIENTS; i++)
		fd[i] = dial();
	turns(10);
	extra = dial();
	reply = get(extra);
	assert_int_equal(number(reply, "code"), 1);
	json_decref(reply);
	assert_null(get(extra));
	close(extra);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		reply = ask(fd[i], "{\"command\": \"version\"}");
		assert_true(ok(reply));
		json_decref(reply);
		close(fd[i]);
	}
}

static void
a_reader_that_stalls_is_dropped_and_hinders_nobody(void **state)
{
	struct control_client *client = &fake_get()->p.control->client[0];
	int fd = dial(), other;
	json_t *reply;

	for (int i = 0; i < 2000 && client->out == NULL; i++) {
		if (client->source.fd < 0 || client->in_len < 1000)
			put(fd, "{\"command\": \"status\"}\n");
		turn();
	}
	assert_non_null(client->out);
	other = dial();
	reply = ask(other, "{\"command\": \"version\"}");
	assert_true(ok(reply));
	json_decref(reply);
	assert_true(client->source.fd >= 0);
	client->moved_ms -= CONTROL_STALL_MS;
	turns(2);
	assert_int_equal(client->source.fd, -1);
	close(fd);
	close(other);
}

static void
an_idle_server_asks_not_to_be_called(void **state)
{
	int fd = dial();

	turns(3);
	assert_int_equal(hf_control_poll(&fake_get()->p), -1);
	put(fd, "{\"command\": \"restart\", \"target\": \"0\"}\n");
	turns(2);
	assert_int_equal(hf_control_poll(&fake_get()->p), 1);
	close(fd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, control_make, control_drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_socket_is_for_owner_and_group_alone),
		CASE(what_a_dead_primary_left_is_replaced),
		CASE(status_like_commands_answer_and_refresh),
		CASE(a_census_is_made_at_most_every_100_ms),
		CASE(bad_requests_get_code_2_and_change_nothing),
		CASE(what_is_not_there_gets_code_1),
		CASE(small_commands_do_what_they_say),
		CASE(requests_in_one_write_are_answered_in_order),
		CASE(a_request_may_come_byte_by_byte_and_end_with_the_writing_side),
		CASE(a_request_longer_than_the_limit_ends_the_connection),
		CASE(the_longest_request_allowed_is_served),
		CASE(clients_that_vanish_leave_their_place),
		CASE(one_client_too_many_is_told_so),
		CASE(a_reader_that_stalls_is_dropped_and_hinders_nobody),
		CASE(an_idle_server_asks_not_to_be_called),
	};
	int skip = control_check_place();

	return skip != 0 ? skip : cmocka_run_group_tests_name("control", tests, NULL, NULL);
}

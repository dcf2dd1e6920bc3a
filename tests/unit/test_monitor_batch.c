/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The monitor without a terminal: its command line, cells as values, CSV, addresses to listen at.
 * Samples are made up; no segment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "listen.h"
#include "options.h"
#include "value.h"
#include "view.h"

#define ARGS(...)                                                                                  \
	(char *[])                                                                                 \
	{                                                                                          \
		(char *)(uintptr_t) "holdfast-monitor", __VA_ARGS__, NULL                          \
	}

/* The result for a command line; it is copied, for getopt may change its order. */
static enum options_result
parse(struct hf_options *o, char **argv)
{
	char *copy[16] = {NULL};
	int argc = 0;

	for (; argv[argc] != NULL; argc++)
		copy[argc] = argv[argc];
	optind = 0; /* glibc: begin anew */
	return options_parse(o, argc, copy);
}

static void
an_optional_value_is_taken_from_either_word(void **state)
{
	struct hf_options o;

	(void)state;
	assert_int_equal(parse(&o, ARGS("--csv")), OPTIONS_RUN);
	assert_int_equal(o.form, HF_FORM_CSV);
	assert_int_equal(o.csv_table, HF_TABLE_LANES);
	assert_int_equal(parse(&o, ARGS("--csv", "ports")), OPTIONS_RUN);
	assert_int_equal(o.csv_table, HF_TABLE_PORTS);
	assert_int_equal(parse(&o, ARGS("--csv=flows", "--by", "bytes")), OPTIONS_RUN);
	assert_int_equal(o.csv_table, HF_TABLE_FLOWS);
	assert_int_equal(o.query.sort, HF_SORT_BYTES);
	assert_int_equal(parse(&o, ARGS("--csv", "--once")), OPTIONS_RUN);
	assert_int_equal(o.csv_table, HF_TABLE_LANES);
	assert_true(o.once);
	assert_int_equal(parse(&o, ARGS("--prometheus", "9000")), OPTIONS_RUN);
	assert_int_equal(o.form, HF_FORM_PROMETHEUS);
	assert_string_equal(o.listen.text, "127.0.0.1:9000");
	assert_int_equal(parse(&o, ARGS("--prometheus")), OPTIONS_RUN);
	assert_string_equal(o.listen.text, "127.0.0.1:9478");
}

static void
one_form_at_a_time_and_no_unknown_table(void **state)
{
	struct hf_options o;

	(void)state;
	assert_int_equal(parse(&o, ARGS("--json", "--csv")), OPTIONS_BAD);
	assert_int_equal(parse(&o, ARGS("--prometheus", "--json")), OPTIONS_BAD);
	assert_int_equal(parse(&o, ARGS("--json", "--json")), OPTIONS_RUN);
	assert_int_equal(parse(&o, ARGS("--csv", "lane")), OPTIONS_BAD);
	assert_int_equal(parse(&o, ARGS("--csv=")), OPTIONS_BAD);
	assert_int_equal(parse(&o, ARGS("--prometheus", "host:1")), OPTIONS_BAD);
}

static void
addresses_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text, *means;
	} good[] = {{NULL, "127.0.0.1:9478"},
		    {"", "127.0.0.1:9478"},
		    {"1", "127.0.0.1:1"},
		    {":65535", "127.0.0.1:65535"},
		    {"0.0.0.0", "0.0.0.0:9478"},
		    {"10.1.2.3:80", "10.1.2.3:80"},
		    {"localhost:9100", "127.0.0.1:9100"},
		    {"[::1]", "[::1]:9478"},
		    {"[2001:db8::1]:443", "[2001:db8::1]:443"}};
	struct hf_listen l;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(listen_parse(&l, good[i].text), 0);
		assert_string_equal(l.text, good[i].means);
	}
	assert_int_equal(l.addr.any.sa_family, AF_INET6);
	assert_int_equal(ntohs(l.addr.v6.sin6_port), 443);
}

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = {"1.2.3",   "1.2.3.4.5", "1.2.3.4:", "1.2.3.4:x", "::1",
					  "[::1",    "[::1]9",    "[::1]:",   "[1.2.3.4]", "[]",
					  "host:80", "-1",        "1.2.3.4 ", "1.2.3.4:+5"};
	static const char *const far[] = {"0",       ":0",
					  "65536",   "1.2.3.4:70000",
					  "[::1]:0", "99999999999999999999"};
	char longer[LISTEN_TEXT_LEN + 10];
	struct hf_listen l;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(listen_parse(&l, bad[i]), -EINVAL);
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		assert_int_equal(listen_parse(&l, far[i]), -ERANGE);
	memset(longer, '1', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(listen_parse(&l, longer), -EINVAL);
}

/* The value of the column with this key in row 0 of a table. */
static struct hf_value
value(const struct hf_sample *s, enum hf_table_id id, const char *key)
{
	struct hf_rows rows = table_rows(s, id);
	struct hf_value v = {0};
	uint32_t c = 0;

	while (strcmp(rows.table->columns[c].key, key) != 0)
		assert_in_range(++c, 0, rows.table->n_columns - 1);
	value_of(&v, &rows.table->columns[c], table_row(&rows, 0));
	return v;
}

static struct hf_sample *
make_sample(void)
{
	struct hf_sample *s = calloc(1, sizeof(*s));

	assert_int_equal(sample_init(s, 1), 0);
	s->state = HF_SAMPLE_LIVE;
	snprintf(s->instance, sizeof(s->instance), "test");
	s->n_lanes = s->n_workers = 1;
	s->lanes[0] = (struct hf_lane_row){.pid = -1, .rx_pps = NAN, .gap_ns = 1234567};
	s->lanes[0].rx_pkts = UINT64_MAX - 1;
	s->lanes[0].tx_pkts = HF_UNKNOWN;
	s->lanes[0].busy = 7.25;
	s->lanes[0].owner_alive = 2;
	snprintf(s->lanes[0].owner, sizeof(s->lanes[0].owner), "a,\"b\"");
	s->workers[0].lanes = 0x3d;
	return s;
}

static void
drop_sample(struct hf_sample *s)
{
	sample_free(s);
	free(s);
}

static void
values_are_exact_and_the_unknown_is_none(void **state)
{
	struct hf_sample *s = make_sample();

	(void)state;
	assert_int_equal(value(s, HF_TABLE_LANES, "owner_pid").kind, HF_VALUE_NONE);
	assert_int_equal(value(s, HF_TABLE_LANES, "rx_pps").kind, HF_VALUE_NONE);
	assert_int_equal(value(s, HF_TABLE_LANES, "tx_pkts").kind, HF_VALUE_NONE);
	assert_int_equal(value(s, HF_TABLE_LANES, "owner_alive").kind, HF_VALUE_NONE);
	assert_int_equal(value(s, HF_TABLE_LANES, "kind").kind, HF_VALUE_NONE);
	assert_string_equal(value(s, HF_TABLE_LANES, "rx_pkts").text, "18446744073709551614");
	assert_string_equal(value(s, HF_TABLE_LANES, "last_gap_us").text, "1234.567");
	assert_string_equal(value(s, HF_TABLE_LANES, "last_gap_takeover").text, "false");
	assert_int_equal(value(s, HF_TABLE_WORKERS, "lanes").kind, HF_VALUE_SET);
	assert_string_equal(value(s, HF_TABLE_WORKERS, "lanes").text, "0,2-5");
	drop_sample(s);
}

/* The text of a CSV stream of one sample. */
static char *
csv(const struct hf_sample *s, enum hf_table_id id, uint64_t *seen)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	view_csv_head(out, id);
	view_csv(out, s, 1, id, seen);
	fclose(out);
	return text;
}

static void
csv_quotes_what_needs_it_and_leaves_the_unknown_empty(void **state)
{
	struct hf_sample *s = make_sample();
	uint64_t seen = 0;
	char *text = csv(s, HF_TABLE_LANES, &seen);

	(void)state;
	assert_non_null(strstr(text, "\n1970-01-01T00:00:01.000Z,test,0,,\"a,\"\"b\"\"\",,,"));
	assert_int_equal(strncmp(text, "sample_time,instance,lane,kind,owner,owner_pid", 46), 0);
	free(text);
	text = csv(s, HF_TABLE_WORKERS, &seen);
	assert_non_null(strstr(text, ",\"0,2-5\",,"));
	free(text);
	sample_retire(s, "gone");
	text = csv(s, HF_TABLE_LANES, &seen);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	drop_sample(s);
}

static void
csv_writes_each_event_once_and_the_oldest_first(void **state)
{
	struct hf_sample *s = make_sample();
	uint64_t seen = 0;
	char *text;

	(void)state;
	s->n_events = 2;
	s->events[0].no = s->events[0].seq = 8;
	s->events[1].no = s->events[1].seq = 7;
	text = csv(s, HF_TABLE_EVENTS, &seen);
	assert_non_null(strstr(text, "test,7,"));
	assert_true(strstr(text, "test,7,") < strstr(text, "test,8,"));
	free(text);
	s->events[0].no = s->events[0].seq = 9;
	s->events[1].no = s->events[1].seq = 8;
	text = csv(s, HF_TABLE_EVENTS, &seen);
	assert_null(strstr(text, "test,8,"));
	assert_non_null(strstr(text, "test,9,"));
	free(text);
	s->events[0].no = s->events[0].seq = 2; /* another monitor's */
	s->events[1].no = s->events[1].seq = 1;
	text = csv(s, HF_TABLE_EVENTS, &seen);
	assert_non_null(strstr(text, "test,1,"));
	free(text);
	drop_sample(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_optional_value_is_taken_from_either_word),
		cmocka_unit_test(one_form_at_a_time_and_no_unknown_table),
		cmocka_unit_test(addresses_are_read_as_people_write_them),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(values_are_exact_and_the_unknown_is_none),
		cmocka_unit_test(csv_quotes_what_needs_it_and_leaves_the_unknown_empty),
		cmocka_unit_test(csv_writes_each_event_once_and_the_oldest_first),
	};

	return cmocka_run_group_tests_name("monitor_batch", tests, NULL, NULL);
}

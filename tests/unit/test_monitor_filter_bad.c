/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filters of the monitor: every bad text is refused in one printable line that says where it is
 * bad, and the limits of length and depth hold.
 */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter.h"

static const struct {
	const char *text;
	uint32_t at;
} bad[] = {
	{"tpc", 1},
	{"tcp and", 8},
	{"tcp or", 7},
	{"or tcp", 1},
	{"tcp and and udp", 9},
	{"and", 1},
	{"not", 4},
	{"tcp not", 8},
	{"()", 2},
	{"(tcp", 5},
	{"tcp)", 4},
	{"((tcp) udp", 11},
	{"(tcp))", 6},
	{"port", 5},
	{"port http", 6},
	{"port 65536", 6},
	{"port -1", 6},
	{"port 5-", 6},
	{"port -", 6},
	{"port 1-2-3", 6},
	{"port 20-10", 6},
	{"port 1 - 2", 8},
	{"port 99999999999999999999", 6},
	{"src", 4},
	{"src tcp", 5},
	{"src src 10.0.0.1", 5},
	{"dst port", 9},
	{"src lane 1", 5},
	{"proto", 6},
	{"proto 256", 7},
	{"proto foo", 7},
	{"proto 6-7", 7},
	{"lane", 5},
	{"lane 64", 6},
	{"lane x", 6},
	{"host", 5},
	{"host example.org", 6},
	{"10.0.0", 1},
	{"10.0.0.256", 1},
	{"10.0.0.0/", 1},
	{"10.0.0.0/33", 1},
	{"10.0.0.0/-1", 1},
	{"10/8", 1},
	{"10.0.0.0/8/8", 1},
	{"2001:db8::/129", 1},
	{"2001:db8:::1", 1},
	{"2001:db8::g", 1},
	{"fe80::1%eth0", 1},
	{"80", 1},
	{"tcp,udp", 1},
	{"tcp == 1", 5},
	{"tcp & udp", 5},
	{"\xc3\xa9", 1},
	{"tcp \x1b[31m", 5},
	{"port 8\x01", 6},
	{"0000000000000000000000000000000000000000000000000000000000000000000000.0", 1},
	{"port 00000000000000000000000000000000000000000000000000000000000000000000080", 6},
};

/* One line, printable, "character N: ..." with N within the text. Returns N. */
static uint32_t
check_line(const char *text, const char *why)
{
	uint32_t at = 0;

	for (const char *c = why; *c != '\0'; c++)
		assert_true(isprint((unsigned char)*c));
	assert_int_equal(sscanf(why, "character %u: ", &at), 1);
	assert_true(at >= 1 && at <= strlen(text) + 1);
	return at;
}

static void
a_bad_text_is_refused_in_one_line_that_says_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hf_filter f = {.n_nodes = 12345};
		char why[240] = "";
		int err = filter_parse(bad[i].text, &f, why, sizeof(why));

		if (err != -EINVAL || check_line(bad[i].text, why) != bad[i].at)
			fail_msg("%s: %d, %s", bad[i].text, err, why);
		assert_int_equal(f.n_nodes, 12345); /* as it was */
	}
}

static void
what_is_too_long_or_too_deep_is_refused_and_the_limits_fit(void **state)
{
	char text[1024] = "", why[240];
	struct hf_filter f;

	(void)state;
	for (uint32_t i = 0; i < HF_FILTER_DEPTH; i++)
		strcat(text, "(");
	strcat(text, "tcp");
	for (uint32_t i = 0; i < HF_FILTER_DEPTH; i++)
		strcat(text, ")");
	assert_int_equal(filter_parse(text, &f, why, sizeof(why)), 0);
	memmove(text + 1, text, strlen(text) + 1);
	assert_int_equal(filter_parse(text, &f, why, sizeof(why)), -EINVAL);
	assert_int_equal(check_line(text, why), HF_FILTER_DEPTH + 1);
	strcpy(text, "tcp");
	for (uint32_t i = 0; i < HF_FILTER_NODES / 2 - 1; i++)
		strcat(text, " udp"); /* a test and an "and" each */
	assert_int_equal(filter_parse(text, &f, why, sizeof(why)), 0);
	strcat(text, " udp");
	assert_int_equal(filter_parse(text, &f, why, sizeof(why)), -EINVAL);
	memset(text, ' ', sizeof(text));
	text[HF_FILTER_LEN - 1] = '\0';
	assert_int_equal(filter_parse(text, &f, why, sizeof(why)), 0);
	text[HF_FILTER_LEN - 1] = ' ';
	text[HF_FILTER_LEN] = '\0';
	assert_int_equal(filter_parse(text, &f, why, sizeof(why)), -EINVAL);
}

/* Whatever the text, it is read or refused in order; with sanitizers this proves more. */
static void
any_text_is_read_or_refused(void **state)
{
	static const char *const words[] = {"tcp",  "not",   "(",        ")",           "and",
					    "or",   "!",     "port",     "1-2",         "80",
					    "src",  "dst",   "10.",      "::/0",        "/",
					    "net",  "-1",    "10.0.0.0", "2001:db8::1", "lane",
					    "\x7f", "proto", "&&",       "||",          "256",
					    "%s",   "ip6"};
	struct hf_flow_key key = {.family = 4, .proto = 6};
	uint32_t read = 0;

	(void)state;
	srand(11);
	for (uint32_t round = 0; round < 100000; round++) {
		char text[300] = "", why[240] = "";
		struct hf_filter f;

		for (int n = rand() % 9; n >= 0; n--) {
			strcat(text, words[(size_t)rand() % (sizeof(words) / sizeof(words[0]))]);
			strcat(text, rand() % 4 != 0 ? " " : "");
		}
		if (rand() % 4 == 0)
			text[(size_t)rand() % strlen(text)] = (char)(1 + rand() % 255);
		if (filter_parse(text, &f, why, sizeof(why)) != 0) {
			check_line(text, why);
			continue;
		}
		filter_match(&f, &key, 0);
		read++;
	}
	assert_true(read > 1000);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(a_bad_text_is_refused_in_one_line_that_says_where),
		cmocka_unit_test(what_is_too_long_or_too_deep_is_refused_and_the_limits_fit),
		cmocka_unit_test(any_text_is_read_or_refused),
	};

	return cmocka_run_group_tests_name("monitor_filter_bad", all, NULL, NULL);
}

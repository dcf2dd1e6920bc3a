/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as people write and read them: what is taken, what is refused and why, how it prints. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "units.h"

static void
whole_numbers_are_parsed(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {{"0", 0},
		    {"7", 7},
		    {"010", 10},
		    {"0x1f", 31},
		    {"0xFF", 255},
		    {"18446744073709551615", UINT64_MAX},
		    {"0xffffffffffffffff", UINT64_MAX}};
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(hf_parse_u64(good[i].text, 0, UINT64_MAX, &v), 0);
		assert_int_equal(v, good[i].value);
	}
}

static void
what_is_no_whole_number_is_refused(void **state)
{
	static const char *const bad[] = {"",   " 1",  "1 ",   "-1", "+1",  "1.0", "1e3", "1k",
					  "0x", "0xg", "0x-1", "x1", "1,2", "one", "0X1", "1\n"};
	uint64_t v = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hf_parse_u64(bad[i], 0, UINT64_MAX, &v), -EINVAL);
	assert_int_equal(v, 42);
}

static void
whole_numbers_have_a_range(void **state)
{
	uint64_t v = 42;

	(void)state;
	assert_int_equal(hf_parse_u64("9", 10, 20, &v), -ERANGE);
	assert_int_equal(hf_parse_u64("21", 10, 20, &v), -ERANGE);
	assert_int_equal(hf_parse_u64("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(hf_parse_u64("99999999999999999999999", 0, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(v, 42);
	assert_int_equal(hf_parse_u64("10", 10, 20, &v), 0);
	assert_int_equal(hf_parse_u64("20", 10, 20, &v), 0);
	assert_int_equal(v, 20);
}

static void
seconds_are_parsed(void **state)
{
	double v = 0;

	(void)state;
	assert_int_equal(hf_parse_seconds("5", 0, 10, &v), 0);
	assert_true(v >= 5 && v <= 5);
	assert_int_equal(hf_parse_seconds("0.25", 0, 10, &v), 0);
	assert_true(v >= 0.25 && v <= 0.25);
	assert_int_equal(hf_parse_seconds(".5", 0, 10, &v), 0);
	assert_true(v >= 0.5 && v <= 0.5);
	assert_int_equal(hf_parse_seconds("10", 0, 10, &v), 0);
}

static void
what_is_no_number_of_seconds_is_refused(void **state)
{
	static const char *const bad[] = {"",   ".",   "-1",  "+1",   " 1",  "1 ",
					  "5s", "nan", "inf", "1..2", "1,5", "a"};
	double v;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hf_parse_seconds(bad[i], 0, 10, &v), -EINVAL);
	assert_int_equal(hf_parse_seconds("10.1", 0, 10, &v), -ERANGE);
	assert_int_equal(hf_parse_seconds("0.4", 0.5, 10, &v), -ERANGE);
	assert_int_equal(hf_parse_seconds("1e999", 0, 10, &v), -ERANGE);
}

static void
sets_are_parsed_and_printed(void **state)
{
	static const struct {
		const char *text, *canonical;
		uint64_t bits;
	} good[] = {{"0", "0", 1},
		    {"0,2-5", "0,2-5", 0x3d},
		    {"5-5", "5", 0x20},
		    {"3,1,2", "1-3", 0xe},
		    {"1-3,2-4", "1-4", 0x1e},
		    {"63", "63", UINT64_C(1) << 63},
		    {"0-63", "0-63", UINT64_MAX}};
	char buf[256];
	uint64_t bits;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(hf_parse_set(good[i].text, 64, &bits), 0);
		assert_int_equal(bits, good[i].bits);
		assert_string_equal(hf_format_set(buf, sizeof(buf), bits), good[i].canonical);
	}
	assert_string_equal(hf_format_set(buf, sizeof(buf), 0), "-");
}

static void
what_is_no_set_is_refused(void **state)
{
	static const char *const bad[] = {"",   ",",   "1,",   ",1",    "1,,2", "-",   "1-",
					  "-1", "5-3", "1 ,2", "1-2-3", "a",    "0x1", "1;2"};
	static const char *const large[] = {"4", "0-4", "0,99", "99999999999999999999999", "1-64"};
	uint64_t bits;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hf_parse_set(bad[i], 64, &bits), -EINVAL);
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		assert_int_equal(hf_parse_set(large[i], 4, &bits), -ERANGE);
	assert_int_equal(hf_parse_set("64", 1000, &bits), -ERANGE);
}

static void
sets_are_cut_to_the_buffer(void **state)
{
	char buf[8] = "1234567";

	(void)state;
	assert_string_equal(hf_format_set(buf, 4, 0x5555), "0,2");
	assert_int_equal(buf[4], '5');
	assert_string_equal(hf_format_set(buf, 1, 0x5555), "");
}

static void
large_numbers_print_with_prefixes(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {{0, "0"},          {1, "1"},           {999, "999"},       {999.6, "1.00k"},
		    {1000, "1.00k"},   {1234, "1.23k"},    {9996, "10.0k"},    {12345678, "12.3M"},
		    {99960, "100k"},   {999499, "999k"},   {999600, "1.00M"},  {5e9, "5.00G"},
		    {1.5e12, "1.50T"}, {1.8e19, "18000P"}, {999499999, "999M"}};
	char buf[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(hf_format_si(buf, sizeof(buf), rows[i].value), rows[i].text);
	assert_string_equal(hf_format_si(buf, 4, 12345678), "12.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_are_parsed),
		cmocka_unit_test(what_is_no_whole_number_is_refused),
		cmocka_unit_test(whole_numbers_have_a_range),
		cmocka_unit_test(seconds_are_parsed),
		cmocka_unit_test(what_is_no_number_of_seconds_is_refused),
		cmocka_unit_test(sets_are_parsed_and_printed),
		cmocka_unit_test(what_is_no_set_is_refused),
		cmocka_unit_test(sets_are_cut_to_the_buffer),
		cmocka_unit_test(large_numbers_print_with_prefixes),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the command line may say of history and recordings, and which moment of a recording that is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "history.h"
#include "past.h"
#include "record.h"

#define NOON 1764158400.0 /* 2025-11-26T12:00:00Z */

/* Moment text of a recording from NOON on, of an hour. */
static double
moment(const char *text)
{
	struct hf_past past;

	past_init(&past);
	assert_int_equal(past_set_at(&past, text), 0);
	return past_moment(&past.at, NOON, NOON + 3600);
}

static void
a_moment_can_be_told_in_five_ways(void **state)
{
	(void)state;
	assert_true(moment("+90") == NOON + 90);
	assert_true(moment("+0.5") == NOON + 0.5);
	assert_true(moment("-90") == NOON + 3600 - 90);
	assert_true(moment("2025-11-26T12:00:01Z") == NOON + 1);
	assert_true(moment("2025-11-26T12:00:01.250Z") == NOON + 1.25);
	assert_true(moment("2025-11-26T14:00:01") == NOON + 1); /* local: UTC+2 here */
	assert_true(moment("14:00") == NOON);
	assert_true(moment("14:00:30") == NOON + 30);
	assert_true(moment("13:59") == NOON - 60 + 86400); /* that of the next day */
	assert_true(moment("9:05") == NOON - 5 * 3600 + 300 + 86400);
}

static void
what_is_not_asked_begins_at_the_start(void **state)
{
	struct hf_past past;

	(void)state;
	past_init(&past);
	assert_true(past_moment(&past.at, NOON, NOON + 1) == NOON);
	assert_true(past.minutes == HISTORY_MINUTES && past.record_max == RECORD_BYTES);
	assert_true(past.record == NULL && past.replay == NULL);
}

static void
what_is_no_moment_is_refused(void **state)
{
	static const char *const bad[] = {"",
					  "5",
					  "+",
					  "-x",
					  "24:00",
					  "12:60",
					  "12:00:60",
					  "12:00:",
					  "12:",
					  "noon",
					  "12:0 0",
					  "2025-11-26",
					  "+-5",
					  "2025-13-26T12:00:00Z",
					  "2025-11-26T12:00:00.Z",
					  "2025-11-26T12:00:00z",
					  "2025-11-26T12:00:00.1234567890Z",
					  "12:00:00:00",
					  "-1e99"};
	struct hf_past past;

	(void)state;
	past_init(&past);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(past_set_at(&past, bad[i]), -1);
}

static void
a_size_has_a_unit_or_none(void **state)
{
	static const char *const bad[] = {"",
					  "M",
					  "5X",
					  "4MB",
					  "-4M",
					  "3M",
					  "0",
					  "2000G",
					  "1.5G",
					  "99999999999999999999",
					  "18446744073709551615G"};
	struct hf_past past;

	(void)state;
	past_init(&past);
	assert_int_equal(past_set_record_max(&past, "64M"), 0);
	assert_true(past.record_max == 64 << 20);
	assert_int_equal(past_set_record_max(&past, "8192K"), 0);
	assert_true(past.record_max == 8 << 20);
	assert_int_equal(past_set_record_max(&past, "2G"), 0);
	assert_true(past.record_max == UINT64_C(2) << 30);
	assert_int_equal(past_set_record_max(&past, "5000000"), 0);
	assert_true(past.record_max == 5000000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(past_set_record_max(&past, bad[i]), -1);
}

static void
minutes_and_files_are_checked(void **state)
{
	struct hf_past past;

	(void)state;
	past_init(&past);
	assert_int_equal(past_set_minutes(&past, "0"), 0);
	assert_int_equal(past_set_minutes(&past, "0.5"), 0);
	assert_true(past.minutes == 0.5);
	assert_int_equal(past_set_minutes(&past, "1441"), -1);
	assert_int_equal(past_set_minutes(&past, "-1"), -1);
	assert_int_equal(past_set_record(&past, ""), -1);
	assert_int_equal(past_set_replay(&past, ""), -1);
	assert_int_equal(past_set_replay(&past, "tape"), 0);
	assert_string_equal(past.replay, "tape");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moment_can_be_told_in_five_ways),
		cmocka_unit_test(what_is_not_asked_begins_at_the_start),
		cmocka_unit_test(what_is_no_moment_is_refused),
		cmocka_unit_test(a_size_has_a_unit_or_none),
		cmocka_unit_test(minutes_and_files_are_checked),
	};

	setenv("TZ", "UTC-2", 1); /* two hours ahead */
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

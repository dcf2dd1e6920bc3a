/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves: every type of event has a sentence of its own that fits, a grave one is called so, what
 * is overwritten or half written is not read, and a text cannot move a cursor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "events_text.h"

static struct hf_event_copy
event(uint32_t type)
{
	struct hf_event_copy e = {.type = type, .pid = 12, .lane = 3, .value = 250000};

	memcpy(e.name, "w1", 3);
	return e;
}

static void
assert_text(const struct hf_event_copy *e, const char *want)
{
	char text[HF_EVENT_TEXT_LEN];

	assert_string_equal(hf_event_text(e, text, sizeof(text)), want);
}

static void
sentences_say_who_what_and_how_long(void **state)
{
	struct hf_event_copy e = event(HF_EVENT_LANE_HANDOVER);

	(void)state;
	assert_text(&e, "lane 3: handed over to worker w1 (pid 12), gap 250 us");
	e = event(HF_EVENT_LANE_TAKEOVER);
	e.value = 0;
	e.name[0] = '\0';
	assert_text(&e, "lane 3: its owner died, taken over by pid 12, no packet came yet");
	e = event(HF_EVENT_WORKER_START);
	e.value = 14200;
	assert_text(&e, "worker w1 (pid 12) attached in 14.2 ms");
	e = event(HF_EVENT_LINK);
	e.value = HF_LINK_DOWN;
	assert_text(&e, "port w1: the link is down");
	e.value = HF_LINK_UNKNOWN;
	assert_text(&e, "port w1: the link is not known");
	e = event(HF_EVENT_WORKER_CRASH);
	e.code = HF_CRASH_CODE(11, HF_STEP_PLAN);
	e.value = 0x10;
	memcpy(e.name, "flow", 5);
	assert_text(&e,
		    "worker with pid 12 crashed: SIGSEGV at address 0x10, lane 3, plan of flow");
}

static void
every_type_has_a_sentence_of_its_own(void **state)
{
	char texts[HF_EVENT_COUNT][HF_EVENT_TEXT_LEN];
	struct hf_event_copy e;

	(void)state;
	for (uint32_t t = HF_EVENT_NONE + 1; t < HF_EVENT_COUNT; t++) {
		e = event(t);
		e.value = UINT64_MAX;
		memset(e.name, 'x', sizeof(e.name) - 1);
		hf_event_text(&e, texts[t], sizeof(texts[t]));
		assert_null(strstr(texts[t], "unknown to this program"));
		assert_true(strlen(texts[t]) < HF_EVENT_TEXT_LEN - 1);
		for (uint32_t u = HF_EVENT_NONE + 1; u < t; u++)
			assert_string_not_equal(texts[t], texts[u]);
	}
	e = event(HF_EVENT_COUNT);
	hf_event_text(&e, texts[0], sizeof(texts[0]));
	assert_non_null(strstr(texts[0], "unknown to this program"));
}

static void
deaths_are_bad_and_hand_overs_are_not(void **state)
{
	struct hf_event_copy e = event(HF_EVENT_WORKER_DEATH);

	(void)state;
	assert_string_equal(hf_event_level_name(hf_event_level(&e)), "bad");
	e.type = HF_EVENT_LANE_TAKEOVER;
	assert_string_equal(hf_event_level_name(hf_event_level(&e)), "warning");
	e.type = HF_EVENT_LANE_HANDOVER;
	assert_string_equal(hf_event_level_name(hf_event_level(&e)), "info");
}

static void
what_is_overwritten_or_half_written_is_not_read(void **state)
{
	struct hf_event_log *log = aligned_alloc(64, sizeof(*log));
	struct hf_event_copy e;

	(void)state;
	memset(log, 0, sizeof(*log));
	assert_int_equal(hf_event_first(log), 1);
	assert_int_equal(hf_event_read(log, 0, &e), -ENOENT);
	assert_int_equal(hf_event_read(log, 1, &e), -ENOENT);
	log->event[0].type = HF_EVENT_READY;
	memcpy(log->event[0].text, "a\033[2Jb", 6);
	atomic_store(&log->event[0].seq, HF_MAX_EVENTS + 1);
	atomic_store(&log->last, HF_MAX_EVENTS + 1);
	assert_int_equal(hf_event_first(log), 2);
	assert_int_equal(hf_event_read(log, 1, &e), -ENOENT);
	assert_int_equal(hf_event_read(log, HF_MAX_EVENTS + 1, &e), 0);
	assert_string_equal(e.name, "a?[2Jb");
	atomic_store(&log->event[0].seq, 0); /* the writer is at it */
	assert_int_equal(hf_event_read(log, HF_MAX_EVENTS + 1, &e), -ENOENT);
	free(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences_say_who_what_and_how_long),
		cmocka_unit_test(every_type_has_a_sentence_of_its_own),
		cmocka_unit_test(deaths_are_bad_and_hand_overs_are_not),
		cmocka_unit_test(what_is_overwritten_or_half_written_is_not_read),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}

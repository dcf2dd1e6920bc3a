/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of events: each once, in sentences, the newest first; what was missed is said. The log
 * is made up.
 */
#include "monitor_world.h"

#include <stdio.h>

#include "events.h"

/* Adds event number log->last + 1 at so many seconds. */
static void
add_event(struct fixture *f, enum hf_event_type type, int32_t lane, uint64_t value, int64_t at_s)
{
	struct hf_event_log *log = &f->seg->events;
	uint64_t n = log->last + 1;
	struct hf_event *e = &log->event[(n - 1) % HF_MAX_EVENTS];

	*e = (struct hf_event){.type = type, .pid = 12, .lane = lane, .value = value};
	snprintf(e->text, sizeof(e->text), "w1");
	e->realtime_ns = at_s * 1000000000;
	e->seq = n;
	log->last = n;
}

static void
events_are_sentences_with_their_figures(void **state)
{
	struct fixture *f = *state;
	const struct hf_event_row *rows;
	struct hf_event_memory m;

	add_event(f, HF_EVENT_LANE_TAKEOVER, 2, 310000, 100);
	add_event(f, HF_EVENT_LINK, 1, 0, 101);
	assert_int_equal(events_init(&m), 0);
	events_read(&m, f->seg, 1);
	rows = events_rows(&m);
	assert_int_equal(m.n, 2);
	assert_true(rows[0].port == 1 && rows[0].lane == -1);
	assert_string_equal(rows[1].text,
			    "lane 2: its owner died, taken over by worker w1 (pid 12), gap 310 us");
	assert_true(rows[1].lane == 2 && rows[1].time_s == 100 && rows[1].no == 1);
	events_free(&m);
}

static void
events_are_read_once_and_what_was_overwritten_is_said(void **state)
{
	struct fixture *f = *state;
	struct hf_event_memory m;

	assert_int_equal(events_init(&m), 0);
	for (int i = 0; i < 3 * HF_MAX_EVENTS; i++) {
		add_event(f, HF_EVENT_CLEAR, -1, 0, i);
		events_read(&m, f->seg, 1);
		assert_int_equal(events_rows(&m)[0].seq, i + 1);
		assert_int_equal(events_rows(&m)[0].no, i + 1);
	}
	assert_int_equal(m.n, HF_EVENTS_KEPT);
	assert_int_equal(events_rows(&m)[m.n - 1].seq, 3 * HF_MAX_EVENTS - HF_EVENTS_KEPT + 1);
	for (int i = 0; i < HF_MAX_EVENTS + 7; i++)
		add_event(f, HF_EVENT_CLEAR, -1, 0, 5000);
	events_read(&m, f->seg, 1);
	assert_int_equal(m.total, 3 * HF_MAX_EVENTS + 1 + HF_MAX_EVENTS);
	assert_int_equal(events_rows(&m)[0].seq, 4 * HF_MAX_EVENTS + 7);
	events_free(&m);
	assert_int_equal(events_init(&m), 0);
	events_read(&m, f->seg, 1);
	assert_int_equal(m.n, HF_MAX_EVENTS); /* who comes late misses nothing it could know of */
	events_free(&m);
}

static void
overwritten_events_leave_a_row_that_says_how_many(void **state)
{
	struct fixture *f = *state;
	struct hf_event_memory m;
	const struct hf_event_row *row;

	assert_int_equal(events_init(&m), 0);
	add_event(f, HF_EVENT_CLEAR, -1, 0, 1);
	events_read(&m, f->seg, 1);
	for (int i = 0; i < HF_MAX_EVENTS + 4; i++)
		add_event(f, HF_EVENT_CLEAR, -1, 0, 2);
	events_read(&m, f->seg, 1);
	row = &events_rows(&m)[HF_MAX_EVENTS];
	assert_string_equal(row->type, "missed");
	assert_int_equal(row->value, 4);
	assert_int_equal(row->alert, HF_ALERT_WARN);
	events_free(&m);
}

static void
a_log_that_the_next_primary_keeps_brings_no_event_twice(void **state)
{
	struct fixture *f = *state;
	struct hf_event_memory m;

	assert_int_equal(events_init(&m), 0);
	add_event(f, HF_EVENT_READY, -1, 0, 100);
	add_event(f, HF_EVENT_STOP, -1, 0, 200);
	events_read(&m, f->seg, 1);
	add_event(f, HF_EVENT_READY, -1, 0, 300);
	f->seg->header.adoptions = 1;
	events_read(&m, f->seg, 2);
	assert_int_equal(m.n, 3);
	f->seg->header.adoptions = 0; /* a new segment: a log from 1 on */
	f->seg->events.last = 0;
	add_event(f, HF_EVENT_READY, -1, 0, 150);
	events_read(&m, f->seg, 3);
	assert_true(m.n == 4 && events_rows(&m)[0].seq == 1 && events_rows(&m)[0].no == 4);
	events_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_are_sentences_with_their_figures),
		TEST(events_are_read_once_and_what_was_overwritten_is_said),
		TEST(overwritten_events_leave_a_row_that_says_how_many),
		TEST(a_log_that_the_next_primary_keeps_brings_no_event_twice),
	};

	return cmocka_run_group_tests_name("monitor_events", tests, NULL, NULL);
}

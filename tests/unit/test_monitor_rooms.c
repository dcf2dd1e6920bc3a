/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the views of ports, drops, memory, places and events show of a sample that is made up, on a
 * canvas: figures, marks, what goes with the selection. No terminal.
 */
#include "screen_world.h"

/* Style of the first character of text in line y. */
static enum hf_style
style_of(const struct world *w, int y, const char *text)
{
	const char *line = line_at(w, y), *found = strstr(line, text);

	assert_non_null(found);
	return (enum hf_style)canvas_at(&w->c, (int)(found - line), y)->style;
}

/* How often letter stands in line y between the brackets. */
static int
count_in_bar(const struct world *w, int y, char letter)
{
	const char *line = line_at(w, y), *end = strchr(line, ']');
	int n = 0;

	for (line = strchr(line, '[') + 1; line < end; line++)
		n += *line == letter;
	return n;
}

static void
add_queue(struct hf_sample *s, uint32_t port, uint32_t queue, double share, double deviation)
{
	struct hf_queue_row *row = &s->queues[s->n_queues++];

	*row = (struct hf_queue_row){.port_index = port, .queue = queue};
	snprintf(row->port, sizeof(row->port), "port%u", port);
	row->share = share;
	row->deviation = deviation;
	row->tx_pkts = HF_UNKNOWN;
	row->tx_pps = NAN;
	row->alert = fabs(deviation) > 50 ? HF_ALERT_WARN : HF_ALERT_NONE;
}

/* Is line y the row of a queue? */
static int
is_queue(const struct world *w, int y, const char *port, unsigned int queue)
{
	char name[32];
	unsigned int number;

	return sscanf(line_at(w, y), " %31s %u", name, &number) == 2 && strcmp(name, port) == 0 &&
	       number == queue;
}

static void
ports_show_the_queues_of_the_selected_one_and_mark_what_is_uneven(void **state)
{
	struct world *w = *state;
	int y;

	add_queue(w->sample, 0, 0, 50, 0);
	add_queue(w->sample, 0, 1, 50, 0);
	add_queue(w->sample, 1, 7, 87, 74.4);
	w->sample->lanes[1].deviation = -61;
	w->sample->lanes[1].uneven = HF_ALERT_WARN;
	press(w, '2');
	draw_at(w, 80, 24, 0);
	y = find_line(w, "queues of port0");
	assert_true(y > 0);
	assert_true(is_queue(w, y + 2, "port0", 0));
	assert_true(is_queue(w, y + 3, "port0", 1));
	for (int line = 0; line < 24; line++)
		assert_false(is_queue(w, line, "port1", 7));
	assert_int_equal(style_of(w, find_line(w, " -61"), "-61"), HF_STYLE_WARN);
	press(w, HF_KEY_DOWN);
	draw_at(w, 80, 24, 0);
	y = find_line(w, "queues of port1");
	assert_non_null(strstr(line_at(w, y + 2), "+74"));
	assert_int_equal(style_of(w, y + 2, "+74"), HF_STYLE_WARN);
	/* Wide enough: queues and lanes stand side by side. */
	draw_at(w, 120, 24, 0);
	assert_non_null(strstr(line_at(w, find_line(w, "queues of port1")), " lanes"));
}

static void
add_drop(struct hf_sample *s, uint32_t reason, uint32_t lane, uint64_t packets, double pps)
{
	struct hf_drop_row *row = &s->drop_cells[s->n_drop_cells++];

	*row = (struct hf_drop_row){.code = reason, .lane = lane, .packets = packets, .pps = pps};
	snprintf(row->reason, sizeof(row->reason), "reason_%u", reason);
	row->since_s = pps > 0 ? 0 : 42;
	row->alert = pps > 0 ? HF_ALERT_BAD : HF_ALERT_WARN;
}

static void
drops_are_a_matrix_that_goes_sideways_and_opens(void **state)
{
	struct world *w = *state;
	int y;

	add_drop(w->sample, 2, 0, 1234, 0);
	add_drop(w->sample, 3, 1, 777, 9);
	add_drop(w->sample, 3, 11, 888, 0);
	press(w, '6');
	draw_at(w, 80, 24, 0);
	y = find_line(w, "reason_2");
	assert_non_null(strstr(line_at(w, y), "1.23k"));
	assert_non_null(strstr(line_at(w, y), "42s"));
	y = find_line(w, "reason_3");
	assert_int_equal(style_of(w, y, "777"), HF_STYLE_BAD);
	assert_null(strstr(line_at(w, y), "888")); /* lane 11 has no room yet */
	for (int i = 0; i < 20; i++) {
		press(w, HF_KEY_RIGHT);
		draw_at(w, 80, 24, 0);
	}
	assert_non_null(strstr(line_at(w, y), "888"));
	assert_non_null(strstr(line_at(w, 2), "LANE11"));
	press(w, HF_KEY_DOWN);
	press(w, HF_KEY_DOWN);
	press(w, HF_KEY_DOWN);
	press(w, HF_KEY_ENTER);
	draw_at(w, 80, 24, 0);
	y = find_line(w, "reason_3 by lane");
	assert_non_null(strstr(line_at(w, y + 2), "777"));
	assert_non_null(strstr(line_at(w, y + 3), "888"));
	assert_null(strstr(line_at(w, y + 4), "reason_"));
}

static void
drops_can_be_filtered_by_their_reason(void **state)
{
	struct world *w = *state;

	press(w, '6');
	for (const char *key = "/SON_4"; *key != '\0'; key++)
		press(w, *key);
	press(w, HF_KEY_ENTER);
	draw_at(w, 80, 24, 0);
	assert_true(find_line(w, "reason_4") > 0 && find_line(w, "reason_3") < 0);
}

static void
a_bar_of_a_pool_shows_where_its_buffers_are(void **state)
{
	struct world *w = *state;
	struct hf_pool_row *pool = &w->sample->pools[0];
	int y, width;

	*pool = (struct hf_pool_row){.size = 1000, .free = 500, .cached = 250, .rings = 248};
	pool->unaccounted = 2;
	snprintf(pool->name, sizeof(pool->name), "the-pool");
	w->sample->pools[1].free = HF_UNKNOWN;
	press(w, '7');
	draw_at(w, 120, 40, 1);
	y = find_line(w, "the-pool           [");
	width = 120 - 22;
	assert_in_range(count_in_bar(w, y, '.'), width / 2 - 2, width / 2 + 1);
	assert_in_range(count_in_bar(w, y, 'c'), width / 4 - 1, width / 4 + 1);
	assert_int_equal(count_in_bar(w, y, '!'), 1); /* 2 of 1000 must be seen */
	assert_int_equal(count_in_bar(w, y, 'd'), 0);
	assert_int_equal(style_of(w, y, "!"), HF_STYLE_BAD);
	assert_true(find_line(w, "not counted yet") > y);
}

static void
memory_shows_huge_pages_segment_and_flow_tables(void **state)
{
	struct world *w = *state;
	struct hf_sample *s = w->sample;

	s->n_huge = 1;
	s->huge[0] = (struct hf_huge_row){.node = 1, .page_bytes = 2 << 20, .pages = 512};
	s->huge[0].used = 384;
	s->n_parts = 2;
	snprintf(s->parts[0].part, sizeof(s->parts[0].part), "flows");
	s->parts[0].bytes = 3 << 20;
	snprintf(s->parts[1].part, sizeof(s->parts[1].part), "total");
	s->parts[1].bytes = 5 << 20;
	s->lanes[0].live_flows = 4321;
	s->lanes[0].flow_fill = 66;
	press(w, '7');
	draw_at(w, 80, 24, 0);
	assert_true(find_line(w, "node 1 pages of 2.0M") > 0);
	assert_true(find_line(w, "384 of 512 used") > 0);
	assert_true(find_line(w, "total 5.0M  flows 3.0M") > 0);
	assert_non_null(strstr(line_at(w, find_line(w, "4.32k")), " 66 "));
}

static void
what_does_not_match_its_node_is_marked(void **state)
{
	struct world *w = *state;
	struct hf_sample *s = w->sample;
	int y;

	s->n_places = 2;
	for (uint32_t i = 0; i < 2; i++) {
		s->places[i] = (struct hf_place_row){.tid = -1, .cpu = (int32_t)i, .node_now = -1};
		snprintf(s->places[i].kind, sizeof(s->places[i].kind), "lane");
		snprintf(s->places[i].name, sizeof(s->places[i].name), "lane%u", i);
	}
	press(w, '8');
	draw_at(w, 80, 24, 0);
	assert_true(find_line(w, "everything is where it should be") > 0);
	s->places[1].mismatch = 1;
	s->places[1].alert = HF_ALERT_WARN;
	snprintf(s->places[1].note, sizeof(s->places[1].note), "port far is on node 1");
	draw_at(w, 80, 24, 0);
	assert_true(find_line(w, "1 of 2 do not match") > 0);
	y = find_line(w, "port far is on node 1");
	assert_non_null(strstr(line_at(w, y), "lane1"));
	assert_int_equal(style_of(w, y, "lane1"), HF_STYLE_WARN);
}

static void
events_scroll_and_keep_those_that_a_text_names(void **state)
{
	struct world *w = *state;
	struct hf_sample *s = w->sample;

	s->n_events = 500;
	for (uint32_t i = 0; i < s->n_events; i++) {
		s->events[i] =
			(struct hf_event_row){.no = 500 - i, .lane = 1, .pid = -1, .port = -1};
		snprintf(s->events[i].type, sizeof(s->events[i].type), "lane_takeover");
		snprintf(s->events[i].text, sizeof(s->events[i].text), "event %u by w%u", 500 - i,
			 i % 100);
	}
	press(w, '9');
	draw_at(w, 80, 24, 0);
	assert_true(find_line(w, "event 500 by w0") > 0 && find_line(w, "event 1 ") < 0);
	press(w, HF_KEY_END);
	draw_at(w, 80, 24, 0);
	assert_true(find_line(w, "event 1 by w99") > 0 && find_line(w, "event 500") < 0);
	for (const char *key = "/by w42"; *key != '\0'; key++)
		press(w, *key);
	press(w, HF_KEY_ENTER);
	draw_at(w, 80, 24, 0);
	assert_true(find_line(w, "event 458 by w42") > 0 && find_line(w, "event 58 by w42") > 0);
	assert_true(find_line(w, "by w43") < 0 && find_line(w, "of 5") > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ports_show_the_queues_of_the_selected_one_and_mark_what_is_uneven),
		TEST(drops_are_a_matrix_that_goes_sideways_and_opens),
		TEST(drops_can_be_filtered_by_their_reason),
		TEST(a_bar_of_a_pool_shows_where_its_buffers_are),
		TEST(memory_shows_huge_pages_segment_and_flow_tables),
		TEST(what_does_not_match_its_node_is_marked),
		TEST(events_scroll_and_keep_those_that_a_text_names),
	};

	return cmocka_run_group_tests_name("monitor_rooms", tests, NULL, NULL);
}

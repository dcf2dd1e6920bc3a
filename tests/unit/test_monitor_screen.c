/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The screen without a terminal: every view at many sizes, what keys and mouse do. Samples are made
 * up; no segment, no curses.
 */
#include <errno.h>

#include "screen_world.h"

static const struct {
	int width, height;
} sizes[] = {{80, 24}, {120, 40}, {200, 60}, {81, 25}, {40, 12}, {20, 8}, {10, 5}, {3, 3}, {1, 1}};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* Is every character one that a terminal shows in one column? */
static void
assert_clean(const struct hf_canvas *c)
{
	for (int y = 0; y < c->height; y++) {
		for (int x = 0; x < c->width; x++) {
			const struct hf_glyph *g = canvas_at(c, x, y);

			assert_true(g->style < HF_STYLE_COUNT);
			assert_true(g->code >= 0x20 && g->code != 0x7f);
			if (c->ascii)
				assert_true(g->code < 0x7f);
			else
				assert_true(g->code < 0x80 || g->code == 0xb5 ||
					    (g->code >= 0x2000 && g->code < 0x2600));
		}
	}
}

static void
every_view_is_clean_at_every_size_in_unicode_and_ascii(void **state)
{
	struct world *w = *state;

	for (int v = '1'; v <= '9'; v++) {
		press(w, v);
		for (uint32_t i = 0; i < 2 * SIZES; i++) {
			draw_at(w, sizes[i / 2].width, sizes[i / 2].height, (int)i % 2);
			assert_clean(&w->c);
			press(w, HF_KEY_ENTER);
			draw_at(w, sizes[i / 2].width, sizes[i / 2].height, (int)i % 2);
			assert_clean(&w->c);
			press(w, HF_KEY_ENTER);
		}
	}
}

static void
a_view_writes_nowhere_but_on_its_canvas(void **state)
{
	struct world *w = *state;

	for (uint32_t v = 0; v < HF_VIEW_COUNT; v++) {
		for (uint32_t i = 0; i < SIZES; i++) {
			struct hf_canvas whole, part;

			assert_int_equal(canvas_init(&whole, sizes[i].width + 2,
						     sizes[i].height + 2, 0),
					 0);
			for (int y = 0; y < whole.height; y++)
				for (int x = 0; x < whole.width; x++)
					canvas_put(&whole, x, y, HF_STYLE_NORMAL, "@");
			part = canvas_part(&whole, 1, 1, sizes[i].width, sizes[i].height);
			views_get(v)->draw(&part, &w->ui.states[v], &w->shown);
			for (int y = 0; y < whole.height; y++) {
				assert_int_equal(canvas_at(&whole, 0, y)->code, '@');
				assert_int_equal(canvas_at(&whole, whole.width - 1, y)->code, '@');
			}
			for (int x = 0; x < whole.width; x++) {
				assert_int_equal(canvas_at(&whole, x, 0)->code, '@');
				assert_int_equal(canvas_at(&whole, x, whole.height - 1)->code, '@');
			}
			canvas_free(&whole);
		}
	}
}

static void
every_state_of_a_sample_is_clean_and_says_why(void **state)
{
	struct world *w = *state;

	for (int v = '1'; v <= '9'; v++) {
		press(w, v);
		w->sample->state = HF_SAMPLE_STALE;
		snprintf(w->sample->why, sizeof(w->sample->why), "segment lost: test");
		draw_at(w, 80, 24, 1);
		assert_clean(&w->c);
		assert_true(find_line(w, "segment lost: test, waiting") > 0);
		w->sample->state = HF_SAMPLE_WAITING;
		draw_at(w, 80, 24, 1);
		assert_true(find_line(w, "segment lost: test, waiting") > 0);
		w->sample->state = HF_SAMPLE_WARMING;
		draw_at(w, 80, 24, 1);
		assert_true(find_line(w, "warming up") > 0);
		w->sample->state = HF_SAMPLE_LIVE;
	}
}

static void
text_from_the_segment_cannot_control_the_terminal(void **state)
{
	struct world *w = *state;

	snprintf(w->sample->lanes[0].owner, sizeof(w->sample->lanes[0].owner),
		 "\x1b[2J\xff\xc3\x28\x7f\xe2\x80");
	press(w, '3');
	draw_at(w, 80, 24, 0);
	for (int y = 0; y < 24; y++)
		for (int x = 0; x < 80; x++)
			assert_true(canvas_at(&w->c, x, y)->code >= 0x20 &&
				    canvas_at(&w->c, x, y)->code != 0x7f);
}

static void
the_numbers_and_tab_go_round_the_views(void **state)
{
	struct world *w = *state;

	for (uint32_t i = 0; i < HF_VIEW_COUNT; i++) {
		assert_int_equal(views_get(i)->number, i + 1);
		press(w, '1' + (int)i);
		assert_int_equal(w->ui.current, i);
	}
	press(w, HF_KEY_TAB);
	assert_int_equal(w->ui.current, 0);
	press(w, HF_KEY_BACKTAB);
	assert_int_equal(w->ui.current, HF_VIEW_COUNT - 1);
}

static void
all_tabs_have_room_in_80_columns(void **state)
{
	struct world *w = *state;

	draw_at(w, 80, 24, 1);
	for (uint32_t i = 0; i < HF_VIEW_COUNT; i++)
		assert_non_null(strstr(line_at(w, 1), views_get(i)->name));
}

/* Is the second I/O thread on the screen, 41 % busy? */
static void
assert_io(const struct world *w)
{
	int line = find_line(w, "I/O threads");

	assert_true(line > 0 && line + 3 < w->c.height);
	assert_non_null(strstr(line_at(w, line + 3), " 1   1    0    41   1.00M"));
}

static void
the_load_of_io_threads_is_with_the_ports(void **state)
{
	static const int width[] = {80, 120, 200}, height[] = {24, 40, 60};
	struct world *w = *state;

	press(w, '2');
	w->sample->n_lanes = 4;
	for (uint32_t i = 0; i < 3; i++) {
		draw_at(w, width[i], height[i], 1);
		assert_true(find_line(w, "lanes") > 0);
		assert_io(w);
		press(w, HF_KEY_ENTER);
		draw_at(w, width[i], height[i], 1);
		while (w->ui.states[1].below > 0) {
			press(w, HF_KEY_PAGE_DOWN);
			draw_at(w, width[i], height[i], 1);
		}
		assert_io(w);
		press(w, HF_KEY_ENTER);
	}
}

static void
a_selected_row_stays_with_its_lane_when_the_order_changes(void **state)
{
	struct world *w = *state;
	const struct hf_panel *panel = &w->ui.states[2].panel;

	press(w, '3');
	draw_at(w, 80, 24, 1);
	for (int i = 0; i < 5; i++)
		press(w, HF_KEY_DOWN);
	draw_at(w, 80, 24, 1);
	assert_int_equal(panel->selected, 5);
	press(w, 'r');
	draw_at(w, 80, 24, 1);
	assert_int_equal(panel->selected, 6); /* of twelve, from the other end */
}

static void
rows_scroll_to_the_last_and_back(void **state)
{
	struct world *w = *state;
	const struct hf_panel *panel = &w->ui.states[4].panel;

	press(w, '5');
	draw_at(w, 80, 24, 1);
	press(w, HF_KEY_END);
	draw_at(w, 80, 24, 1);
	assert_int_equal(panel->selected, FLOWS - 1);
	assert_int_equal(panel->top + panel->visible, FLOWS);
	assert_true(find_line(w, "10.0.0.43") > 0); /* 299 % 256 */
	press(w, HF_KEY_PAGE_UP);
	draw_at(w, 80, 24, 1);
	assert_int_equal(panel->selected, FLOWS - panel->visible);
	press(w, HF_KEY_HOME);
	draw_at(w, 80, 24, 1);
	assert_int_equal(panel->selected, 0);
	assert_int_equal(panel->top, 0);
}

static void
columns_without_room_come_by_scrolling_sideways(void **state)
{
	struct world *w = *state;

	press(w, '3');
	draw_at(w, 40, 24, 1);
	assert_null(strstr(line_at(w, 2), "DROPS"));
	for (int i = 0; i < 20 && strstr(line_at(w, 2), "DROPS") == NULL; i++) {
		press(w, HF_KEY_RIGHT);
		draw_at(w, 40, 24, 1);
		assert_non_null(strstr(line_at(w, 2), "LANE"));
	}
	assert_non_null(strstr(line_at(w, 2), "DROPS"));
}

static void
a_column_orders_rows_and_unknown_comes_last(void **state)
{
	struct world *w = *state;
	struct hf_panel *panel = &w->ui.states[2].panel;
	const struct hf_table *t = columns_table(HF_TABLE_LANES);

	press(w, '3');
	w->sample->lanes[3].rx_pps = NAN;
	draw_at(w, 200, 24, 1);
	do {
		press(w, '>');
		assert_true(panel->sort != 0);
	} while (strcmp(t->columns[panel->sort - 1].key, "rx_pps") != 0);
	draw_at(w, 200, 24, 1);
	assert_memory_equal(line_at(w, 3), "   5", 4); /* 35 % 12 = 11: the most */
	assert_memory_equal(line_at(w, 14), "   3", 4);
	press(w, 'r');
	draw_at(w, 200, 24, 1);
	assert_memory_equal(line_at(w, 3), "   0", 4);
	assert_memory_equal(line_at(w, 14), "   3", 4);
}

static void
help_tells_every_key_of_the_table(void **state)
{
	struct world *w = *state;
	const struct hf_key_row *rows;
	uint32_t n;

	press(w, '?');
	draw_at(w, 120, 60, 1);
	rows = keys_table(&n);
	for (uint32_t i = 0; i < n; i++) {
		assert_true(keys_action(rows[i].key[0]) == rows[i].action);
		if (rows[i].label != NULL)
			assert_true(find_line(w, rows[i].help) > 0);
	}
	press(w, HF_KEY_ESCAPE);
	assert_int_equal(w->ui.help, 0);
	assert_int_equal(w->ui.quit, 0);
}

static void
type(struct world *w, const char *text)
{
	for (; *text != '\0'; text++)
		press(w, *text);
}

static void
a_filter_leaves_the_rows_that_hold_its_text(void **state)
{
	struct world *w = *state;
	const struct hf_panel *panel = &w->ui.states[3].panel;

	press(w, '4');
	press(w, '/');
	type(w, "worker-1q"); /* q is typed, it does not quit */
	press(w, HF_KEY_BACKSPACE);
	press(w, HF_KEY_ENTER);
	draw_at(w, 80, 24, 1);
	assert_int_equal(w->ui.quit, 0);
	assert_int_equal(panel->n, 3); /* worker-1, worker-10, worker-11 */
	assert_non_null(strstr(line_at(w, 23), "worker-1"));
	press(w, '/');
	type(w, "xyz");
	press(w, HF_KEY_ESCAPE);
	draw_at(w, 80, 24, 1);
	assert_int_equal(panel->n, 3);
	press(w, '/');
	press(w, 0x15);
	press(w, HF_KEY_ENTER);
	draw_at(w, 80, 24, 1);
	assert_int_equal(panel->n, 12);
}

static void
a_filter_of_flows_is_an_expression_and_its_faults_are_told(void **state)
{
	struct world *w = *state;

	press(w, '5');
	press(w, '/');
	type(w, "tcp port");
	press(w, HF_KEY_ENTER);
	draw_at(w, 120, 24, 1);
	assert_int_equal(w->ui.prompt.on, 1);
	assert_non_null(strstr(line_at(w, 23), "character"));
	assert_int_equal(w->ui.wish.flows.filter.n_nodes, 0);
	type(w, " 80");
	press(w, HF_KEY_ENTER);
	assert_int_equal(w->ui.prompt.on, 0);
	assert_string_equal(w->ui.wish.flows.filter.text, "tcp port 80");
	assert_int_equal(w->ui.wish.changed, 1);
}

static void
flows_are_ordered_by_the_scan_and_one_is_followed(void **state)
{
	struct world *w = *state;

	press(w, '5');
	draw_at(w, 80, 24, 1);
	press(w, '>');
	assert_int_equal(w->ui.wish.flows.sort, HF_SORT_BPS);
	press(w, 'r');
	assert_int_equal(w->ui.wish.flows.reverse, 1);
	assert_int_equal(w->ui.wish.follow, 0);
	press(w, HF_KEY_DOWN);
	press(w, HF_KEY_DOWN);
	press(w, HF_KEY_ENTER);
	draw_at(w, 80, 24, 1);
	assert_int_equal(w->ui.wish.follow, 1);
	assert_int_equal(w->ui.wish.follow_lane, 2);
	assert_memory_equal(&w->ui.wish.follow_key, &w->sample->flows.rows[2].key,
			    sizeof(w->ui.wish.follow_key));
	/* Out of the top: its details stay. */
	w->sample->detail.state = HF_FOLLOW_LIVE;
	w->sample->detail.row = w->sample->flows.rows[2];
	snprintf(w->sample->detail.row.dst, sizeof(w->sample->detail.row.dst), "192.0.2.77");
	w->sample->flows.n = 2;
	draw_at(w, 80, 24, 1);
	assert_true(find_line(w, "192.0.2.77") > 0);
	assert_int_equal(w->ui.wish.follow, 1);
	press(w, 'q');
	draw_at(w, 80, 24, 1);
	assert_int_equal(w->ui.wish.follow, 0);
}

static void
the_picker_takes_the_keys_while_it_is_open(void **state)
{
	struct world *w = *state;
	struct hf_instances *there = calloc(1, sizeof(*there));

	for (uint32_t i = 0; i < 3; i++) {
		snprintf(there->names.name[i], HF_INSTANCE_LEN, "instance-%u", i);
		snprintf(there->rows[i].name, HF_INSTANCE_LEN, "instance-%u", i);
		there->rows[i].rx_pps = NAN;
	}
	there->names.n = 3;
	w->shown.instances = there;
	press(w, '3');
	press(w, 'i');
	draw_at(w, 80, 24, 1);
	assert_clean(&w->c);
	assert_true(find_line(w, "instance-2") > 0);
	press(w, HF_KEY_DOWN);
	draw_at(w, 80, 24, 1);
	press(w, HF_KEY_ENTER);
	assert_string_equal(w->ui.picker.picked, "instance-1");
	assert_int_equal(w->ui.picker.on, 0);
	assert_int_equal(w->ui.states[2].panel.selected, 0);
	press(w, 'i');
	press(w, 'q');
	assert_int_equal(w->ui.picker.on, 0);
	assert_int_equal(w->ui.quit, 0);
	free(there);
}

static void
names_of_instances_are_checked_one_by_one(void **state)
{
	struct hf_instance_names names = {0};
	char why[96], many[HF_INSTANCE_LEN * HF_MAX_INSTANCES * 2] = "x";

	(void)state;
	assert_int_equal(instances_parse(&names, "a,b-2", why, sizeof(why)), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.name[1], "b-2");
	assert_int_equal(instances_parse(&names, "", why, sizeof(why)), -EINVAL);
	assert_int_equal(instances_parse(&names, "a,", why, sizeof(why)), -EINVAL);
	assert_int_equal(instances_parse(&names, "a,a", why, sizeof(why)), -EINVAL);
	assert_int_equal(instances_parse(&names, "a,../b", why, sizeof(why)), -EINVAL);
	for (uint32_t i = 0; i < HF_MAX_INSTANCES; i++)
		snprintf(many + strlen(many), 8, ",n%u", i);
	assert_int_equal(instances_parse(&names, many, why, sizeof(why)), -EINVAL);
	memset(many, 'n', HF_INSTANCE_LEN);
	many[HF_INSTANCE_LEN] = '\0';
	assert_int_equal(instances_parse(&names, many, why, sizeof(why)), -EINVAL);
	assert_int_equal(names.n, 2);
}

static void
the_interval_stays_within_its_bounds(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 20; i++)
		press(w, '+');
	assert_true(w->ui.interval_s == UI_INTERVAL_MOST);
	for (int i = 0; i < 20; i++)
		press(w, '-');
	assert_true(w->ui.interval_s == UI_INTERVAL_LEAST);
}

static void
brackets_step_through_the_history_and_out_of_it(void **state)
{
	struct world *w = *state;

	press(w, ']');
	assert_int_equal(w->ui.seek.on, 0);
	press(w, '[');
	assert_int_equal(w->ui.seek.on, 1);
	assert_true(w->ui.seek.time_s == NOW_S - 1);
	for (uint32_t i = 0; i < 2 * MOMENTS; i++)
		press(w, '[');
	assert_true(w->ui.seek.time_s == NOW_S - MOMENTS + 1);
	for (uint32_t i = 0; i < MOMENTS; i++)
		press(w, ']');
	assert_int_equal(w->ui.seek.on, 0);
	press(w, '{');
	assert_true(w->ui.seek.on && w->ui.seek.time_s == NOW_S - MOMENTS + 1);
	press(w, '}');
	assert_int_equal(w->ui.seek.on, 0);
	press(w, 'p');
	draw_at(w, 80, 24, 1);
	assert_non_null(strstr(line_at(w, 0), "PAUSED"));
	press(w, 'p');
	assert_int_equal(w->ui.seek.on, 0);
}

static void
the_mouse_finds_tabs_rows_and_heads(void **state)
{
	struct world *w = *state;
	int x;

	draw_at(w, 80, 24, 1);
	x = (int)(strstr(line_at(w, 1), "Lanes") - line_at(w, 1));
	ui_mouse(&w->ui, &w->c, &w->shown, x, 1, HF_CLICK);
	assert_int_equal(w->ui.current, 2);
	draw_at(w, 80, 24, 1);
	ui_mouse(&w->ui, &w->c, &w->shown, 10, 6, HF_CLICK);
	draw_at(w, 80, 24, 1);
	assert_int_equal(w->ui.states[2].panel.selected, 3);
	ui_mouse(&w->ui, &w->c, &w->shown, 1, 2, HF_CLICK);
	assert_int_equal(w->ui.states[2].panel.sort, 1);
	ui_mouse(&w->ui, &w->c, &w->shown, 10, 6, HF_CLICK_TWICE);
	assert_int_equal(w->ui.states[2].details, 1);
	ui_mouse(&w->ui, &w->c, &w->shown, 79, 23, HF_CLICK);
	ui_mouse(&w->ui, &w->c, &w->shown, 500, 500, HF_CLICK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_view_is_clean_at_every_size_in_unicode_and_ascii),
		TEST(a_view_writes_nowhere_but_on_its_canvas),
		TEST(every_state_of_a_sample_is_clean_and_says_why),
		TEST(text_from_the_segment_cannot_control_the_terminal),
		TEST(the_numbers_and_tab_go_round_the_views),
		TEST(all_tabs_have_room_in_80_columns),
		TEST(the_load_of_io_threads_is_with_the_ports),
		TEST(a_selected_row_stays_with_its_lane_when_the_order_changes),
		TEST(rows_scroll_to_the_last_and_back),
		TEST(columns_without_room_come_by_scrolling_sideways),
		TEST(a_column_orders_rows_and_unknown_comes_last),
		TEST(help_tells_every_key_of_the_table),
		TEST(a_filter_leaves_the_rows_that_hold_its_text),
		TEST(a_filter_of_flows_is_an_expression_and_its_faults_are_told),
		TEST(flows_are_ordered_by_the_scan_and_one_is_followed),
		TEST(the_picker_takes_the_keys_while_it_is_open),
		TEST(names_of_instances_are_checked_one_by_one),
		TEST(the_interval_stays_within_its_bounds),
		TEST(brackets_step_through_the_history_and_out_of_it),
		TEST(the_mouse_finds_tabs_rows_and_heads),
	};

	return cmocka_run_group_tests_name("monitor_screen", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The screen without a terminal: every view at many sizes, rows and columns that have no room.
 * Samples are made up; no segment, no curses.
 */
#include "screen_world.h"

static const struct {
	int width, height;
} sizes[] = {{80, 24}, {120, 40}, {200, 60}, {81, 25}, {40, 12}, {20, 8}, {10, 5}, {3, 3}, {1, 1}};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

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
	};

	return cmocka_run_group_tests_name("monitor_screen", tests, NULL, NULL);
}

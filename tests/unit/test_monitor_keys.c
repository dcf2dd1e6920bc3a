/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The screen without a terminal: what keys and mouse do, filters, the picker. Samples are made up;
 * no segment, no curses.
 */
#include <errno.h>

#include "screen_world.h"

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

	return cmocka_run_group_tests_name("monitor_keys", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Details of a row on the screen, without a terminal: every field is there, by paging where there
 * is no room. Samples are made up; no segment, no curses.
 */
#include "screen_world.h"

static void
enter_shows_every_field_of_the_row(void **state)
{
	struct world *w = *state;
	const struct hf_table *t = columns_table(HF_TABLE_WORKERS);

	press(w, '4');
	draw_at(w, 120, 40, 1);
	press(w, HF_KEY_ENTER);
	draw_at(w, 120, 40, 1);
	for (uint32_t i = 0; i < t->n_columns; i++)
		assert_true(find_line(w, t->columns[i].key) > 0);
	press(w, 'q');
	assert_int_equal(w->ui.quit, 0);
	press(w, 'q');
	assert_int_equal(w->ui.quit, 1);
}

/* Is every field of a table's row somewhere in the details, a page after the other? */
static void
assert_all_by_paging(struct world *w, enum hf_table_id id)
{
	const struct hf_table *t = columns_table(id);
	struct hf_view_state *state = &w->ui.states[w->ui.current];
	uint32_t seen[TABLE_MAX_COLUMNS] = {0};
	int more;

	press(w, HF_KEY_ENTER);
	do {
		draw_at(w, 80, 24, 1);
		for (uint32_t i = 0; i < t->n_columns; i++)
			for (int y = 7; y < 23; y++) /* below the table */
				seen[i] |= strstr(line_at(w, y), t->columns[i].key) != NULL;
		more = state->below > 0;
		assert_true(!more || strstr(line_at(w, 23), "PgDn") != NULL);
		press(w, HF_KEY_PAGE_DOWN);
	} while (more);
	for (uint32_t i = 0; i < t->n_columns; i++)
		if (!seen[i])
			fail_msg("%s.%s is not to be seen", t->key, t->columns[i].key);
	press(w, HF_KEY_ENTER);
}

static void
details_without_room_are_paged_through(void **state)
{
	struct world *w = *state;
	struct hf_view_state *lanes = &w->ui.states[2];

	press(w, '3');
	draw_at(w, 80, 24, 1);
	assert_all_by_paging(w, HF_TABLE_LANES);
	assert_all_by_paging(w, HF_TABLE_LOAD);
	assert_all_by_paging(w, HF_TABLE_FLOW_TABLES);
	press(w, HF_KEY_ENTER);
	draw_at(w, 80, 24, 1);
	assert_true(lanes->below > 0);
	for (int i = 0; i < 20; i++) {
		press(w, HF_KEY_PAGE_DOWN);
		draw_at(w, 80, 24, 1);
	}
	assert_int_equal(lanes->below, 0);
	assert_non_null(strstr(line_at(w, 23), "PgUp"));
	assert_int_equal(lanes->panel.selected, 0);
	/* With room for all there is nothing to scroll, and PgDn goes through the rows. */
	draw_at(w, 200, 60, 1);
	draw_at(w, 200, 60, 1);
	assert_int_equal(lanes->skipped, 0);
	press(w, HF_KEY_PAGE_DOWN);
	draw_at(w, 200, 60, 1);
	assert_true(lanes->panel.selected > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(enter_shows_every_field_of_the_row),
		TEST(details_without_room_are_paged_through),
	};

	return cmocka_run_group_tests_name("monitor_details", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of keys.
 */
#include "keys.h"

#include <stddef.h>

#define VIEW(n) (enum hf_action)(HF_ACTION_VIEW_1 + (n)-1)

/* clang-format off */
static const struct hf_key_row rows[] = {
	{{'1'}, VIEW(1), "1 to 9", "a view by its number", NULL},
	{{'2'}, VIEW(2), NULL, NULL, NULL},
	{{'3'}, VIEW(3), NULL, NULL, NULL},
	{{'4'}, VIEW(4), NULL, NULL, NULL},
	{{'5'}, VIEW(5), NULL, NULL, NULL},
	{{'6'}, VIEW(6), NULL, NULL, NULL},
	{{'7'}, VIEW(7), NULL, NULL, NULL},
	{{'8'}, VIEW(8), NULL, NULL, NULL},
	{{'9'}, VIEW(9), NULL, NULL, NULL},
	{{HF_KEY_TAB}, HF_ACTION_NEXT_VIEW, "Tab, Shift-Tab", "the next view, the one before", NULL},
	{{HF_KEY_BACKTAB}, HF_ACTION_PREVIOUS_VIEW, NULL, NULL, NULL},
	{{HF_KEY_UP, 'k'}, HF_ACTION_UP, "arrows, k j", "select a row; sideways: more columns", NULL},
	{{HF_KEY_DOWN, 'j'}, HF_ACTION_DOWN, NULL, NULL, NULL},
	{{HF_KEY_LEFT}, HF_ACTION_LEFT, NULL, NULL, NULL},
	{{HF_KEY_RIGHT}, HF_ACTION_RIGHT, NULL, NULL, NULL},
	{{HF_KEY_PAGE_UP}, HF_ACTION_PAGE_UP, "PgUp, PgDn", "a page up, down; of details that have no room, too", NULL},
	{{HF_KEY_PAGE_DOWN}, HF_ACTION_PAGE_DOWN, NULL, NULL, NULL},
	{{HF_KEY_HOME, 'g'}, HF_ACTION_FIRST, "Home, End", "the first row, the last (also g, G)", NULL},
	{{HF_KEY_END, 'G'}, HF_ACTION_LAST, NULL, NULL, NULL},
	{{HF_KEY_ENTER}, HF_ACTION_DETAILS, "Enter", "all about the selected row, and back", "details"},
	{{'>', HF_KEY_F6, 's'}, HF_ACTION_SORT_NEXT, "< > F6", "order by the column before, behind", "sort"},
	{{'<'}, HF_ACTION_SORT_PREVIOUS, NULL, NULL, NULL},
	{{'r'}, HF_ACTION_REVERSE, "r", "the other way round", NULL},
	{{'/'}, HF_ACTION_FILTER, "/", "only rows with a text; flows: an expression", "filter"},
	{{'p', ' '}, HF_ACTION_PAUSE, "p, space", "hold the picture, and go on", "pause"},
	{{'['}, HF_ACTION_STEP_BACK, "[ ]", "a sample back, forward; forward beyond the newest is now", NULL},
	{{']'}, HF_ACTION_STEP_FORWARD, NULL, NULL, NULL},
	{{'{'}, HF_ACTION_MINUTE_BACK, "{ }", "a minute back, forward", NULL},
	{{'}'}, HF_ACTION_MINUTE_FORWARD, NULL, NULL, NULL},
	{{'('}, HF_ACTION_OLDEST, "( )", "the oldest sample there is, the newest", NULL},
	{{')'}, HF_ACTION_NEWEST, NULL, NULL, NULL},
	{{'+', '='}, HF_ACTION_SLOWER, "+ -", "a longer interval, a shorter one: 0.1 to 10 s", NULL},
	{{'-', '_'}, HF_ACTION_FASTER, NULL, NULL, NULL},
	{{'e'}, HF_ACTION_EXACT, "e", "all digits, and back to k M G", NULL},
	{{'i'}, HF_ACTION_PICK, "i", "the instances of this machine, to pick one", NULL},
	{{'?', HF_KEY_F1, 'h'}, HF_ACTION_HELP, "? F1", "this page, and back", "help"},
	{{'q', HF_KEY_ESCAPE}, HF_ACTION_BACK, "q, Esc", "back; q in a view ends the program", "quit"},
};
/* clang-format on */

const struct hf_key_row *
keys_table(uint32_t *n)
{
	*n = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

enum hf_action
keys_action(int key)
{
	if (key == 0)
		return HF_ACTION_NONE;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint32_t k = 0; k < 3; k++)
			if (rows[i].key[k] == key)
				return rows[i].action;
	return HF_ACTION_NONE;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the user can ask for, and the keys that ask for it: one table, from which dispatch, help and
 * the line of hints are made. Pure; any thread.
 */
#ifndef HF_MONITOR_KEYS_H
#define HF_MONITOR_KEYS_H

#include <stdint.h>

/* Keys that are no characters; screen.c translates the terminal's. */
enum hf_key {
	HF_KEY_UP = 0x110000,
	HF_KEY_DOWN,
	HF_KEY_LEFT,
	HF_KEY_RIGHT,
	HF_KEY_PAGE_UP,
	HF_KEY_PAGE_DOWN,
	HF_KEY_HOME,
	HF_KEY_END,
	HF_KEY_BACKTAB,
	HF_KEY_F1,
	HF_KEY_F6,
};

#define HF_KEY_TAB       0x09
#define HF_KEY_ENTER     0x0a
#define HF_KEY_ESCAPE    0x1b
#define HF_KEY_BACKSPACE 0x7f

enum hf_action {
	HF_ACTION_NONE,
	HF_ACTION_VIEW_1, /* and the eight behind it */
	HF_ACTION_VIEW_9 = HF_ACTION_VIEW_1 + 8,
	HF_ACTION_NEXT_VIEW,
	HF_ACTION_PREVIOUS_VIEW,
	HF_ACTION_UP,
	HF_ACTION_DOWN,
	HF_ACTION_PAGE_UP,
	HF_ACTION_PAGE_DOWN,
	HF_ACTION_FIRST,
	HF_ACTION_LAST,
	HF_ACTION_LEFT,
	HF_ACTION_RIGHT,
	HF_ACTION_DETAILS,
	HF_ACTION_SORT_NEXT,
	HF_ACTION_SORT_PREVIOUS,
	HF_ACTION_REVERSE,
	HF_ACTION_FILTER,
	HF_ACTION_PAUSE,
	HF_ACTION_STEP_BACK,
	HF_ACTION_STEP_FORWARD,
	HF_ACTION_MINUTE_BACK,
	HF_ACTION_MINUTE_FORWARD,
	HF_ACTION_OLDEST,
	HF_ACTION_NEWEST,
	HF_ACTION_FASTER,
	HF_ACTION_SLOWER,
	HF_ACTION_EXACT,
	HF_ACTION_PICK,
	HF_ACTION_HELP,
	HF_ACTION_BACK,
	HF_ACTION_COUNT,
};

struct hf_key_row {
	int key[3]; /* characters or enum hf_key; 0: no further one */
	enum hf_action action;
	const char *label; /* in help; NULL: told by the row before */
	const char *help;
	const char *hint; /* in the last line of the screen, NULL: not there */
};

/* The table. *n: rows. */
const struct hf_key_row *keys_table(uint32_t *n);

/* What key asks for. */
enum hf_action keys_action(int key);

#endif

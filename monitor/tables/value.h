/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A cell as programs read it: JSON and CSV are made from the same values, all digits, in base
 * units of their keys. Pure functions; any thread.
 */
#ifndef HF_MONITOR_VALUE_H
#define HF_MONITOR_VALUE_H

#include "table.h"

enum hf_value_kind {
	HF_VALUE_NONE, /* not known, or an empty text */
	HF_VALUE_BARE, /* a number, true or false: never needs quotes */
	HF_VALUE_TEXT,
	HF_VALUE_SET, /* numbers of bits that are set */
};

struct hf_value {
	enum hf_value_kind kind;
	uint64_t bits;             /* of a SET */
	char text[TABLE_CELL_LEN]; /* of a BARE and of a TEXT; "0,2-5" of a SET */
};

/* The value of one field of a row. */
void value_of(struct hf_value *v, const struct hf_column *column, const void *row);

/* Is the column part of what programs read? */
int value_wanted(const struct hf_column *column);

#endif

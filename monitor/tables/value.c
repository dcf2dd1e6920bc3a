/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cells as values for programs. Reads the row it is given and nothing else.
 */
#include "value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "units.h"

#define TENTHS 1 /* digits of rates and shares */
#define MILLIS 3 /* digits of times */

int
value_wanted(const struct hf_column *column)
{
	return (column->flags & COLUMN_VIEW) == 0;
}

static void
set_text(struct hf_value *v, const char *text)
{
	snprintf(v->text, sizeof(v->text), "%s", text);
	v->kind = text[0] != '\0' ? HF_VALUE_TEXT : HF_VALUE_NONE;
}

static void
set_number(struct hf_value *v, double number, int decimals)
{
	if (!isfinite(number))
		return;
	snprintf(v->text, sizeof(v->text), "%.*f", decimals, number);
	v->kind = HF_VALUE_BARE;
}

static void
set_count(struct hf_value *v, uint64_t count)
{
	if (count == HF_UNKNOWN)
		return;
	snprintf(v->text, sizeof(v->text), "%" PRIu64, count);
	v->kind = HF_VALUE_BARE;
}

static void
set_bits(struct hf_value *v, uint64_t bits)
{
	v->kind = HF_VALUE_SET;
	v->bits = bits;
	hf_format_set(v->text, sizeof(v->text), bits);
}

/* A field of 4 bytes. */
static void
set_small(struct hf_value *v, enum hf_cell cell, uint32_t word)
{
	if (cell == HF_CELL_BOOL) {
		if (word > 1) /* not known */
			return;
		snprintf(v->text, sizeof(v->text), "%s", word != 0 ? "true" : "false");
	} else if (cell == HF_CELL_I32) {
		if ((int32_t)word == -1)
			return;
		snprintf(v->text, sizeof(v->text), "%" PRId32, (int32_t)word);
	} else {
		snprintf(v->text, sizeof(v->text), "%" PRIu32, word);
	}
	v->kind = HF_VALUE_BARE;
}

/* A field of 8 bytes: a count, or a number. */
static void
set_large(struct hf_value *v, enum hf_cell cell, const char *field)
{
	uint64_t count;
	double number;
	char utc[32];

	memcpy(&count, field, sizeof(count));
	memcpy(&number, field, sizeof(number));
	switch (cell) {
	case HF_CELL_COUNT:
	case HF_CELL_BYTES:
		set_count(v, count);
		break;
	case HF_CELL_SET:
		set_bits(v, count);
		break;
	case HF_CELL_GAP:
		set_number(v, count == HF_UNKNOWN ? NAN : (double)count / 1e3, MILLIS);
		break;
	case HF_CELL_TIME:
		if (isnan(number))
			break;
		format_utc(utc, sizeof(utc), number);
		set_text(v, utc);
		break;
	case HF_CELL_AGE:
	case HF_CELL_UPTIME:
		set_number(v, number, MILLIS);
		break;
	default:
		set_number(v, number, TENTHS);
		break;
	}
}

void
value_of(struct hf_value *v, const struct hf_column *column, const void *row)
{
	const char *field = (const char *)row + column->offset;
	uint32_t word;

	v->kind = HF_VALUE_NONE;
	v->bits = 0;
	v->text[0] = '\0';
	switch (column->cell) {
	case HF_CELL_TEXT:
		set_text(v, field);
		break;
	case HF_CELL_BOOL:
	case HF_CELL_U32:
	case HF_CELL_I32:
		memcpy(&word, field, sizeof(word));
		set_small(v, column->cell, word);
		break;
	default:
		set_large(v, column->cell, field);
		break;
	}
}

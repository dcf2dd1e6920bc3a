/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sorting of row numbers by a field that is known by its offset and type.
 */
#include "order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct by {
	const struct hf_rows *rows;
	const struct hf_column *column;
	int reverse;
};

/* A field as a number; NAN when it is not known. */
static double
number(const struct hf_column *column, const char *field)
{
	uint32_t u32;
	uint64_t u64;
	int32_t i32;
	double d;

	switch (column->cell) {
	case HF_CELL_BOOL:
	case HF_CELL_U32:
		memcpy(&u32, field, sizeof(u32));
		return u32;
	case HF_CELL_I32:
		memcpy(&i32, field, sizeof(i32));
		return i32 == -1 ? NAN : i32;
	case HF_CELL_COUNT:
	case HF_CELL_BYTES:
	case HF_CELL_GAP:
	case HF_CELL_SET:
		memcpy(&u64, field, sizeof(u64));
		return u64 == HF_UNKNOWN ? NAN : (double)u64;
	default:
		memcpy(&d, field, sizeof(d));
		return d;
	}
}

static int
compare_numbers(double a, double b, int reverse)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	if (a == b)
		return 0;
	return ((a < b) ? 1 : -1) * (reverse ? -1 : 1);
}

static int
compare(const void *pa, const void *pb, void *arg)
{
	const struct by *by = arg;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	const char *fa = (const char *)table_row(by->rows, a) + by->column->offset;
	const char *fb = (const char *)table_row(by->rows, b) + by->column->offset;
	int diff;

	if (by->column->cell == HF_CELL_TEXT)
		diff = strcmp(fa, fb) * (by->reverse ? -1 : 1);
	else
		diff = compare_numbers(number(by->column, fa), number(by->column, fb), by->reverse);
	return diff != 0 ? diff : (a > b) - (a < b);
}

void
order_rows(uint32_t *order, const struct hf_rows *rows, uint32_t c, int reverse)
{
	struct by by = {.rows = rows, .reverse = reverse};

	for (uint32_t i = 0; i < rows->n; i++)
		order[i] = reverse && c == UINT32_MAX ? rows->n - 1 - i : i;
	if (c == UINT32_MAX)
		return;
	by.column = &rows->table->columns[c];
	qsort_r(order, rows->n, sizeof(*order), compare, &by);
}

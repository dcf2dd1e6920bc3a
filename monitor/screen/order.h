/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of rows by one of their columns. Pure; any thread.
 */
#ifndef HF_MONITOR_ORDER_H
#define HF_MONITOR_ORDER_H

#include "table.h"

/*
 * Fills order[0 .. rows->n) with row numbers, ordered by column c: texts from A to Z, numbers from
 * the largest down; reverse turns that round. What is not known comes last, equal rows stay as
 * they came. c UINT32_MAX: as they came, or (reverse) from the last to the first.
 */
void order_rows(uint32_t *order, const struct hf_rows *rows, uint32_t c, int reverse);

#endif

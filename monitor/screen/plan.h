/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many lines of a screen each section gets. Pure; any thread.
 */
#ifndef HF_MONITOR_PLAN_H
#define HF_MONITOR_PLAN_H

#include "table.h"

#define PLAN_TOP 2U /* title and totals */

struct hf_plan {
	uint32_t table[HF_TABLE_COUNT]; /* lines with the head; 0: not shown */
	int drops;
	int keys;
};

/*
 * Shares lines lines out: flows keep a few, what is left over is theirs; tables are shortened, the
 * longest first; in a tall screen come I/O threads, pools and events.
 */
void plan_lines(struct hf_plan *plan, const struct hf_sample *s, uint32_t lines);

#endif

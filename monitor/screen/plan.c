/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shares the lines of a screen among its sections. Pure functions.
 */
#include "plan.h"

#define FLOW_LINES  6U  /* flows keep these, head included, while tables can give */
#define FLOW_PLENTY 11U /* with these the rest may go to the optional tables */
#define EVENT_LINES 6U

/* Tables every screen shows, in the order in which they go when there is no room at all. */
static const enum hf_table_id always[] = {HF_TABLE_WORKERS, HF_TABLE_PORTS, HF_TABLE_LANES};

/* Tables for tall screens, the most wanted first. */
static const enum hf_table_id optional[] = {HF_TABLE_POOLS, HF_TABLE_EVENTS, HF_TABLE_IO};

static uint32_t
sum_always(const struct hf_plan *plan)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < 3; i++)
		sum += plan->table[always[i]];
	return sum;
}

/* Takes one line from the longest table, or a whole table when all are at their shortest. */
static void
shorten(struct hf_plan *plan, uint32_t *flows)
{
	enum hf_table_id longest = always[0];

	for (unsigned int i = 1; i < 3; i++)
		if (plan->table[always[i]] > plan->table[longest])
			longest = always[i];
	if (plan->table[longest] > 2) {
		plan->table[longest]--;
		return;
	}
	if (*flows > 2) {
		(*flows)--;
		return;
	}
	for (unsigned int i = 0; i < 3; i++) {
		if (plan->table[always[i]] != 0) {
			plan->table[always[i]] = 0;
			return;
		}
	}
	*flows = 0;
}

static uint32_t
lines_of(const struct hf_sample *s, enum hf_table_id id)
{
	uint32_t n = table_rows(s, id).n;

	return n == 0 ? 2 : n + 1;
}

static void
add_optional(struct hf_plan *plan, const struct hf_sample *s, uint32_t *room)
{
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t want = lines_of(s, optional[i]);

		if (optional[i] == HF_TABLE_EVENTS && want > EVENT_LINES)
			want = EVENT_LINES;
		if (table_rows(s, optional[i]).n == 0 || *room < want + FLOW_PLENTY)
			continue;
		plan->table[optional[i]] = want;
		*room -= want;
	}
}

void
plan_lines(struct hf_plan *plan, const struct hf_sample *s, uint32_t lines)
{
	uint32_t room, flows = FLOW_LINES;

	*plan = (struct hf_plan){0};
	if (lines <= PLAN_TOP)
		return;
	room = lines - PLAN_TOP;
	plan->keys = room > 4;
	room -= plan->keys ? 1 : 0;
	plan->drops = room > 2;
	room -= plan->drops ? 1 : 0;
	for (unsigned int i = 0; i < 3; i++)
		plan->table[always[i]] = lines_of(s, always[i]);
	while (sum_always(plan) + flows > room && sum_always(plan) + flows > 0)
		shorten(plan, &flows);
	room -= sum_always(plan);
	add_optional(plan, s, &room);
	plan->table[HF_TABLE_FLOWS] = room > 1 ? room : 0;
}

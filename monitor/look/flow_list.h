/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list a scan makes: of all flows that are offered, the best of one order, exactly. For
 * flows.c alone; main thread.
 */
#ifndef HF_MONITOR_FLOW_LIST_H
#define HF_MONITOR_FLOW_LIST_H

#include <math.h>

#include "flows.h"

/*
 * A heap over the rows of *out with the lowest one on top. Flows must come in order of lane and
 * record: one that is not better than the floor then has no place, and its row need not be made.
 */
struct hf_flow_list {
	struct hf_flow_top *out;
	uint32_t *heap; /* room for out->top row numbers */
	double floor;   /* score of the lowest row; below all scores while there is room */
};

#define HF_SCORE_UNKNOWN (-HUGE_VAL) /* stands last, in reverse too */

/* What is greater stands above. */
static inline double
flow_list_score(double value, uint32_t reverse)
{
	if (isnan(value))
		return HF_SCORE_UNKNOWN;
	return reverse ? -value : value;
}

/* Has a flow of this score a place in the list? */
static inline int
flow_list_wants(const struct hf_flow_list *l, double score)
{
	return score > l->floor || l->out->n < l->out->top;
}

/* Empties the list. */
void flow_list_begin(struct hf_flow_list *l, struct hf_flow_top *out, uint32_t *heap);

/* Takes *row into the list if it belongs there. */
void flow_list_offer(struct hf_flow_list *l, const struct hf_flow_row *row);

/* Puts the rows in order, the best first. Nothing can be offered afterwards. */
void flow_list_end(struct hf_flow_list *l);

#endif

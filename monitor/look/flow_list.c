/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Selection with a heap. Memory of the caller alone.
 */
#include "flow_list.h"

#include <stdlib.h>

/* Does a stand below b in the list? A total order, so that the list does not jump about. */
static int
below(const struct hf_flow_row *a, const struct hf_flow_row *b)
{
	if (a->score != b->score)
		return a->score < b->score;
	if (a->lane != b->lane)
		return a->lane > b->lane;
	return a->index > b->index;
}

static int
compare(const void *a, const void *b)
{
	return below(a, b) ? 1 : -1;
}

/* Restores the heap (lowest row on top) below place i. */
static void
sift_down(uint32_t *heap, uint32_t n, const struct hf_flow_row *rows, uint32_t i)
{
	for (uint32_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
		uint32_t moved = heap[i];

		if (child + 1 < n && below(&rows[heap[child + 1]], &rows[heap[child]]))
			child++;
		if (!below(&rows[heap[child]], &rows[moved]))
			return;
		heap[i] = heap[child];
		heap[child] = moved;
		i = child;
	}
}

static void
sift_up(uint32_t *heap, const struct hf_flow_row *rows, uint32_t i)
{
	while (i > 0 && below(&rows[heap[i]], &rows[heap[(i - 1) / 2]])) {
		uint32_t parent = (i - 1) / 2, moved = heap[i];

		heap[i] = heap[parent];
		heap[parent] = moved;
		i = parent;
	}
}

void
flow_list_begin(struct hf_flow_list *l, struct hf_flow_top *out, uint32_t *heap)
{
	out->n = 0;
	*l = (struct hf_flow_list){.out = out, .heap = heap, .floor = HF_SCORE_UNKNOWN};
}

void
flow_list_offer(struct hf_flow_list *l, const struct hf_flow_row *row)
{
	struct hf_flow_top *out = l->out;

	if (out->n < out->top) {
		l->heap[out->n] = out->n;
		out->rows[out->n] = *row;
		out->n++;
		sift_up(l->heap, out->rows, out->n - 1);
	} else if (below(&out->rows[l->heap[0]], row)) {
		out->rows[l->heap[0]] = *row;
		sift_down(l->heap, out->n, out->rows, 0);
	}
	if (out->n == out->top)
		l->floor = out->rows[l->heap[0]].score;
}

void
flow_list_end(struct hf_flow_list *l)
{
	qsort(l->out->rows, l->out->n, sizeof(l->out->rows[0]), compare);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mending samples. A recording may come from anybody: its texts must not move the cursor of a
 * terminal, its counts must not lead a view out of an array.
 */
#include "mend.h"

#include "table.h"

static void
limit(uint32_t *n, uint32_t max)
{
	if (*n > max)
		*n = max;
}

/* room bytes of a text that may have no end. */
static void
mend_text(char *text, size_t room)
{
	size_t i = 0;

	while (i < room - 1 && text[i] != '\0') {
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
		i++;
	}
	text[i] = '\0';
}

static void
mend_table(const struct hf_sample *s, enum hf_table_id id)
{
	struct hf_rows rows = table_rows(s, id);

	for (uint32_t i = 0; i < rows.n; i++) {
		/* Rows of a sample that is the caller's to change. */
		char *row = (char *)(uintptr_t)table_row(&rows, i);

		for (uint32_t c = 0; c < rows.table->n_columns; c++) {
			const struct hf_column *column = &rows.table->columns[c];

			if (column->cell == HF_CELL_TEXT)
				mend_text(row + column->offset,
					  rows.table->row_bytes - column->offset);
		}
	}
}

static void
mend_head(struct hf_sample *s)
{
	limit(&s->n_ports, HF_MAX_PORTS);
	limit(&s->n_io, HF_MAX_IO);
	limit(&s->n_lanes, HF_MAX_LANES);
	limit(&s->n_workers, HF_MAX_WORKERS);
	limit(&s->n_pools, HF_MAX_POOLS);
	limit(&s->n_drops, HF_DROP_MAX);
	limit(&s->n_skips, HF_SKIP_MAX);
	limit(&s->n_events, HF_EVENTS_KEPT);
	limit(&s->n_queues, HF_MAX_QUEUES);
	limit(&s->n_drop_cells, HF_MAX_DROP_CELLS);
	limit(&s->n_huge, HF_MAX_HUGE);
	limit(&s->n_nodes, HF_MAX_NODES);
	limit(&s->n_parts, HF_MAX_PARTS);
	limit(&s->n_places, HF_MAX_PLACES);
	if ((unsigned int)s->state > HF_SAMPLE_STALE)
		s->state = HF_SAMPLE_WAITING;
	if ((unsigned int)s->sort >= HF_SORT_COUNT)
		s->sort = (enum hf_sort)0;
	mend_text(s->why, sizeof(s->why));
	mend_text(s->instance, sizeof(s->instance));
	mend_text(s->segment_state, sizeof(s->segment_state));
	mend_text(s->program_version, sizeof(s->program_version));
	mend_text(s->dpdk_version, sizeof(s->dpdk_version));
	mend_text(s->filter, sizeof(s->filter));
	mend_text(s->detail.row.src, sizeof(s->detail.row.src));
	mend_text(s->detail.row.dst, sizeof(s->detail.row.dst));
	mend_text(s->detail.row.proto_name, sizeof(s->detail.row.proto_name));
}

void
mend_sample(struct hf_sample *s)
{
	mend_head(s);
	for (uint32_t i = 0; i < s->n_drops; i++)
		mend_text(s->drops[i].reason, sizeof(s->drops[i].reason));
	for (uint32_t i = 0; i < s->n_skips; i++)
		mend_text(s->skips[i].reason, sizeof(s->skips[i].reason));
	for (unsigned int t = 0; t < HF_TABLE_COUNT; t++)
		mend_table(s, (enum hf_table_id)t);
}

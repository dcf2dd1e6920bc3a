/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies events out of the segment's log, once each. Reads shared memory, writes the memory of
 * events alone.
 */
#include "events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void
set_clock(struct hf_event_row *row, int64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	struct tm tm;

	row->time_s = (double)realtime_ns / 1e9;
	if (localtime_r(&seconds, &tm) != NULL)
		strftime(row->clock, sizeof(row->clock), "%H:%M:%S", &tm);
}

static void
fill(struct hf_event_row *row, const struct hf_event_copy *e)
{
	enum hf_event_level level = hf_event_level(e);
	int is_port = e->type == HF_EVENT_LINK;

	*row = (struct hf_event_row){.seq = e->seq, .value = e->value};
	row->pid = e->pid > 0 ? e->pid : -1;
	row->lane = is_port ? -1 : e->lane;
	row->port = is_port ? e->lane : -1;
	row->alert = level == HF_EVENT_LEVEL_BAD       ? HF_ALERT_BAD
		     : level == HF_EVENT_LEVEL_WARNING ? HF_ALERT_WARN
						       : HF_ALERT_NONE;
	snprintf(row->level, sizeof(row->level), "%s", hf_event_level_name(level));
	snprintf(row->name, sizeof(row->name), "%.*s", (int)sizeof(row->name) - 1, e->name);
	snprintf(row->type, sizeof(row->type), "%s", hf_event_name(e->type));
	hf_event_text(e, row->text, sizeof(row->text));
	set_clock(row, e->realtime_ns);
}

int
events_init(struct hf_event_memory *m)
{
	*m = (struct hf_event_memory){.first = 2 * HF_EVENTS_KEPT};
	m->rows = calloc((size_t)2 * HF_EVENTS_KEPT, sizeof(*m->rows));
	return m->rows == NULL ? -ENOMEM : 0;
}

void
events_free(struct hf_event_memory *m)
{
	free(m->rows);
	m->rows = NULL;
}

const struct hf_event_row *
events_rows(const struct hf_event_memory *m)
{
	return m->rows + m->first;
}

/*
 * The row in front of the newest. Rows grow towards the front, so that the newest come first; now
 * and then what is kept moves to the back. Nothing is touched that can fault.
 */
static struct hf_event_row *
room(struct hf_event_memory *m)
{
	uint32_t back = 2 * HF_EVENTS_KEPT - HF_EVENTS_KEPT + 1;

	if (m->first == 0) {
		m->n = HF_EVENTS_KEPT - 1;
		memmove(m->rows + back, m->rows, m->n * sizeof(*m->rows));
		m->first = back;
	}
	return &m->rows[m->first - 1];
}

/* The row that room() gave is filled. The fences: a fault finds all of this done, or nothing. */
static void
keep(struct hf_event_memory *m)
{
	atomic_signal_fence(memory_order_seq_cst);
	m->first--;
	if (m->n < HF_EVENTS_KEPT)
		m->n++;
	m->rows[m->first].no = ++m->total;
	atomic_signal_fence(memory_order_seq_cst);
}

/* Events that were overwritten before anybody read them. */
static void
note_missed(struct hf_event_memory *m, uint64_t first, uint64_t count)
{
	struct hf_event_row *row = room(m);

	*row = (struct hf_event_row){.seq = first, .lane = -1, .port = -1, .pid = -1};
	row->value = count;
	snprintf(row->type, sizeof(row->type), "missed");
	snprintf(row->level, sizeof(row->level), "warning");
	snprintf(row->text, sizeof(row->text),
		 "%llu events were overwritten before the monitor read them",
		 (unsigned long long)count);
	if (m->n > 0) {
		row->time_s = row[1].time_s;
		snprintf(row->clock, sizeof(row->clock), "%s", row[1].clock);
	}
	row->alert = HF_ALERT_WARN;
	keep(m);
}

/* Event number n of the log, unless it has been overwritten or is not younger than after_s. */
static void
read_one(struct hf_event_memory *m, const struct hf_event_log *log, uint64_t n, double after_s)
{
	struct hf_event_copy e;

	if (hf_event_read(log, n, &e) != 0 || (double)e.realtime_ns / 1e9 <= after_s)
		return;
	fill(room(m), &e);
	keep(m);
}

void
events_read(struct hf_event_memory *m, const struct hf_segment *seg, uint64_t attach)
{
	uint64_t last = atomic_load_explicit(&seg->events.last, memory_order_acquire);
	uint64_t first = m->last + 1, missed = 0;
	double after_s = -1;

	if (m->attach != attach) {
		first = 1;
		if (seg->header.adoptions > 0 && m->n > 0) /* a log that was kept */
			after_s = events_rows(m)[0].time_s;
		m->attach = attach;
		m->last = 0;
	}
	if (last >= HF_MAX_EVENTS && first < last - HF_MAX_EVENTS + 1) {
		if (first > 1)
			missed = last - HF_MAX_EVENTS + 1 - first;
		first = last - HF_MAX_EVENTS + 1;
	}
	if (missed > 0)
		note_missed(m, m->last + 1, missed);
	for (uint64_t n = first; n <= last; n++) {
		read_one(m, &seg->events, n, after_s);
		m->last = n;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies events out of the segment's log and says in words what their value means. Reads shared
 * memory, writes the memory of events alone.
 */
#include "events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format.h"

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
set_detail(struct hf_event_row *row, uint32_t type, uint32_t code)
{
	char text[16];

	switch (type) {
	case HF_EVENT_LANE_HANDOVER:
	case HF_EVENT_LANE_TAKEOVER:
		format_gap(text, sizeof(text), row->value);
		snprintf(row->detail, sizeof(row->detail), "gap %s", text);
		break;
	case HF_EVENT_LANE_RECOVERED:
		format_gap(text, sizeof(text), row->value);
		snprintf(row->detail, sizeof(row->detail), "in %s", text);
		break;
	case HF_EVENT_WORKER_DEATH:
		snprintf(row->detail, sizeof(row->detail), "held %u lanes", (uint32_t)row->value);
		row->alert = HF_ALERT_BAD;
		break;
	case HF_EVENT_WORKER_CRASH: /* the row's name is the stage's */
		snprintf(row->detail, sizeof(row->detail), "%s %s",
			 hf_signal_name(HF_CRASH_CODE_SIGNAL(code)),
			 hf_step_name(HF_CRASH_CODE_STEP(code)));
		row->alert = HF_ALERT_BAD;
		break;
	case HF_EVENT_WORKER_HANG:
		snprintf(row->detail, sizeof(row->detail), "killed at %u ms",
			 (uint16_t)(row->value / 1000000));
		row->alert = HF_ALERT_BAD;
		break;
	case HF_EVENT_QUARANTINED:
		snprintf(row->detail, sizeof(row->detail), "packet %u, %s", (uint32_t)row->value,
			 HF_CRASH_CODE_SIGNAL(code) != 0
				 ? hf_signal_name(HF_CRASH_CODE_SIGNAL(code))
				 : "hang");
		row->alert = HF_ALERT_BAD;
		break;
	case HF_EVENT_QUARANTINE_FULL:
		snprintf(row->detail, sizeof(row->detail), "%u not written", (uint32_t)row->value);
		row->alert = HF_ALERT_WARN;
		break;
	case HF_EVENT_LINK:
		snprintf(row->detail, sizeof(row->detail), "%s", row->value != 0 ? "up" : "down");
		break;
	case HF_EVENT_LANE_ORPHANED:
		row->alert = HF_ALERT_BAD;
		break;
	case HF_EVENT_NUMA_MISMATCH:
		snprintf(row->detail, sizeof(row->detail), "node %u", (uint32_t)row->value);
		row->alert = HF_ALERT_WARN;
		break;
	default:
		break;
	}
}

static void
copy_event(struct hf_event_row *row, const struct hf_event *e, uint64_t number)
{
	*row = (struct hf_event_row){.seq = number, .lane = e->lane, .value = e->value};
	row->pid = e->pid > 0 ? e->pid : -1;
	format_clean(row->name, sizeof(row->name), e->text, sizeof(e->text));
	snprintf(row->type, sizeof(row->type), "%s", hf_event_name(e->type));
	set_clock(row, e->realtime_ns);
	set_detail(row, e->type, e->code);
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

	*row = (struct hf_event_row){.seq = first, .lane = -1, .pid = -1, .value = count};
	snprintf(row->type, sizeof(row->type), "missed");
	snprintf(row->detail, sizeof(row->detail), "%u events",
		 (uint32_t)(count < UINT32_MAX ? count : UINT32_MAX));
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
	const struct hf_event *e = &log->event[(n - 1) % HF_MAX_EVENTS];
	struct hf_event_row row;

	/* Pairs with the release store of seq; a slot being rewritten has another number. */
	if (atomic_load_explicit(&e->seq, memory_order_acquire) != n)
		return;
	copy_event(&row, e, n);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&e->seq, memory_order_relaxed) != n || row.time_s <= after_s)
		return;
	*room(m) = row;
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

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies events out of the segment's log and says in words what their value means. Reads shared
 * memory, writes the sample alone.
 */
#include "events.h"

#include <math.h>
#include <stdio.h>
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

void
events_take(struct hf_sample *s, const struct hf_segment *seg)
{
	uint64_t last = atomic_load_explicit(&seg->events.last, memory_order_acquire);

	s->n_events = 0;
	for (uint64_t n = last; n > 0 && last - n < HF_MAX_RECENT; n--) {
		const struct hf_event *e = &seg->events.event[(n - 1) % HF_MAX_EVENTS];

		/* Pairs with the release store of seq; a slot being rewritten has another number.
		 */
		if (atomic_load_explicit(&e->seq, memory_order_acquire) != n)
			continue;
		copy_event(&s->events[s->n_events], e, n);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&e->seq, memory_order_relaxed) == n)
			s->n_events++;
	}
}

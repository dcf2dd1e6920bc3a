/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The event log as JSON.
 *
 * Primary; main thread (control socket) and telemetry threads. Reads the segment, owns nothing, and
 * must not write to anything shared.
 */
#include <stdio.h>
#include <time.h>

#include "events_text.h"
#include "status.h"

static json_t *
utc(int64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	char text[40], date[24];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		return json_null();
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03dZ", date, (int)(realtime_ns % 1000000000 / 1000000));
	return json_string(text);
}

static json_t *
event_json(const struct hf_event_copy *e)
{
	int is_port = e->type == HF_EVENT_LINK;
	char text[HF_EVENT_TEXT_LEN];

	return json_pack("{s:I, s:o, s:f, s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:s}", "seq",
			 (json_int_t)e->seq, "time", utc(e->realtime_ns), "time_s",
			 (double)e->realtime_ns / 1e9, "event", hf_event_name(e->type), "level",
			 hf_event_level_name(hf_event_level(e)), "name", e->name, "pid",
			 status_number(e->pid > 0, (uint64_t)e->pid), "lane",
			 status_number(!is_port && e->lane >= 0, (uint64_t)e->lane), "port",
			 status_number(is_port && e->lane >= 0, (uint64_t)e->lane), "value",
			 (json_int_t)e->value, "text", hf_event_text(e, text, sizeof(text)));
}

json_t *
hf_status_events(const struct hf_segment *seg, uint64_t after, uint32_t most)
{
	const struct hf_event_log *log = &seg->events;
	uint64_t last = atomic_load_explicit(&log->last, memory_order_acquire);
	uint64_t n = hf_event_first(log), lost = 0;
	json_t *list = json_array();
	struct hf_event_copy e;

	if (after != 0 && after + 1 < n && last != 0)
		lost = n - after - 1;
	n = after + 1 > n ? after + 1 : n;
	if (last >= n && last - n >= most)
		n = last - most + 1;
	for (; n <= last; n++)
		if (hf_event_read(log, n, &e) == 0)
			json_array_append_new(list, event_json(&e));
	return json_pack("{s:o, s:I, s:I}", "events", list, "last", (json_int_t)last, "overwritten",
			 (json_int_t)lost);
}

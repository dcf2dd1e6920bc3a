/* SPDX-License-Identifier: BSD-3-Clause */
#include "events_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "worker_past.h"

/* Whoever wrote the text, it must not move a cursor. */
static void
copy_name(char *dst, const char *src, size_t src_len)
{
	size_t i;

	for (i = 0; i < src_len && src[i] != '\0'; i++)
		dst[i] = src[i] >= 0x20 && src[i] < 0x7f ? src[i] : '?';
	dst[i] = '\0';
}

int
hf_event_read(const struct hf_event_log *log, uint64_t seq, struct hf_event_copy *out)
{
	const struct hf_event *e = &log->event[(seq - 1) % HF_MAX_EVENTS];

	/* Pairs with the writer's release store; a slot being rewritten has another number. */
	if (seq == 0 || atomic_load_explicit(&e->seq, memory_order_acquire) != seq)
		return -ENOENT;
	*out = (struct hf_event_copy){seq,     e->realtime_ns, e->type,  e->pid,
				      e->lane, e->code,        e->value, ""};
	copy_name(out->name, e->text, sizeof(e->text));
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&e->seq, memory_order_relaxed) == seq ? 0 : -ENOENT;
}

uint64_t
hf_event_first(const struct hf_event_log *log)
{
	uint64_t last = atomic_load_explicit(&log->last, memory_order_acquire);

	return last > HF_MAX_EVENTS ? last - HF_MAX_EVENTS + 1 : 1;
}

/* "worker w1 (pid 12)"; who has no name, "pid 12". */
static const char *
who(const struct hf_event_copy *e, char *buf, size_t len)
{
	if (e->name[0] != '\0')
		snprintf(buf, len, "worker %s (pid %d)", e->name, e->pid);
	else
		snprintf(buf, len, "pid %d", e->pid);
	return buf;
}

/* ": killed: SIGKILL"; "" for what the sentence says already. */
static void
say_end(uint32_t code, char *buf, size_t len)
{
	uint32_t reason = HF_EXIT_CODE_REASON(code);
	char detail[24];

	buf[0] = '\0';
	if (reason == HF_EXIT_NONE || reason == HF_EXIT_LEFT || reason == HF_EXIT_DIED)
		return;
	hf_exit_detail(reason, HF_EXIT_CODE_NUMBER(code), detail, sizeof(detail));
	snprintf(buf, len, ": %s%s%s", hf_exit_name(reason), detail[0] != '\0' ? ", " : "", detail);
}

static void
say_worker(const struct hf_event_copy *e, char *buf, size_t len)
{
	char name[64], time[32], at[32] = "outside its lanes", end[64];

	who(e, name, sizeof(name));
	say_end(e->code, end, sizeof(end));
	switch (e->type) {
	case HF_EVENT_WORKER_START:
		snprintf(buf, len, "%s attached in %s", name,
			 hf_format_time_ns(time, sizeof(time), e->value * 1000));
		return;
	case HF_EVENT_WORKER_EXIT:
		snprintf(buf, len, "%s left%s", name, end);
		return;
	case HF_EVENT_WORKER_DEATH:
		snprintf(buf, len, "%s died, it held %" PRIu64 " lane%s%s", name, e->value,
			 e->value == 1 ? "" : "s", end);
		return;
	default: /* a hang */
		if (e->lane >= 0)
			snprintf(at, sizeof(at), "on lane %d", e->lane);
		snprintf(buf, len, "%s hung %s for %s: it was killed", name, at,
			 hf_format_time_ns(time, sizeof(time), e->value));
		return;
	}
}

static void
say_change(const struct hf_event_copy *e, char *buf, size_t len)
{
	char name[64], time[32], gap[64] = "no packet came yet";

	who(e, name, sizeof(name));
	if (e->value != 0)
		snprintf(gap, sizeof(gap), "gap %s",
			 hf_format_time_ns(time, sizeof(time), e->value));
	if (e->type == HF_EVENT_LANE_START)
		snprintf(buf, len, "lane %d: its first owner is %s", e->lane, name);
	else if (e->type == HF_EVENT_LANE_HANDOVER)
		snprintf(buf, len, "lane %d: handed over to %s, %s", e->lane, name, gap);
	else
		snprintf(buf, len, "lane %d: its owner died, taken over by %s, %s", e->lane, name,
			 gap);
}

/* The name is a stage's: the reports have no room for the worker's. */
static void
say_crash(const struct hf_event_copy *e, char *buf, size_t len)
{
	int signal = HF_CRASH_CODE_SIGNAL(e->code);
	uint32_t step = HF_CRASH_CODE_STEP(e->code);
	char place[64] = "outside its lanes";

	if (e->type == HF_EVENT_QUARANTINED) {
		snprintf(buf, len,
			 "lane %d: packet %" PRIu64
			 " quarantined: a second owner (pid %d) died on it: %s in %s %s",
			 e->lane, e->value, e->pid, signal != 0 ? hf_signal_name(signal) : "a hang",
			 hf_step_name(step), e->name);
		return;
	}
	if (e->lane >= 0)
		snprintf(place, sizeof(place), "lane %d, %s%s%s", e->lane, hf_step_name(step),
			 e->name[0] != '\0' ? " of " : "", e->name);
	snprintf(buf, len, "worker with pid %d crashed: %s at address 0x%" PRIx64 ", %s", e->pid,
		 hf_signal_name(signal), e->value, place);
}

static void
say_lane(const struct hf_event_copy *e, char *buf, size_t len)
{
	char time[32];

	if (e->type == HF_EVENT_LANE_ORPHANED)
		snprintf(buf, len, "lane %d: nobody serves it", e->lane);
	else if (e->type == HF_EVENT_LANE_RECOVERED)
		snprintf(buf, len, "lane %d: made whole by the primary in %s", e->lane,
			 hf_format_time_ns(time, sizeof(time), e->value));
	else if (e->type == HF_EVENT_QUARANTINE_FULL)
		snprintf(buf, len,
			 "lane %d: %" PRIu64 " quarantined packets were not written to files",
			 e->lane, e->value);
	else
		snprintf(buf, len,
			 "lane %d: its CPU is on NUMA node %" PRIu64 ", a port of it on another",
			 e->lane, e->value);
}

static void
say_instance(const struct hf_event_copy *e, char *buf, size_t len)
{
	static const char *const links[] = {"down", "up", "not known"};

	switch (e->type) {
	case HF_EVENT_READY:
		snprintf(buf, len, "the primary (pid %d) is ready", e->pid);
		return;
	case HF_EVENT_STOP:
		snprintf(buf, len, "the primary (pid %d) stops", e->pid);
		return;
	case HF_EVENT_ADOPTED:
		snprintf(buf, len,
			 "the primary (pid %d) took over from one before: %" PRIu64 " packets lost",
			 e->pid, e->value);
		return;
	case HF_EVENT_CLEAR:
		snprintf(buf, len, "counters were cleared");
		return;
	case HF_EVENT_LINK:
		snprintf(buf, len, "port %s: the link is %s", e->name,
			 links[e->value < HF_LINK_UNKNOWN ? e->value : HF_LINK_UNKNOWN]);
		return;
	default:
		snprintf(buf, len, "event of type %u, unknown to this program", e->type);
		return;
	}
}

const char *
hf_event_text(const struct hf_event_copy *e, char *buf, size_t len)
{
	switch (e->type) {
	case HF_EVENT_WORKER_START:
	case HF_EVENT_WORKER_EXIT:
	case HF_EVENT_WORKER_DEATH:
	case HF_EVENT_WORKER_HANG:
		say_worker(e, buf, len);
		break;
	case HF_EVENT_LANE_START:
	case HF_EVENT_LANE_HANDOVER:
	case HF_EVENT_LANE_TAKEOVER:
		say_change(e, buf, len);
		break;
	case HF_EVENT_WORKER_CRASH:
	case HF_EVENT_QUARANTINED:
		say_crash(e, buf, len);
		break;
	case HF_EVENT_LANE_ORPHANED:
	case HF_EVENT_LANE_RECOVERED:
	case HF_EVENT_QUARANTINE_FULL:
	case HF_EVENT_NUMA_MISMATCH:
		say_lane(e, buf, len);
		break;
	default:
		say_instance(e, buf, len);
		break;
	}
	return buf;
}

enum hf_event_level
hf_event_level(const struct hf_event_copy *e)
{
	switch (e->type) {
	case HF_EVENT_WORKER_DEATH:
	case HF_EVENT_WORKER_CRASH:
	case HF_EVENT_WORKER_HANG:
	case HF_EVENT_LANE_ORPHANED:
	case HF_EVENT_QUARANTINED:
		return HF_EVENT_LEVEL_BAD;
	case HF_EVENT_LANE_TAKEOVER:
	case HF_EVENT_LANE_RECOVERED:
	case HF_EVENT_QUARANTINE_FULL:
	case HF_EVENT_NUMA_MISMATCH:
		return HF_EVENT_LEVEL_WARNING;
	case HF_EVENT_LINK:
		return e->value == HF_LINK_DOWN ? HF_EVENT_LEVEL_BAD : HF_EVENT_LEVEL_INFO;
	default:
		return HF_EVENT_LEVEL_INFO;
	}
}

const char *
hf_event_level_name(enum hf_event_level level)
{
	static const char *const names[] = {"info", "warning", "bad"};

	return names[level];
}

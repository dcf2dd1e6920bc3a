/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crash reports become events and log lines. Main thread; reads the workers' slots and writes the
 * event log alone.
 */
#include <inttypes.h>
#include <stdio.h>

#include "log.h"
#include "parts.h"

/* The report of each slot that has been dealt with. */
static struct {
	uint32_t seq[HF_MAX_WORKERS];
} crash_seen;

static uint32_t
report_seq(const struct hf_primary *p, uint32_t slot)
{
	return atomic_load_explicit(&p->seg->workers[slot].crash.seq, memory_order_acquire);
}

void
crash_watch_begin(const struct hf_primary *p)
{
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++)
		crash_seen.seq[i] = report_seq(p, i);
}

/* "lane 0, plan of l2, burst at packet 1234" */
static void
describe_place(char *buf, size_t len, const struct hf_crash *c)
{
	if (c->lane < 0)
		snprintf(buf, len, "no lane");
	else if (c->step == HF_STEP_PLAN || c->step == HF_STEP_APPLY)
		snprintf(buf, len, "lane %d, %s of %.15s, burst at packet %" PRIu64, c->lane,
			 hf_step_name(c->step), c->stage, c->packet);
	else
		snprintf(buf, len, "lane %d, %s", c->lane, hf_step_name(c->step));
}

void
crash_watch(struct hf_primary *p)
{
	struct hf_crash c;
	char place[96];

	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		uint32_t seq = report_seq(p, i);

		if (seq == crash_seen.seq[i] || hf_crash_read(&p->seg->workers[i], &c) != 0)
			continue;
		crash_seen.seq[i] = seq;
		describe_place(place, sizeof(place), &c);
		hf_event_add_code(p, HF_EVENT_WORKER_CRASH, c.pid, c.lane, c.address,
				  HF_CRASH_CODE(c.signal, c.step), c.stage);
		hf_err("worker %.31s: pid %d crashed: %s at address 0x%" PRIx64
		       ", instruction 0x%" PRIx64 ": %s",
		       c.name, c.pid, hf_signal_name(c.signal), c.address, c.ip, place);
	}
}

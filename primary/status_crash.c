/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crash reports of worker slots as JSON.
 *
 * Primary; main thread (control socket) and telemetry threads. Reads the segment, owns nothing, and
 * must not write to anything shared.
 */
#include <stdio.h>

#include "status.h"

static json_t *
hex(uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)n);
	return json_string(text);
}

static json_t *
crash_json(const struct hf_segment *seg, uint32_t slot, const struct hf_crash *c)
{
	int on_lane = c->lane >= 0;
	int on_packet = c->step == HF_STEP_PLAN || c->step == HF_STEP_APPLY;

	return json_pack("{s:i, s:o, s:i, s:s, s:i, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}",
			 "slot", (int)slot, "name", status_text(c->name, sizeof(c->name)), "pid",
			 (int)c->pid, "signal", hf_signal_name(c->signal), "code", (int)c->code,
			 "address", hex(c->address), "lane",
			 status_number(on_lane, (uint64_t)c->lane), "generation",
			 status_number(on_lane, c->generation), "step", hf_step_name(c->step),
			 "stage",
			 c->step == HF_STEP_PLAN ? status_text(c->stage, sizeof(c->stage))
						 : json_null(),
			 "ring", status_number(on_packet, c->ring), "packet",
			 status_number(on_packet, c->packet), "instruction", hex(c->ip), "age_ms",
			 status_age_ms(seg, c->tsc));
}

json_t *
hf_status_crashes(const struct hf_segment *seg)
{
	json_t *list = json_array();
	struct hf_crash c;

	for (uint32_t slot = 0; slot < HF_MAX_WORKERS; slot++)
		if (hf_crash_read(&seg->workers[slot], &c) == 0)
			json_array_append_new(list, crash_json(seg, slot, &c));
	return list;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `events` on the control socket: what the log holds, or what came after an event known already.
 * Primary, main thread.
 */
#include "control.h"
#include "status.h"

json_t *
control_events_run(const struct hf_control *c, const json_t *request)
{
	const json_t *after = json_object_get(request, "after"), *top;
	json_int_t most = HF_MAX_EVENTS;

	top = json_object_get(request, "top");
	if (after != NULL && (!json_is_integer(after) || json_integer_value(after) < 0))
		return control_error(2, "events: after: not the number of an event");
	if (top != NULL)
		most = json_integer_value(top);
	if (most < 1 || most > HF_MAX_EVENTS)
		return control_error(2, "events: top: not a number from 1 to %d", HF_MAX_EVENTS);
	return hf_status_events(c->p->seg, (uint64_t)json_integer_value(after), (uint32_t)most);
}

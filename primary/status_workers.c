/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Workers, and what became of those before them, as JSON.
 *
 * Primary; main thread (control socket) and telemetry threads. Reads the segment, owns nothing, and
 * must not write to anything shared.
 */
#include "status.h"
#include "worker_past.h"

/* How the last worker of a name ended: {"reason", "text", "pid", "number", "lane"}; null: none has.
 */
static json_t *
last_exit(const struct hf_worker_past *past)
{
	char text[HF_EXIT_TEXT_LEN];

	if (past->reason == HF_EXIT_NONE)
		return json_null();
	return json_pack("{s:s, s:s, s:i, s:I, s:o}", "reason", hf_exit_name(past->reason), "text",
			 hf_exit_text(past, text, sizeof(text)), "pid", (int)past->pid, "number",
			 (json_int_t)past->number, "lane",
			 status_number(past->lane >= 0, (uint64_t)past->lane));
}

static json_t *
worker_past(const struct hf_segment *seg, const char name[32])
{
	struct hf_worker_past past;
	char text[HF_EXIT_TEXT_LEN];

	if (hf_worker_past_find(seg, name, &past) != 0)
		return json_pack("{s:n, s:n, s:n}", "restarts", "last_exit", "last_exit_text");
	return json_pack("{s:I, s:o, s:o}", "restarts",
			 (json_int_t)(past.starts > 0 ? past.starts - 1 : 0), "last_exit",
			 last_exit(&past), "last_exit_text",
			 past.reason == HF_EXIT_NONE
				 ? json_null()
				 : json_string(hf_exit_text(&past, text, sizeof(text))));
}

json_t *
hf_status_pasts(const struct hf_segment *seg)
{
	json_t *list = json_array();
	struct hf_worker_past past;

	for (uint32_t i = 0; i < HF_MAX_PASTS; i++)
		if (hf_worker_past_read(seg, i, &past) == 0)
			json_array_append_new(list,
					      json_pack("{s:o, s:I, s:o}", "name",
							status_text(past.name, sizeof(past.name)),
							"starts", (json_int_t)past.starts,
							"last_exit", last_exit(&past)));
	return list;
}

/* The lanes that slot owns (waits 0), or has a thread waiting for (waits 1). */
static json_t *
worker_lanes(const struct hf_segment *seg, uint32_t slot, int waits)
{
	const struct hf_worker *w = &seg->workers[slot];
	int32_t pid = atomic_load_explicit(&w->pid, memory_order_relaxed);
	json_t *list = json_array();

	for (uint32_t l = 0; l < seg->header.n_lanes && l < HF_MAX_LANES; l++) {
		const struct hf_lane *lane = &seg->lanes[l];
		uint8_t thread = atomic_load_explicit(&w->thread[l], memory_order_relaxed);
		int owns = atomic_load_explicit(&lane->owner_slot_plus1, memory_order_relaxed) ==
				   slot + 1 &&
			   atomic_load_explicit(&lane->owner_pid, memory_order_relaxed) == pid;

		/* A thread of a dead worker waits for nothing, whatever its byte still says. */
		if (waits ? thread == HF_THREAD_WAITING && !owns : owns)
			json_array_append_new(list, json_integer(l));
	}
	return list;
}

static json_t *
worker_json(const struct hf_segment *seg, uint32_t slot, uint32_t state)
{
	const struct hf_worker *w = &seg->workers[slot];
	int32_t pid = atomic_load_explicit(&w->pid, memory_order_relaxed);
	int dead = state == HF_WORKER_DEAD || !hf_process_alive(pid, hf_load(&w->start_time));

	return json_pack("{s:i, s:o, s:s, s:o, s:o, s:i, s:b, s:o, s:o, s:o, s:o}", "pid", (int)pid,
			 "name", status_text(w->name, sizeof(w->name)), "state",
			 hf_worker_state_name(dead ? HF_WORKER_DEAD : state), "lanes",
			 dead ? json_array() : worker_lanes(seg, slot, 0), "waiting",
			 dead ? json_array() : worker_lanes(seg, slot, 1), "slot", (int)slot,
			 "standby", (int)w->standby, "uptime_ms",
			 status_age_ms(seg, hf_load(&w->attached_tsc)), "attach_us",
			 status_number(w->attach_us != 0, w->attach_us), "heartbeat_age_ms",
			 status_age_ms(seg, hf_load(&w->heartbeat_tsc)), "version",
			 status_text(w->version, sizeof(w->version)));
}

json_t *
hf_status_workers(const struct hf_segment *seg)
{
	json_t *list = json_array();

	for (uint32_t slot = 0; slot < HF_MAX_WORKERS; slot++) {
		uint32_t state =
			atomic_load_explicit(&seg->workers[slot].state, memory_order_relaxed);

		json_t *worker;

		if (state == HF_WORKER_FREE)
			continue;
		worker = worker_json(seg, slot, state);
		json_object_update_new(worker, worker_past(seg, seg->workers[slot].name));
		json_array_append_new(list, worker);
	}
	return list;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker_past.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define READ_TRIES 100

int
hf_worker_past_read(const struct hf_segment *seg, uint32_t place, struct hf_worker_past *out)
{
	const struct hf_worker_past *past = &seg->past[place];

	for (unsigned int i = 0; i < READ_TRIES; i++) {
		/* Pairs with the primary's release store of the even value. */
		uint32_t seq = atomic_load_explicit(&past->seq, memory_order_acquire);

		if (seq == 0)
			return -ENOENT;
		if ((seq & 1) != 0)
			continue;
		memcpy(out, past, sizeof(*out));
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&past->seq, memory_order_relaxed) == seq)
			return 0;
	}
	return -ENOENT;
}

int
hf_worker_past_find(const struct hf_segment *seg, const char name[32], struct hf_worker_past *out)
{
	for (uint32_t i = 0; i < HF_MAX_PASTS; i++)
		if (hf_worker_past_read(seg, i, out) == 0 &&
		    strncmp(out->name, name, sizeof(out->name)) == 0)
			return 0;
	return -ENOENT;
}

const char *
hf_exit_name(uint32_t reason)
{
	static const char *const names[HF_EXIT_COUNT] = {
		[HF_EXIT_NONE] = "none",         [HF_EXIT_LEFT] = "left",
		[HF_EXIT_DRAINED] = "drained",   [HF_EXIT_RESTARTED] = "restarted",
		[HF_EXIT_UPGRADED] = "upgraded", [HF_EXIT_CRASHED] = "crashed",
		[HF_EXIT_HUNG] = "hung",         [HF_EXIT_KILLED] = "killed",
		[HF_EXIT_FAILED] = "failed",     [HF_EXIT_DIED] = "died",
	};

	return reason < HF_EXIT_COUNT ? names[reason] : "unknown";
}

const char *
hf_exit_detail(uint32_t reason, uint32_t number, char *buf, size_t len)
{
	const char *name = sigabbrev_np((int)number);

	buf[0] = '\0';
	if (reason == HF_EXIT_FAILED)
		snprintf(buf, len, "status %u", number);
	else if (reason != HF_EXIT_CRASHED && reason != HF_EXIT_KILLED)
		return buf;
	else if (name != NULL)
		snprintf(buf, len, "SIG%s", name);
	else
		snprintf(buf, len, "signal %u", number);
	return buf;
}

const char *
hf_exit_text(const struct hf_worker_past *past, char *buf, size_t len)
{
	char detail[24], place[64] = "";

	buf[0] = '\0';
	if (past->reason == HF_EXIT_NONE)
		return buf;
	hf_exit_detail(past->reason, past->number, detail, sizeof(detail));
	if (past->reason == HF_EXIT_CRASHED && past->lane >= 0)
		snprintf(place, sizeof(place), " in %s%s%.15s, lane %d", hf_step_name(past->step),
			 past->stage[0] != '\0' ? " of " : "", past->stage, past->lane);
	else if (past->lane >= 0)
		snprintf(place, sizeof(place), " on lane %d", past->lane);
	snprintf(buf, len, "%s%s%s%s", hf_exit_name(past->reason), detail[0] != '\0' ? ": " : "",
		 detail, place);
	return buf;
}

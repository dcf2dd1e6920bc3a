/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading crash reports, and the names in them. Every process; writes nothing.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "segment.h"

#define READ_TRIES 100

int
hf_crash_read(const struct hf_worker *w, struct hf_crash *out)
{
	for (unsigned int i = 0; i < READ_TRIES; i++) {
		/* Pairs with the crash handler's release store of the even value. */
		uint32_t seq = atomic_load_explicit(&w->crash.seq, memory_order_acquire);

		if (seq == 0)
			return -ENOENT;
		if ((seq & 1) != 0)
			return -EAGAIN;
		memcpy(out, &w->crash, sizeof(*out));
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&w->crash.seq, memory_order_relaxed) == seq)
			return 0;
	}
	return -EAGAIN;
}

const char *
hf_step_name(uint32_t step)
{
	static const char *const names[] = {"none", "recover", "rx", "plan", "apply", "tx"};

	return step < sizeof(names) / sizeof(names[0]) ? names[step] : "unknown";
}

const char *
hf_signal_name(int signal)
{
	switch (signal) {
	case SIGSEGV:
		return "SIGSEGV";
	case SIGBUS:
		return "SIGBUS";
	case SIGILL:
		return "SIGILL";
	case SIGFPE:
		return "SIGFPE";
	case SIGABRT:
		return "SIGABRT";
	default:
		return "unknown";
	}
}

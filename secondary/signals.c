/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The signals of an attached worker, as file descriptors: those that end it, and the one by which
 * the primary says that it has written to the slot. Main thread.
 */
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "signals.h"
#include "worker.h"

int
signals_open(struct hf_worker_process *w)
{
	w->signal_fd = hf_signals_open_end();
	w->wake_fd = hf_signals_open_one(SIGWINCH); /* ignored by whoever does not wait for it */
	return w->signal_fd < 0 ? w->signal_fd : w->wake_fd < 0 ? w->wake_fd : 0;
}

void
signals_woken(struct hf_worker_process *w)
{
	struct signalfd_siginfo info;

	while (read(w->wake_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
}

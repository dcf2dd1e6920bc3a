/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The signals of an attached worker, as file descriptors: those that end it, and the one by which
 * the primary says that it has written to the slot. Main thread.
 */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "worker.h"

static int
open_set(const sigset_t *set)
{
	sigprocmask(SIG_BLOCK, set, NULL);
	return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
signals_open(struct hf_worker_process *w)
{
	sigset_t end, wake;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigaddset(&end, SIGHUP);
	sigemptyset(&wake);
	sigaddset(&wake, SIGWINCH); /* ignored by whoever does not wait for it */
	signal(SIGPIPE, SIG_IGN);
	w->signal_fd = open_set(&end);
	w->wake_fd = open_set(&wake);
	return w->signal_fd < 0 || w->wake_fd < 0 ? -errno : 0;
}

void
signals_woken(struct hf_worker_process *w)
{
	struct signalfd_siginfo info;

	while (read(w->wake_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
}

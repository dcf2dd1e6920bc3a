/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File descriptors that a driver knows by the primary's numbers. virtio-user keeps the eventfd by
 * which it wakes its peer ("kicks" it) in shared memory as a number, and writes to that number from
 * whichever process transmits: in a worker it would be no file, or another one, EAL's memory lists
 * among them. So a worker gets the primary's eventfds under the primary's numbers, before anything
 * else here can take these. Main thread, while attaching; owns nothing that outlives the process.
 */
#include "kicks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

static int
is_listed(const uint64_t *bits, int n)
{
	return (bits[n / 64] >> n % 64 & 1) != 0;
}

/* Above all that are listed; 0: none is. */
static int
first_above(const uint64_t *bits)
{
	for (int n = HF_KICK_FILES; n-- > 0;)
		if (is_listed(bits, n))
			return n + 1;
	return 0;
}

/* A file of ours leaves the numbers below above. 0 or -errno. */
static int
make_way(int *fd, int above)
{
	int moved = fcntl(*fd, F_DUPFD_CLOEXEC, above);

	if (moved < 0)
		return -errno;
	close(*fd); /* the lock of a file stays with its copy */
	*fd = moved;
	return 0;
}

/* Puts the primary's file of that number, or one that nobody reads, under the same number here.
 * Returns 1 for the primary's, 0 for the other, -errno. */
static int
take(int primary, int number)
{
	int fd = (int)syscall(SYS_pidfd_getfd, primary, number, 0);
	int real = fd >= 0;

	if (!real)
		fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fd == number)
		return real;
	if (dup3(fd, number, O_CLOEXEC) < 0)
		real = -errno;
	close(fd);
	return real;
}

/* Standard streams stay: drivers' files have other numbers. 1: all are the primary's; 0: some are
 * files that nobody reads; -errno. */
static int
take_listed(const uint64_t *bits, int above, int primary)
{
	int all = 1, got = 0;

	for (int n = STDERR_FILENO + 1; n < above && got >= 0; n++)
		if (is_listed(bits, n)) {
			got = take(primary, n);
			all &= got != 0;
		}
	return got < 0 ? got : all;
}

int
kicks_take(struct hf_worker_process *w)
{
	const struct hf_segment_header *h = &w->seg->header;
	int above = first_above(h->kick_files), primary, got;

	if (above == 0)
		return 0;
	primary = (int)syscall(SYS_pidfd_open, h->primary_pid, 0);
	got = primary >= 0 ? make_way(&primary, above) : -errno;
	if (got == 0)
		got = make_way(&w->attach_lock, above);
	if (got == 0)
		got = take_listed(h->kick_files, above, primary);
	if (primary >= 0)
		close(primary);
	if (got < 0)
		hf_err("instance %s: attach: file descriptors of the primary: %s", w->opt.instance,
		       strerror(-got));
	else if (got == 0)
		hf_warn("instance %s: attach: the primary's eventfds cannot be shared (CAP_SYS_PTRACE): virtio-user peers that wait to be woken are not",
			w->opt.instance);
	return got < 0 ? got : 0;
}

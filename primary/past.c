/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every store here may be the last one before a SIGKILL: an entry left odd is one that nobody reads
 * until the next primary writes it again.
 */
#include "past.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "parts.h"
#include "worker_past.h"

/*
 * From Linux 6.15 a pidfd remembers how its process ended (linux/pidfd.h, first version of the
 * structure); the headers of Debian 12 are older.
 */
struct pidfd_end {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define PIDFD_ASK      _IOWR(0xff, 11, struct pidfd_end)
#define PIDFD_ASK_EXIT (UINT64_C(1) << 3)

/* The last field but none of /proc/PID/stat, while nobody has waited for the process yet. */
static int
zombie_status(int32_t pid, int *status)
{
	char path[32], buf[1024], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	p = strrchr(buf, ')'); /* the name may hold anything; fields 3.. follow it */
	if (p == NULL || strncmp(p, ") Z", 3) != 0 || (p = strrchr(buf, ' ')) == NULL)
		return -1;
	*status = atoi(p);
	return 0;
}

/* As of wait(2). Returns 0, or -1: the kernel does not tell who is not its parent. */
static int
wait_status(int32_t pid, int pidfd, int *status)
{
	struct pidfd_end end = {.mask = PIDFD_ASK_EXIT};

	if (zombie_status(pid, status) == 0)
		return 0;
	if (ioctl(pidfd, PIDFD_ASK, &end) != 0 || (end.mask & PIDFD_ASK_EXIT) == 0)
		return -1;
	*status = end.exit_code;
	return 0;
}

static int
is_named(const struct hf_worker_past *past, const char name[32])
{
	return past->starts > 0 && strncmp(past->name, name, sizeof(past->name)) == 0;
}

/* Does a worker of that name live? Then its past is not given to another name. */
static int
is_in_use(const struct hf_primary *p, const struct hf_worker_past *past)
{
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++)
		if (atomic_load(&p->seg->workers[i].state) != HF_WORKER_FREE &&
		    is_named(past, p->seg->workers[i].name))
			return 1;
	return 0;
}

/* The name's entry, or one for it: unused, else the one that was written longest ago. */
static struct hf_worker_past *
entry_of(struct hf_primary *p, const char name[32])
{
	struct hf_worker_past *past = p->seg->past, *oldest = NULL;

	for (uint32_t i = 0; i < HF_MAX_PASTS; i++)
		if (is_named(&past[i], name))
			return &past[i];
	for (uint32_t i = 0; i < HF_MAX_PASTS; i++)
		if ((oldest == NULL || past[i].realtime_ns < oldest->realtime_ns) &&
		    !is_in_use(p, &past[i]))
			oldest = &past[i];
	return oldest; /* there are more entries than workers */
}

static int64_t
realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
write_entry(struct hf_worker_past *to, const struct hf_worker_past *from)
{
	uint32_t seq = atomic_load_explicit(&to->seq, memory_order_relaxed) | 1;

	atomic_store_explicit(&to->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	memcpy((uint8_t *)to + sizeof(to->seq), (const uint8_t *)from + sizeof(from->seq),
	       sizeof(*to) - sizeof(to->seq));
	/* Pairs with the acquire load of hf_worker_past_read(). */
	atomic_store_explicit(&to->seq, seq + 1, memory_order_release);
}

void
past_started(struct hf_primary *p, uint32_t slot, int again)
{
	const struct hf_worker *w = &p->seg->workers[slot];
	struct hf_worker_past *entry = entry_of(p, w->name), now = *entry;

	if (!is_named(entry, w->name)) {
		memset(&now, 0, sizeof(now));
		memcpy(now.name, w->name, sizeof(now.name));
		now.lane = -1;
	}
	now.starts++;
	now.realtime_ns = realtime_ns();
	if (again) {
		now.reason = HF_EXIT_RESTARTED;
		now.number = 0;
		now.lane = -1;
		now.pid = atomic_load(&w->pid);
	}
	write_entry(entry, &now);
}

/* Did it crash, by its own report? */
static int
note_crash(const struct hf_worker *w, int32_t pid, struct hf_worker_past *past)
{
	struct hf_crash c;

	if (hf_crash_read(w, &c) != 0 || c.pid != pid)
		return 0;
	past->reason = HF_EXIT_CRASHED;
	past->number = (uint32_t)c.signal;
	past->step = c.step;
	past->lane = c.lane;
	memcpy(past->stage, c.stage, sizeof(past->stage));
	return 1;
}

/* By its own word, else by the kernel's. */
static void
note_end(const struct hf_worker *w, int32_t pid, int pidfd, int left, struct hf_worker_past *past)
{
	uint32_t asked = atomic_load(&w->asked);
	int status, known = wait_status(pid, pidfd, &status) == 0;

	past->reason = HF_EXIT_DIED;
	past->number = 0;
	if (known && WIFSIGNALED(status)) {
		past->reason = HF_EXIT_KILLED;
		past->number = (uint32_t)WTERMSIG(status);
	} else if (left) {
		past->reason = asked != HF_EXIT_NONE ? asked : HF_EXIT_LEFT;
	} else if (known) {
		past->reason = HF_EXIT_FAILED;
		past->number = (uint32_t)WEXITSTATUS(status);
	}
}

uint32_t
past_ended(struct hf_primary *p, uint32_t slot, int32_t pid, int pidfd, int left)
{
	const struct hf_worker *w = &p->seg->workers[slot];
	struct hf_worker_past *entry = entry_of(p, w->name), now = *entry;
	int lane;

	if (!is_named(entry, w->name)) { /* it died before it ran */
		memset(&now, 0, sizeof(now));
		memcpy(now.name, w->name, sizeof(now.name));
		now.starts = 1;
	}
	now.lane = -1;
	now.step = HF_STEP_NONE;
	memset(now.stage, 0, sizeof(now.stage));
	now.pid = pid;
	now.realtime_ns = realtime_ns();
	if (hang_killed(slot, pid, &lane)) {
		now.reason = HF_EXIT_HUNG;
		now.number = 0;
		now.lane = lane;
	} else if (!note_crash(w, pid, &now)) {
		note_end(w, pid, pidfd, left, &now);
	}
	write_entry(entry, &now);
	return HF_EXIT_CODE(now.reason, now.number);
}

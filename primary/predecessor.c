/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The workers of a primary that died: no new primary may touch ports, memory or leases before the
 * last of them is gone. They are asked by the old segment, waited for, and killed by pidfd. Found
 * by their slots there, and by what they map, which nobody can scribble over. Main thread, at the
 * start, with the instance's lock: that the old primary is dead is certain.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "parts.h"

#define ASK_MS  1000 /* a worker gives its lanes back at a burst's end */
#define KILL_MS 5000 /* tear-down of a process that maps gigabytes */
#define LOCK_MS 500  /* for a worker that is attaching */
#define MAX_OLD (2 * HF_MAX_WORKERS)

struct old_workers {
	uint32_t n;
	int32_t pid[MAX_OLD];
	int fd[MAX_OLD]; /* pidfd; -1: it has ended */
};

static void
add_old(struct old_workers *o, int32_t pid)
{
	int fd;

	for (uint32_t i = 0; i < o->n; i++)
		if (o->pid[i] == pid)
			return;
	if (o->n == MAX_OLD || pid == getpid())
		return;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return;
	o->pid[o->n] = pid;
	o->fd[o->n++] = fd;
}

/*
 * What a process maps: the instance's segment for writing, its DPDK memory. Workers alone have
 * both; one that started itself anew and waits has neither.
 */
enum { MAPS_SEGMENT = 1, MAPS_MEMORY = 2, MAPS_ANYTHING = 4 };

static unsigned int
mapped(const struct hf_primary *p, int32_t pid)
{
	char path[64], memory[256], segment[256], line[1024];
	unsigned int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	snprintf(memory, sizeof(memory), "%s/%smap_", p->cfg.hugepage_dir, p->cfg.instance);
	snprintf(segment, sizeof(segment), "%s/" HF_SEGMENT_FILE_FMT, p->cfg.hugepage_dir,
		 p->cfg.instance);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		found |= MAPS_ANYTHING;
		if (strstr(line, memory) != NULL)
			found |= MAPS_MEMORY;
		if (strstr(line, " rw-s ") != NULL && strstr(line, segment) != NULL)
			found |= MAPS_SEGMENT;
	}
	if (f != NULL)
		fclose(f);
	return found;
}

/* A dying process's main thread shows nothing, while others may still run: that is not enough. */
static int
has_let_go(const struct hf_primary *p, int32_t pid)
{
	return (mapped(p, pid) & (MAPS_ANYTHING | MAPS_SEGMENT)) == MAPS_ANYTHING;
}

static void
add_slots(const struct hf_primary *p, struct old_workers *o, const struct hf_segment *seg)
{
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		const struct hf_worker *w = &seg->workers[i];
		int32_t pid = atomic_load_explicit(&w->pid, memory_order_relaxed);
		uint64_t start = hf_load(&w->start_time);

		if (atomic_load_explicit(&w->state, memory_order_acquire) != HF_WORKER_FREE &&
		    start != 0 && hf_process_alive(pid, start) && !has_let_go(p, pid))
			add_old(o, pid);
	}
}

static void
add_mappers(const struct hf_primary *p, struct old_workers *o)
{
	DIR *dir = opendir("/proc");
	const struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		int32_t pid = (int32_t)strtol(e->d_name, NULL, 10);

		if (pid > 0 && (~mapped(p, pid) & (MAPS_SEGMENT | MAPS_MEMORY)) == 0)
			add_old(o, pid);
	}
	if (dir != NULL)
		closedir(dir);
}

/* Has it ended, or let go of everything? */
static int
is_gone(const struct hf_primary *p, const struct old_workers *o, uint32_t i)
{
	struct pollfd ended = {o->fd[i], POLLIN, 0};

	return poll(&ended, 1, 0) != 0 || has_let_go(p, o->pid[i]);
}

/* Waits until all are gone, ms at most. Returns how many are not. */
static uint32_t
wait_ends(const struct hf_primary *p, struct old_workers *o, int ms)
{
	uint32_t left = o->n;

	for (int waited = 0; left > 0 && waited <= ms; waited += 5) {
		left = 0;
		for (uint32_t i = 0; i < o->n; i++) {
			if (o->fd[i] < 0)
				continue;
			if (!is_gone(p, o, i)) {
				left++;
				continue;
			}
			close(o->fd[i]);
			o->fd[i] = -1;
		}
		if (left > 0)
			usleep(5000);
	}
	return left;
}

static void
kill_rest(const struct hf_primary *p, const struct old_workers *o)
{
	for (uint32_t i = 0; i < o->n; i++) {
		if (o->fd[i] < 0)
			continue;
		hf_warn("instance %s: worker %d of a dead primary does not leave: killed",
			p->cfg.instance, o->pid[i]);
		syscall(SYS_pidfd_send_signal, o->fd[i], SIGKILL, NULL, 0);
	}
}

/* Finds and ends all there are now. seg: the old segment, NULL when it cannot be read. */
static int
end_all(const struct hf_primary *p, struct hf_segment *seg, int ask_ms)
{
	struct old_workers o = {0};

	if (seg != NULL)
		add_slots(p, &o, seg);
	add_mappers(p, &o);
	if (o.n == 0)
		return 0;
	if (wait_ends(p, &o, seg != NULL ? ask_ms : 0) > 0)
		kill_rest(p, &o);
	if (wait_ends(p, &o, KILL_MS) == 0)
		return 0;
	for (uint32_t i = 0; i < o.n; i++)
		if (o.fd[i] >= 0)
			hf_err("instance %s: start: worker %d of a dead primary cannot be ended",
			       p->cfg.instance, o.pid[i]);
	return -EBUSY;
}

/* With the attach lock nobody attaches; without a living primary nobody will. -1: not got. */
static int
lock_attaches(const struct hf_primary *p)
{
	char path[256];
	int fd = -1;

	if (hf_names_path(path, sizeof(path), p->cfg.instance, HF_ATTACH_LOCK) == 0)
		fd = open(path, O_RDWR | O_CLOEXEC);
	for (int ms = 0; fd >= 0 && ms <= LOCK_MS; ms += 5) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		usleep(5000);
	}
	close(fd);
	return -1;
}

int
predecessor_end_workers(const struct hf_primary *p)
{
	struct hf_segment_map old = {0};
	char why[256];
	int err, lock;

	if (hf_segment_open(&old, p->cfg.instance, 1, why, sizeof(why)) != 0)
		old.seg = NULL;
	else /* pairs with the workers' acquire load */
		atomic_store_explicit(&old.seg->header.state, HF_SEGMENT_REPLACED,
				      memory_order_release);
	err = end_all(p, old.seg, ASK_MS);
	lock = lock_attaches(p);
	/* Once more: who was attaching a moment ago, or stands in it for good. */
	if (err == 0)
		err = end_all(p, old.seg, 0);
	if (lock >= 0)
		close(lock);
	if (old.seg != NULL)
		hf_segment_close(&old);
	return err;
}

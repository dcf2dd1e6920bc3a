/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attaching to a segment, read-only, and losing it without harm. Owns the handlers of SIGBUS and
 * SIGSEGV. Must never map anything writable.
 */
#include "source.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SILENT_NS 1000000000U /* a primary we cannot see in /proc is gone after this */
#define LEAST_HZ  1000000U    /* ticks divide by kHz */

/* Where a fault goes. armed is only set between sigsetjmp() and the end of the read. */
static struct {
	sigjmp_buf back;
	atomic_int armed; /* lock-free: the handler reads it */
} fault;

static void
on_fault(int sig)
{
	if (fault.armed) {
		fault.armed = 0;
		siglongjmp(fault.back, 1);
	}
	/* Not ours: let it end the program where it happened. */
	signal(sig, SIG_DFL);
	raise(sig);
}

static int
pids_visible(void)
{
	return access("/proc/1/stat", R_OK) == 0;
}

void
source_init(struct hf_monitor_source *s, const char *instance)
{
	struct sigaction act = {.sa_handler = on_fault};

	*s = (struct hf_monitor_source){.instance = instance};
	sigemptyset(&act.sa_mask);
	sigaction(SIGBUS, &act, NULL);
	sigaction(SIGSEGV, &act, NULL);
}

void
source_close(struct hf_monitor_source *s)
{
	hf_segment_close(&s->map);
}

int
source_read(struct hf_monitor_source *s, int (*read)(const struct hf_segment *seg, void *arg),
	    void *arg)
{
	int result;

	if (sigsetjmp(fault.back, 1) != 0) {
		source_close(s);
		snprintf(s->why, sizeof(s->why), "segment lost: its memory is no longer there");
		return -EFAULT;
	}
	fault.armed = 1;
	result = read(s->map.seg, arg);
	fault.armed = 0;
	return result;
}

static int
lives(const struct hf_monitor_source *s, const struct hf_segment_header *h, int32_t pid,
      uint64_t start, uint64_t beat)
{
	uint64_t now = hf_tsc();

	if (s->trust_pids)
		return hf_process_alive(pid, start);
	/* Another pid namespace, or /proc hides it: its heartbeat has to do. */
	return now < beat || hf_tsc_to_ns(h, now - beat) < SILENT_NS;
}

/* Do workers go on although their primary is dead? */
static int
forwards_alone(const struct hf_monitor_source *s, const struct hf_segment *seg)
{
	if (seg->header.forward_alone == 0 ||
	    atomic_load_explicit(&seg->header.state, memory_order_acquire) != HF_SEGMENT_READY)
		return 0;
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		const struct hf_worker *w = &seg->workers[i];

		if (atomic_load_explicit(&w->state, memory_order_acquire) == HF_WORKER_RUNNING &&
		    lives(s, &seg->header, atomic_load_explicit(&w->pid, memory_order_relaxed),
			  hf_load(&w->start_time), hf_load(&w->heartbeat_tsc)))
			return 1;
	}
	return 0;
}

/* Is this segment's primary still at work? Returns 0, or -ESRCH with the reason in why. */
static int
check_primary(const struct hf_segment *seg, void *arg)
{
	struct hf_monitor_source *s = arg;
	const struct hf_segment_header *h = &seg->header;
	uint32_t state = atomic_load_explicit(&h->state, memory_order_acquire);

	s->alone = 0;
	if (state == HF_SEGMENT_GONE) {
		snprintf(s->why, sizeof(s->why), "primary gone: it has left");
		return -ESRCH;
	}
	if (state == HF_SEGMENT_STARTING || state == HF_SEGMENT_REPLACED) {
		snprintf(s->why, sizeof(s->why), "primary gone: the next one is starting");
		return -ESRCH;
	}
	if (lives(s, h, h->primary_pid, h->primary_start, hf_load(&h->heartbeat_tsc)))
		return 0;
	s->alone = forwards_alone(s, seg) != 0;
	if (s->alone)
		return 0;
	snprintf(s->why, sizeof(s->why), "primary gone: process %d is no more", h->primary_pid);
	return -ESRCH;
}

/* What hf_segment_open() leaves open: the clock, and whether we see the same processes. */
static int
check_header(const struct hf_segment *seg, void *arg)
{
	struct hf_monitor_source *s = arg;
	struct stat st;

	if (seg->header.tsc_hz < LEAST_HZ) {
		snprintf(s->why, sizeof(s->why), "the segment's clock has %llu Hz",
			 (unsigned long long)seg->header.tsc_hz);
		return -EPROTO;
	}
	s->trust_pids = stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == seg->header.pid_ns &&
			pids_visible();
	return 0;
}

/* hf_segment_open() for source_read(): what it reads may vanish under it, too. */
static int
open_segment(const struct hf_segment *seg, void *arg)
{
	struct hf_monitor_source *s = arg;
	int err;

	(void)seg;
	err = hf_segment_open(&s->map, s->instance, 0, s->why, sizeof(s->why));
	if (err == -ENOENT)
		snprintf(s->why, sizeof(s->why), "no primary of this instance");
	else if (err == -EACCES)
		snprintf(s->why, sizeof(s->why), "no permission: only root and group %s may look",
			 HF_GROUP);
	return err;
}

static int
attach(struct hf_monitor_source *s)
{
	int err;

	s->map = (struct hf_segment_map){0};
	err = source_read(s, open_segment, s);
	if (err != 0) {
		s->map.seg = NULL;
		return err;
	}
	s->inode = s->map.inode;
	err = source_read(s, check_header, s);
	if (err == 0)
		err = source_read(s, check_primary, s);
	if (err != 0) {
		source_close(s);
		return err;
	}
	s->attaches++;
	return 0;
}

/* Looks for a segment. While there is none but the lost one, the reason of the loss stands. */
static int
find(struct hf_monitor_source *s)
{
	uint64_t inode = hf_segment_current_inode(s->instance);
	char why[sizeof(s->why)];
	int err;

	snprintf(why, sizeof(why), "%s", s->why);
	err = attach(s);
	if (err != 0 && s->attaches > 0 && (inode == 0 || inode == s->inode))
		snprintf(s->why, sizeof(s->why), "%s", why);
	return err;
}

int
source_poll(struct hf_monitor_source *s)
{
	int err;

	if (s->map.seg == NULL)
		return find(s);
	if (hf_segment_current_inode(s->instance) != s->map.inode) {
		source_close(s);
		snprintf(s->why, sizeof(s->why), "primary gone: its segment was removed");
		return find(s);
	}
	err = source_read(s, check_primary, s);
	if (err != 0)
		source_close(s);
	return err;
}

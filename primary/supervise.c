/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watching workers and lanes: who came, who left, who died, which lane changed hands. Main thread;
 * never waits for a worker, but for the end of those it asked to leave at shutdown.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cpu_probe.h"
#include "files.h"
#include "headroom.h"
#include "log.h"
#include "parts.h"
#include "past.h"

#define SAMPLE_MS   100
#define LOAD_MS     1000
#define LEAVE_MS    2000
#define GAP_WAIT_MS 1000 /* for the first packet of a new owner before its event is written */

/* One worker slot as this process sees it. */
struct watched {
	struct hf_source source; /* fd: pidfd, -1 while nobody is watched */
	int32_t pid;
	int32_t ran_pid;       /* the last one that ran in the slot */
	uint64_t attached_tsc; /* tells a worker that started anew in its slot */
};

struct hf_supervisor {
	struct watched worker[HF_MAX_WORKERS];
	uint32_t generation[HF_MAX_LANES]; /* last one an event was written for */
	uint64_t seen_tsc[HF_MAX_LANES];   /* when a newer one was first seen; 0: none */
	uint64_t takeovers[HF_MAX_LANES];  /* as of that event */
	int orphaned[HF_MAX_LANES];
	uint32_t died_attaching; /* slots kept until EAL's locks have been looked at */
	uint64_t sampled_tsc, kept_tsc;
};

void
hf_event_add(struct hf_primary *p, enum hf_event_type type, int32_t pid, int32_t lane,
	     uint64_t value, const char *text)
{
	hf_event_add_code(p, type, pid, lane, value, 0, text);
}

void
hf_event_add_code(struct hf_primary *p, enum hf_event_type type, int32_t pid, int32_t lane,
		  uint64_t value, uint32_t code, const char *text)
{
	struct hf_event_log *log = &p->seg->events;
	uint64_t n = atomic_load_explicit(&log->last, memory_order_relaxed) + 1;
	struct hf_event *e = &log->event[(n - 1) % HF_MAX_EVENTS];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	atomic_store_explicit(&e->seq, 0, memory_order_relaxed); /* invalid while it is written */
	atomic_thread_fence(memory_order_release);
	e->realtime_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	e->type = type;
	e->pid = pid;
	e->lane = lane;
	e->code = code;
	e->value = value;
	snprintf(e->text, sizeof(e->text), "%s", text);
	/* Pairs with a reader's acquire load: the event is whole. */
	atomic_store_explicit(&e->seq, n, memory_order_release);
	atomic_store_explicit(&log->last, n, memory_order_release);
}

int
hf_supervisor_find(struct hf_primary *p, const char *name_or_pid)
{
	int found = -1;

	for (int i = 0; i < HF_MAX_WORKERS; i++) {
		const struct hf_worker *w = &p->seg->workers[i];
		uint32_t state = atomic_load_explicit(&w->state, memory_order_acquire);
		char pid[16];

		if (state != HF_WORKER_RUNNING && state != HF_WORKER_ATTACHING)
			continue;
		snprintf(pid, sizeof(pid), "%d", atomic_load(&w->pid));
		if (strcmp(pid, name_or_pid) == 0)
			return i;
		/* Two of a name: the one that runs lanes is meant. */
		if (strncmp(w->name, name_or_pid, sizeof(w->name)) != 0)
			continue;
		if (found < 0)
			found = i;
		for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
			if (atomic_load_explicit(&w->thread[l], memory_order_relaxed) ==
			    HF_THREAD_OWNER)
				found = i;
	}
	return found;
}

/* Files a dead worker may have left in DPDK's runtime folder. */
static void
sweep_runtime(const struct hf_primary *p, int32_t pid)
{
	char folder[128];

	snprintf(folder, sizeof(folder), "/var/run/dpdk/%s", p->cfg.instance);
	hf_files_remove_runtime(folder, pid);
}

static uint64_t
lanes_owned(const struct hf_primary *p, uint32_t slot)
{
	uint64_t lanes = 0;

	for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
		if (atomic_load_explicit(&p->seg->workers[slot].thread[l], memory_order_relaxed) ==
		    HF_THREAD_OWNER)
			lanes |= UINT64_C(1) << l;
	return lanes;
}

static void
free_slot(struct hf_worker *w)
{
	atomic_store_explicit(&w->command, HF_COMMAND_NONE, memory_order_relaxed);
	atomic_store_explicit(&w->asked, HF_EXIT_NONE, memory_order_relaxed);
	atomic_store_explicit(&w->adopt, 0, memory_order_relaxed);
	atomic_store_explicit(&w->pid, 0, memory_order_relaxed);
	atomic_store_explicit(&w->state, HF_WORKER_FREE, memory_order_release);
}

/* The process of a slot has ended: write it down, sweep, free the slot. The slot of one that died
 * while it attached is kept as it is: while there is one, nobody attaches. */
static void
worker_gone(struct hf_primary *p, struct hf_source *s, uint32_t events)
{
	struct watched *d = (struct watched *)s; /* source is the first field */
	uint32_t slot = (uint32_t)(d - p->supervisor->worker);
	struct hf_worker *w = &p->seg->workers[slot];
	uint64_t owned = lanes_owned(p, slot);
	int left = atomic_load(&w->state) == HF_WORKER_LEAVING && owned == 0;

	(void)events;
	hf_event_add_code(p, left ? HF_EVENT_WORKER_EXIT : HF_EVENT_WORKER_DEATH, d->pid, -1,
			  (uint64_t)__builtin_popcountll(owned),
			  past_ended(p, slot, d->pid, s->fd, left), w->name);
	if (!left)
		hf_notice("worker %s: pid %d died", w->name, d->pid);
	sweep_runtime(p, d->pid);
	epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
	close(s->fd);
	s->fd = -1;
	d->pid = d->ran_pid = 0;
	for (uint32_t l = 0; l < HF_MAX_LANES; l++)
		atomic_store_explicit(&w->thread[l], HF_THREAD_NONE, memory_order_relaxed);
	if (atomic_load(&w->state) != HF_WORKER_ATTACHING) {
		free_slot(w);
		return;
	}
	p->supervisor->died_attaching++;
	atomic_store_explicit(&w->state, HF_WORKER_DEAD, memory_order_release);
}

/* Lets others attach again once EAL's locks are right. */
static void
repair_after_attach(struct hf_primary *p)
{
	if (p->supervisor->died_attaching == 0 || eal_repair(p) != 0)
		return;
	p->supervisor->died_attaching = 0;
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++)
		if (atomic_load(&p->seg->workers[i].state) == HF_WORKER_DEAD)
			free_slot(&p->seg->workers[i]);
}

static void
watch_worker(struct hf_primary *p, struct watched *d, int32_t pid)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &d->source};

	d->pid = pid;
	d->source.ready = worker_gone;
	d->source.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (d->source.fd < 0) /* it died already: an event that is ready stands in for it */
		d->source.fd = eventfd(1, EFD_CLOEXEC);
	if (epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, d->source.fd, &ev) != 0)
		hf_err("worker %d: watch: %s", pid, strerror(errno));
}

static void
look_at_slot(struct hf_primary *p, uint32_t i)
{
	struct hf_worker *w = &p->seg->workers[i];
	struct watched *d = &p->supervisor->worker[i];
	uint32_t state = atomic_load_explicit(&w->state, memory_order_acquire);
	uint64_t attached;

	if (state == HF_WORKER_FREE || state == HF_WORKER_DEAD)
		return;
	if (d->pid == 0)
		watch_worker(p, d, atomic_load(&w->pid));
	attached = hf_load(&w->attached_tsc);
	if (atomic_load_explicit(&w->state, memory_order_acquire) == HF_WORKER_RUNNING &&
	    attached != d->attached_tsc) {
		past_started(p, i, d->ran_pid == d->pid);
		d->ran_pid = d->pid;
		atomic_store_explicit(&w->asked, HF_EXIT_NONE, memory_order_relaxed);
		d->attached_tsc = attached;
		hf_event_add(p, HF_EVENT_WORKER_START, d->pid, -1, w->attach_us, w->name);
		hf_info("worker %s: pid %d attached in %u us", w->name, d->pid, w->attach_us);
	}
}

/* Name of a lane's owner; "" if it has gone already. */
static const char *
owner_name(const struct hf_primary *p, uint32_t l)
{
	const struct hf_lane *lane = &p->seg->lanes[l];
	uint32_t slot = atomic_load(&lane->owner_slot_plus1) - 1;
	const struct hf_worker *w = &p->seg->workers[slot < HF_MAX_WORKERS ? slot : 0];

	return slot < HF_MAX_WORKERS && atomic_load(&w->pid) == atomic_load(&lane->owner_pid)
		       ? w->name
		       : "";
}

static int
anybody_serves(const struct hf_primary *p, uint32_t lane)
{
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++)
		if (atomic_load_explicit(&p->seg->workers[i].thread[lane], memory_order_relaxed) !=
		    HF_THREAD_NONE)
			return 1;
	return 0;
}

/* Writes an event for a change of owner, with its gap once the new owner has finished a packet. */
static void
look_at_lane(struct hf_primary *p, uint32_t l)
{
	struct hf_supervisor *s = p->supervisor;
	const struct hf_lane *lane = &p->seg->lanes[l];
	uint32_t gen = atomic_load_explicit(&lane->generation, memory_order_acquire);
	int known = atomic_load_explicit(&lane->last_gap_gen, memory_order_acquire) == gen;
	uint64_t now = hf_tsc();
	int took_over, orphaned = gen > 0 && !anybody_serves(p, l);

	if (orphaned && !s->orphaned[l])
		hf_event_add(p, HF_EVENT_LANE_ORPHANED, 0, (int32_t)l, 0, "");
	s->orphaned[l] = orphaned;
	if (gen == s->generation[l])
		return;
	if (s->seen_tsc[l] == 0)
		s->seen_tsc[l] = now;
	if (gen > 1 && !known &&
	    hf_tsc_to_ns(&p->seg->header, now - s->seen_tsc[l]) < GAP_WAIT_MS * 1000000ULL)
		return;
	took_over = hf_load(&lane->takeovers) != s->takeovers[l];
	hf_event_add(p,
		     gen == 1    ? HF_EVENT_LANE_START
		     : took_over ? HF_EVENT_LANE_TAKEOVER
				 : HF_EVENT_LANE_HANDOVER,
		     atomic_load(&lane->owner_pid), (int32_t)l,
		     known ? hf_load(&lane->last_gap_ns) : 0, owner_name(p, l));
	s->generation[l] = gen;
	s->takeovers[l] = hf_load(&lane->takeovers);
	s->seen_tsc[l] = 0;
}

int
supervisor_kill(struct hf_primary *p, uint32_t slot)
{
	const struct watched *d = &p->supervisor->worker[slot];

	/* The descriptor is of one process for ever: it cannot kill another of the same number. */
	if (d->pid == 0 || d->pid != atomic_load(&p->seg->workers[slot].pid))
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, d->source.fd, SIGKILL, NULL, 0) == 0 ? 0 : -errno;
}

void
hf_supervision_set(struct hf_primary *p, uint32_t lane, int on)
{
	atomic_store_explicit(&p->seg->lanes[lane].unsupervised, on == 0, memory_order_relaxed);
}

void
supervisor_wake(struct hf_primary *p, uint32_t slot)
{
	const struct watched *d = &p->supervisor->worker[slot];

	if (d->pid != 0 && syscall(SYS_pidfd_send_signal, d->source.fd, SIGWINCH, NULL, 0) != 0)
		hf_debug("worker %d: wake: %s", d->pid, strerror(errno));
}

int
supervisor_start(struct hf_primary *p)
{
	int err;

	crash_watch_begin(p);
	p->supervisor = calloc(1, sizeof(*p->supervisor));
	if (p->supervisor == NULL)
		return -ENOMEM;
	err = cpu_probe_start();
	if (err != 0)
		hf_err("instance %s: start a thread that looks at CPUs: %s", p->cfg.instance,
		       strerror(-err));
	return err;
}

/* Every second the lanes' accounts are kept, so that a reader need not wait for a share of now. */
static void
keep_loads(struct hf_primary *p, uint64_t now)
{
	if (now - p->supervisor->kept_tsc < p->seg->header.tsc_hz / 1000 * LOAD_MS)
		return;
	p->supervisor->kept_tsc = now;
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
		hf_load_keep(p->seg, l);
}

void
supervisor_tick(struct hf_primary *p)
{
	struct hf_supervisor *s = p->supervisor;
	uint64_t now = hf_tsc();

	atomic_store_explicit(&p->seg->header.heartbeat_tsc, now, memory_order_relaxed);
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++)
		look_at_slot(p, i);
	hang_look(p);
	crash_watch(p);
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
		look_at_lane(p, l);
	keep_loads(p, now);
	repair_after_attach(p);
	if (now - s->sampled_tsc < p->seg->header.tsc_hz / 1000 * SAMPLE_MS)
		return;
	s->sampled_tsc = now;
	hf_ports_sample(p);
}

static int
worker_lives(const struct hf_primary *p, uint32_t i)
{
	const struct hf_worker *w = &p->seg->workers[i];
	int32_t pid = atomic_load(&w->pid);

	return atomic_load(&w->state) != HF_WORKER_FREE && pid > 0 &&
	       hf_process_alive(pid, hf_load(&w->start_time));
}

void
supervisor_end_workers(struct hf_primary *p)
{
	int alive = 1;

	atomic_store_explicit(&p->seg->header.state, HF_SEGMENT_STOPPING, memory_order_release);
	for (int ms = 0; ms < LEAVE_MS && alive; ms += 5) {
		alive = 0;
		for (uint32_t i = 0; i < HF_MAX_WORKERS; i++)
			alive |= worker_lives(p, i);
		if (alive)
			usleep(5000);
	}
	for (uint32_t i = 0; alive && i < HF_MAX_WORKERS; i++) {
		if (!worker_lives(p, i))
			continue;
		hf_warn("worker %s: pid %d did not leave: killed", p->seg->workers[i].name,
			atomic_load(&p->seg->workers[i].pid));
		kill(atomic_load(&p->seg->workers[i].pid), SIGKILL);
	}
	/* Nobody attaches any more: what is locked now was left by the dead. */
	for (int ms = 0; ms < 200 && eal_repair(p) != 0; ms += 5)
		usleep(5000);
}

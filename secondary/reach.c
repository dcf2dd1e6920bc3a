/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Up to the door: waits for a primary that is READY, maps its segment, checks that both are of one
 * build, and takes the attach lock. Main thread of a worker, before EAL; writes nothing shared.
 */
#include <errno.h>
#include <fcntl.h>
#include <rte_version.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

#define POLL_US 20000

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Both ends must be of one build of DPDK and see the same process numbers. */
static int
verify(const struct hf_worker_options *opt, const struct hf_segment_header *h)
{
	struct stat st;

	if (strcmp(h->dpdk_version, rte_version()) != 0) {
		hf_err("instance %s: attach: DPDK version differs: the primary has %s, this worker %s",
		       opt->instance, h->dpdk_version, rte_version());
		return -EPROTO;
	}
	if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != h->pid_ns) {
		hf_err("instance %s: attach: PID namespace differs: the primary has %llu, this worker %llu",
		       opt->instance, (unsigned long long)h->pid_ns, (unsigned long long)st.st_ino);
		return -EPROTO;
	}
	return 0;
}

/* Process numbers of another namespace say nothing here; verify() refuses it. */
static int
primary_lives(const struct hf_segment_header *h)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != h->pid_ns)
		return 1;
	return hf_process_alive(h->primary_pid, h->primary_start);
}

/* Is a primary at work? A look without touching the flow tables: they may be gigabytes. */
static int
primary_ready(const struct hf_worker_options *opt, char *why, size_t len)
{
	struct hf_segment_map map;
	const struct hf_segment_header *h;
	int err = hf_segment_open(&map, opt->instance, 0, why, len);

	if (err != 0)
		return err;
	h = &map.seg->header;
	if (atomic_load_explicit(&h->state, memory_order_acquire) != HF_SEGMENT_READY ||
	    !primary_lives(h)) {
		snprintf(why, len, "its primary has gone");
		err = -EAGAIN;
	}
	hf_segment_close(&map);
	return err;
}

/* One look. 0: attached to the map of a READY primary; -EAGAIN: not yet, why says what is missing;
 * other -errno: never, and said so. */
static int
try_map(struct hf_worker_process *w, char *why, size_t len)
{
	const struct hf_segment_header *h;
	int err;

	err = primary_ready(&w->opt, why, len);
	if (err == 0)
		err = hf_segment_open(&w->map, w->opt.instance, 1, why, len);
	if (err == -ENOENT || err == -EAGAIN)
		return -EAGAIN;
	if (err != 0) {
		hf_err("instance %s: attach: %s", w->opt.instance, why);
		return err;
	}
	h = &w->map.seg->header;
	w->primary_start = h->primary_start;
	err = verify(&w->opt, h);
	if (err == 0 && atomic_load_explicit(&h->state, memory_order_acquire) == HF_SEGMENT_READY &&
	    hf_process_alive(h->primary_pid, h->primary_start))
		return 0;
	hf_segment_close(&w->map);
	snprintf(why, len, "its primary has gone");
	return err != 0 ? err : -EAGAIN;
}

/* Maps the segment of a primary that is READY; waits for one as long as the options allow. */
static int
wait_ready(struct hf_worker_process *w)
{
	double began = now_s();
	char why[256] = "";
	int err, told = 0;

	while ((err = try_map(w, why, sizeof(why))) == -EAGAIN) {
		if (w->opt.wait_s >= 0 && now_s() - began >= w->opt.wait_s) {
			hf_err("instance %s: attach: no primary is ready: %s", w->opt.instance,
			       why);
			return -ENOENT;
		}
		if (!told)
			hf_notice("instance %s: waiting for the primary", w->opt.instance);
		told = 1;
		usleep(POLL_US);
	}
	return err;
}

static int
check_lanes(struct hf_worker_process *w)
{
	uint32_t n = w->map.seg->header.n_lanes;
	uint64_t all = hf_lanes_all(n);

	if (w->opt.standby)
		w->opt.lanes = all;
	if ((w->opt.lanes & ~all) == 0)
		return 0;
	hf_err("instance %s: lane %d is not configured: lanes are 0 to %u", w->opt.instance,
	       __builtin_ctzll(w->opt.lanes & ~all), n - 1);
	return -EINVAL;
}

int
reach_still_current(const struct hf_worker_process *w)
{
	const struct hf_segment_header *h = &w->map.seg->header;

	return atomic_load_explicit(&h->state, memory_order_acquire) == HF_SEGMENT_READY &&
	       h->primary_start == w->primary_start && /* or the next one adopted it */
	       hf_process_alive(h->primary_pid, h->primary_start) &&
	       hf_segment_current_inode(w->opt.instance) == w->map.inode;
}

/*
 * Is there one that died while it attached, and the primary has not looked at what it left? With
 * the attach lock nobody else can be attaching. A process that started anew finds its own slot.
 */
static int
somebody_died(const struct hf_worker_process *w)
{
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		const struct hf_worker *s = &w->map.seg->workers[i];
		uint32_t state = atomic_load_explicit(&s->state, memory_order_acquire);

		if ((state == HF_WORKER_ATTACHING || state == HF_WORKER_DEAD) &&
		    (atomic_load_explicit(&s->pid, memory_order_relaxed) != getpid() ||
		     hf_load(&s->start_time) != hf_process_start_time(getpid())))
			return 1;
	}
	return 0;
}

/* 0 with the attach lock, or when the primary has gone; else -1 and errno. */
static int
try_lock(const struct hf_worker_process *w)
{
	if (flock(w->attach_lock, LOCK_EX | LOCK_NB) != 0)
		return -1;
	if (!somebody_died(w) || !reach_still_current(w))
		return 0;
	flock(w->attach_lock, LOCK_UN);
	errno = EWOULDBLOCK;
	return -1;
}

/* Takes the attach lock as soon as nobody else attaches, within the time the options allow. */
static int
wait_lock(const struct hf_worker_process *w)
{
	double began = now_s();
	int told = 0;

	while (try_lock(w) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (w->opt.wait_s >= 0 && now_s() - began >= w->opt.wait_s + 1) {
			errno = ETIMEDOUT; /* an attach takes milliseconds: its holder is stopped */
			return -1;
		}
		if (!told && now_s() - began > 1) {
			hf_notice("instance %s: waiting for another worker that attaches",
				  w->opt.instance);
			told = 1;
		}
		usleep(1000);
	}
	return 0;
}

static int
lock_attach(struct hf_worker_process *w)
{
	char path[256];

	if (hf_names_path(path, sizeof(path), w->opt.instance, HF_ATTACH_LOCK) != 0)
		return -ENAMETOOLONG;
	w->attach_lock = open(path, O_RDWR | O_CLOEXEC);
	if (w->attach_lock < 0 || wait_lock(w) != 0) {
		int err = errno;

		hf_err("instance %s: attach: lock %s: %s", w->opt.instance, path, strerror(err));
		return -err;
	}
	return 0;
}

int
reach_primary(struct hf_worker_process *w)
{
	int err = wait_ready(w);

	if (err != 0)
		return err;
	w->seg = w->map.seg;
	HF_POINT("attach_mapped");
	err = check_lanes(w);
	if (err == 0 && w->seg->header.kind != hf_kind()->kind)
		return -EXDEV;
	if (err == 0)
		err = lock_attach(w);
	HF_POINT("attach_locked");
	if (err == 0 && !reach_still_current(w)) {
		close(w->attach_lock);
		w->attach_lock = -1;
		hf_segment_close(&w->map);
		return -EAGAIN;
	}
	return err;
}

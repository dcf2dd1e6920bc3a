/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an instance has in the file system: run folder, lock, segment, DPDK's files. Made by the
 * primary, removed by it, or by the next one when it was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <rte_cycles.h>
#include <rte_version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "log.h"
#include "parts.h"
#include "segment_adopt.h"

gid_t
instance_group(const struct hf_primary *p)
{
	const struct group *g = getgrnam(p->cfg.group);

	return g != NULL ? g->gr_gid : (gid_t)-1;
}

static int
make_folder(const char *path, gid_t gid, mode_t mode)
{
	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return -errno;
	if (gid != (gid_t)-1 && chown(path, (uid_t)-1, gid) != 0)
		return -errno;
	return chmod(path, mode) != 0 ? -errno : 0;
}

/* Opens (or makes) a lock file in the run folder. Returns the fd or -errno. */
static int
open_lock(const struct hf_primary *p, const char *file)
{
	char path[256];
	int fd;

	if (hf_names_path(path, sizeof(path), p->cfg.instance, file) != 0)
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static int
take_lock(struct hf_primary *p)
{
	char pid[16] = "", path[256];
	struct stat ours, there;
	ssize_t n;

	p->lock_fd = open_lock(p, HF_PRIMARY_LOCK);
	if (p->lock_fd < 0)
		return p->lock_fd;
	if (flock(p->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		n = pread(p->lock_fd, pid, sizeof(pid) - 1, 0);
		hf_err("instance %s: start: a primary already runs with pid %s", p->cfg.instance,
		       n > 0 ? pid : "unknown");
		close(p->lock_fd);
		p->lock_fd = -1;
		return -EBUSY;
	}
	/* The one we locked may have been removed by a primary that left a moment ago. */
	if (fstat(p->lock_fd, &ours) != 0 ||
	    hf_names_path(path, sizeof(path), p->cfg.instance, HF_PRIMARY_LOCK) != 0 ||
	    stat(path, &there) != 0 || ours.st_ino != there.st_ino) {
		close(p->lock_fd);
		p->lock_fd = -1;
		return -EAGAIN;
	}
	n = snprintf(pid, sizeof(pid), "%d", getpid());
	if (ftruncate(p->lock_fd, 0) != 0 || pwrite(p->lock_fd, pid, (size_t)n, 0) != n)
		return -errno;
	return 0;
}

int
instance_lock(struct hf_primary *p, gid_t gid)
{
	char path[256];
	int err, fd;

	err = make_folder(HF_RUN_DIR, (gid_t)-1, 0755);
	if (err == 0)
		err = hf_names_path(path, sizeof(path), p->cfg.instance, NULL);
	if (err == 0)
		err = make_folder(path, gid, 0750);
	if (err != 0) {
		hf_err("instance %s: make folder under %s: %s", p->cfg.instance, HF_RUN_DIR,
		       strerror(-err));
		return err;
	}
	do {
		err = make_folder(path, gid, 0750);
		err = err == 0 ? take_lock(p) : err;
	} while (err == -EAGAIN);
	if (err == -EBUSY)
		return err;
	fd = err == 0 ? open_lock(p, HF_ATTACH_LOCK) : err;
	if (fd < 0) {
		hf_err("instance %s: make lock files: %s", p->cfg.instance, strerror(-fd));
		return fd;
	}
	close(fd);
	return 0;
}

/* DPDK's files of this instance: hugepages and the runtime folder. */
static void
remove_dpdk_files(const struct hf_primary *p)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%smap_[0-9]*", p->cfg.hugepage_dir, p->cfg.instance);
	hf_files_remove(path);
	snprintf(path, sizeof(path), "/var/run/dpdk/%s/*", p->cfg.instance);
	hf_files_remove(path);
	snprintf(path, sizeof(path), "/var/run/dpdk/%s", p->cfg.instance);
	rmdir(path);
}

/* pid of a live DPDK primary whose file prefix is the instance's name, 0 if there is none. */
static pid_t
foreign_primary(const struct hf_primary *p)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[128];
	int fd, held;

	snprintf(path, sizeof(path), "/var/run/dpdk/%s/config", p->cfg.instance);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	/* EAL locks a part of it for as long as the process lives. */
	held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return held ? lock.l_pid : 0;
}

/* The segment of a primary before, unless it may be adopted: memory is counted next. */
static void
discard_segment(const struct hf_primary *p)
{
	char file[256];

	if (p->cfg.segment_persist)
		return;
	hf_segment_remove(p->cfg.instance);
	/* A primary that stopped took the link away, and may have kept the file. */
	if (hf_segment_path(file, sizeof(file), p->cfg.instance, p->cfg.hugepage_dir) == 0)
		unlink(file);
}

int
instance_sweep(struct hf_primary *p)
{
	pid_t other = foreign_primary(p);
	int err;

	if (other != 0) {
		hf_err("instance %s: start: another DPDK program, pid %d, has this name as its file prefix",
		       p->cfg.instance, other);
		return -EBUSY;
	}
	p->dpdk_ours = 1;
	err = predecessor_end_workers(p);
	if (err != 0)
		return err;
	discard_segment(p);
	remove_dpdk_files(p);
	return 0;
}

static void
fill_run(const struct hf_config *cfg, struct hf_run_config *run)
{
	run->burst = cfg->burst;
	run->idle = cfg->idle;
	run->idle_sleep_us = cfg->idle_sleep_us;
	run->tx_retry_us = cfg->tx_retry_us;
	run->hang_timeout_ms = cfg->hang_timeout_ms;
	run->quarantine_snap = cfg->quarantine_snap;
	run->stage_l2 = 1;
	run->cksum_ports = 0; /* ports will say */
	run->stage_flow = (uint32_t)cfg->stage_flow;
	run->l2_mode = cfg->l2_mode;
	for (uint32_t i = 0; i < HF_MAX_PORTS; i++)
		run->peer[i] = i < cfg->n_ports && cfg->ports[i].peer_index >= 0
				       ? (uint16_t)cfg->ports[i].peer_index
				       : UINT16_MAX;
}

/* Takes over what a primary before kept. 0, or -errno: said why, if there was anything. */
static int
adopt_segment(struct hf_primary *p, gid_t gid)
{
	struct hf_segment_shape want = {p->cfg.n_lanes, p->cfg.n_io, p->kind, p->cfg.flow_capacity,
					rte_get_tsc_hz()};
	uint64_t lost = 0;
	char why[320];
	int err;

	if (!p->cfg.segment_persist)
		return -ENOENT;
	err = hf_segment_adopt(&p->map, p->cfg.instance, p->cfg.hugepage_dir, &want, gid, &lost,
			       why, sizeof(why));
	if (err != 0) {
		if (err != -ENOENT)
			hf_warn("instance %s: adopt segment: %s: a fresh one is made",
				p->cfg.instance, why);
		return err;
	}
	p->seg = p->map.seg;
	ports_adopt(p, p->seg->header.n_ports);
	hf_event_add(p, HF_EVENT_ADOPTED, getpid(), -1, lost, "");
	hf_notice("instance %s: segment adopted: flows and counters go on, %llu packets were lost",
		  p->cfg.instance, (unsigned long long)lost);
	return 0;
}

static int
make_segment(struct hf_primary *p, gid_t gid)
{
	struct hf_segment_header *h;
	int err = hf_segment_create(&p->map, p->cfg.instance, p->cfg.hugepage_dir, p->cfg.n_lanes,
				    p->cfg.flow_capacity, gid);

	if (err != 0) {
		hf_err("instance %s: create segment in %s: %s", p->cfg.instance,
		       p->cfg.hugepage_dir, strerror(-err));
		return err;
	}
	p->seg = p->map.seg;
	h = &p->seg->header;
	h->tsc_hz = rte_get_tsc_hz();
	if (getrandom(&h->flow_seed, sizeof(h->flow_seed), 0) != sizeof(h->flow_seed))
		h->flow_seed = hf_tsc();
	return 0;
}

int
instance_create_segment(struct hf_primary *p, gid_t gid)
{
	struct hf_segment_header *h;
	int err = adopt_segment(p, gid);

	if (err != 0)
		err = make_segment(p, gid);
	if (err != 0)
		return err;
	h = &p->seg->header;
	h->n_ports = p->cfg.n_ports;
	h->n_io = p->cfg.n_io;
	h->kind = p->kind;
	h->forward_alone = (uint32_t)p->forward_alone;
	h->flow_idle_ticks = p->cfg.flow_idle_s * 1000;
	snprintf(h->dpdk_version, sizeof(h->dpdk_version), "%s", rte_version());
	fill_run(&p->cfg, &p->seg->run);
	return 0;
}

/* Removes the segment, or leaves it to the next primary: one that was ready, or is another's. */
static void
remove_segment(struct hf_primary *p)
{
	int keep = p->cfg.segment_persist;

	if (p->seg != NULL) {
		keep = keep && p->seg->header.magic == HF_SEGMENT_MAGIC;
		atomic_store_explicit(&p->seg->header.state, HF_SEGMENT_GONE, memory_order_release);
	}
	if (keep)
		hf_segment_leave(p->cfg.instance);
	else
		hf_segment_remove(p->cfg.instance);
	hf_segment_close(&p->map);
	p->seg = NULL;
}

void
instance_remove(struct hf_primary *p)
{
	char path[256];

	remove_segment(p);
	if (p->dpdk_ours)
		remove_dpdk_files(p);
	if (p->lock_fd < 0)
		return;
	hf_names_path(path, sizeof(path), p->cfg.instance, HF_ATTACH_LOCK);
	unlink(path);
	hf_names_path(path, sizeof(path), p->cfg.instance, HF_PRIMARY_LOCK);
	unlink(path);
	hf_names_path(path, sizeof(path), p->cfg.instance, NULL);
	rmdir(path);
	close(p->lock_fd);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets on which two owners of a lane died become files, events and log lines; lanes have dropped
 * them by then. Main thread; owns the instance's quarantine folder. Believes nothing in a note that
 * could lead outside it: a worker that crashes may have scribbled.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "parts.h"
#include "pcapng.h"
#include "version.h"

#define PART "new.part" /* becomes a file under its name when it is whole */

static struct {
	uint64_t missed[HF_MAX_LANES]; /* packets without a note that have been told of */
} seen;

/* Makes a folder that only root and the instance's group may look into. Returns its fd or -errno.
 */
static int
make_folder(int at, const char *name, gid_t gid, mode_t mode)
{
	int fd;

	if (mkdirat(at, name, mode) == 0 && gid != (gid_t)-1 &&
	    fchownat(at, name, (uid_t)-1, gid, 0) != 0)
		return -errno;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 ? fd : -errno;
}

static int
open_folder(const struct hf_primary *p, gid_t gid)
{
	int state = make_folder(AT_FDCWD, HF_STATE_DIR, (gid_t)-1, 0755), own, fd;

	if (state < 0)
		return state;
	own = make_folder(state, p->cfg.instance, gid, 0750);
	close(state);
	if (own < 0)
		return own;
	fd = make_folder(own, HF_QUARANTINE_DIR, gid, 0750);
	close(own);
	return fd;
}

static uint32_t
count_files(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	uint32_t n = 0;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' && strcmp(e->d_name, PART) != 0;
	closedir(d);
	return n;
}

static void
describe(char *buf, size_t len, uint32_t lane, const struct hf_quarantine_note *n)
{
	int at = snprintf(buf, len, "lane %u, ring %u, packet %" PRIu64 ": ", lane, n->ring,
			  n->index);

	if (n->signal == 0)
		at += snprintf(buf + at, len - (size_t)at, "hang");
	else
		at += snprintf(buf + at, len - (size_t)at,
			       "%s in %s of %.15s at address 0x%" PRIx64 ", instruction 0x%" PRIx64,
			       hf_signal_name(n->signal), hf_step_name(n->step), n->stage,
			       n->address, n->ip);
	snprintf(buf + at, len - (size_t)at, ", after owners of generations %u and %u%s",
		 n->first_generation, n->generation,
		 n->n == 0 ? "; its bytes could not be copied" : "");
}

/* "20261122T205311.123456789Z-lane0-1234.pcapng": by age in a sorted listing. */
static void
name_file(char *buf, size_t len, uint32_t lane, const struct hf_quarantine_note *n,
	  const struct timespec *now)
{
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&now->tv_sec, &tm) != NULL)
		strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	snprintf(buf, len, "%s.%09ldZ-lane%u-%" PRIu64 ".pcapng", when, now->tv_nsec, lane,
		 n->index);
}

static int
write_packet(const struct hf_primary *p, int fd, const char *why,
	     const struct hf_quarantine_note *n, const struct timespec *now)
{
	uint32_t bytes = n->n < HF_QUARANTINE_SNAP ? n->n : HF_QUARANTINE_SNAP;

	return pcapng_write(fd,
			    &(struct pcapng_packet){.comment = why,
						    .application = "holdfast-primary " HF_VERSION,
						    .port = n->port < p->cfg.n_ports
								    ? p->cfg.ports[n->port].name
								    : "",
						    .realtime_ns =
							    (uint64_t)now->tv_sec * 1000000000 +
							    (uint64_t)now->tv_nsec,
						    .data = n->data,
						    .n = bytes,
						    .len = n->pkt_len > bytes ? n->pkt_len : bytes,
						    .snap = p->cfg.quarantine_snap});
}

/* Writes one file, whole or not at all. 0; -ENOSPC: so many are there; -errno. */
static int
write_file(const struct hf_primary *p, uint32_t lane, const char *why,
	   const struct hf_quarantine_note *n, char *name, size_t len)
{
	gid_t gid = instance_group(p);
	struct timespec now;
	int folder, fd, err;

	if (p->cfg.quarantine_max_files == 0)
		return -EDQUOT;
	folder = open_folder(p, gid);
	if (folder < 0)
		return folder;
	clock_gettime(CLOCK_REALTIME, &now);
	name_file(name, len, lane, n, &now);
	if (count_files(folder) >= p->cfg.quarantine_max_files) {
		close(folder);
		return -EDQUOT;
	}
	fd = openat(folder, PART, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	err = fd >= 0 ? write_packet(p, fd, why, n, &now) : -errno;
	if (err == 0 && gid != (gid_t)-1 && fchown(fd, (uid_t)-1, gid) != 0)
		err = -errno;
	if (err == 0 && renameat(folder, PART, folder, name) != 0)
		err = -errno;
	if (err != 0)
		unlinkat(folder, PART, 0);
	if (fd >= 0)
		close(fd);
	close(folder);
	return err;
}

static void
take(struct hf_primary *p, uint32_t lane, const struct hf_quarantine_note *n)
{
	char why[512], name[96], stage[sizeof(n->stage)];
	int err;

	describe(why, sizeof(why), lane, n);
	snprintf(stage, sizeof(stage), "%.*s", (int)sizeof(stage) - 1, n->stage);
	hf_event_add_code(p, HF_EVENT_QUARANTINED, n->pid, (int32_t)lane, n->index,
			  HF_CRASH_CODE(n->signal & 0xff, n->step), stage);
	err = write_file(p, lane, why, n, name, sizeof(name));
	if (err == 0) {
		hf_err("%s: quarantined: dropped and written to " HF_STATE_DIR
		       "/%s/" HF_QUARANTINE_DIR "/%s",
		       why, p->cfg.instance, name);
		return;
	}
	hf_err("%s: quarantined: dropped, not written: %s", why,
	       err == -EDQUOT ? "quarantine.max_files are there" : strerror(-err));
	hf_event_add(p, HF_EVENT_QUARANTINE_FULL, 0, (int32_t)lane, 1, "");
}

static void
tell_missed(struct hf_primary *p, uint32_t lane, uint64_t missed)
{
	uint64_t n = missed - seen.missed[lane];

	seen.missed[lane] = missed;
	hf_err("lane %u: %" PRIu64 " packets quarantined: dropped, not written: they came too fast",
	       lane, n);
	hf_event_add(p, HF_EVENT_QUARANTINE_FULL, 0, (int32_t)lane, n, "");
}

void
quarantine_tick(struct hf_primary *p)
{
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		struct hf_quarantine *q = &p->seg->quarantine[l];
		/* Pairs with the release store of the lane's owner: the note is whole. */
		uint64_t last = atomic_load_explicit(&q->last, memory_order_acquire);
		uint64_t taken = atomic_load_explicit(&q->taken, memory_order_relaxed);
		uint64_t missed = hf_load(&q->missed);

		if (missed != seen.missed[l])
			tell_missed(p, l, missed);
		if (last - taken > HF_QUARANTINE_NOTES) /* it was scribbled over */
			taken = last;
		while (taken < last) {
			taken++;
			take(p, l, &q->note[taken % HF_QUARANTINE_NOTES]);
			/* Pairs with the owner's acquire load: the note may be overwritten. */
			atomic_store_explicit(&q->taken, taken, memory_order_release);
		}
		atomic_store_explicit(&q->taken, taken, memory_order_release);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Creating, mapping and verifying the segment. Primary creates and removes; workers and monitor
 * open. The file lives in hugetlbfs; /run/holdfast/<instance>/segment points to it.
 */
#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "segment_file.h"
#include "version.h"

#define HUGETLBFS_MAGIC_NUMBER 0x958458f6

static size_t
round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

size_t
segment_flow_off(void)
{
	return round_up(sizeof(struct hf_segment), 4096);
}

size_t
segment_bytes(uint32_t n_lanes, uint32_t flow_capacity)
{
	return segment_flow_off() + n_lanes * hf_flow_region_bytes(flow_capacity);
}

/* Page size of the file system a file lives in: what its length must be a multiple of. */
static size_t
page_bytes(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == 0 && fs.f_type == HUGETLBFS_MAGIC_NUMBER)
		return (size_t)fs.f_bsize;
	return (size_t)sysconf(_SC_PAGESIZE);
}

size_t
segment_file_bytes(int fd, size_t bytes)
{
	return round_up(bytes, page_bytes(fd));
}

void
segment_fill_primary(struct hf_segment_header *h)
{
	struct stat st;

	h->primary_pid = getpid();
	h->primary_start = hf_process_start_time(getpid());
	if (stat("/proc/self/ns/pid", &st) == 0)
		h->pid_ns = st.st_ino;
	snprintf(h->program_version, sizeof(h->program_version), "%s", HF_VERSION);
	atomic_store_explicit(&h->heartbeat_tsc, hf_tsc(), memory_order_relaxed);
}

static void
fill_header(struct hf_segment *seg, const char *instance, uint32_t n_lanes, uint32_t capacity)
{
	struct hf_segment_header *h = &seg->header;
	struct timespec now;

	h->layout_version = HF_LAYOUT_VERSION;
	h->header_bytes = sizeof(*seg);
	h->total_bytes = segment_bytes(n_lanes, capacity);
	atomic_store_explicit(&h->state, HF_SEGMENT_STARTING, memory_order_relaxed);
	segment_fill_primary(h);
	snprintf(h->instance, sizeof(h->instance), "%s", instance);
	clock_gettime(CLOCK_REALTIME, &now);
	h->start_tsc = hf_tsc();
	h->start_realtime_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	h->n_lanes = n_lanes;
	h->flow_off = segment_flow_off();
	h->flow_stride = hf_flow_region_bytes(capacity);
	h->flow_capacity = capacity;
}

/*
 * Maps a new file of total bytes, every page of it in memory (so that no store can fail later) and
 * zero: flow regions need no formatting, which would write gigabytes a second time.
 */
static struct hf_segment *
map_new(int fd, size_t total)
{
	void *mem;

	if (ftruncate(fd, (off_t)total) != 0)
		return NULL;
	mem = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	return mem == MAP_FAILED ? NULL : mem;
}

int
segment_set_owner(int fd, gid_t gid)
{
	if (gid != (gid_t)-1 && fchown(fd, (uid_t)-1, gid) != 0)
		return -errno;
	if (fchmod(fd, gid != (gid_t)-1 ? 0640 : 0600) != 0)
		return -errno;
	return 0;
}

int
segment_point_link(const char *instance, const char *file)
{
	char link[256], tmp[264];
	int err;

	err = hf_names_path(link, sizeof(link), instance, HF_SEGMENT_LINK);
	if (err != 0)
		return err;
	snprintf(tmp, sizeof(tmp), "%s.new", link);
	unlink(tmp);
	if (symlink(file, tmp) != 0 || rename(tmp, link) != 0)
		return -errno;
	return 0;
}

int
hf_segment_path(char *buf, size_t len, const char *instance, const char *dir)
{
	int n = snprintf(buf, len, "%s/" HF_SEGMENT_FILE_FMT, dir, instance);

	return n < 0 || (size_t)n >= len ? -ENAMETOOLONG : 0;
}

int
hf_segment_create(struct hf_segment_map *map, const char *instance, const char *dir,
		  uint32_t n_lanes, uint32_t flow_capacity, gid_t gid)
{
	char file[256];
	struct hf_segment *seg;
	struct stat st;
	size_t total;
	int fd, err;

	err = hf_segment_path(file, sizeof(file), instance, dir);
	if (err != 0)
		return err;
	unlink(file); /* a stale one keeps its inode for those who still map it */
	fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	total = segment_file_bytes(fd, segment_bytes(n_lanes, flow_capacity));
	err = segment_set_owner(fd, gid);
	seg = err == 0 ? map_new(fd, total) : NULL;
	if (err == 0 && seg == NULL)
		err = -errno;
	if (err == 0 && fstat(fd, &st) != 0)
		err = -errno;
	if (err == 0)
		err = segment_point_link(instance, file);
	close(fd);
	if (err != 0) {
		if (seg != NULL)
			munmap(seg, total);
		unlink(file);
		return err;
	}
	fill_header(seg, instance, n_lanes, flow_capacity);
	*map = (struct hf_segment_map){seg, total, st.st_ino, 1};
	return 0;
}

static int
refuse(char *why, size_t len, int err, const char *what, uint64_t theirs, uint64_t ours)
{
	snprintf(why, len, "%s differs: the primary has %llu, this program %llu", what,
		 (unsigned long long)theirs, (unsigned long long)ours);
	return err;
}

/* Everything a reader relies on, before it follows one offset. */
static int
verify(const struct hf_segment *seg, size_t bytes, char *why, size_t len)
{
	const struct hf_segment_header *h = &seg->header;

	if (h->magic == 0) {
		snprintf(why, len, "the primary is still starting");
		return -EAGAIN;
	}
	if (h->magic != HF_SEGMENT_MAGIC)
		return refuse(why, len, -EPROTO, "segment magic", h->magic, HF_SEGMENT_MAGIC);
	if (h->layout_version != HF_LAYOUT_VERSION)
		return refuse(why, len, -EPROTO, "segment layout version", h->layout_version,
			      HF_LAYOUT_VERSION);
	if (h->header_bytes != sizeof(*seg))
		return refuse(why, len, -EPROTO, "segment header size", h->header_bytes,
			      sizeof(*seg));
	if (h->total_bytes > bytes)
		return refuse(why, len, -EPROTO, "segment size", h->total_bytes, bytes);
	if (h->n_lanes > HF_MAX_LANES || h->n_ports > HF_MAX_PORTS || h->n_io > HF_MAX_IO ||
	    h->n_pools > HF_MAX_POOLS || h->flow_off < sizeof(*seg) ||
	    h->flow_stride != hf_flow_region_bytes(h->flow_capacity) ||
	    h->flow_off + h->n_lanes * h->flow_stride > bytes) {
		snprintf(why, len, "the segment's header contradicts itself");
		return -EPROTO;
	}
	if (atomic_load_explicit(&h->state, memory_order_acquire) == HF_SEGMENT_STARTING) {
		snprintf(why, len, "the primary is still starting");
		return -EAGAIN;
	}
	return 0;
}

int
hf_segment_open(struct hf_segment_map *map, const char *instance, int writable, char *why,
		size_t why_len)
{
	char link[256];
	struct stat st;
	void *mem;
	int fd, err;

	err = hf_names_path(link, sizeof(link), instance, HF_SEGMENT_LINK);
	if (err != 0)
		return err;
	fd = open(link, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		snprintf(why, why_len, "%s: %s", link, strerror(-err));
		return err;
	}
	if (fstat(fd, &st) != 0 || (size_t)st.st_size < sizeof(struct hf_segment)) {
		snprintf(why, why_len, "the segment has %lld bytes, this program needs %zu",
			 (long long)st.st_size, sizeof(struct hf_segment));
		close(fd);
		return st.st_size == 0 ? -EAGAIN : -EPROTO;
	}
	/* Whoever writes runs lanes: no page of a gigabyte of flows may be missing in a burst. */
	mem = mmap(NULL, (size_t)st.st_size, PROT_READ | (writable ? PROT_WRITE : 0),
		   MAP_SHARED | (writable ? MAP_POPULATE : 0), fd, 0);
	err = mem == MAP_FAILED ? -errno : 0;
	close(fd);
	if (err != 0) {
		snprintf(why, why_len, "map %s: %s", link, strerror(-err));
		return err;
	}
	err = verify(mem, (size_t)st.st_size, why, why_len);
	if (err != 0) {
		munmap(mem, (size_t)st.st_size);
		return err;
	}
	*map = (struct hf_segment_map){mem, (size_t)st.st_size, st.st_ino, writable};
	return 0;
}

void
hf_segment_close(struct hf_segment_map *map)
{
	if (map->seg != NULL)
		munmap(map->seg, map->bytes);
	map->seg = NULL;
}

void
hf_segment_remove(const char *instance)
{
	char link[256], file[256];
	ssize_t n;

	if (hf_names_path(link, sizeof(link), instance, HF_SEGMENT_LINK) != 0)
		return;
	n = readlink(link, file, sizeof(file) - 1);
	if (n > 0) {
		file[n] = '\0';
		unlink(file);
	}
	unlink(link);
}

void
hf_segment_leave(const char *instance)
{
	char link[256];

	if (hf_names_path(link, sizeof(link), instance, HF_SEGMENT_LINK) == 0)
		unlink(link);
}

uint64_t
hf_segment_current_inode(const char *instance)
{
	char link[256];
	struct stat st;

	if (hf_names_path(link, sizeof(link), instance, HF_SEGMENT_LINK) != 0 ||
	    stat(link, &st) != 0)
		return 0;
	return st.st_ino;
}

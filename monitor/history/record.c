/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The recorder. Owns the file it writes, which it holds locked.
 */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "chunk.h"
#include "layout.h"
#include "version.h"

#define MODE 0600 /* addresses of flows are nobody else's business */

__attribute__((format(printf, 3, 4))) static int
refuse(struct hf_recorder *r, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	return err;
}

/* Opens path, which must be a regular file or nothing, and locks it. */
static int
open_file(struct hf_recorder *r)
{
	struct stat st;
	int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;

	r->fd = open(r->path, flags, MODE);
	if (r->fd < 0 || fstat(r->fd, &st) != 0)
		return refuse(r, -errno, "%s: cannot record: %s", r->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(r, -EINVAL, "%s: cannot record: not a regular file", r->path);
	if (flock(r->fd, LOCK_EX | LOCK_NB) != 0)
		return refuse(r, -EBUSY, "%s: cannot record: another monitor records there",
			      r->path);
	return 0;
}

/* Sets r->size behind the last whole chunk, and cuts off what is none. */
static int
find_end(struct hf_recorder *r)
{
	struct hf_chunk_reader reader;
	uint8_t start[sizeof(uint32_t)];
	ssize_t n = pread(r->fd, start, sizeof(start), 0);
	int err;

	if (n < 0)
		return -errno;
	if (!chunk_is_start(start, (size_t)n))
		return -EINVAL;
	err = chunk_reader_init(&reader, r->fd);
	if (err != 0)
		return err;
	do {
		err = chunk_next(&reader);
	} while (err > 0);
	r->size = reader.end;
	chunk_reader_free(&reader);
	if (err == 0 && ftruncate(r->fd, (off_t)r->size) != 0)
		err = -errno;
	return err;
}

int
recorder_open(struct hf_recorder *r, const char *path, uint64_t size_max, uint32_t top)
{
	int err;

	*r = (struct hf_recorder){.path = path, .fd = -1, .size_max = size_max, .top = top};
	err = open_file(r);
	if (err != 0)
		return err;
	err = find_end(r);
	if (err == -EINVAL)
		return refuse(r, err, "%s: cannot record: the file is something else", path);
	if (err == 0)
		err = packer_init(&r->packer, top);
	if (err != 0)
		return refuse(r, err, "%s: cannot record: %s", path, strerror(-err));
	return 0;
}

/* One chunk at the end of the file, or nothing: what was written of it is cut off again. */
static int
append(struct hf_recorder *r, enum hf_chunk_type type, const void *payload, uint32_t bytes)
{
	static const uint8_t zeros[8];
	struct hf_chunk c;
	struct iovec part[3];
	uint64_t length;
	ssize_t n;

	chunk_make(&c, type, payload, bytes);
	length = chunk_length(&c);
	part[0] = (struct iovec){&c, sizeof(c)};
	part[1] = (struct iovec){(void *)(uintptr_t)payload, bytes};
	part[2] = (struct iovec){(void *)(uintptr_t)zeros, length - sizeof(c) - bytes};
	n = writev(r->fd, part, 3);
	if (n == (ssize_t)length) {
		r->size += length;
		return 0;
	}
	n = n < 0 ? -errno : -ENOSPC;
	if (ftruncate(r->fd, (off_t)r->size) != 0)
		n = n == 0 ? -errno : n;
	return (int)n;
}

static int
append_head(struct hf_recorder *r, const struct hf_sample *s)
{
	struct {
		struct hf_chunk_head head;
		char layout[LAYOUT_TEXT_LEN];
	} h = {.head = {.format = CHUNK_FORMAT,
			.sample_bytes = sizeof(struct hf_sample),
			.flow_bytes = sizeof(struct hf_flow_row),
			.top = r->top,
			.layout = pack_layout(),
			.time_s = s->time_s,
			.version = HF_VERSION}};
	size_t n = layout_describe(h.layout, sizeof(h.layout));

	snprintf(h.head.instance, sizeof(h.head.instance), "%s", s->instance);
	return append(r, HF_CHUNK_HEAD, &h, (uint32_t)(sizeof(h.head) + n));
}

/* FILE becomes FILE.1; the next FILE is begun. */
static int
rotate(struct hf_recorder *r)
{
	char old[PATH_MAX];
	int n = snprintf(old, sizeof(old), "%s.1", r->path);

	if (n < 0 || (size_t)n >= sizeof(old))
		return -ENAMETOOLONG;
	if (rename(r->path, old) != 0)
		return -errno;
	close(r->fd);
	r->size = 0;
	r->begun = 0;
	return open_file(r);
}

/* What the next sample may take, with a head before it. */
static uint64_t
worst(const struct hf_recorder *r)
{
	return r->packer.packed_room + LAYOUT_TEXT_LEN + sizeof(struct hf_chunk_head) +
	       2 * sizeof(struct hf_chunk);
}

int
recorder_write(struct hf_recorder *r, const struct hf_sample *s)
{
	const struct hf_packed *packed;
	int err = 0;

	if (r->fd < 0)
		return -EBADF;
	if (r->size > 0 && r->size + worst(r) > r->size_max / 2)
		err = rotate(r);
	if (err == 0 && !r->begun) {
		packer_renew(&r->packer);
		err = append_head(r, s);
		r->begun = 1;
	}
	if (err == 0) {
		packed = packer_pack(&r->packer, s);
		err = packed != NULL ? append(r, HF_CHUNK_SAMPLE, packed, packed->bytes) : -ENOMEM;
	}
	if (err != 0 && r->fd >= 0)
		return refuse(r, err, "%s: recording ended: %s", r->path, strerror(-err));
	return err;
}

void
recorder_close(struct hf_recorder *r)
{
	if (r->path != NULL && r->fd >= 0)
		close(r->fd);
	packer_free(&r->packer);
	*r = (struct hf_recorder){.fd = -1};
}

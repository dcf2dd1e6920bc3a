/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chunks: making, checking and finding them. Believes nothing a file says before its checksum does.
 */
#include "chunk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define ALIGN 8U
#define BLOCK 65536U /* read at once while a chunk is looked for */

static uint32_t
self_sum(const struct hf_chunk *c)
{
	struct hf_chunk without = *c;

	without.self_sum = 0;
	return XXH32(&without, sizeof(without), CHUNK_FORMAT);
}

void
chunk_make(struct hf_chunk *c, enum hf_chunk_type type, const void *payload, uint32_t bytes)
{
	*c = (struct hf_chunk){.magic = CHUNK_MAGIC, .type = type, .bytes = bytes};
	c->sum = XXH64(payload, bytes, type);
	c->self_sum = self_sum(c);
}

uint64_t
chunk_length(const struct hf_chunk *c)
{
	return sizeof(*c) + ((uint64_t)c->bytes + ALIGN - 1) / ALIGN * ALIGN;
}

int
chunk_is_start(const uint8_t *start, size_t bytes)
{
	const uint32_t magic = CHUNK_MAGIC;

	return memcmp(start, &magic, bytes < sizeof(magic) ? bytes : sizeof(magic)) == 0;
}

int
chunk_reader_init(struct hf_chunk_reader *r, int fd)
{
	struct stat st;

	*r = (struct hf_chunk_reader){.fd = fd};
	if (fstat(fd, &st) != 0)
		return -errno;
	r->size = (uint64_t)st.st_size;
	return 0;
}

void
chunk_reader_free(struct hf_chunk_reader *r)
{
	free(r->payload);
	r->payload = NULL;
	r->room = 0;
}

/* Reads up to bytes at an offset. Returns how many there were, or -errno. */
static ssize_t
read_at(int fd, void *to, size_t bytes, uint64_t at)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = pread(fd, (char *)to + done, bytes - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int
make_room(struct hf_chunk_reader *r, size_t bytes)
{
	uint8_t *more;

	if (bytes <= r->room)
		return 0;
	more = realloc(r->payload, bytes);
	if (more == NULL)
		return -ENOMEM;
	r->payload = more;
	r->room = bytes;
	return 0;
}

int
chunk_read(struct hf_chunk_reader *r, uint64_t at)
{
	struct hf_chunk *c = &r->chunk;
	ssize_t n = read_at(r->fd, c, sizeof(*c), at);
	int err;

	if (n != (ssize_t)sizeof(*c))
		return n < 0 ? (int)n : -EBADMSG;
	if (c->magic != CHUNK_MAGIC || c->bytes > CHUNK_MAX || c->self_sum != self_sum(c))
		return -EBADMSG;
	if (at + chunk_length(c) > r->size)
		return -EBADMSG;
	err = make_room(r, c->bytes > 0 ? c->bytes : 1);
	if (err != 0)
		return err;
	n = read_at(r->fd, r->payload, c->bytes, at + sizeof(*c));
	if (n != (ssize_t)c->bytes)
		return n < 0 ? (int)n : -EBADMSG;
	return XXH64(r->payload, c->bytes, c->type) == c->sum ? 0 : -EBADMSG;
}

/* The next place at or behind from where a chunk may begin; the size of the file when there is
 * none. */
static int64_t
find_magic(const struct hf_chunk_reader *r, uint64_t from)
{
	uint8_t block[BLOCK];
	ssize_t n;

	for (; from < r->size; from += sizeof(block)) {
		n = read_at(r->fd, block, sizeof(block), from);
		if (n < 0)
			return n;
		for (ssize_t i = 0; i + (ssize_t)sizeof(uint32_t) <= n; i += ALIGN)
			if (chunk_is_start(block + i, sizeof(uint32_t)))
				return (int64_t)from + i;
	}
	return (int64_t)r->size;
}

int
chunk_next(struct hf_chunk_reader *r)
{
	uint64_t at = r->end;

	while (at < r->size) {
		int err = chunk_read(r, at);
		int64_t next;

		if (err == 0) {
			r->damaged += at - r->end;
			r->at = at;
			r->end = at + chunk_length(&r->chunk);
			return 1;
		}
		if (err != -EBADMSG)
			return err;
		next = find_magic(r, at + ALIGN);
		if (next < 0)
			return (int)next;
		at = (uint64_t)next;
	}
	return 0;
}

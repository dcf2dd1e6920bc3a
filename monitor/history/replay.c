/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading recordings: one pass over the files notes where each sample is and keeps its digest; the
 * samples themselves are read when they are asked for. The files may be written meanwhile: what
 * is added after the pass is not seen.
 */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE_FILE 56 /* bits of a place below the number of its file */

/* What the pass knows of the file at hand. */
struct pass {
	struct hf_history *h;
	uint64_t file;
	int usable;   /* 1: samples of this session can be read */
	uint64_t key; /* place of the last key, 0: none */
	uint32_t key_sum, layout;
};

/* Never 0. */
static uint64_t
place(uint64_t file, uint64_t offset)
{
	return (file << PLACE_FILE) + offset + 1;
}

static struct hf_chunk_reader *
file_of(struct hf_replay *replay, uint64_t at)
{
	return &replay->file[at >> PLACE_FILE];
}

static int
read_place(struct hf_chunk_reader *file, uint64_t at)
{
	return chunk_read(file, (at & (((uint64_t)1 << PLACE_FILE) - 1)) - 1);
}

void
replay_close(struct hf_replay *replay)
{
	if (replay == NULL)
		return;
	for (unsigned int i = 0; i < 2; i++) {
		chunk_reader_free(&replay->file[i]);
		if (replay->file[i].fd >= 0)
			close(replay->file[i].fd);
	}
	free(replay);
}

/* The sample at a place: it was checked when the file was opened, but files change. */
static int
read_packed(struct hf_replay *replay, uint64_t at, const struct hf_packed **packed)
{
	struct hf_chunk_reader *file = file_of(replay, at);
	int err = read_place(file, at);

	if (err != 0)
		return err;
	*packed = (const struct hf_packed *)file->payload;
	if (file->chunk.type != HF_CHUNK_SAMPLE || !pack_plausible(*packed, file->chunk.bytes))
		return -EBADMSG;
	return 0;
}

int
replay_get(struct hf_replay *replay, struct hf_unpacker *u, const struct hf_moment *m,
	   struct hf_sample *out)
{
	const struct hf_packed *packed;
	int err = 0;

	if (u->key_id != m->key_at) {
		err = read_packed(replay, m->key_at, &packed);
		if (err == 0)
			err = unpacker_key(u, packed, m->key_at);
	}
	if (err == 0)
		err = read_packed(replay, m->at, &packed);
	return err == 0 ? unpacker_unpack(u, packed, out) : err;
}

/* Adds the sample at hand to the history. Returns 0 or -ENOMEM. */
static int
note_sample(struct pass *p, const struct hf_chunk_reader *r)
{
	const struct hf_packed *packed = (const struct hf_packed *)r->payload;
	struct hf_history *h = p->h;
	struct hf_moment *m;

	if (!pack_plausible(packed, r->chunk.bytes) || packed->layout != p->layout) {
		h->replay->foreign++;
		return 0;
	}
	if (packed->is_key) {
		p->key = place(p->file, r->at);
		p->key_sum = packed->key_sum;
	} else if (p->key == 0 || p->key_sum != packed->key_sum) {
		h->replay->orphans++;
		return 0;
	}
	m = history_add(h);
	if (m == NULL)
		return -ENOMEM;
	m->time_s = packed->time_s;
	if (h->n > 1 && m->time_s < m[-1].time_s)
		m->time_s = m[-1].time_s;
	m->at = place(p->file, r->at);
	m->key_at = p->key;
	m->digest = malloc(packed->digest_bytes);
	if (m->digest == NULL)
		return -ENOMEM;
	memcpy(m->digest, pack_digest(packed), packed->digest_bytes);
	return 0;
}

/* Returns 0 or -errno. */
static int
pass_over(struct hf_history *h, unsigned int file)
{
	struct hf_chunk_reader *r = &h->replay->file[file];
	struct pass p = {.h = h, .file = file, .layout = (uint32_t)pack_layout()};
	int more, err = 0;

	while (err == 0 && (more = chunk_next(r)) != 0) {
		if (more < 0)
			return more;
		if (r->chunk.type == HF_CHUNK_SAMPLE)
			err = note_sample(&p, r);
	}
	h->replay->damaged += r->damaged;
	h->replay->cut += r->size - r->end;
	return err;
}

/* Opens one of the files. Returns 0, -ENOENT, -EINVAL when it is no recording, or -errno. */
static int
open_file(struct hf_chunk_reader *r, const char *path)
{
	uint8_t start[sizeof(uint32_t)];
	struct stat st;
	ssize_t n;

	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0 || fstat(r->fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	n = pread(r->fd, start, sizeof(start), 0);
	if (n < 0)
		return -errno;
	if (!chunk_is_start(start, (size_t)n))
		return -EINVAL;
	return chunk_reader_init(r, r->fd);
}

/* FILE.1 need not be there; FILE neither, when FILE.1 is: a recorder may have ended in between. */
static int
open_files(struct hf_replay *replay, const char *path)
{
	char old[PATH_MAX];
	int n = snprintf(old, sizeof(old), "%s.1", path), err, older;

	if (n < 0 || (size_t)n >= sizeof(old))
		return -ENAMETOOLONG;
	older = open_file(&replay->file[0], old);
	err = open_file(&replay->file[1], path);
	if (err == -ENOENT && older == 0)
		return 0;
	if (older == -EINVAL) { /* something else that happens to be called so */
		close(replay->file[0].fd);
		replay->file[0].fd = -1;
	}
	return err;
}

static void
describe(const struct hf_replay *r, const char *path, char *note, size_t len)
{
	unsigned long long lost = r->foreign + r->orphans;

	note[0] = '\0';
	if (r->damaged != 0 || r->orphans != 0)
		snprintf(note, len, "%s: damaged: %llu bytes and %llu samples left out", path,
			 (unsigned long long)(r->damaged + r->cut), lost);
	else if (r->foreign != 0)
		snprintf(note, len, "%s: partly unknown: %llu samples of another version left out",
			 path, lost);
	else if (r->cut != 0)
		snprintf(note, len, "%s: cut: ends in the middle of a sample, %llu bytes left out",
			 path, (unsigned long long)r->cut);
}

static int
start(struct hf_history *h, const char *path)
{
	int err = unpacker_init(&h->unpacker, PACK_FLOWS_MAX);

	h->replay = calloc(1, sizeof(*h->replay));
	if (h->replay == NULL)
		return -ENOMEM;
	h->replay->file[0].fd = h->replay->file[1].fd = -1;
	if (err == 0)
		err = open_files(h->replay, path);
	for (unsigned int i = 0; i < 2 && err == 0; i++)
		if (h->replay->file[i].fd >= 0)
			err = pass_over(h, i);
	return err;
}

int
history_open(struct hf_history *h, const char *path, char *note, size_t note_len)
{
	int err;

	*h = (struct hf_history){0};
	err = start(h, path);
	if (err == -EINVAL) {
		snprintf(note, note_len, "%s: cannot replay: no recording of a monitor", path);
	} else if (err != 0) {
		snprintf(note, note_len, "%s: cannot replay: %s", path, strerror(-err));
	} else {
		describe(h->replay, path, note, note_len);
		if (h->n > 0)
			return 0;
		err = -ENODATA;
		snprintf(note, note_len, "%s: cannot replay: %s", path,
			 h->replay->foreign != 0 ? "recorded by another version" : "no samples");
	}
	history_free(h);
	return err;
}

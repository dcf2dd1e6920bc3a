/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file of a recording: chunks, one after the other, each with its length and checksums, so
 * that a file that was cut or damaged anywhere is read up to there and behind it. Main thread only.
 *
 * A chunk begins at a multiple of 8 bytes. HEAD opens each session of a recorder: struct
 * hf_chunk_head, then the layout of the samples as text. SAMPLE is a struct hf_packed (pack.h); one
 * that is no key belongs to the last key before it in the same file. Numbers are little-endian.
 */
#ifndef HF_MONITOR_CHUNK_H
#define HF_MONITOR_CHUNK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"

#define CHUNK_MAGIC  0x63724648U /* "HFrc" */
#define CHUNK_FORMAT 1U          /* moves when chunks change */
#define CHUNK_MAX    (8U << 20)  /* bytes of a payload */

enum hf_chunk_type { HF_CHUNK_HEAD = 1, HF_CHUNK_SAMPLE = 2 };

/* What a chunk begins with. */
struct hf_chunk {
	uint32_t magic;
	uint32_t type;
	uint32_t bytes;    /* of the payload; zeros follow it up to a multiple of 8 */
	uint32_t self_sum; /* of the other fields */
	uint64_t sum;      /* of the payload */
};
static_assert(sizeof(struct hf_chunk) == 24, "format of a recording");

/* What a recorder says at its start. */
struct hf_chunk_head {
	uint32_t format; /* CHUNK_FORMAT */
	uint32_t sample_bytes, flow_bytes;
	uint32_t top;    /* flows of a sample at most */
	uint64_t layout; /* pack_layout() of the program that wrote it */
	double time_s;   /* seconds since 1970 */
	char instance[HF_INSTANCE_LEN];
	char version[32]; /* of the program */
};
static_assert(sizeof(struct hf_chunk_head) == 96, "format of a recording");

/* Fills *c for a payload. */
void chunk_make(struct hf_chunk *c, enum hf_chunk_type type, const void *payload, uint32_t bytes);

/* Bytes of a whole chunk in the file. */
uint64_t chunk_length(const struct hf_chunk *c);

/* Reads a file chunk by chunk. */
struct hf_chunk_reader {
	int fd;
	uint64_t size;    /* of the file */
	uint64_t at;      /* where the chunk at hand begins */
	uint64_t end;     /* behind the last whole chunk */
	uint64_t damaged; /* bytes between whole chunks that are none */
	struct hf_chunk chunk;
	uint8_t *payload; /* of the chunk at hand, aligned */
	size_t room;
};

/* fd: a regular file, which stays the caller's. Returns 0 or -errno. */
int chunk_reader_init(struct hf_chunk_reader *r, int fd);
void chunk_reader_free(struct hf_chunk_reader *r);

/*
 * Goes on to the next whole chunk. Returns 1, 0 at the end of the file (what lies behind r->end
 * is a chunk that was cut), or -errno.
 */
int chunk_next(struct hf_chunk_reader *r);

/* Reads the chunk at offset at. Returns 0, -EBADMSG when there is no whole one, or -errno. */
int chunk_read(struct hf_chunk_reader *r, uint64_t at);

/* Does a file of a recording begin like this? bytes: as many as there are, up to 4. */
int chunk_is_start(const uint8_t *start, size_t bytes);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a recording as a history: what history.c needs of it. Owns the files that are open. Main
 * thread only.
 */
#ifndef HF_MONITOR_REPLAY_H
#define HF_MONITOR_REPLAY_H

#include "chunk.h"
#include "history.h"

/* FILE.1 and FILE, the older one first. */
struct hf_replay {
	struct hf_chunk_reader file[2];
	uint64_t cut, damaged; /* bytes behind the last whole chunk of FILE; between others */
	uint64_t foreign;      /* samples whose layout or format is not that of this program */
	uint64_t orphans;      /* samples whose key was lost */
};

/* Closes the files. replay may be NULL. */
void replay_close(struct hf_replay *replay);

/* As history_get(). */
int replay_get(struct hf_replay *replay, struct hf_unpacker *u, const struct hf_moment *m,
	       struct hf_sample *out);

/* Room for one more sample behind the others, or NULL. */
struct hf_moment *history_add(struct hf_history *h);

#endif

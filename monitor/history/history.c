/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * History in memory: what is kept, what goes, and how it is found again.
 */
#include "history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

#define MOMENTS_FIRST 256U
#define MALLOC_BYTES  16U /* what malloc() needs for itself */

static struct hf_packed *
packed_at(const struct hf_moment *m)
{
	return (struct hf_packed *)(uintptr_t)m->at;
}

int
history_init(struct hf_history *h, double minutes, uint32_t top, size_t bytes_max)
{
	uint32_t kept = top < HISTORY_FLOWS ? top : HISTORY_FLOWS;

	*h = (struct hf_history){.seconds = minutes * 60, .bytes_max = bytes_max};
	if (packer_init(&h->packer, kept) == 0 && unpacker_init(&h->unpacker, kept) == 0)
		return 0;
	history_free(h);
	return -ENOMEM;
}

void
history_free(struct hf_history *h)
{
	for (uint32_t i = 0; i < h->n; i++)
		free(h->replay != NULL ? (void *)h->moments[i].digest : packed_at(&h->moments[i]));
	free(h->moments);
	replay_close(h->replay);
	packer_free(&h->packer);
	unpacker_free(&h->unpacker);
	*h = (struct hf_history){0};
}

/* What a sample takes in memory. */
static size_t
cost(const struct hf_packed *p)
{
	return p->bytes + MALLOC_BYTES + sizeof(struct hf_moment);
}

struct hf_moment *
history_add(struct hf_history *h)
{
	uint32_t room = h->room == 0 ? MOMENTS_FIRST : 2 * h->room;
	struct hf_moment *more;

	if (h->n == h->room) {
		more = realloc(h->moments, room * sizeof(*more));
		if (more == NULL)
			return NULL;
		h->moments = more;
		h->room = room;
	}
	h->moments[h->n] = (struct hf_moment){0};
	return &h->moments[h->n++];
}

/* Forgets n samples from i on. */
static void
forget(struct hf_history *h, uint32_t i, uint32_t n)
{
	for (uint32_t k = i; k < i + n; k++) {
		h->bytes -= cost(packed_at(&h->moments[k]));
		if (h->moments[k].at == h->unpacker.key_id)
			h->unpacker.key_id = 0; /* the next key may get this address */
		free(packed_at(&h->moments[k]));
	}
	memmove(&h->moments[i], &h->moments[i + n], (h->n - i - n) * sizeof(h->moments[0]));
	h->n -= n;
}

/* Length of the group that begins at sample i. */
static uint32_t
group_length(const struct hf_history *h, uint32_t i)
{
	uint32_t n = 1;

	while (i + n < h->n && h->moments[i + n].key_at == h->moments[i].at)
		n++;
	return n;
}

/* Forgets groups of which every sample is too old. */
static void
expire(struct hf_history *h)
{
	while (h->n > 1) {
		uint32_t n = group_length(h, 0);

		if (n == h->n ||
		    h->moments[n - 1].time_s >= h->moments[h->n - 1].time_s - h->seconds)
			return;
		forget(h, 0, n);
	}
}

/* Is sample i the key of another one? */
static int
is_needed(const struct hf_history *h, uint32_t i)
{
	return i + 1 < h->n && h->moments[i + 1].key_at == h->moments[i].at;
}

/*
 * Forgets the sample that is missed least: never the oldest, nor the newest, nor its key, against
 * which the next ones are packed. Returns 0 when there is none to forget.
 */
static int
thin(struct hf_history *h)
{
	double now = h->moments[h->n - 1].time_s, least = 0;
	uint32_t best = 0;

	for (uint32_t i = 1; i + 1 < h->n; i++) {
		const struct hf_moment *m = &h->moments[i];
		double loss = (m[1].time_s - m[-1].time_s) / (now - m->time_s + 1);

		if (is_needed(h, i) || m->at == h->moments[h->n - 1].key_at)
			continue;
		if (best == 0 || loss < least) {
			best = i;
			least = loss;
		}
	}
	if (best == 0)
		return 0;
	forget(h, best, 1);
	return 1;
}

static int
keep(struct hf_history *h, const struct hf_packed *packed, double time_s)
{
	struct hf_packed *copy = malloc(packed->bytes);
	struct hf_moment *m;

	if (copy == NULL)
		return -ENOMEM;
	m = history_add(h);
	if (m == NULL) {
		free(copy);
		return -ENOMEM;
	}
	memcpy(copy, packed, packed->bytes);
	m->time_s = time_s;
	m->at = (uintptr_t)copy;
	m->key_at = packed->is_key || h->n < 2 ? m->at : h->moments[h->n - 2].key_at;
	m->digest = (struct hf_digest *)(copy + 1);
	h->bytes += cost(packed);
	return 0;
}

int
history_push(struct hf_history *h, const struct hf_sample *s)
{
	const struct hf_packed *packed;
	double time_s = s->time_s;

	if (h->seconds <= 0 || h->replay != NULL)
		return 0;
	if (h->n > 0 && time_s < h->moments[h->n - 1].time_s) /* the clock was set back */
		time_s = h->moments[h->n - 1].time_s;
	packed = packer_pack(&h->packer, s);
	if (packed == NULL || keep(h, packed, time_s) != 0) {
		packer_renew(&h->packer); /* a key may be what is missing now */
		return -ENOMEM;
	}
	expire(h);
	while (h->bytes > h->bytes_max && thin(h))
		;
	return 0;
}

uint32_t
history_count(const struct hf_history *h)
{
	return h->n;
}

double
history_time(const struct hf_history *h, uint32_t i)
{
	return h->moments[i].time_s;
}

uint32_t
history_find(const struct hf_history *h, double time_s)
{
	uint32_t low = 0, high = h->n; /* the first later one lies in [low, high] */

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (h->moments[middle].time_s <= time_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? low - 1 : 0;
}

uint32_t
history_from(const struct hf_history *h, double time_s)
{
	uint32_t i = history_find(h, time_s);

	return i + 1 < h->n && h->moments[i].time_s < time_s ? i + 1 : i;
}

static int
get_kept(struct hf_history *h, const struct hf_moment *m, struct hf_sample *out)
{
	const struct hf_packed *key = (const struct hf_packed *)(uintptr_t)m->key_at;

	if (h->unpacker.key_id != m->key_at && unpacker_key(&h->unpacker, key, m->key_at) != 0)
		return -EBADMSG;
	return unpacker_unpack(&h->unpacker, packed_at(m), out);
}

int
history_get(struct hf_history *h, uint32_t i, struct hf_sample *out)
{
	const struct hf_moment *m;
	int err;

	if (i >= h->n)
		return -ERANGE;
	m = &h->moments[i];
	if (h->replay != NULL)
		err = replay_get(h->replay, &h->unpacker, m, out);
	else
		err = get_kept(h, m, out);
	if (err == 0)
		out->time_s = m->time_s;
	return err;
}

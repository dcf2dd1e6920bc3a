/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packing: the memory of a sample and its flows in one piece, compressed by zstd with the key
 * sample as prefix; what did not change since costs next to nothing, wherever it stands now. All
 * samples of a group are packed against its key and not against each other: any of them may go.
 */
#include "pack.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "mend.h"
#include "table.h"

#define LEVEL    1
#define GROUP    32 /* samples to a key */
#define HASH_LOG 16 /* 256 KB: enough to find all of a large sample again */
#define WORSE    4  /* a sample this part of its raw size is worth a new key */

static size_t
digest_max(void)
{
	return sizeof(struct hf_digest) + 8UL * (HF_MAX_LANES + HF_MAX_PORTS + PACK_DIGEST_MAX);
}

size_t
pack_raw_max(uint32_t top)
{
	return sizeof(struct hf_sample) + (size_t)top * sizeof(struct hf_flow_row);
}

uint32_t
pack_flow_hash(const struct hf_flow_key *key)
{
	return XXH32(key, sizeof(*key), 0);
}

static uint64_t
layout_of_table(const struct hf_table *table, uint64_t seed)
{
	uint64_t x = XXH64(&table->row_bytes, sizeof(table->row_bytes), seed);

	for (uint32_t c = 0; c < table->n_columns; c++) {
		const struct hf_column *column = &table->columns[c];

		x = XXH64(column->key, strlen(column->key), x);
		x = XXH64(&column->offset, sizeof(column->offset), x ^ (uint64_t)column->cell);
	}
	return x;
}

uint64_t
pack_layout(void)
{
	const size_t sizes[] = {sizeof(struct hf_sample), sizeof(struct hf_flow_row),
				offsetof(struct hf_sample, totals),
				offsetof(struct hf_sample, flows)};
	uint64_t x = XXH64(sizes, sizeof(sizes), 0);

	for (unsigned int t = 0; t < HF_TABLE_COUNT; t++)
		x = layout_of_table(columns_table((enum hf_table_id)t), x);
	return x;
}

int
packer_init(struct hf_packer *p, uint32_t top)
{
	*p = (struct hf_packer){.top = top < PACK_FLOWS_MAX ? top : PACK_FLOWS_MAX,
				.layout = (uint32_t)pack_layout()};
	p->room = pack_raw_max(p->top);
	p->packed_room = sizeof(struct hf_packed) + digest_max() + ZSTD_compressBound(p->room);
	p->zstd = ZSTD_createCCtx();
	p->key = malloc(p->room);
	p->now = malloc(p->room);
	p->packed = malloc(p->packed_room);
	if (p->zstd != NULL && p->key != NULL && p->now != NULL && p->packed != NULL)
		return 0;
	packer_free(p);
	return -ENOMEM;
}

void
packer_free(struct hf_packer *p)
{
	ZSTD_freeCCtx(p->zstd);
	free(p->key);
	free(p->now);
	free(p->packed);
	*p = (struct hf_packer){0};
}

void
packer_renew(struct hf_packer *p)
{
	p->since_key = 0;
}

/* The memory of *s at p->now, without pointers. Returns its length. */
static size_t
lay_out(struct hf_packer *p, const struct hf_sample *s)
{
	struct hf_sample *head = (struct hf_sample *)p->now;
	uint32_t n = s->flows.n < p->top ? s->flows.n : p->top;

	memcpy(head, s, sizeof(*head));
	head->flows.rows = NULL;
	head->flows.top = p->top;
	head->flows.n = n;
	if (n > 0)
		memcpy(head + 1, s->flows.rows, n * sizeof(s->flows.rows[0]));
	return sizeof(*head) + n * sizeof(s->flows.rows[0]);
}

static void
digest_flows(struct hf_digest *d, float *at, const struct hf_sample *s)
{
	for (uint32_t i = 0; i < d->n_flows; i++) {
		struct hf_digest_flow flow = {.hash = pack_flow_hash(&s->flows.rows[i].key),
					      .pps = (float)s->flows.rows[i].pps};

		memcpy(at + 2UL * i, &flow, sizeof(flow));
	}
}

/* Returns the length of the digest. */
static uint32_t
digest(struct hf_digest *d, const struct hf_sample *s, uint32_t top)
{
	const struct hf_totals_row *t = &s->totals;
	float *at = d->value;

	if (top > PACK_DIGEST_MAX)
		top = PACK_DIGEST_MAX;
	*d = (struct hf_digest){.rx_pps = (float)t->rx_pps,
				.tx_pps = (float)t->tx_pps,
				.drop_pps = (float)t->drop_pps,
				.rx_bps = (float)t->rx_bps,
				.tx_bps = (float)t->tx_bps,
				.busy = (float)sample_mean_busy(s),
				.n_lanes = s->n_lanes,
				.n_ports = s->n_ports,
				.n_flows = s->flows.n < top ? s->flows.n : top};
	for (uint32_t l = 0; l < s->n_lanes; l++) {
		*at++ = (float)s->lanes[l].rx_pps;
		*at++ = (float)s->lanes[l].busy;
	}
	for (uint32_t i = 0; i < s->n_ports; i++) {
		*at++ = (float)s->ports[i].rx_pps;
		*at++ = (float)s->ports[i].tx_pps;
	}
	digest_flows(d, at, s);
	return (uint32_t)(sizeof(*d) + 8UL * (d->n_lanes + d->n_ports + d->n_flows));
}

const struct hf_digest *
pack_digest(const struct hf_packed *p)
{
	return (const struct hf_digest *)(p + 1);
}

int
pack_plausible(const struct hf_packed *p, size_t bytes)
{
	const struct hf_digest *d;

	if (bytes < sizeof(*p) + sizeof(*d) || p->bytes != bytes || !isfinite(p->time_s))
		return 0;
	if (p->digest_bytes < sizeof(*d) || p->digest_bytes > bytes - sizeof(*p))
		return 0;
	d = pack_digest(p);
	return d->n_lanes <= HF_MAX_LANES && d->n_ports <= HF_MAX_PORTS &&
	       d->n_flows <= PACK_DIGEST_MAX &&
	       p->digest_bytes == sizeof(*d) + 8UL * (d->n_lanes + d->n_ports + d->n_flows);
}

/* The least power of two that holds bytes, as zstd wants it. */
static int
window_log(size_t bytes)
{
	int log = 10;

	while (((size_t)1 << log) < bytes)
		log++;
	return log;
}

/* Compresses raw bytes of p->now to out. Returns the length, 0 when zstd failed. */
static size_t
squeeze(struct hf_packer *p, size_t raw, int with_key, uint8_t *out, size_t room)
{
	size_t window = raw + (with_key ? p->key_bytes : 0), n;

	ZSTD_CCtx_reset(p->zstd, ZSTD_reset_session_and_parameters);
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_windowLog, window_log(window));
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_hashLog, HASH_LOG);
	if (with_key)
		ZSTD_CCtx_refPrefix(p->zstd, p->key, p->key_bytes);
	n = ZSTD_compress2(p->zstd, out, room, p->now, raw);
	return ZSTD_isError(n) ? 0 : n;
}

static void
keep_key(struct hf_packer *p, size_t raw)
{
	uint8_t *key = p->key;

	p->key = p->now;
	p->now = key;
	p->key_bytes = raw;
}

const struct hf_packed *
packer_pack(struct hf_packer *p, const struct hf_sample *s)
{
	struct hf_packed *packed = (struct hf_packed *)p->packed;
	int is_key = p->since_key == 0 || p->since_key >= GROUP;
	size_t raw = lay_out(p, s), head, n;

	*packed = (struct hf_packed){.time_s = s->time_s,
				     .raw_bytes = (uint32_t)raw,
				     .layout = p->layout};
	packed->digest_bytes = digest((struct hf_digest *)(packed + 1), s, p->top);
	head = sizeof(*packed) + packed->digest_bytes;
	n = squeeze(p, raw, !is_key, p->packed + head, p->packed_room - head);
	if (n == 0)
		return NULL;
	if (is_key)
		p->key_sum = XXH32(p->now, raw, 0);
	packed->is_key = (uint32_t)is_key;
	packed->key_sum = p->key_sum;
	packed->bytes = (uint32_t)(head + n);
	p->since_key = is_key ? 1 : p->since_key + 1;
	if (is_key)
		keep_key(p, raw);
	else if (n > p->key_bytes / WORSE) /* the group has moved away from its key */
		packer_renew(p);
	return packed;
}

int
unpacker_init(struct hf_unpacker *u, uint32_t top)
{
	*u = (struct hf_unpacker){0};
	u->room = pack_raw_max(top < PACK_FLOWS_MAX ? top : PACK_FLOWS_MAX);
	u->zstd = ZSTD_createDCtx();
	u->key = malloc(u->room);
	u->now = malloc(u->room);
	if (u->zstd != NULL && u->key != NULL && u->now != NULL)
		return 0;
	unpacker_free(u);
	return -ENOMEM;
}

void
unpacker_free(struct hf_unpacker *u)
{
	ZSTD_freeDCtx(u->zstd);
	free(u->key);
	free(u->now);
	*u = (struct hf_unpacker){0};
}

/* Expands *p to out, with the key as prefix unless it is one. Returns 0 or -EBADMSG. */
static int
expand(struct hf_unpacker *u, const struct hf_packed *p, uint8_t *out)
{
	const uint8_t *from = (const uint8_t *)(p + 1) + p->digest_bytes;
	size_t n = p->bytes - sizeof(*p) - p->digest_bytes;

	if (p->raw_bytes > u->room || p->raw_bytes < sizeof(struct hf_sample))
		return -EBADMSG;
	ZSTD_DCtx_reset(u->zstd, ZSTD_reset_session_and_parameters);
	if (!p->is_key)
		ZSTD_DCtx_refPrefix(u->zstd, u->key, u->key_bytes);
	return ZSTD_decompressDCtx(u->zstd, out, u->room, from, n) == p->raw_bytes ? 0 : -EBADMSG;
}

/* The sample out of its memory. */
static int
restore(const uint8_t *raw, size_t raw_bytes, struct hf_sample *out)
{
	const struct hf_sample *from = (const struct hf_sample *)raw;
	struct hf_flow_row *rows = out->flows.rows;
	uint32_t top = out->flows.top, n = from->flows.n;

	if (raw_bytes != sizeof(*out) + (size_t)n * sizeof(*rows))
		return -EBADMSG;
	memcpy(out, from, sizeof(*out));
	out->flows.rows = rows;
	out->flows.top = top;
	out->flows.n = n < top ? n : top;
	if (out->flows.n > 0)
		memcpy(rows, from + 1, out->flows.n * sizeof(*rows));
	mend_sample(out);
	return 0;
}

int
unpacker_key(struct hf_unpacker *u, const struct hf_packed *key, uint64_t key_id)
{
	u->key_id = 0;
	if (!key->is_key || expand(u, key, u->key) != 0)
		return -EBADMSG;
	u->key_id = key_id;
	u->key_bytes = key->raw_bytes;
	u->key_sum = key->key_sum;
	return 0;
}

int
unpacker_unpack(struct hf_unpacker *u, const struct hf_packed *packed, struct hf_sample *out)
{
	if (u->key_id == 0 || packed->key_sum != u->key_sum)
		return -EBADMSG;
	if (packed->is_key)
		return restore(u->key, u->key_bytes, out);
	if (expand(u, packed, u->now) != 0)
		return -EBADMSG;
	return restore(u->now, packed->raw_bytes, out);
}

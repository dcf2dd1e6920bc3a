/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables that `holdfast-lab flow-table` compares, and the loops it times.
 */
#include "flow_bench.h"

#include <errno.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "log.h"
#include "reasons.h"

#define SEED          UINT64_C(0x1eaf5eedf1055eed)
#define IDLE_TICKS    60000U
#define PACKETS_MAX   (1U << 21)
#define PACKETS_MIN   (1U << 18)
#define FRAME_BYTES   64U
#define BURSTS_A_TICK 512U /* 16 packets a microsecond: a lane under full load */
#define BURSTS_A_TURN 32U  /* as lane_thread.c */

static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Flow id as a real one looks: v4-mapped addresses, ports. */
static struct hf_flow_key
make_key(uint32_t id)
{
	uint64_t r = mix(id);
	struct hf_flow_key k = {.family = 4, .proto = 17, .dport_be = 80};

	k.src[10] = k.src[11] = k.dst[10] = k.dst[11] = 0xff;
	memcpy(&k.src[12], &id, sizeof(id));
	memcpy(&k.dst[12], &r, 4);
	k.sport_be = (uint16_t)(r >> 32);
	return k;
}

static void *
get_memory(size_t bytes)
{
	void *mem = rte_zmalloc("lab", bytes, 64);

	if (mem == NULL)
		hf_err("hugepages: %zu MB more are needed: echo N > /proc/sys/vm/nr_hugepages",
		       bytes >> 20);
	return mem;
}

static int
open_table(struct flow_bench *b)
{
	b->region = get_memory(hf_flow_region_bytes(b->capacity));
	b->account = get_memory(sizeof(*b->account));
	if (b->region == NULL || b->account == NULL)
		return -ENOMEM;
	hf_flow_table_attach(&b->table, b->region, b->capacity, b->account, SEED, IDLE_TICKS);
	return 0;
}

static int
open_reference(struct flow_bench *b)
{
	const struct rte_hash_parameters params = {
		.name = "reference",
		.entries = b->capacity,
		.key_len = sizeof(struct hf_flow_key),
		.socket_id = SOCKET_ID_ANY,
	};

	b->counters = get_memory((size_t)b->flows * sizeof(b->counters[0]));
	b->hash = rte_hash_create(&params);
	if (b->hash == NULL)
		hf_err("rte_hash: create for %u entries: too few hugepages", b->capacity);
	return b->counters == NULL || b->hash == NULL ? -ENOMEM : 0;
}

static int
fill(struct flow_bench *b)
{
	for (uint32_t id = 0; id < b->flows; id++) {
		struct hf_flow_key k = make_key(id);
		uint64_t h = hf_flow_hash(&b->table, &k);

		if (hf_flow_find_or_insert(&b->table, &k, h, 0, NULL, 0) == HF_FLOW_NONE ||
		    rte_hash_add_key_with_hash_data(b->hash, &k, (hash_sig_t)h, &b->counters[id]) !=
			    0) {
			hf_err("flow %u: no room in the tables", id);
			return -ENOSPC;
		}
	}
	if (b->account->evicted_flows != 0)
		hf_notice("%u flows in %u records: %llu were evicted", b->flows, b->capacity,
			  (unsigned long long)b->account->evicted_flows);
	return 0;
}

/*
 * Every key new, all of them in the same two buckets. The hashes are chosen: nobody who does not
 * know the seed could find such keys in a lifetime.
 */
static int
make_flood(struct flow_bench *b)
{
	uint64_t place = UINT64_C(7) << HF_FLOW_BUCKET_BITS | 3;

	b->flood = get_memory((size_t)PACKETS_MIN / FLOW_BENCH_BURST * sizeof(b->flood[0]));
	if (b->flood == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < PACKETS_MIN; i++) {
		struct flow_burst *to = &b->flood[i / FLOW_BENCH_BURST];

		to->pkt[i % FLOW_BENCH_BURST].key = make_key(~i);
		to->hash[i % FLOW_BENCH_BURST] = place | mix(i) >> 48 << 48;
	}
	return 0;
}

static int
make_stream(struct flow_bench *b)
{
	uint32_t n_packets = b->flows < PACKETS_MIN ? PACKETS_MIN : PACKETS_MAX;

	b->n_bursts = n_packets / FLOW_BENCH_BURST;
	b->stream = get_memory((size_t)b->n_bursts * sizeof(b->stream[0]));
	if (b->stream == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_packets; i++) {
		struct flow_burst *to = &b->stream[i / FLOW_BENCH_BURST];
		struct hf_flow_key *key = &to->pkt[i % FLOW_BENCH_BURST].key;

		*key = make_key((uint32_t)(mix(~(uint64_t)i) % b->flows));
		to->hash[i % FLOW_BENCH_BURST] = hf_flow_hash(&b->table, key);
	}
	return 0;
}

int
flow_bench_open(struct flow_bench *b, uint32_t flows)
{
	int err;

	memset(b, 0, sizeof(*b));
	b->flows = flows;
	b->capacity = HF_FLOW_CAPACITY_MIN;
	while ((uint64_t)b->capacity * 4 < (uint64_t)flows * 5 &&
	       b->capacity < HF_FLOW_CAPACITY_MAX)
		b->capacity *= 2;
	err = open_table(b);
	if (err == 0)
		err = open_reference(b);
	if (err == 0)
		err = fill(b);
	if (err == 0)
		err = make_stream(b);
	if (err == 0)
		err = make_flood(b);
	if (err != 0)
		flow_bench_close(b);
	return err;
}

void
flow_bench_close(struct flow_bench *b)
{
	rte_hash_free(b->hash);
	rte_free(b->counters);
	rte_free(b->stream);
	rte_free(b->flood);
	rte_free(b->account);
	rte_free(b->region);
}

static void
count_burst(struct flow_bench *b, const uint32_t *record)
{
	for (uint32_t i = 0; i < FLOW_BENCH_BURST; i++)
		if (record[i] != HF_FLOW_NONE)
			hf_flow_count(&b->table.records[record[i]], FRAME_BYTES, b->tick);
}

static void
bulk_burst(struct flow_bench *b, struct flow_burst *p)
{
	uint32_t record[FLOW_BENCH_BURST];

	for (uint32_t i = 0; i < FLOW_BENCH_BURST; i++)
		hf_flow_prefetch(&b->table, p->hash[i]);
	hf_flow_find_or_insert_bulk(&b->table, p->pkt, p->hash, FLOW_BENCH_BURST, b->tick, record);
	count_burst(b, record);
}

static void
flood_burst(struct flow_bench *b, struct flow_burst *p)
{
	for (uint32_t i = 0; i < FLOW_BENCH_BURST; i++)
		p->pkt[i].skip = HF_SKIP_NONE; /* the round before left HF_SKIP_TABLE_FULL */
	bulk_burst(b, p);
}

static void
single_burst(struct flow_bench *b, struct flow_burst *p)
{
	uint32_t record[FLOW_BENCH_BURST];

	for (uint32_t i = 0; i < FLOW_BENCH_BURST; i++)
		hf_flow_prefetch(&b->table, p->hash[i]);
	for (uint32_t i = 0; i < FLOW_BENCH_BURST; i++)
		record[i] = hf_flow_find_or_insert(&b->table, &p->pkt[i].key, p->hash[i], b->tick,
						   record, i);
	count_burst(b, record);
}

static void
rte_burst(struct flow_bench *b, struct flow_burst *p)
{
	const void *key[FLOW_BENCH_BURST];
	hash_sig_t hash[FLOW_BENCH_BURST];
	void *data[FLOW_BENCH_BURST];
	uint64_t hits = 0;

	for (uint32_t i = 0; i < FLOW_BENCH_BURST; i++) {
		key[i] = &p->pkt[i].key;
		hash[i] = (hash_sig_t)p->hash[i];
	}
	rte_hash_lookup_with_hash_bulk_data(b->hash, key, hash, FLOW_BENCH_BURST, &hits, data);
	for (uint32_t i = 0; i < FLOW_BENCH_BURST; i++)
		if (hits >> i & 1)
			rte_prefetch0(data[i]);
	for (uint32_t i = 0; i < FLOW_BENCH_BURST; i++) {
		struct flow_counter *c = data[i];

		if ((hits >> i & 1) == 0)
			continue;
		c->packets++;
		c->bytes += FRAME_BYTES;
	}
}

/* A lane's packets have just been parsed when they are looked up: they are in the cache. */
static inline void
fetch_burst(const struct flow_burst *p)
{
	for (size_t off = 0; off < sizeof(*p); off += 64)
		rte_prefetch0((const uint8_t *)p + off);
}

/* Runs a stream; the tick moves as it would at full load. age: turns of ageing in between. */
static inline double
run_stream(struct flow_bench *b, struct flow_burst *stream, uint32_t n,
	   void (*burst)(struct flow_bench *, struct flow_burst *), int age)
{
	uint64_t began = lab_cpu_ns();

	for (uint32_t i = 0; i < n; i++) {
		b->tick += i % BURSTS_A_TICK == 0;
		fetch_burst(&stream[i + 1 < n ? i + 1 : 0]);
		burst(b, &stream[i]);
		if (age && i % BURSTS_A_TURN == 0)
			hf_flow_age_turn(&b->table, b->tick);
	}
	return (double)(lab_cpu_ns() - began) / ((double)n * FLOW_BENCH_BURST);
}

double
flow_bench_bulk(struct flow_bench *b)
{
	return run_stream(b, b->stream, b->n_bursts, bulk_burst, 0);
}

double
flow_bench_single(struct flow_bench *b)
{
	return run_stream(b, b->stream, b->n_bursts, single_burst, 0);
}

double
flow_bench_ageing(struct flow_bench *b)
{
	hf_flow_age_begin(&b->table, b->tick);
	return run_stream(b, b->stream, b->n_bursts, bulk_burst, 1);
}

double
flow_bench_rte(struct flow_bench *b)
{
	return run_stream(b, b->stream, b->n_bursts, rte_burst, 0);
}

double
flow_bench_flood(struct flow_bench *b)
{
	return run_stream(b, b->flood, PACKETS_MIN / FLOW_BENCH_BURST, flood_burst, 0);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_flow: what the flow stage adds to a packet, in nanoseconds, without EAL: parsing, hashing,
 * looking up (the stage's plan) and counting, at several numbers of flows. The frames of a chunk
 * are written untimed and then worked on in bursts, as a lane finds them in its ring; parts are
 * timed one by one on the same packets, and a row shows the medians of its rounds. It must not be
 * needed in production.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_mbuf.h>

#include "flow_hash.h"
#include "lab.h"
#include "packet_fast.h"
#include "stage.h"
#include "units.h"

#define CHUNK       512 /* packets written, then timed */
#define CHUNKS      256 /* a round */
#define FRAME_BYTES 64

enum part { PARSE, HASH, PLAN, COUNT, N_PARTS };

struct row {
	const char *name;
	uint32_t flows;
	uint32_t burst;
	int v6;
};

static const struct row rows[] = {
	{"IPv4, 2 K flows, burst 32", 2048, 32, 0},
	{"IPv4, 2 K flows, burst 128", 2048, 128, 0},
	{"IPv4, 64 K flows, burst 32", 65536, 32, 0},
	{"IPv4, 64 K flows, burst 128", 65536, 128, 0},
	{"IPv6, 2 K flows, burst 32", 2048, 32, 1},
	{"IPv6, 64 K flows, burst 32", 65536, 32, 1},
	{"IPv4, 1 M flows, burst 32", 1 << 20, 32, 0},
};

struct bench {
	struct hf_lane_context ctx;
	struct hf_flow_account account;
	struct rte_mbuf mbuf[CHUNK];
	uint8_t data[CHUNK][2 * FRAME_BYTES];
	void *region;
	size_t region_bytes;
	uint64_t random;
	uint64_t sum; /* of what was computed, or the compiler would leave it out */
	struct lab_series ns[N_PARTS];
};

static uint32_t
next_random(struct bench *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return (uint32_t)(b->random >> 16);
}

/* A UDP frame of flow id. */
static void
write_frame(struct bench *b, uint32_t at, uint32_t id, int v6)
{
	static const uint8_t v4_header[28] = {0x45, 0, 0, 46, 0, 0, 0x40, 0,    64, 17, 0, 0, 10,
					      0,    0, 0, 10, 1, 0, 0,    0x12, 0,  0,  9, 0, 26};
	uint8_t *d = b->data[at];

	memset(d, 0, FRAME_BYTES);
	d[12] = v6 ? 0x86 : 0x08;
	d[13] = v6 ? 0xdd : 0x00;
	if (v6) {
		memcpy(d + 14, (uint8_t[]){0x60, 0, 0, 0, 0, 10, 17, 64, 0x20, 0x01}, 10);
		memcpy(d + 34, &id, sizeof(id));
		memcpy(d + 54, (uint8_t[]){0x12, 0x34, 0, 9, 0, 10}, 6);
	} else {
		memcpy(d + 14, v4_header, sizeof(v4_header));
		memcpy(d + 26, &id, sizeof(id));
	}
	b->mbuf[at].buf_addr = d;
	b->mbuf[at].data_len = FRAME_BYTES;
	b->mbuf[at].pkt_len = FRAME_BYTES;
}

static void
write_chunk(struct bench *b, const struct row *row)
{
	for (uint32_t i = 0; i < CHUNK; i++)
		write_frame(b, i, next_random(b) % row->flows, row->v6);
}

static void
take_burst(struct bench *b, const struct row *row, uint32_t first)
{
	struct hf_burst *u = &b->ctx.burst;

	u->n = row->burst;
	for (uint32_t i = 0; i < row->burst; i++) {
		u->mbuf[i] = &b->mbuf[first + i];
		u->data[i] = b->data[first + i];
		u->data_len[i] = b->mbuf[first + i].data_len;
		u->pkt_len[i] = b->mbuf[first + i].pkt_len;
	}
}

static void
parse(struct bench *b)
{
	struct hf_burst *u = &b->ctx.burst;

	for (uint32_t i = 0; i < u->n; i++)
		hf_packet_parse_fast(u->data[i], u->data_len[i], &u->pkt[i]);
}

static void
hash(struct bench *b)
{
	struct hf_burst *u = &b->ctx.burst;

	for (uint32_t i = 0; i < u->n; i++)
		b->sum += flow_hash_key(&u->pkt[i].key, b->ctx.flows.seed);
}

static void
plan(struct bench *b)
{
	hf_stage_flow()->plan(&b->ctx, &b->ctx.burst);
}

static void
count(struct bench *b)
{
	struct hf_burst *u = &b->ctx.burst;

	for (uint32_t i = 0; i < u->n; i++)
		if (u->flow[i] != HF_FLOW_NONE)
			hf_flow_count(&b->ctx.flows.records[u->flow[i]], u->pkt_len[i],
				      u->now_tick);
}

/* Parsed and hashed alone, then planned, which parses and hashes again, and counted. Adds up ns. */
static void
run_chunk(struct bench *b, const struct row *row, uint64_t ns[N_PARTS])
{
	static void (*const part[N_PARTS])(struct bench *) = {parse, hash, plan, count};
	uint64_t at;

	write_chunk(b, row);
	for (uint32_t first = 0; first < CHUNK; first += row->burst) {
		take_burst(b, row, first);
		parse(b); /* fetches the frames */
		at = lab_now_ns();
		for (uint32_t p = 0; p < N_PARTS; p++) {
			uint64_t began = at;

			part[p](b);
			at = lab_now_ns();
			ns[p] += at - began;
		}
	}
}

/* What reading the clock takes, in ns. */
static double
clock_cost(void)
{
	uint64_t began = lab_now_ns();

	for (int i = 0; i < 1000; i++)
		lab_now_ns();
	return (double)(lab_now_ns() - began) / 1000;
}

static void
run_round(struct bench *b, const struct row *row)
{
	uint64_t ns[N_PARTS] = {0};
	double clock = clock_cost();

	b->ctx.burst.now_tick++;
	for (uint32_t i = 0; i < CHUNKS; i++)
		run_chunk(b, row, ns);
	for (uint32_t p = 0; p < N_PARTS; p++)
		lab_add(&b->ns[p], (double)ns[p] / CHUNK / CHUNKS - clock / row->burst);
}

/* Huge pages if there are any: each miss in the table would else be one of the TLB, too. */
static int
open_table(struct bench *b, uint32_t flows)
{
	uint32_t capacity = flows * 2;
	size_t bytes = (hf_flow_region_bytes(capacity) + (2U << 20) - 1) >> 21 << 21;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;

	b->region = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);
	if (b->region == MAP_FAILED)
		b->region = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (b->region == MAP_FAILED)
		return -errno;
	b->region_bytes = bytes;
	memset(&b->account, 0, sizeof(b->account));
	hf_flow_table_attach(&b->ctx.flows, b->region, capacity, &b->account, b->random, 60000);
	return 0;
}

static int
run_row(struct bench *b, const struct row *row, uint32_t rounds)
{
	int err = open_table(b, row->flows);

	if (err != 0)
		return err;
	for (uint32_t i = 0; i < 4 * row->flows / CHUNK + CHUNK; i++) /* nearly every flow is in */
		run_chunk(b, row, (uint64_t[N_PARTS]){0});
	memset(b->ns, 0, sizeof(b->ns));
	for (uint32_t r = 0; r < rounds; r++)
		run_round(b, row);
	printf("%-28s", row->name);
	for (uint32_t p = 0; p < N_PARTS; p++)
		printf(" %8.2f", lab_median(&b->ns[p]));
	printf(" %10.2f\n", lab_median(&b->ns[PLAN]) + lab_median(&b->ns[COUNT]));
	munmap(b->region, b->region_bytes);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct bench b = {.random = UINT64_C(88172645463325252)};
	uint64_t rounds = 15;
	int err = 0;

	if (argc > 2 || (argc == 2 && hf_parse_u64(argv[1], 1, LAB_ROUNDS_MAX, &rounds) != 0)) {
		fprintf(stderr, "usage: bench_flow [ROUNDS], 1 to %u\n", LAB_ROUNDS_MAX);
		return 2;
	}
	printf("%-28s %8s %8s %8s %8s %10s\n", "ns a packet", "parse", "hash", "plan", "count",
	       "plan+count");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && err == 0; i++)
		err = run_row(&b, &rows[i], (uint32_t)rounds);
	if (err != 0)
		fprintf(stderr, "bench_flow: memory of a table: %s\n", strerror(-err));
	return err != 0;
}

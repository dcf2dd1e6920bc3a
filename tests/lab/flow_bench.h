/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two tables with the same flows, and one stream of packets for both: this project's flow table,
 * and rte_hash with a record of two counters for each key. Same 40-byte keys, hashes computed
 * beforehand, all memory in hugepages, bursts of FLOW_BENCH_BURST, records fetched ahead in both.
 */
#ifndef HF_LAB_FLOW_BENCH_H
#define HF_LAB_FLOW_BENCH_H

#include <rte_hash.h>
#include <stdint.h>

#include "flow_table.h"

#define FLOW_BENCH_BURST 32U

/* The stream: what parsing and hashing leave of a burst. */
struct flow_burst {
	struct hf_packet pkt[FLOW_BENCH_BURST];
	uint64_t hash[FLOW_BENCH_BURST];
};

/* The reference's record. The other table keeps times and the key as well. */
struct flow_counter {
	uint64_t packets;
	uint64_t bytes;
};

struct flow_bench {
	uint32_t flows;
	uint32_t capacity; /* of both tables */
	uint32_t n_bursts;
	struct flow_burst *stream;
	struct flow_burst *flood; /* every key new, all in the same two buckets */
	void *region;
	struct hf_flow_account *account;
	struct hf_flow_table table;
	struct rte_hash *hash;
	struct flow_counter *counters;
	uint32_t tick;
};

/*
 * Fills both tables with flows flows, in tables of the least capacity that leaves a fifth of it
 * empty (a load of 40 to 80 %), and makes a stream of packets that meets them at random. Returns 0
 * or -errno (logged).
 */
int flow_bench_open(struct flow_bench *b, uint32_t flows);
void flow_bench_close(struct flow_bench *b);

/* Each runs the whole stream once and returns ns of CPU time a packet. */
double flow_bench_bulk(struct flow_bench *b);   /* hf_flow_find_or_insert_bulk() */
double flow_bench_single(struct flow_bench *b); /* hf_flow_find_or_insert(), buckets fetched */
double flow_bench_ageing(struct flow_bench *b); /* bulk, and turns of ageing as a worker does */
double flow_bench_rte(struct flow_bench *b);    /* rte_hash_lookup_with_hash_bulk_data() */

/* Bulk, over the flood. A flood leaves its last 16 keys in the table. */
double flow_bench_flood(struct flow_bench *b);

#endif

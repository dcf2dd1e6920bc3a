/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An owner that counts packets in a flow table under an undo record, as a lane does; what a new
 * owner does after its death; and what must hold then. For the tests that kill owners: they are
 * built together with flow_table.c and -DHF_POINTS, and supply hf_point_hit().
 */
#ifndef HF_TEST_FLOW_OWNER_H
#define HF_TEST_FLOW_OWNER_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow_table.h"
#include "points.h"

#define CAPACITY HF_FLOW_CAPACITY_MIN
#define SEED     UINT64_C(0x0123456789abcdef)
#define IDLE     1000U

/* What the owners of a lane share. */
struct lane {
	struct hf_flow_account account;
	uint64_t done;      /* packets counted: the journal copy of the cursor */
	uint64_t undo_seq;  /* done + 1 while the packet is being counted */
	uint32_t undo_slot; /* what hf_flow_count() is about to change */
	uint64_t undo_pkts, undo_bytes;
	alignas(64) uint8_t region[CAPACITY * 64 + CAPACITY / 8 * 64];
};

static inline struct hf_flow_key
make_key(uint32_t id)
{
	struct hf_flow_key k = {.family = 6, .proto = 6};

	memcpy(k.src, &id, sizeof(id));
	for (uint32_t i = 0; i < sizeof(k.dst); i++)
		k.dst[i] = (uint8_t)(id * 13 + i);
	return k;
}

static inline uint32_t
len_of(uint32_t id)
{
	return 64 + id % 1400;
}

static inline uint32_t
insert(struct hf_flow_table *t, uint32_t id, uint32_t now)
{
	struct hf_flow_key k = make_key(id);

	return hf_flow_find_or_insert(t, &k, hf_flow_hash(t, &k), now, NULL, 0);
}

static inline void
attach(struct hf_flow_table *t, struct lane *lane)
{
	hf_flow_table_attach(t, lane->region, CAPACITY, &lane->account, SEED, IDLE);
}

/* Plan and apply of one packet, with the undo record a lane has. */
static inline void
count_packet(struct hf_flow_table *t, struct lane *lane, uint32_t id, uint32_t now)
{
	uint32_t slot = insert(t, id, now);
	struct hf_flow_record *r = &t->records[slot];

	lane->undo_slot = slot;
	lane->undo_pkts = atomic_load_explicit(&r->packets_gen, memory_order_relaxed);
	lane->undo_bytes = atomic_load_explicit(&r->bytes, memory_order_relaxed);
	HF_POINT("test_undo");
	lane->undo_seq = lane->done + 1;
	HF_POINT("test_undo_valid");
	hf_flow_count(r, len_of(id), now);
	HF_POINT("test_counted");
	lane->done++;
	HF_POINT("test_done");
}

static inline void
recover(struct hf_flow_table *t, struct lane *lane)
{
	if (lane->undo_seq == lane->done + 1) {
		struct hf_flow_record *r = &t->records[lane->undo_slot];

		atomic_store_explicit(&r->packets_gen, lane->undo_pkts, memory_order_relaxed);
		HF_POINT("test_undo_pkts");
		atomic_store_explicit(&r->bytes, lane->undo_bytes, memory_order_relaxed);
		HF_POINT("test_undo_bytes");
		lane->undo_seq = 0;
		HF_POINT("test_undo_done");
	}
	hf_flow_recover(t);
}

static inline int
compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct hf_flow_key));
}

/*
 * The whole table: records found where find looks, no key twice, counts of one flow, and totals of
 * records and account as expected. A reader beside a dead owner gets through, too.
 */
static inline void
check(struct lane *lane, uint64_t pkts, uint64_t bytes)
{
	static struct hf_flow_key keys[CAPACITY];
	const struct hf_flow_account *a = &lane->account;
	struct hf_flow_table t;
	struct hf_flow_view v;
	uint32_t n = 0;

	attach(&t, lane);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		int got = hf_flow_read(&t, i, &v);
		uint32_t id;

		assert_int_not_equal(got, -EAGAIN);
		if (got == 0)
			continue;
		memcpy(&id, v.key.src, sizeof(id));
		assert_int_equal(v.bytes, v.packets * len_of(id));
		assert_int_equal(hf_flow_find(&t, &v.key, hf_flow_hash(&t, &v.key)), i);
		keys[n++] = v.key;
		pkts -= v.packets;
		bytes -= v.bytes;
	}
	qsort(keys, n, sizeof(keys[0]), compare_keys);
	for (uint32_t i = 1; i < n; i++)
		assert_memory_not_equal(&keys[i - 1], &keys[i], sizeof(keys[0]));
	assert_int_equal(a->evicted_pkts + a->expired_pkts, pkts);
	assert_int_equal(a->evicted_bytes + a->expired_bytes, bytes);
	assert_int_equal(a->live_flows, a->inserted_flows - a->evicted_flows - a->expired_flows);
	assert_in_range(a->live_flows, n, n + a->inserted_flows);
}

#endif

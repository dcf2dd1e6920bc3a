/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table as any process sees it: the layout of a region, a handle on it, and the copy of a
 * record beside a running owner. Runs in every program, the monitor with a PROT_READ map included:
 * but for hf_flow_region_format() nothing here may write to a region. The owner's side is in
 * flow_table.c.
 */
#include "flow_table.h"

#include <errno.h>
#include <string.h>

#define KEY_WORDS    (sizeof(struct hf_flow_key) / sizeof(uint64_t))
#define READ_TRIES   8
#define STABLE_TRIES 4 /* of these insist on a packet count that did not move meanwhile */

static uint32_t
round_capacity(uint32_t capacity)
{
	uint32_t n = HF_FLOW_CAPACITY_MIN;

	while (n < capacity && n < HF_FLOW_CAPACITY_MAX)
		n *= 2;
	return n;
}

size_t
hf_flow_region_bytes(uint32_t capacity)
{
	size_t n = round_capacity(capacity);

	return n / HF_FLOW_BUCKET_SLOTS * sizeof(struct hf_flow_bucket) +
	       n * sizeof(struct hf_flow_record);
}

void
hf_flow_region_format(void *region, uint32_t capacity)
{
	memset(region, 0, hf_flow_region_bytes(capacity));
}

void
hf_flow_table_attach(struct hf_flow_table *t, void *region, uint32_t capacity,
		     struct hf_flow_account *account, uint64_t seed, uint32_t idle_ticks)
{
	uint32_t n_buckets = round_capacity(capacity) / HF_FLOW_BUCKET_SLOTS;

	*t = (struct hf_flow_table){
		.buckets = region,
		.records = (void *)((struct hf_flow_bucket *)region + n_buckets),
		.account = account,
		.n_buckets = n_buckets,
		.bucket_mask = n_buckets - 1,
		.idle_ticks = idle_ticks,
		.seed = seed,
	};
}

static inline uint64_t
get(const _Atomic(uint64_t) *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

static void
copy_record(const struct hf_flow_record *r, struct hf_flow_view *view)
{
	const _Atomic(uint64_t) *from = (const _Atomic(uint64_t) *)(const void *)&r->key;
	uint64_t key[KEY_WORDS];

	for (uint32_t i = 0; i < KEY_WORDS; i++)
		key[i] = get(&from[i]);
	memcpy(&view->key, key, sizeof(key));
	view->bytes = get(&r->bytes);
	view->first_tick = atomic_load_explicit(&r->first_tick, memory_order_relaxed);
	view->last_tick = atomic_load_explicit(&r->last_tick, memory_order_relaxed);
}

/* Is the slot still what it was: same flow, and (if count counts) no packet more? */
static int
unchanged(const _Atomic(uint16_t) *tag, uint16_t old_tag, const struct hf_flow_record *r,
	  uint64_t old, int count)
{
	uint64_t changed = old ^ get(&r->packets_gen);

	if (!count)
		changed >>= HF_FLOW_PACKETS_BITS;
	return changed == 0 && atomic_load_explicit(tag, memory_order_relaxed) == old_tag;
}

/* The acquires pair with the release stores of tag and even generation in flow_table.c. */
int
hf_flow_read(const struct hf_flow_table *t, uint32_t index, struct hf_flow_view *view)
{
	const struct hf_flow_record *r;
	const _Atomic(uint16_t) *tag;

	if (index >= t->n_buckets * HF_FLOW_BUCKET_SLOTS)
		return 0;
	r = &t->records[index];
	tag = &t->buckets[index / HF_FLOW_BUCKET_SLOTS].tag[index % HF_FLOW_BUCKET_SLOTS];
	for (int i = 0; i < READ_TRIES; i++) {
		uint16_t old_tag = atomic_load_explicit(tag, memory_order_acquire);
		uint16_t generation;
		uint64_t old;

		if (old_tag == 0) /* the record's line is not touched: most are empty */
			return 0;
		old = atomic_load_explicit(&r->packets_gen, memory_order_acquire);
		generation = (uint16_t)(old >> HF_FLOW_PACKETS_BITS);
		copy_record(r, view);
		atomic_thread_fence(memory_order_acquire);
		if ((generation & 1) != 0 || !unchanged(tag, old_tag, r, old, i < STABLE_TRIES))
			continue;
		view->packets = old & HF_FLOW_PACKETS_MASK;
		view->generation = generation;
		return 1;
	}
	return -EAGAIN;
}

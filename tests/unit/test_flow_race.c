/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table read while it is written: two readers with a PROT_READ map, beside a writer that
 * inserts, evicts, ages and counts, see no torn record.
 */
#include <pthread.h>

#include "flow_peek.h"
#include "flow_world.h"

#define RACE_KEYS 3000U /* three times what fits: the writer evicts all the time */
#define RACE_OPS  3000000U

/* What the readers of the race saw. */
struct race {
	struct fixture *f;
	atomic_int stop;
	uint64_t copied, skipped, torn, peeked;
};

static uint32_t
len_of(uint32_t id)
{
	return 64 + id; /* another one for each flow, so that mixed records do not divide */
}

static int
is_torn(const struct hf_flow_view *v)
{
	struct hf_flow_key want;
	uint32_t id;

	memcpy(&id, v->key.src, sizeof(id));
	want = make_key(id);
	return id >= RACE_KEYS || memcmp(&want, &v->key, sizeof(want)) != 0 ||
	       (v->generation & 1) != 0 || v->bytes % len_of(id) != 0 ||
	       v->bytes / len_of(id) + 1 < v->packets || v->first_tick > v->last_tick;
}

/* The counts alone, of the flow that was copied just now if it is still there: 1 torn. */
static int
peek_is_torn(struct race *r, uint32_t index, const struct hf_flow_view *v)
{
	struct hf_flow_counts c;
	uint32_t id;

	if (!hf_flow_peek(&r->f->reader, index, &c))
		return 0;
	r->peeked++;
	memcpy(&id, v->key.src, sizeof(id));
	if ((c.generation & 1) != 0 || c.first_tick > c.last_tick)
		return 1;
	if (c.generation != v->generation)
		return 0;
	return c.packets < v->packets || c.first_tick != v->first_tick ||
	       c.bytes % len_of(id) != 0 || c.bytes / len_of(id) + 1 < c.packets;
}

static void *
race_reader(void *arg)
{
	struct race *r = arg;
	struct hf_flow_view v;

	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		for (uint32_t i = 0; i < CAPACITY; i++) {
			int got = hf_flow_read(&r->f->reader, i, &v);

			r->copied += got == 1;
			r->skipped += got < 0;
			r->torn += got == 1 && (is_torn(&v) || peek_is_torn(r, i, &v));
		}
	}
	return NULL;
}

/* As a lane does: find or insert (the plan), then count (the apply), at times age. */
static void
race_write(struct fixture *f)
{
	uint32_t x = 1;

	for (uint32_t i = 0; i < RACE_OPS; i++) {
		uint32_t now = i / 100, id, slot;

		x = x * 1664525U + 1013904223U;
		id = (x >> 8) % RACE_KEYS;
		slot = insert(f, id, now);
		for (uint32_t n = x >> 30; n > 0; n--)
			hf_flow_count(&f->t.records[slot], len_of(id), now);
		if (i % 256 == 0)
			hf_flow_age(&f->t, now, 8);
	}
}

static void
readers_beside_a_writer_see_no_torn_record(void **state)
{
	struct race races[2] = {{.f = *state}, {.f = *state}};
	pthread_t thread[2];

	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, race_reader, &races[i]), 0);
	race_write(*state);
	for (uint32_t i = 0; i < 2; i++) {
		atomic_store(&races[i].stop, 1);
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		print_message("reader %u: %lu copied, %lu skipped, %lu torn\n", i, races[i].copied,
			      races[i].skipped, races[i].torn);
		assert_int_equal(races[i].torn, 0);
		assert_true(races[i].copied > 1000);
		assert_true(races[i].peeked > races[i].copied / 2);
		assert_true(races[i].skipped < races[i].copied / 100);
	}
}

static void
a_bucket_says_which_slots_are_used_and_which_were_seen_before(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_bucket *b = &f->t.buckets[3];
	uint32_t x = 1;

	for (uint32_t round = 0; round < 10000; round++) {
		uint32_t tick = round % 3 == 0 ? round % 7 : x, used = 0, before = 0;

		for (uint32_t i = 0; i < HF_FLOW_BUCKET_SLOTS; i++) {
			uint32_t ago;

			x = x * 1664525U + 1013904223U;
			ago = (x >> 12) % 5;
			b->tag[i] = (uint16_t)(x >> 30 == 0 ? 0 : x >> 16 | 1);
			b->seen_tick[i] = tick - ago + 2; /* wraps */
			used |= (uint32_t)(b->tag[i] != 0) << i;
			before |= (uint32_t)(ago > 2) << i;
		}
		assert_int_equal(hf_flow_slots_used(&f->reader.buckets[3]), used);
		assert_int_equal(hf_flow_slots_before(&f->reader.buckets[3], tick), before);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(readers_beside_a_writer_see_no_torn_record, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_bucket_says_which_slots_are_used_and_which_were_seen_before, setup,
			teardown),
	};

	return cmocka_run_group_tests_name("flow_race", tests, NULL, NULL);
}

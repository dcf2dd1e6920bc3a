/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A large table from end to end: filled in bursts, read by the monitor's scan, then aged by the
 * clock until it is empty, with every packet accounted for. 256 Ki records, and 16 Mi with
 * HF_SOAK=1 (in hugepages if there are 604 free ones of 2 MB).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "flows.h"

#define HZ    UINT64_C(1000000000)
#define BURST HF_FLOW_BULK_MAX
#define IDLE  60000U
#define TOP   10U

struct fixture {
	uint32_t capacity, flows;
	size_t bytes;
	struct hf_segment *seg;
	struct hf_flow_account *account;
	struct hf_flow_table t;
};

static void *
map(size_t bytes)
{
	size_t huge = (bytes + (2U << 20) - 1) / (2U << 20) * (2U << 20);
	void *mem = mmap(NULL, huge, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (mem == MAP_FAILED)
		mem = mmap(NULL, huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(mem != MAP_FAILED);
	return mem;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *soak = getenv("HF_SOAK");
	struct hf_segment_header *h;

	assert_non_null(f);
	f->capacity = soak != NULL && strcmp(soak, "1") == 0 ? HF_FLOW_CAPACITY_MAX : 1U << 18;
	f->flows = f->capacity / 10 * 6;
	f->bytes = (sizeof(struct hf_segment) + 4095) / 4096 * 4096 +
		   hf_flow_region_bytes(f->capacity);
	f->seg = map(f->bytes);
	h = &f->seg->header;
	h->tsc_hz = HZ;
	h->start_tsc = hf_tsc();
	h->n_lanes = 1;
	h->flow_off = (sizeof(struct hf_segment) + 4095) / 4096 * 4096;
	h->flow_capacity = f->capacity;
	h->flow_stride = hf_flow_region_bytes(f->capacity);
	h->flow_seed = 99;
	h->flow_idle_ticks = IDLE;
	hf_segment_flow_table(f->seg, 0, &f->t);
	f->account = &f->seg->lanes[0].flows;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	munmap(f->seg, (f->bytes + (2U << 20) - 1) / (2U << 20) * (2U << 20));
	free(f);
	return 0;
}

static double
since_ms(uint64_t tsc, uint64_t hz)
{
	return (double)(hf_tsc() - tsc) * 1e3 / (double)hz;
}

/* Cycles a second, to within what a printed figure needs. */
static uint64_t
guess_hz(void)
{
	struct timespec a, b;
	uint64_t from = hf_tsc();

	clock_gettime(CLOCK_MONOTONIC, &a);
	do
		clock_gettime(CLOCK_MONOTONIC, &b);
	while ((b.tv_sec - a.tv_sec) * 1000000000 + (b.tv_nsec - a.tv_nsec) < 10000000);
	return (hf_tsc() - from) * 100;
}

/* Flow id gets id % 3 + 1 packets; the first TOP many more. */
static uint32_t
packets_of(uint32_t id)
{
	return id < TOP ? 1000 + id : id % 3 + 1;
}

static void
make_burst(const struct fixture *f, uint32_t first, uint32_t n, struct hf_packet *pkt,
	   uint64_t *hash)
{
	memset(pkt, 0, n * sizeof(*pkt));
	for (uint32_t i = 0; i < n; i++) {
		struct hf_flow_key *key = &pkt[i].key;
		uint32_t id = first + i;

		key->family = 4;
		key->proto = 17;
		key->src[10] = key->src[11] = key->dst[10] = key->dst[11] = 0xff;
		memcpy(&key->src[12], &id, sizeof(id));
		hash[i] = hf_flow_hash(&f->t, key);
	}
}

/* Returns the packets counted. */
static uint64_t
fill(struct fixture *f, uint32_t now)
{
	struct hf_packet pkt[BURST];
	uint32_t record[BURST];
	uint64_t hash[BURST], packets = 0;

	for (uint32_t first = 0; first < f->flows; first += BURST) {
		uint32_t n = f->flows - first < BURST ? f->flows - first : BURST;

		make_burst(f, first, n, pkt, hash);
		hf_flow_find_or_insert_bulk(&f->t, pkt, hash, n, now, record);
		for (uint32_t i = 0; i < n; i++) {
			assert_int_not_equal(record[i], HF_FLOW_NONE);
			for (uint32_t k = 0; k < packets_of(first + i); k++)
				hf_flow_count(&f->t.records[record[i]], 100, now);
			packets += packets_of(first + i);
		}
	}
	return packets;
}

static void
scan(struct fixture *f, struct hf_flow_memory *m, struct hf_flow_top *top, uint64_t hz,
     const char *what)
{
	struct hf_flow_query query = {.sort = HF_SORT_PACKETS};
	uint64_t began = hf_tsc();

	flows_scan(m, f->seg, 1, &query, top);
	print_message("monitor's scan, %s: %.1f ms\n", what, since_ms(began, hz));
}

/* A turn a tick, as a busy worker has at least; returns the ticks until the table is empty. */
static uint32_t
age_until_empty(struct fixture *f, uint32_t now)
{
	uint32_t ticks = 0;

	hf_flow_age_begin(&f->t, now);
	while (atomic_load(&f->account->live_flows) > 0 && ticks < IDLE) {
		ticks++;
		for (uint32_t turn = 0; turn < 32; turn++)
			hf_flow_age_turn(&f->t, now + ticks);
	}
	return ticks;
}

static void
a_table_is_filled_read_and_aged_with_every_packet_accounted_for(void **state)
{
	struct fixture *f = *state;
	struct hf_flow_row rows[TOP];
	struct hf_flow_top top = {.rows = rows, .top = TOP};
	struct hf_flow_memory m = {0};
	uint64_t hz = guess_hz(), began = hf_tsc(), packets;
	uint32_t ticks;

	assert_int_equal(flows_reset(&m, 1, f->capacity, TOP), 0);
	packets = fill(f, 5);
	print_message("%u flows into %u records: %.0f ms\n", f->flows, f->capacity,
		      since_ms(began, hz));
	assert_int_equal(atomic_load(&f->account->evicted_flows), 0);
	scan(f, &m, &top, hz, "60 % full");
	assert_int_equal(top.live, f->flows);
	assert_int_equal(top.skipped, 0);
	for (uint32_t i = 0; i < TOP; i++)
		assert_int_equal(rows[i].packets, packets_of(TOP - 1 - i));
	began = hf_tsc();
	ticks = age_until_empty(f, 5 + IDLE);
	print_message("aged in %u ticks of 60,000, %.0f ms of work\n", ticks, since_ms(began, hz));
	assert_in_range(ticks, 1, IDLE / 2);
	assert_int_equal(atomic_load(&f->account->expired_flows), f->flows);
	assert_int_equal(atomic_load(&f->account->expired_pkts), packets);
	assert_int_equal(atomic_load(&f->account->expired_bytes), packets * 100);
	scan(f, &m, &top, hz, "empty");
	assert_int_equal(top.live, 0);
	flows_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_table_is_filled_read_and_aged_with_every_packet_accounted_for, setup,
			teardown),
	};

	return cmocka_run_group_tests_name("flow_scale", tests, NULL, NULL);
}

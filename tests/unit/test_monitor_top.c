/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The monitor's list of flows over a million flows whose packets follow Zipf's law, in every order
 * and under filters, against lists that are computed from what the test counted. The tables are
 * written through the flow table's own functions.
 */
#include <math.h>
#include <time.h>

#define LANES    4U
#define CAPACITY 524288U
#define TOP      100U
#include "monitor_world.h"

#ifdef __SANITIZE_ADDRESS__
#define FLOWS 200000U
#else
#define FLOWS 1000000U
#endif
#define ACTIVE 30000U /* flows with packets between two scans */
#define SEED   UINT64_C(20260131)

/* What the test knows of a flow, next to what it told the table. */
struct known {
	uint32_t lane, index;
	uint64_t packets, bytes, new_packets, new_bytes;
	uint32_t first, last; /* ticks */
	uint8_t family, proto;
	uint16_t sport, dport;
	uint32_t address; /* of the source */
};

struct world {
	struct fixture *f;
	struct hf_flow_table tables[LANES];
	struct known *known;
	uint32_t *by_rank; /* flow numbers; the first has the most packets */
	uint64_t draws;
};

/* SplitMix64 (Steele, Lea, Flood 2014): the same sequence on every machine. */
static uint64_t
draw(struct world *w)
{
	uint64_t z = SEED + ++w->draws * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static struct hf_flow_key
key_of(const struct known *k, uint32_t number)
{
	struct hf_flow_key key = {.proto = k->proto, .family = k->family};
	uint32_t at = k->family == 4 ? 12 : 4;

	if (k->family == 4)
		key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	for (uint32_t i = 0; i < 4; i++) {
		key.src[at + i] = (uint8_t)(k->address >> (24 - 8 * i));
		key.dst[at + i] = (uint8_t)(number >> (24 - 8 * i));
	}
	key.sport_be = (uint16_t)(k->sport << 8 | k->sport >> 8);
	key.dport_be = (uint16_t)(k->dport << 8 | k->dport >> 8);
	return key;
}

/* n packets of one flow at tick now: found or inserted, then counted, as the flow stage does. */
static void
send(struct world *w, uint32_t number, uint64_t n, uint32_t len, uint32_t now)
{
	struct known *k = &w->known[number];
	struct hf_flow_key key = key_of(k, number);
	struct hf_flow_table *t = &w->tables[k->lane];

	k->index = hf_flow_find_or_insert(t, &key, hf_flow_hash(t, &key), now, NULL, 0);
	assert_int_not_equal(k->index, HF_FLOW_NONE);
	for (uint64_t i = 0; i < n; i++)
		hf_flow_count(&t->records[k->index], len, now);
	k->new_packets += n;
	k->new_bytes += n * len;
	k->last = now;
}

static void
make_flow(struct world *w, uint32_t number)
{
	static const uint8_t protos[] = {6, 6, 6, 17, 17, 1};
	struct known *k = &w->known[number];
	uint64_t r = draw(w);

	*k = (struct known){.lane = (uint32_t)(r % LANES),
			    .family = r >> 8 & 3 ? 4 : 6,
			    .proto = protos[(r >> 16) % 6],
			    .address = 0x0a000000U | (uint32_t)(r >> 40)};
	if (k->proto != 1) {
		k->sport = (uint16_t)(1024 + (r >> 24) % 50000);
		k->dport = (r >> 20 & 7) == 0 ? 53 : (uint16_t)(80 + (r >> 32) % 1000);
	}
}

/* Zipf's law with exponent 1: the flow of rank r has FLOWS / r packets, the last ones 1. */
static void
fill(struct world *w)
{
	for (uint32_t i = 0; i < FLOWS; i++)
		w->by_rank[i] = i;
	for (uint32_t i = FLOWS - 1; i > 0; i--) {
		uint32_t j = (uint32_t)(draw(w) % (i + 1)), moved = w->by_rank[i];

		w->by_rank[i] = w->by_rank[j];
		w->by_rank[j] = moved;
	}
	for (uint32_t i = 0; i < FLOWS; i++)
		make_flow(w, i);
	for (uint32_t rank = 1; rank <= FLOWS; rank++) {
		uint32_t number = w->by_rank[rank - 1];
		uint32_t first = (uint32_t)(draw(w) % 1000000);

		send(w, number, 0, 0, first);
		w->known[number].first = first;
		send(w, number, FLOWS / rank, 60 + (uint32_t)(draw(w) % 1455),
		     first + (uint32_t)(draw(w) % 1000000));
	}
}

static int
set_up_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *f;

	set_up(&f);
	w->f = f;
	w->f->seg->header.start_tsc = w->f->t0 - 3000 * HZ;
	w->known = calloc(FLOWS, sizeof(*w->known));
	w->by_rank = calloc(FLOWS, sizeof(*w->by_rank));
	for (uint32_t l = 0; l < LANES; l++)
		hf_segment_flow_table(w->f->seg, l, &w->tables[l]);
	fill(w);
	for (uint32_t l = 0; l < LANES; l++)
		assert_int_equal(w->tables[l].account->evicted_flows, 0);
	*state = w;
	return 0;
}

static int
tear_down_world(void **state)
{
	struct world *w = *state;
	void *f = w->f;

	tear_down(&f);
	free(w->known);
	free(w->by_rank);
	free(w);
	return 0;
}

/* Packets for some flows, each rank as likely as in traffic that follows Zipf's law. */
static void
add_traffic(struct world *w)
{
	uint32_t now = hf_tick(&w->f->seg->header, hf_tsc());

	for (uint32_t i = 0; i < ACTIVE; i++) {
		double u = (double)(draw(w) >> 11) * 0x1p-53;
		uint32_t rank = (uint32_t)exp(u * log(FLOWS));

		send(w, w->by_rank[rank < FLOWS ? rank : FLOWS - 1], 1 + draw(w) % 50,
		     60 + (uint32_t)(draw(w) % 1455), now);
	}
}

/* --- what the list should be ----------------------------------------------------------------- */

static int
all(const struct known *k)
{
	return k != NULL;
}
static int
udp(const struct known *k)
{
	return k->proto == 17;
}
static int
dns(const struct known *k)
{
	return k->proto != 1 && (k->dport == 53 || k->sport == 53);
}
static int
some(const struct known *k)
{
	return k->family == 4 && (k->address & 0xfff00000) == 0x0a200000 && k->lane != 2;
}
static int
v6_or_tcp(const struct known *k)
{
	return k->family == 6 || k->proto == 6;
}
static int
none(const struct known *k)
{
	return k->proto == 99;
}

static const struct {
	const char *text;
	int (*holds)(const struct known *k);
} filters[] = {
	{"", all},
	{"udp", udp},
	{"port 53", dns},
	{"src 10.32.0.0/12 and not lane 2", some},
	{"ip6 or tcp", v6_or_tcp},
	{"proto 99", none},
};

struct entry {
	uint32_t number;
	double value;
};

/* From what was counted since the scan before, and the times of the two scans. */
static double
value_of(const struct world *w, const struct known *k, enum hf_sort sort, const double *seconds)
{
	uint32_t now = hf_tick(&w->f->seg->header, w->f->a.flows.now_tsc);

	switch (sort) {
	case HF_SORT_PPS:
		return (double)k->new_packets / seconds[k->lane];
	case HF_SORT_BPS:
		return (double)k->new_bytes * 8 / seconds[k->lane];
	case HF_SORT_PACKETS:
		return (double)(k->packets + k->new_packets);
	case HF_SORT_BYTES:
		return (double)(k->bytes + k->new_bytes);
	case HF_SORT_AGE:
		return (double)(now - k->first) / 1e3;
	case HF_SORT_IDLE:
		return (double)(now - k->last) / 1e3;
	}
	return 0;
}

static int
stands_above(const struct world *w, const struct entry *a, const struct entry *b, uint32_t reverse)
{
	const struct known *x = &w->known[a->number], *y = &w->known[b->number];

	if (a->value != b->value)
		return (a->value > b->value) != (reverse != 0);
	return x->lane != y->lane ? x->lane < y->lane : x->index < y->index;
}

/* The list by insertion. Returns how many flows the filter lets through. */
static uint64_t
compute(const struct world *w, uint32_t filter, const struct hf_flow_query *q,
	const double *seconds, struct entry *list, uint32_t *n)
{
	uint64_t matched = 0;

	*n = 0;
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct entry e = {.number = i};
		uint32_t at;

		if (!filters[filter].holds(&w->known[i]))
			continue;
		matched++;
		e.value = value_of(w, &w->known[i], q->sort, seconds);
		if (*n == TOP && !stands_above(w, &e, &list[TOP - 1], q->reverse))
			continue;
		*n += *n < TOP;
		for (at = *n - 1; at > 0 && stands_above(w, &e, &list[at - 1], q->reverse); at--)
			list[at] = list[at - 1];
		list[at] = e;
	}
	return matched;
}

static void
assert_list(const struct world *w, uint32_t filter, const struct hf_flow_query *q,
	    const double *seconds)
{
	const struct hf_flow_top *top = &w->f->a.flows;
	struct entry list[TOP];
	uint32_t n;
	uint64_t matched = compute(w, filter, q, seconds, list, &n);

	assert_int_equal(top->live, FLOWS);
	assert_int_equal(top->skipped, 0);
	assert_int_equal(top->matched, matched);
	assert_int_equal(top->n, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct known *k = &w->known[list[i].number];
		const struct hf_flow_row *row = &top->rows[i];

		if (row->lane != k->lane || row->index != k->index)
			fail_msg("\"%s\", %s%s: row %u is lane %u record %u, not lane %u record %u "
				 "with %f",
				 filters[filter].text, flows_sort_name(q->sort),
				 q->reverse ? " reversed" : "", i, row->lane, row->index, k->lane,
				 k->index, list[i].value);
		assert_int_equal(row->packets, k->packets + k->new_packets);
		assert_int_equal(row->bytes, k->bytes + k->new_bytes);
		assert_true(row->pps == value_of(w, k, HF_SORT_PPS, seconds));
		assert_true(row->bps == value_of(w, k, HF_SORT_BPS, seconds));
		assert_true(fabs(row->age_s - value_of(w, k, HF_SORT_AGE, seconds)) < 1e-6);
		assert_true(fabs(row->idle_s - value_of(w, k, HF_SORT_IDLE, seconds)) < 1e-6);
	}
}

static void
settle(struct world *w)
{
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct known *k = &w->known[i];

		k->packets += k->new_packets;
		k->bytes += k->new_bytes;
		k->new_packets = k->new_bytes = 0;
	}
}

static void
scan(struct world *w, const struct hf_flow_query *q, double *seconds)
{
	struct hf_flow_memory *m = &w->f->memory;
	uint64_t before[LANES];

	memcpy(before, m->scan_tsc, sizeof(before));
	flows_scan(m, w->f->seg, LANES, q, &w->f->a.flows);
	for (uint32_t l = 0; l < LANES; l++)
		seconds[l] = (double)(m->scan_tsc[l] - before[l]) / (double)HZ;
}

/* In each order and its reverse, with traffic between all scans. */
static void
check_orders(struct world *w, uint32_t filter)
{
	struct hf_flow_query q = {.sort = HF_SORT_PPS};
	double seconds[LANES];
	char why[240];

	assert_int_equal(filter_parse(filters[filter].text, &q.filter, why, sizeof(why)), 0);
	for (uint32_t i = 0; i < 2 * HF_SORT_COUNT; i++) {
		q.sort = (enum hf_sort)(i / 2);
		q.reverse = i % 2;
		add_traffic(w);
		scan(w, &q, seconds);
		assert_list(w, filter, &q, seconds);
		/* Who had no packet is not read, but for a filter that is new, and for times. */
		if (i > 0 && q.sort != HF_SORT_AGE && q.sort != HF_SORT_IDLE)
			assert_true(w->f->memory.n_read < FLOWS / 2);
		settle(w);
	}
}

static void
the_list_is_the_computed_one_in_every_order_and_under_filters(void **state)
{
	struct hf_flow_query q = {.sort = HF_SORT_PACKETS};
	struct world *w = *state;
	double seconds[LANES];

	scan(w, &q, seconds); /* the first one: no rates yet */
	assert_int_equal(w->f->a.flows.rows[0].packets, FLOWS);
	settle(w);
	for (uint32_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		check_orders(w, i);
}

#ifndef __SANITIZE_ADDRESS__
/* A bound for any machine, busy or not; holdfast-lab monitor-scan says what it is on this one. */
static void
a_scan_takes_a_fraction_of_a_second_of_cpu(void **state)
{
	struct hf_flow_query q = {.sort = HF_SORT_PPS};
	struct world *w = *state;
	double seconds[LANES], least = 1e9;

	for (uint32_t i = 0; i < 5; i++) {
		clock_t began = clock();

		scan(w, &q, seconds);
		least = fmin(least, (double)(clock() - began) / CLOCKS_PER_SEC);
	}
	print_message("least of 5 scans of %u flows: %.1f ms\n", FLOWS, least * 1e3);
	assert_true(least < 0.15);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_is_the_computed_one_in_every_order_and_under_filters),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(a_scan_takes_a_fraction_of_a_second_of_cpu),
#endif
	};

	return cmocka_run_group_tests_name("monitor_top", tests, set_up_world, tear_down_world);
}

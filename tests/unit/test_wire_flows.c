/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which flow holdfast-wire sends next, and how it sums up latencies. Without EAL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <unistd.h>

#include "wire_world.h"

#define DRAWS 2000000

static int
compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
no_two_of_a_million_flows_have_one_key(void **state)
{
	uint32_t n = 1000000;
	uint64_t *id = malloc(n * sizeof(*id));
	struct wire_flows f = {.n = n, .family = 0};

	assert_non_null(id);
	for (uint32_t i = 0; i < n; i++) {
		struct hf_flow_key key;
		uint64_t source = 0;

		wire_flow_key(&f, i, &key);
		assert_int_equal(key.family, i % 2 ? 6 : 4);
		memcpy(&source, key.src + 12, 4);
		id[i] = source << 24 | (uint64_t)key.sport_be << 8 | key.family;
	}
	qsort(id, n, sizeof(*id), compare_u64);
	for (uint32_t i = 1; i < n; i++)
		assert_true(id[i - 1] != id[i]);
	free(id);
}

static void
draw(struct wire_flows *f, uint32_t *count)
{
	uint16_t size;

	for (uint32_t i = 0; i < DRAWS; i++) {
		uint32_t flow = wire_flows_next(f, &size);

		assert_true(flow < f->n);
		count[flow]++;
	}
}

static void
zipf_draws_each_flow_as_often_as_its_rank_says(void **state)
{
	static const double exponents[] = {0, 0.7, 1, 1.5};

	for (size_t e = 0; e < sizeof(exponents) / sizeof(exponents[0]); e++) {
		struct wire_flows f = {.n = 1000, .pick = WIRE_PICK_ZIPF, .n_sizes = 1};
		uint32_t count[1000] = {0};
		double sum = 0;

		assert_int_equal(wire_flows_init(&f, exponents[e], 7), 0);
		draw(&f, count);
		for (uint32_t i = 0; i < f.n; i++)
			sum += pow(i + 1.0, -exponents[e]);
		for (uint32_t i = 0; i < f.n; i++) {
			double want = DRAWS * pow(i + 1.0, -exponents[e]) / sum;

			/* Six standard deviations. */
			assert_true(fabs(count[i] - want) < 6 * sqrt(want) + 1);
		}
		wire_flows_close(&f);
	}
}

static void
uniform_draws_all_flows_alike(void **state)
{
	struct wire_flows f = {.n = 1000, .pick = WIRE_PICK_UNIFORM, .n_sizes = 1};
	uint32_t count[1000] = {0};

	assert_int_equal(wire_flows_init(&f, 0, 1), 0);
	draw(&f, count);
	for (uint32_t i = 0; i < f.n; i++)
		assert_in_range(count[i], 2000 - 6 * 45, 2000 + 6 * 45);
}

static void
sequential_takes_flows_and_sizes_in_turn(void **state)
{
	struct wire_flows f = {.n = 5,
			       .pick = WIRE_PICK_SEQUENTIAL,
			       .n_sizes = 3,
			       .size = {70, 128, 1514}};
	uint16_t size;

	assert_int_equal(wire_flows_init(&f, 0, 1), 0);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(wire_flows_next(&f, &size), i % 5);
		assert_int_equal(size, f.size[i % 3]);
	}
}

/* Frames of flows a b a c, one that is ARP, then a again: TCP, IPv6, too short, too long. */
static void
write_capture(const char *path)
{
	static const struct {
		uint32_t flow;
		uint16_t size;
		uint32_t claimed; /* length on the wire */
	} packet[] = {{0, 200, 200}, {1, 100, 100}, {0, 70, 60}, {2, 70, 20000}, {0, 80, 80}};
	struct wire_flows made = {.n = 3, .family = 0};
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *out = pcap_dump_open(pcap, path);
	struct wire_world w = {.flows = made};
	uint8_t frame[256], arp[60] = {[12] = 0x08, [13] = 0x06};
	struct pcap_pkthdr h = {0};

	assert_non_null(out);
	for (size_t i = 0; i < sizeof(packet) / sizeof(packet[0]); i++) {
		make_frame(&w, frame, packet[i].flow, 0, packet[i].size);
		if (packet[i].flow == 2)
			frame[23] = 6; /* TCP */
		h.caplen = packet[i].size;
		h.len = packet[i].claimed;
		pcap_dump((uint8_t *)out, &h, frame);
		h.caplen = h.len = sizeof(arp);
		if (i == 3)
			pcap_dump((uint8_t *)out, &h, arp);
	}
	pcap_dump_close(out);
	pcap_close(pcap);
}

static void
a_capture_gives_flows_sizes_and_order(void **state)
{
	static const uint32_t like[] = {0, 1, 0, 2, 0};
	static const uint16_t sizes[] = {200, 100, 70, 9600, 80};
	struct wire_flows f = {0}, made = {.n = 3, .family = 0};
	char path[] = "/tmp/hf_test_wire_XXXXXX";
	int fd = mkstemp(path);
	uint16_t size;

	assert_true(fd >= 0);
	close(fd);
	write_capture(path);
	assert_int_equal(wire_flows_load_pcap(&f, path), 0);
	assert_int_equal(wire_flows_init(&f, 0, 1), 0);
	assert_int_equal(f.n, 3);
	assert_int_equal(f.skipped, 1);
	for (uint32_t i = 0; i < 20; i++) {
		struct hf_flow_key got, want;

		wire_flow_key(&f, wire_flows_next(&f, &size), &got);
		wire_flow_key(&made, like[i % 5], &want);
		assert_memory_equal(&got, &want, sizeof(got));
		assert_int_equal(size, sizes[i % 5]);
	}
	wire_flows_close(&f);
	unlink(path);
}

static void
what_is_no_capture_is_refused(void **state)
{
	struct wire_flows f = {0};

	assert_int_equal(wire_flows_load_pcap(&f, "/nowhere/at.all"), -22);
	assert_int_equal(wire_flows_load_pcap(&f, "/proc/self/status"), -22);
}

static void
quantiles_are_within_four_percent_of_the_sorted_values(void **state)
{
	static const double parts[] = {0.01, 0.5, 0.9, 0.99, 0.999, 1};
	static uint64_t value[100000];
	static struct wire_latency l;
	size_t n = sizeof(value) / sizeof(value[0]);

	for (size_t i = 0; i < n; i++) {
		value[i] = next_random() >> next_random() % 30;
		wire_latency_add(&l, value[i]);
	}
	qsort(value, n, sizeof(value[0]), compare_u64);
	assert_int_equal(l.min, value[0]);
	assert_int_equal(l.max, value[n - 1]);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		double want = (double)value[(size_t)(parts[i] * (double)n) - 1];

		assert_true(fabs((double)wire_latency_quantile(&l, parts[i]) - want) <=
			    0.04 * want);
	}
}

static void
buckets_grow_with_the_value_up_to_the_last(void **state)
{
	uint32_t last = 0;

	for (uint64_t v = 1; v < UINT64_MAX / 2; v += v / 50 + 1) {
		uint32_t b = wire_latency_bucket(v);

		assert_true(b >= last && b < WIRE_LATENCY_BUCKETS);
		last = b;
	}
	assert_int_equal(wire_latency_bucket(UINT64_MAX), WIRE_LATENCY_BUCKETS - 1);
}

static int
wire_setup(void **state)
{
	wire_frame_init();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_two_of_a_million_flows_have_one_key),
		cmocka_unit_test(zipf_draws_each_flow_as_often_as_its_rank_says),
		cmocka_unit_test(uniform_draws_all_flows_alike),
		cmocka_unit_test(sequential_takes_flows_and_sizes_in_turn),
		cmocka_unit_test(a_capture_gives_flows_sizes_and_order),
		cmocka_unit_test(what_is_no_capture_is_refused),
		cmocka_unit_test(quantiles_are_within_four_percent_of_the_sorted_values),
		cmocka_unit_test(buckets_grow_with_the_value_up_to_the_last),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}

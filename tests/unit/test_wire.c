/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The judge of holdfast-wire: right traffic is right, and each fault is found. Without EAL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <rte_ip.h>

#include "reasons.h"
#include "wire_world.h"

#define FLOWS 8

/* As DPDK computes it over the frame with the field empty. */
static int
udp_checksum_is_right(const uint8_t *frame, uint32_t len, uint8_t family)
{
	static uint8_t copy[WIRE_SIZE_MAX];
	uint32_t l4 = family == 4 ? WIRE_L4_IPV4 : WIRE_L4_IPV6;
	uint16_t want;

	memcpy(copy, frame, len);
	memset(copy + l4 + 6, 0, 2);
	want = family == 4 ? rte_ipv4_udptcp_cksum((void *)(copy + 14), copy + l4)
			   : rte_ipv6_udptcp_cksum((void *)(copy + 14), copy + l4);
	return memcmp(frame + l4 + 6, &want, 2) == 0;
}

static void
checksums_are_right_and_the_parser_sees_the_flow(void **state)
{
	static uint8_t frame[WIRE_SIZE_MAX];
	struct wire_world w;
	struct hf_flow_key key;
	struct hf_packet p;

	open_world(&w, 1000, 0, WIRE_EXPECT_WIRE);
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t flow = next_random() % 1000, min = wire_frame_min(flow % 2 ? 6 : 4);
		uint16_t size = (uint16_t)(min + next_random() % (i % 10 ? 200 : 9000 - min));

		make_frame(&w, frame, flow, next_random(), size);
		hf_packet_parse(frame, size, &p);
		wire_flow_key(&w.flows, flow, &key);
		assert_int_equal(p.skip, HF_SKIP_NONE);
		assert_memory_equal(&p.key, &key, sizeof(key));
		assert_true(udp_checksum_is_right(frame, size, key.family));
		if (key.family == 4)
			assert_int_equal(rte_raw_cksum(frame + 14, 20), 0xffff);
	}
	close_world(&w);
}

static void
right_traffic_is_right(void **state)
{
	for (int expect = WIRE_EXPECT_MACSWAP; expect <= WIRE_EXPECT_WIRE; expect++) {
		struct wire_world w;

		open_world(&w, FLOWS, 0, expect);
		for (uint32_t i = 0; i < 10000; i++)
			w.sent[i % FLOWS].pkts++;
		for (uint32_t i = 0; i < 10000; i++)
			arrive_well(&w, i % FLOWS, i / FLOWS);
		wire_check_finish(&w.check);
		assert_true(wire_check_good(&w.check, 0));
		assert_int_equal(w.check.totals.rx_pkts, 10000);
		assert_int_equal(w.check.totals.foreign, 0);
		assert_int_equal(w.check.latency.n, 10000);
		assert_int_equal(w.check.latency.max, 500);
		close_world(&w);
	}
}

/* Sends n packets of flow 0 and lets those arrive that are listed. */
static struct wire_totals
totals_of(uint64_t n, const uint64_t *arrivals, size_t n_arrivals, int *good)
{
	struct wire_totals t;
	struct wire_world w;

	open_world(&w, 1, 4, WIRE_EXPECT_MACSWAP);
	w.sent[0].pkts = n;
	for (size_t i = 0; i < n_arrivals; i++)
		arrive_well(&w, 0, arrivals[i]);
	wire_check_finish(&w.check);
	*good = wire_check_good(&w.check, 0);
	t = w.check.totals;
	close_world(&w);
	return t;
}

#define TOTALS(n, good, ...)                                                                       \
	totals_of(n, (const uint64_t[]){__VA_ARGS__},                                              \
		  sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), good)

static void
assert_totals(const struct wire_totals *t, uint64_t lost, uint64_t duplicated, uint64_t reordered)
{
	assert_int_equal(t->lost, lost);
	assert_int_equal(t->duplicated, duplicated);
	assert_int_equal(t->reordered, reordered);
	assert_int_equal(t->content_errors, 0);
}

static void
loss_at_the_start_in_the_middle_and_at_the_end_is_found(void **state)
{
	struct wire_totals t;
	int good;

	t = TOTALS(4, &good, 1, 2, 3);
	assert_totals(&t, 1, 0, 0);
	assert_false(good);
	t = TOTALS(4, &good, 0, 3);
	assert_totals(&t, 2, 0, 0);
	assert_false(good);
	t = TOTALS(4, &good, 0, 1, 2);
	assert_totals(&t, 1, 0, 0);
	assert_false(good);
}

static void
duplicates_are_found_at_once_and_later(void **state)
{
	struct wire_totals t;
	int good;

	t = TOTALS(4, &good, 0, 1, 1, 2, 3);
	assert_totals(&t, 0, 1, 0);
	assert_false(good);
	t = TOTALS(4, &good, 0, 1, 2, 3, 0, 0);
	assert_totals(&t, 0, 2, 0);
	assert_false(good);
	/* A duplicate makes up for no loss. */
	t = TOTALS(4, &good, 0, 1, 1, 3);
	assert_totals(&t, 1, 1, 0);
}

static void
reordering_is_found_and_is_no_loss(void **state)
{
	struct wire_totals t;
	int good;

	t = TOTALS(4, &good, 0, 2, 1, 3);
	assert_totals(&t, 0, 0, 1);
	assert_false(good);
	t = TOTALS(4, &good, 3, 2, 1, 0);
	assert_totals(&t, 0, 0, 3);
	assert_false(good);
}

static void
later_than_the_window_is_reordered_and_twice_is_a_duplicate(void **state)
{
	uint64_t far = WIRE_WINDOW_MAX + 10;
	struct wire_totals t;
	int good;

	t = TOTALS(far + 1, &good, far, 0);
	assert_totals(&t, far - 1, 0, 1);
	assert_int_equal(t.late, 1);
	assert_false(good);
	t = TOTALS(1, &good, 0, 0);
	assert_totals(&t, 0, 1, 0);
}

static void
duplicates_behind_the_window_show_in_the_sum(void **state)
{
	uint64_t n = WIRE_WINDOW_MAX + 10;
	struct wire_world w;

	open_world(&w, 1, 4, WIRE_EXPECT_WIRE);
	w.sent[0].pkts = n;
	for (uint64_t i = 0; i < n; i++)
		arrive_well(&w, 0, i);
	arrive_well(&w, 0, 0);
	wire_check_finish(&w.check);
	assert_totals(&w.check.totals, 0, 1, 1);
	assert_false(wire_check_good(&w.check, 0));
	close_world(&w);
}

static void
allowed_loss_is_allowed_and_nothing_else(void **state)
{
	struct wire_world w;

	open_world(&w, 1, 4, WIRE_EXPECT_WIRE);
	w.sent[0].pkts = 10;
	for (uint64_t i = 2; i < 10; i++)
		arrive_well(&w, 0, i);
	wire_check_finish(&w.check);
	assert_true(wire_check_good(&w.check, 2));
	assert_false(wire_check_good(&w.check, 1));
	arrive_well(&w, 0, 9);
	assert_false(wire_check_good(&w.check, 2));
	close_world(&w);
}

/* What a window that forgets nothing would say. Each round is a flow of its own in one world: a
 * window for a million flows takes longer to make than the packets of all rounds. */
static void
any_sequence_counts_as_with_unbounded_memory(void **state)
{
	uint64_t lost = 0, doubled = 0, reordered = 0;
	struct wire_world w;

	open_world(&w, 1U << 20, 4, WIRE_EXPECT_WIRE);
	assert_true(w.check.width >= 64 && w.check.width < 3000);
	for (uint32_t round = 0; round < 200; round++) {
		uint32_t flow = 77 + round * 5003;
		uint64_t n = 1 + next_random() % 3000, high = 0, came = 0;
		uint8_t seen[3000] = {0};

		w.sent[flow].pkts = n;
		for (uint64_t i = 0; i < 2 * n; i++) {
			uint64_t base = high > 64 ? high - 64 : 0;
			uint64_t seq = base + next_random() % (n - base < 80 ? n - base : 80);

			arrive_well(&w, flow, seq);
			doubled += seen[seq];
			reordered += !seen[seq] && seq < high;
			seen[seq] = 1;
			high = seq + 1 > high ? seq + 1 : high;
		}
		for (uint64_t i = 0; i < n; i++)
			came += seen[i];
		lost += n - came;
		assert_int_equal(w.check.seen[flow].pkts, came);
		assert_totals(&w.check.totals, 0, doubled, reordered);
	}
	wire_check_finish(&w.check);
	assert_totals(&w.check.totals, lost, doubled, reordered);
	close_world(&w);
}

static uint64_t
faults_of_flip(struct wire_world *w, const uint8_t *frame, uint32_t len, uint32_t bit)
{
	struct wire_totals *t = &w->check.totals;
	uint8_t copy[200];

	memcpy(copy, frame, len);
	copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
	t->content_errors = 0;
	t->foreign = 0;
	arrive(w, copy, len, 1, 0);
	return t->content_errors + t->foreign;
}

static void
every_flipped_bit_is_found(void **state)
{
	for (uint32_t flow = 0; flow < 3; flow += 2) {
		uint8_t frame[200];
		struct wire_world w;
		uint32_t len;

		open_world(&w, FLOWS, flow == 0 ? 4 : 6, WIRE_EXPECT_WIRE);
		w.sent[flow].pkts = 100;
		len = make_frame(&w, frame, flow, 50, 151);
		for (uint32_t bit = 0; bit < len * 8; bit++)
			/* Another time alone cannot be told; the checksum tells it. */
			assert_int_equal(faults_of_flip(&w, frame, len, bit), 1);
		arrive(&w, frame, len, 1, 0);
		assert_int_equal(w.check.latency.n, 1);
		close_world(&w);
	}
}

static void
words_that_changed_places_are_found_though_the_checksum_is_right(void **state)
{
	uint8_t frame[200], word[2];
	struct wire_world w;
	uint32_t len;

	open_world(&w, FLOWS, 4, WIRE_EXPECT_WIRE);
	w.sent[0].pkts = 1;
	len = make_frame(&w, frame, 0, 0, 200);
	memcpy(word, frame + 100, 2);
	memcpy(frame + 100, frame + 120, 2);
	memcpy(frame + 120, word, 2);
	assert_true(udp_checksum_is_right(frame, len, 4));
	arrive(&w, frame, len, 1, 0);
	assert_int_equal(w.check.totals.fault[WIRE_FAULT_PAYLOAD], 1);
	wire_check_finish(&w.check);
	assert_int_equal(w.check.totals.lost, 0);
	assert_false(wire_check_good(&w.check, 0));
	close_world(&w);
}

static void
macs_must_be_exchanged_exactly_as_told(void **state)
{
	for (int expect = WIRE_EXPECT_MACSWAP; expect <= WIRE_EXPECT_WIRE; expect++) {
		uint8_t frame[WIRE_SIZE_MIN4];
		struct wire_world w;

		open_world(&w, FLOWS, 4, expect);
		w.sent[0].pkts = 1;
		make_frame(&w, frame, 0, 0, sizeof(frame));
		if (expect == WIRE_EXPECT_WIRE)
			swap_macs(frame);
		arrive(&w, frame, sizeof(frame), 1, 0);
		assert_int_equal(w.check.totals.fault[WIRE_FAULT_MACS], 1);
		/* Once more is what was asked for, or as it was sent. */
		swap_macs(frame);
		arrive(&w, frame, sizeof(frame), 1, 0);
		assert_int_equal(w.check.totals.content_errors, 1);
		close_world(&w);
	}
}

static void
frames_cut_short_or_grown_are_found(void **state)
{
	uint8_t frame[200] = {0};
	struct wire_world w;

	open_world(&w, FLOWS, 4, WIRE_EXPECT_WIRE);
	w.sent[0].pkts = 10;
	make_frame(&w, frame, 0, 0, 120);
	arrive(&w, frame, 119, 1, 0);
	arrive(&w, frame, 121, 1, 0);
	arrive(&w, frame, WIRE_SIZE_MIN4, 1, 0);
	assert_int_equal(w.check.totals.fault[WIRE_FAULT_LENGTH], 3);
	arrive(&w, frame, WIRE_SIZE_MIN4 - 1, 1, 0);
	assert_int_equal(w.check.totals.foreign, 1);
	close_world(&w);
}

static void
wrong_ports_and_packets_that_were_never_sent_are_found(void **state)
{
	uint8_t frame[WIRE_SIZE_MIN6];
	struct wire_world w;

	open_world(&w, FLOWS, 4, WIRE_EXPECT_WIRE);
	w.sent[0].pkts = 10;
	make_frame(&w, frame, 0, 0, sizeof(frame));
	arrive(&w, frame, sizeof(frame), 0, 0);
	assert_int_equal(w.check.totals.fault[WIRE_FAULT_WRONG_PORT], 1);
	w.check.same_port = 1;
	arrive(&w, frame, sizeof(frame), 1, 0);
	assert_int_equal(w.check.totals.fault[WIRE_FAULT_WRONG_PORT], 2);
	arrive_well(&w, 0, 10);
	arrive_well(&w, 1, 0);
	assert_int_equal(w.check.totals.fault[WIRE_FAULT_NEVER_SENT], 2);
	w.flows.n = 2 * FLOWS;
	make_frame(&w, frame, FLOWS + 1, 0, sizeof(frame));
	w.flows.n = FLOWS;
	arrive(&w, frame, sizeof(frame), 1, 0);
	assert_int_equal(w.check.totals.fault[WIRE_FAULT_NEVER_SENT], 3);
	close_world(&w);
}

static void
a_flow_that_comes_on_two_queues_is_counted_once(void **state)
{
	uint8_t frame[WIRE_SIZE_MIN6];
	struct wire_world w;

	open_world(&w, FLOWS, 4, WIRE_EXPECT_WIRE);
	w.sent[0].pkts = 10;
	for (uint16_t i = 0; i < 10; i++) {
		make_frame(&w, frame, 0, i, sizeof(frame));
		arrive(&w, frame, sizeof(frame), 1, i / 5);
	}
	assert_int_equal(w.check.totals.flows_on_several_queues, 1);
	assert_int_equal(w.check.totals.queue_rx[0], 5);
	assert_int_equal(w.check.totals.queue_rx[1], 5);
	close_world(&w);
}

static void
random_bytes_are_foreign_and_never_read_past_their_end(void **state)
{
	struct wire_world w;

	open_world(&w, FLOWS, 4, WIRE_EXPECT_WIRE);
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t len = next_random() % 200;
		uint8_t *frame = malloc(len + 1); /* the sanitizer's build watches its end */

		for (uint32_t b = 0; b < len; b++)
			frame[b] = (uint8_t)next_random();
		if (len > 14) {
			frame[12] = i % 2 ? 0x08 : 0x86;
			frame[13] = i % 2 ? 0x00 : 0xdd;
		}
		arrive(&w, frame, len, 0, 0);
		free(frame);
	}
	assert_int_equal(w.check.totals.foreign, 20000);
	close_world(&w);
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
		cmocka_unit_test(checksums_are_right_and_the_parser_sees_the_flow),
		cmocka_unit_test(right_traffic_is_right),
		cmocka_unit_test(loss_at_the_start_in_the_middle_and_at_the_end_is_found),
		cmocka_unit_test(duplicates_are_found_at_once_and_later),
		cmocka_unit_test(reordering_is_found_and_is_no_loss),
		cmocka_unit_test(later_than_the_window_is_reordered_and_twice_is_a_duplicate),
		cmocka_unit_test(duplicates_behind_the_window_show_in_the_sum),
		cmocka_unit_test(allowed_loss_is_allowed_and_nothing_else),
		cmocka_unit_test(any_sequence_counts_as_with_unbounded_memory),
		cmocka_unit_test(every_flipped_bit_is_found),
		cmocka_unit_test(words_that_changed_places_are_found_though_the_checksum_is_right),
		cmocka_unit_test(macs_must_be_exchanged_exactly_as_told),
		cmocka_unit_test(frames_cut_short_or_grown_are_found),
		cmocka_unit_test(wrong_ports_and_packets_that_were_never_sent_are_found),
		cmocka_unit_test(a_flow_that_comes_on_two_queues_is_counted_once),
		cmocka_unit_test(random_bytes_are_foreign_and_never_read_past_their_end),
	};

	return cmocka_run_group_tests(tests, wire_setup, NULL);
}

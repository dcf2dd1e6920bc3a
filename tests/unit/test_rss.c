/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Software RSS: published vectors, rte_softrss_be() as the oracle, hf_packet_parse() as the judge
 * of what one flow is, and no byte read that was not offered. Without EAL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <sys/mman.h>

#include <rte_mbuf.h>
#include <rte_thash.h>

#include "flow_key.h"
#include "reasons.h"
#include "rss.h"
#include "rss_frames.h"
#include "rss_suite.h"

static void
fill_symmetric(uint8_t key[40])
{
	for (int i = 0; i < 40; i += 2) {
		key[i] = 0x6d;
		key[i + 1] = 0x5a;
	}
}

static uint32_t
hash_of(const struct hf_rss *rss, const struct tuple *t)
{
	uint8_t frame[FRAME_MAX];
	uint32_t l3, len = make_frame(frame, t, 0, &l3);

	return hf_rss_hash_packet(rss, frame, len);
}

static void
frames_of_the_published_suite_have_the_published_hash(void **state)
{
	static const uint8_t protos[] = {TCP, UDP, SCTP};
	static struct hf_rss ports, addresses;
	uint8_t frame[FRAME_MAX];

	make_rss(&ports, default_key, FIELDS_ALL);
	make_rss(&addresses, default_key, HF_RSS_IPV4 | HF_RSS_IPV6);
	for (size_t i = 0; i < RTE_DIM(published) * 3 * 3; i++) {
		struct tuple t = vector_tuple(i / 9, protos[i / 3 % 3]);
		uint32_t l3, len = make_frame(frame, &t, i % 3, &l3);

		assert_int_equal(hf_rss_hash_packet(&ports, frame, len),
				 published[i / 9].with_ports);
		assert_int_equal(hf_rss_hash_packet(&addresses, frame, len),
				 published[i / 9].without);
	}
}

static void
fields_choose_families_and_ports(void **state)
{
	static struct hf_rss rss;
	struct tuple v4 = random_tuple(4, UDP), v6 = random_tuple(6, TCP);

	make_rss(&rss, default_key, HF_RSS_IPV4 | HF_RSS_TCP);
	assert_int_equal(hash_of(&rss, &v4), hf_rss_hash_tuple(&rss, v4.bytes, 8));
	assert_int_equal(hash_of(&rss, &v6), 0);
	make_rss(&rss, default_key, HF_RSS_IPV6 | HF_RSS_TCP);
	assert_int_equal(hash_of(&rss, &v4), 0);
	assert_int_equal(hash_of(&rss, &v6), hf_rss_hash_tuple(&rss, v6.bytes, 36));
}

static void
table_equals_rte_softrss_be_on_a_million_inputs(void **state)
{
	static struct hf_rss rss;
	uint32_t prepared[10], key[10];

	for (int i = 0; i < 1000000; i++) {
		uint32_t tuple[9], host[9], words = 1 + next_random() % 9;

		if (i % 250000 == 0) {
			fill_random((uint8_t *)key, sizeof(key));
			make_rss(&rss, (const uint8_t *)key, FIELDS_ALL);
			rte_convert_rss_key(key, prepared, 40);
		}
		for (uint32_t w = 0; w < words; w++) {
			tuple[w] = next_random();
			host[w] = ntohl(tuple[w]);
		}
		assert_int_equal(hf_rss_hash_tuple(&rss, (const uint8_t *)tuple, words * 4),
				 rte_softrss_be(host, words, (const uint8_t *)prepared));
	}
}

static void
symmetric_key_gives_both_directions_one_hash(void **state)
{
	static const uint8_t protos[] = {TCP, UDP, SCTP, ICMP, ICMPV6};
	static struct hf_rss rss;
	uint8_t key[40];

	fill_symmetric(key);
	make_rss(&rss, key, FIELDS_ALL);
	for (int i = 0; i < 100000; i++) {
		struct tuple t = random_tuple(i % 2 ? 4 : 6, protos[next_random() % 5]);
		struct tuple r = reversed(&t);

		assert_int_equal(hash_of(&rss, &t), hash_of(&rss, &r));
	}
}

static void
default_key_gives_both_directions_one_lane_of_four_once_in_four(void **state)
{
	static struct hf_rss rss;
	uint32_t same = 0, n = 20000;

	make_rss(&rss, default_key, FIELDS_ALL);
	for (uint32_t i = 0; i < n; i++) {
		struct tuple t = random_tuple(i % 2 ? 4 : 6, i % 4 < 2 ? TCP : UDP);
		struct tuple r = reversed(&t);

		same += hf_rss_lane(&rss, hash_of(&rss, &t)) ==
			hf_rss_lane(&rss, hash_of(&rss, &r));
	}
	assert_in_range(same, n / 4 - n / 50, n / 4 + n / 50);
}

static void
flows_spread_evenly_over_lanes(void **state)
{
	static struct hf_rss rss;
	uint8_t key[40];

	for (int round = 0; round < 4; round++) {
		uint32_t count[LANES] = {0}, n = 10000;

		fill_symmetric(key);
		make_rss(&rss, round < 2 ? default_key : key, FIELDS_ALL);
		for (uint32_t i = 0; i < n; i++) {
			struct tuple t = random_tuple(round % 2 ? 4 : 6, UDP);

			count[hf_rss_lane(&rss, hash_of(&rss, &t))]++;
		}
		for (int lane = 0; lane < LANES; lane++)
			assert_in_range(count[lane], n / LANES * 9 / 10, n / LANES * 11 / 10);
	}
}

/* What the hash of a flow has to be, from the key that the parser made. */
static uint32_t
hash_of_key(const struct hf_rss *rss, const struct hf_flow_key *k)
{
	uint8_t tuple[HF_RSS_TUPLE_MAX];
	uint32_t n = k->family == 4 ? 4 : 16;

	memcpy(tuple, k->src + 16 - n, n);
	memcpy(tuple + n, k->dst + 16 - n, n);
	if (k->proto != TCP && k->proto != UDP && k->proto != SCTP)
		return hf_rss_hash_tuple(rss, tuple, 2 * n);
	memcpy(tuple + 2 * n, &k->sport_be, 2);
	memcpy(tuple + 2 * n + 2, &k->dport_be, 2);
	return hf_rss_hash_tuple(rss, tuple, 2 * n + 4);
}

static int
check_against_parser(const struct hf_rss *rss, const uint8_t *frame, uint32_t len)
{
	uint32_t hash = hf_rss_hash_packet(rss, frame, len);
	struct hf_packet p;

	hf_packet_parse(frame, len, &p);
	if (p.skip != HF_SKIP_NONE)
		return 0;
	assert_int_equal(hash, hash_of_key(rss, &p.key));
	return 1 + p.fragment;
}

static void
every_fragment_has_the_hash_of_its_addresses(void **state)
{
	static struct hf_rss rss;
	uint8_t frame[FRAME_MAX];
	uint32_t l3, len;

	make_rss(&rss, default_key, FIELDS_ALL);
	for (uint32_t i = 0; i < 3000; i++) {
		struct tuple t = random_tuple(i % 2 ? 4 : 6, i % 2 ? UDP : FRAGMENT);
		uint32_t frag = i % 3 == 0 ? 1 : (1 + next_random() % 1000) << 3 | (i % 3 == 1);

		len = make_frame(frame, &t, i % 3, &l3);
		if (t.family == 4) {
			frame[l3 + 6] = (uint8_t)((frag & 1) << 5 | frag >> 11);
			frame[l3 + 7] = (uint8_t)(frag >> 3);
		} else {
			frame[l3 + 40] = UDP;
			frame[l3 + 42] = (uint8_t)(frag >> 8);
			frame[l3 + 43] = (uint8_t)frag;
		}
		assert_int_equal(hf_rss_hash_packet(&rss, frame, len),
				 hf_rss_hash_tuple(&rss, t.bytes, t.addr_bytes));
		assert_int_equal(check_against_parser(&rss, frame, len), 2);
	}
}

static void
damaged_and_truncated_frames_hash_as_the_parser_sees_them(void **state)
{
	static const uint8_t protos[] = {TCP, UDP, SCTP, ICMP, ICMPV6};
	static struct hf_rss rss;
	uint8_t frame[FRAME_MAX];
	uint32_t l3, flows = 0, fragments = 0;
	size_t page;
	uint8_t *guard = guarded_page(&page);

	assert_non_null(guard);
	make_rss(&rss, default_key, FIELDS_ALL);
	for (uint32_t i = 0; i < 20000; i++) {
		struct tuple t = random_tuple(i % 2 ? 4 : 6, protos[next_random() % 5]);
		uint32_t len = make_frame(frame, &t, i % 3, &l3) + next_random() % 120;

		damage(frame, len, l3);
		for (uint32_t cut = i % 17 ? len : 0; cut <= len; cut++) {
			int kind;

			memcpy(guard + page - cut, frame, cut);
			kind = check_against_parser(&rss, guard + page - cut, cut);
			flows += kind != 0;
			fragments += kind == 2;
		}
	}
	assert_true(flows > 10000 && fragments > 100);
	munmap(guard, 2 * page);
}

static void
init_takes_a_52_byte_key_and_refuses_what_cannot_be(void **state)
{
	static struct hf_rss rss;
	uint8_t key[60] = {0};
	uint16_t reta[1024];
	struct tuple t = vector_tuple(5, TCP);

	fill_reta(reta);
	memcpy(key, default_key, 40);
	fill_random(key + 40, 20);
	assert_int_equal(hf_rss_init(&rss, key, 52, FIELDS_ALL, reta, RETA_SIZE), 0);
	assert_int_equal(hash_of(&rss, &t), published[5].with_ports);
	assert_int_equal(hf_rss_init(&rss, key, 39, FIELDS_ALL, reta, RETA_SIZE), -EINVAL);
	assert_int_equal(hf_rss_init(&rss, key, 53, FIELDS_ALL, reta, RETA_SIZE), -EINVAL);
	assert_int_equal(hf_rss_init(&rss, key, 40, 32, reta, RETA_SIZE), -EINVAL);
	assert_int_equal(hf_rss_init(&rss, key, 40, FIELDS_ALL, reta, 0), -EINVAL);
	assert_int_equal(hf_rss_init(&rss, key, 40, FIELDS_ALL, reta, 100), -EINVAL);
	assert_int_equal(hf_rss_init(&rss, key, 40, FIELDS_ALL, reta, 1024), -EINVAL);
	reta[7] = HF_MAX_LANES;
	assert_int_equal(hf_rss_init(&rss, key, 40, FIELDS_ALL, reta, RETA_SIZE), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_the_published_suite_have_the_published_hash),
		cmocka_unit_test(fields_choose_families_and_ports),
		cmocka_unit_test(table_equals_rte_softrss_be_on_a_million_inputs),
		cmocka_unit_test(symmetric_key_gives_both_directions_one_hash),
		cmocka_unit_test(default_key_gives_both_directions_one_lane_of_four_once_in_four),
		cmocka_unit_test(flows_spread_evenly_over_lanes),
		cmocka_unit_test(every_fragment_has_the_hash_of_its_addresses),
		cmocka_unit_test(damaged_and_truncated_frames_hash_as_the_parser_sees_them),
		cmocka_unit_test(init_takes_a_52_byte_key_and_refuses_what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

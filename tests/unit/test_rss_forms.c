/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The forms of the RSS hash: all usable ones equal rte_softrss_be() and the published vectors, and
 * a burst has the same hashes in each. Without EAL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>

#include <rte_mbuf.h>
#include <rte_thash.h>

#include "rss_suite.h"

/* n tuples of len bytes, each at an odd address and right before bytes that are no part of it. */
static void
forms_agree_on(const struct hf_rss *rss, const uint32_t prepared[10], uint32_t len, uint32_t n)
{
	static uint8_t room[HF_RSS_BULK_MAX][TUPLE_MAX + 5];
	const uint8_t *tuple[HF_RSS_BULK_MAX];
	uint32_t want[HF_RSS_BULK_MAX], hash[HF_RSS_BULK_MAX + 1];

	for (uint32_t i = 0; i < n; i++) {
		uint32_t host[9];

		fill_random(room[i], sizeof(room[i]));
		tuple[i] = room[i] + 1;
		memcpy(host, tuple[i], len);
		for (uint32_t w = 0; w < len / 4; w++)
			host[w] = ntohl(host[w]);
		want[i] = rte_softrss_be(host, len / 4, (const uint8_t *)prepared);
	}
	for (uint32_t f = 0; f < HF_RSS_FORMS; f++) {
		if (!hf_rss_form_usable(f))
			continue;
		memset(hash, 0xa5, sizeof(hash));
		hf_rss_hash_bulk(rss, f, tuple, len, n, hash);
		assert_memory_equal(hash, want, n * sizeof(want[0]));
		assert_int_equal(hash[n], 0xa5a5a5a5);
	}
}

static void
all_forms_equal_rte_softrss_be_on_a_million_inputs(void **state)
{
	static const uint32_t lens[] = {8, 12, 32, 36};
	static struct hf_rss rss;
	uint32_t prepared[10], key[10];

	for (uint32_t done = 0, calls = 0; done < 1000000; calls++) {
		uint32_t n = 1 + next_random() % HF_RSS_BULK_MAX;

		if (calls % 1000 == 0) {
			fill_random((uint8_t *)key, sizeof(key));
			make_rss(&rss, (const uint8_t *)key, FIELDS_ALL);
			rte_convert_rss_key(key, prepared, 40);
		}
		forms_agree_on(&rss, prepared, lens[calls % 4], n);
		done += n;
	}
	if (!hf_rss_form_usable(HF_RSS_GFNI))
		print_message("Not supported here: gfni: no GFNI or AVX-512\n");
}

static void
all_forms_give_the_published_vectors(void **state)
{
	static struct hf_rss rss;

	make_rss(&rss, default_key, FIELDS_ALL);
	for (size_t i = 0; i < RTE_DIM(published); i++) {
		struct tuple t = vector_tuple(i, TCP);
		const uint8_t *one = t.bytes;
		uint32_t hash;

		for (uint32_t f = 0; f < HF_RSS_FORMS; f++) {
			if (!hf_rss_form_usable(f))
				continue;
			hf_rss_hash_bulk(&rss, f, &one, t.addr_bytes + 4U, 1, &hash);
			assert_int_equal(hash, published[i].with_ports);
			hf_rss_hash_bulk(&rss, f, &one, t.addr_bytes, 1, &hash);
			assert_int_equal(hash, published[i].without);
		}
	}
}

static void
choose_takes_the_forms_that_measured_fastest(void **state)
{
	static struct hf_rss rss;
	struct hf_rss_choice choice;

	make_rss(&rss, default_key, HF_RSS_IPV4);
	assert_int_equal(rss.form_ipv4, HF_RSS_TABLE);
	assert_int_equal(rss.form_ipv6, HF_RSS_TABLE);
	hf_rss_choose(&rss, &choice);
	assert_int_equal(rss.fields, HF_RSS_IPV4);
	assert_true(hf_rss_form_usable(rss.form_ipv4) && hf_rss_form_usable(rss.form_ipv6));
	for (uint32_t f = 0; f < HF_RSS_FORMS; f++) {
		assert_int_equal(choice.ipv4_ps[f] != 0, hf_rss_form_usable(f));
		assert_int_equal(choice.ipv6_ps[f] != 0, hf_rss_form_usable(f));
		if (!hf_rss_form_usable(f))
			continue;
		assert_true(choice.ipv4_ps[rss.form_ipv4] <= choice.ipv4_ps[f]);
		assert_true(choice.ipv6_ps[rss.form_ipv6] <= choice.ipv6_ps[f]);
	}
	hf_rss_choose(&rss, NULL);
}

/* All kinds of frames: tagged, of both families, with options, without ports, too short. */
static uint32_t
burst_frame(uint8_t frame[FRAME_MAX], uint32_t i)
{
	static const uint8_t protos[] = {TCP, UDP, SCTP, ICMP};
	struct tuple t = random_tuple(i % 2 ? 4 : 6, protos[next_random() % 4]);
	uint32_t l3, len = make_frame(frame, &t, i % 3, &l3);

	if (next_random() % 4 == 0)
		damage(frame, len, l3);
	return next_random() % 8 == 0 ? next_random() % len : len;
}

static void
a_burst_hashes_as_its_packets_do_in_every_form(void **state)
{
	static struct hf_rss rss;
	static uint8_t buf[150][FRAME_MAX];
	static struct rte_mbuf mbuf[150];
	struct rte_mbuf *burst[150];
	uint32_t hash[150];

	make_rss(&rss, default_key, FIELDS_ALL);
	for (uint32_t i = 0; i < 150; i++) {
		mbuf[i].buf_addr = buf[i];
		mbuf[i].data_len = (uint16_t)burst_frame(buf[i], i);
		burst[i] = &mbuf[i];
	}
	for (unsigned int n = 0; n <= 150 * HF_RSS_FORMS * HF_RSS_FORMS; n++) {
		unsigned int len = n % 151;

		rss.form_ipv4 = n / 151 % HF_RSS_FORMS;
		rss.form_ipv6 = n / 151 / HF_RSS_FORMS % HF_RSS_FORMS;
		if (!hf_rss_form_usable(rss.form_ipv4) || !hf_rss_form_usable(rss.form_ipv6))
			continue;
		memset(hash, 0xff, sizeof(hash));
		hf_rss_hash_burst(&rss, burst, len, hash);
		for (unsigned int i = 0; i < len; i++)
			assert_int_equal(hash[i],
					 hf_rss_hash_packet(&rss, buf[i], mbuf[i].data_len));
		for (unsigned int i = len; i < 150; i++)
			assert_int_equal(hash[i], UINT32_MAX);
	}
}

/*
 * Bursts take short ways that single packets do not. A burst of nine frames, the last one damaged
 * and cut where a page ends: each family's form, fields that leave ports or a family out.
 */
static void
damaged_and_cut_frames_hash_in_a_burst_as_alone(void **state)
{
	static const uint32_t fields[] = {FIELDS_ALL, HF_RSS_IPV4 | HF_RSS_IPV6,
					  HF_RSS_IPV4 | HF_RSS_TCP, HF_RSS_IPV6 | HF_RSS_UDP};
	static const uint8_t protos[] = {TCP, UDP, SCTP, ICMP};
	static struct hf_rss rss;
	static uint8_t whole[FRAME_MAX];
	static struct rte_mbuf mbuf[9];
	struct rte_mbuf *burst[9];
	struct tuple t = random_tuple(4, UDP);
	uint32_t hash[9], l3;
	uint8_t frame[FRAME_MAX];
	size_t page;
	uint8_t *guard = guarded_page(&page);

	assert_non_null(guard);
	for (uint32_t i = 0; i < 9; i++)
		burst[i] = &mbuf[i];
	for (uint32_t i = 0; i < 8; i++) {
		mbuf[i].buf_addr = whole;
		mbuf[i].data_len = (uint16_t)make_frame(whole, &t, 0, &l3);
	}
	for (uint32_t round = 0; round < 4000; round++) {
		uint32_t len, form = round / 4 % HF_RSS_FORMS;

		if (!hf_rss_form_usable(form))
			continue;
		t = random_tuple(round % 3 ? 4 : 6, protos[next_random() % 4]);
		len = make_frame(frame, &t, round % 2, &l3);
		if (round % 5 != 0)
			damage(frame, len, l3);
		make_rss(&rss, default_key, fields[round % 4]);
		rss.form_ipv4 = rss.form_ipv6 = form;
		for (uint32_t cut = 0; cut <= len; cut++) {
			mbuf[8].buf_addr = guard + page - cut;
			mbuf[8].data_len = (uint16_t)cut;
			memcpy(mbuf[8].buf_addr, frame, cut);
			hf_rss_hash_burst(&rss, burst, 9, hash);
			assert_int_equal(hash[8], hf_rss_hash_packet(&rss, frame, cut));
			assert_int_equal(hash[0],
					 hf_rss_hash_packet(&rss, whole, mbuf[0].data_len));
		}
	}
	munmap(guard, 2 * page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_forms_equal_rte_softrss_be_on_a_million_inputs),
		cmocka_unit_test(all_forms_give_the_published_vectors),
		cmocka_unit_test(a_burst_hashes_as_its_packets_do_in_every_form),
		cmocka_unit_test(damaged_and_cut_frames_hash_in_a_burst_as_alone),
		cmocka_unit_test(choose_takes_the_forms_that_measured_fastest),
	};

	return cmocka_run_group_tests_name("rss_forms", tests, NULL, NULL);
}

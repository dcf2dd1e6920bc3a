/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet parser on hand-made frames: what it finds in each kind, that it says so at every
 * length to which a frame may be cut, and that it never reads past the end (each frame ends where
 * an inaccessible page begins).
 */
#include <arpa/inet.h>

#include "packet_frames.h"

static uint8_t *edge; /* first byte of the page that must not be touched */

/* The frame is a flow, from need bytes on; with fewer it is truncated. */
static struct hf_packet
expect_flow(const struct frame *f, uint32_t need, uint32_t proto, uint32_t sport, uint32_t dport)
{
	struct hf_packet p = parse_cut(edge, f, f->len);

	assert_int_equal(p.skip, HF_SKIP_NONE);
	assert_int_equal(p.key.proto, proto);
	assert_int_equal(ntohs(p.key.sport_be), sport);
	assert_int_equal(ntohs(p.key.dport_be), dport);
	assert_true(p.key.zero[0] == 0 && p.key.zero[1] == 0 && p.zero == 0);
	for (uint32_t len = 0; len < f->len; len++) {
		struct hf_packet cut = parse_cut(edge, f, len);

		assert_int_equal(cut.skip, len < need ? HF_SKIP_TRUNCATED : HF_SKIP_NONE);
		if (len >= need)
			assert_memory_equal(&cut, &p, sizeof(p));
	}
	return p;
}

/* The frame is no flow; cut to fewer than need bytes it is truncated. */
static void
expect_skip(const struct frame *f, uint32_t need, enum hf_skip skip)
{
	for (uint32_t len = 0; len <= f->len; len++)
		assert_int_equal(parse_cut(edge, f, len).skip,
				 len < need ? HF_SKIP_TRUNCATED : skip);
}

static void
expect_addresses(const struct hf_packet *p, int family)
{
	static const uint8_t v4_src[] = "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x01\x02\x03";
	static const uint8_t v4_dst[] = "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x09";
	static const uint8_t v6_src[] = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01";
	static const uint8_t v6_dst[] = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02";

	assert_int_equal(p->key.family, family);
	assert_memory_equal(p->key.src, family == 4 ? v4_src : v6_src, 16);
	assert_memory_equal(p->key.dst, family == 4 ? v4_dst : v6_dst, 16);
}

static void
expect_place(const struct hf_packet *p, uint32_t l3, uint32_t l4, uint32_t n_vlan,
	     uint32_t fragment)
{
	assert_int_equal(p->l3_off, l3);
	assert_int_equal(p->l4_off, l4);
	assert_int_equal(p->n_vlan, n_vlan);
	assert_int_equal(p->fragment, fragment);
}

/* The protocols with ports, and the least their headers have. */
static const struct {
	uint32_t proto, bytes;
} with_ports[] = {{6, 20}, {17, 8}, {132, 12}};

static void
tcp_udp_and_sctp_have_ports(void **state)
{
	struct frame f;
	struct hf_packet p;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		put_ether(&f, 0x0800);
		put_ipv4(&f, with_ports[i].proto, 0, 0x4000, with_ports[i].bytes);
		put_l4(&f, with_ports[i].bytes);
		p = expect_flow(&f, 14 + 20 + 4, with_ports[i].proto, 1000, 2000);
		expect_addresses(&p, 4);
		expect_place(&p, 14, 34, 0, 0);

		put_ether(&f, 0x86dd);
		put_ipv6(&f, with_ports[i].proto, with_ports[i].bytes);
		put_l4(&f, with_ports[i].bytes);
		p = expect_flow(&f, 14 + 40 + 4, with_ports[i].proto, 1000, 2000);
		expect_addresses(&p, 6);
		expect_place(&p, 14, 54, 0, 0);
	}
}

static void
icmp_has_type_and_code(void **state)
{
	struct frame f;

	(void)state;
	put_ether(&f, 0x0800);
	put_ipv4(&f, 1, 0, 0, 8);
	put(&f, "\x03\x01\0\0\0\0\0\0", 8);
	expect_flow(&f, 14 + 20 + 2, 1, 0, 0x0301);

	put_ether(&f, 0x86dd);
	put_ipv6(&f, 58, 8);
	put(&f, "\x80\x00\0\0\0\0\0\0", 8);
	expect_flow(&f, 14 + 40 + 2, 58, 0, 0x8000);

	/* Each belongs to its own family; elsewhere it is a number like any other. */
	put_ether(&f, 0x86dd);
	put_ipv6(&f, 1, 8);
	put(&f, "\x03\x01\0\0\0\0\0\0", 8);
	expect_flow(&f, 14 + 40, 1, 0, 0);
}

static void
other_protocols_are_flows_by_address(void **state)
{
	struct frame f;
	struct hf_packet p;

	(void)state;
	put_ether(&f, 0x0800);
	put_ipv4(&f, 47, 0, 0, 16);
	put_l4(&f, 16);
	p = expect_flow(&f, 14 + 20, 47, 0, 0);
	expect_place(&p, 14, 34, 0, 0);

	put_ether(&f, 0x86dd);
	put_ipv6(&f, 59, 0); /* no next header */
	p = expect_flow(&f, 14 + 40, 59, 0, 0);
	expect_place(&p, 14, 54, 0, 0);

	put_ether(&f, 0x86dd);
	put_ipv6(&f, 50, 16); /* ESP */
	put_l4(&f, 16);
	expect_flow(&f, 14 + 40, 50, 0, 0);
}

static void
vlan_tags_are_skipped_up_to_two(void **state)
{
	static const uint32_t types[] = {0x8100, 0x88a8, 0x9100};
	struct frame f;
	struct hf_packet p;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		put_ether(&f, types[i]);
		put_vlan(&f, 100, 0x0800);
		put_ipv4(&f, 17, 0, 0, 8);
		put_l4(&f, 8);
		p = expect_flow(&f, 18 + 20 + 4, 17, 1000, 2000);
		expect_place(&p, 18, 38, 1, 0);

		put_ether(&f, types[i]);
		put_vlan(&f, 100, 0x8100);
		put_vlan(&f, 200, 0x86dd);
		put_ipv6(&f, 6, 20);
		put_l4(&f, 20);
		p = expect_flow(&f, 22 + 40 + 4, 6, 1000, 2000);
		expect_place(&p, 22, 62, 2, 0);
	}
	put_ether(&f, 0x88a8);
	put_vlan(&f, 1, 0x8100);
	put_vlan(&f, 2, 0x8100);
	put_vlan(&f, 3, 0x0800);
	put_zeroes(&f, 60);
	expect_skip(&f, 22, HF_SKIP_NOT_IP);
}

static void
ipv4_options_are_skipped(void **state)
{
	struct frame f;
	struct hf_packet p;

	(void)state;
	for (uint32_t n = 4; n <= 40; n += 4) {
		put_ether(&f, 0x0800);
		put_ipv4(&f, 6, n, 0, 20);
		put_l4(&f, 20);
		p = expect_flow(&f, 14 + 20 + n + 4, 6, 1000, 2000);
		expect_place(&p, 14, 34 + n, 0, 0);
	}
}

static void
fragments_of_ipv4_are_one_flow(void **state)
{
	static const uint32_t frags[] = {0x2000, 0x2000 | 100, 200}; /* first, middle, last */
	struct frame f;
	struct hf_packet p[3];

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		put_ether(&f, 0x0800);
		put_ipv4(&f, 17, 0, frags[i], 16);
		put_l4(&f, 16);
		p[i] = expect_flow(&f, 14 + 20, 17, 0, 0);
		expect_place(&p[i], 14, i == 0 ? 34 : 0, 0, 1);
		assert_memory_equal(&p[i].key, &p[0].key, sizeof(p[0].key));
	}
}

static void
fragments_of_ipv6_are_one_flow(void **state)
{
	static const uint32_t frags[] = {0x0001, 0x0321, 0x0640};
	struct frame f;
	struct hf_packet p[3];

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		put_ether(&f, 0x86dd);
		put_ipv6(&f, 0, 8 + 8 + 16);
		put_extension(&f, 44, 0, 8);
		put_fragment(&f, 17, frags[i]);
		put_l4(&f, 16);
		p[i] = expect_flow(&f, 14 + 40 + 16, 17, 0, 0);
		expect_place(&p[i], 14, i == 0 ? 70 : 0, 0, 1);
		assert_memory_equal(&p[i].key, &p[0].key, sizeof(p[0].key));
	}
	/* What is behind the fragment header of the first is not looked at: the rest has it not. */
	put_ether(&f, 0x86dd);
	put_ipv6(&f, 44, 8 + 8 + 8);
	put_fragment(&f, 60, 0x0001);
	put_extension(&f, 17, 0, 8);
	put_l4(&f, 8);
	expect_flow(&f, 14 + 40 + 8, 60, 0, 0);
}

static void
atomic_fragment_of_ipv6_is_whole(void **state)
{
	struct frame f;
	struct hf_packet p;

	(void)state;
	put_ether(&f, 0x86dd);
	put_ipv6(&f, 44, 8 + 20);
	put_fragment(&f, 6, 0x0006); /* reserved bits do not count */
	put_l4(&f, 20);
	p = expect_flow(&f, 14 + 40 + 8 + 4, 6, 1000, 2000);
	expect_place(&p, 14, 62, 0, 0);
}

static void
ipv6_extension_headers_are_walked(void **state)
{
	struct frame f;
	struct hf_packet p;

	(void)state;
	put_ether(&f, 0x86dd);
	put_ipv6(&f, 0, 8 + 24 + 24 + 16 + 8);
	put_extension(&f, 43, 0, 8);  /* hop-by-hop */
	put_extension(&f, 51, 2, 24); /* routing */
	put_extension(&f, 60, 4, 24); /* AH counts in 4 bytes, less 2 */
	put_extension(&f, 17, 1, 16); /* destination options */
	put_l4(&f, 8);
	p = expect_flow(&f, 14 + 40 + 72 + 4, 17, 1000, 2000);
	expect_place(&p, 14, 126, 0, 0);

	put_ether(&f, 0x86dd);
	put_ipv6(&f, 60, 2048 + 8);
	put_extension(&f, 17, 255, 2048);
	put_l4(&f, 8);
	p = expect_flow(&f, 14 + 40 + 2048 + 4, 17, 1000, 2000);
	expect_place(&p, 14, 2102, 0, 0);
}

static void
ipv6_extension_headers_are_bounded(void **state)
{
	struct frame f;

	(void)state;
	for (uint32_t n = 8; n <= 9; n++) {
		put_ether(&f, 0x86dd);
		put_ipv6(&f, 60, n * 8 + 8);
		for (uint32_t i = 1; i < n; i++)
			put_extension(&f, 60, 0, 8);
		put_extension(&f, 17, 0, 8);
		put_l4(&f, 8);
		if (n == 8)
			expect_flow(&f, 14 + 40 + 64 + 4, 17, 1000, 2000);
		else
			expect_skip(&f, 14 + 40 + 64, HF_SKIP_MALFORMED);
	}
}

static void
other_ethertypes_are_not_ip(void **state)
{
	static const uint32_t types[] = {0x0806, 0x88cc, 0x8847, 0x0026, 0x0000, 0xffff};
	struct frame f;

	(void)state;
	for (uint32_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		put_ether(&f, types[i]);
		put_zeroes(&f, 46);
		expect_skip(&f, 14, HF_SKIP_NOT_IP);
	}
}

static void
headers_that_contradict_themselves_are_malformed(void **state)
{
	struct frame f;
	uint8_t *ip;

	(void)state;
	for (uint32_t first = 0; first < 256; first++) {
		put_ether(&f, 0x0800);
		ip = put_ipv4(&f, 17, 40, 0, 8);
		put_l4(&f, 8);
		ip[0] = (uint8_t)first;
		if (first >> 4 != 4 || (first & 15) < 5)
			expect_skip(&f, 34, HF_SKIP_MALFORMED);
	}
	for (uint32_t total = 0; total < 24; total++) {
		put_ether(&f, 0x0800);
		ip = put_ipv4(&f, 17, 4, 0, 8);
		put_l4(&f, 8);
		ip[2] = 0;
		ip[3] = (uint8_t)total;
		expect_skip(&f, 34, HF_SKIP_MALFORMED);
	}
	put_ether(&f, 0x86dd);
	ip = put_ipv6(&f, 17, 8);
	put_l4(&f, 8);
	ip[0] = 0x40;
	expect_skip(&f, 54, HF_SKIP_MALFORMED);
}

/* Padding of a short frame is no part of the packet: its bytes are not taken for ports. */
static void
length_of_the_packet_bounds_what_is_read(void **state)
{
	struct frame f;
	uint8_t *ip;

	(void)state;
	put_ether(&f, 0x0800);
	put_ipv4(&f, 17, 0, 0, 3);
	put_l4(&f, 26);
	expect_skip(&f, 0, HF_SKIP_TRUNCATED);
	put_ether(&f, 0x86dd);
	put_ipv6(&f, 6, 3);
	put_l4(&f, 20);
	expect_skip(&f, 0, HF_SKIP_TRUNCATED);
	/* A jumbogram says 0 and has its length in a hop-by-hop option. */
	put_ether(&f, 0x86dd);
	ip = put_ipv6(&f, 0, 0);
	put_extension(&f, 17, 0, 8);
	put_l4(&f, 8);
	expect_flow(&f, 14 + 40 + 8 + 4, 17, 1000, 2000);
	ip[5] = 8; /* and this one is short */
	expect_skip(&f, 0, HF_SKIP_TRUNCATED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_udp_and_sctp_have_ports),
		cmocka_unit_test(icmp_has_type_and_code),
		cmocka_unit_test(other_protocols_are_flows_by_address),
		cmocka_unit_test(vlan_tags_are_skipped_up_to_two),
		cmocka_unit_test(ipv4_options_are_skipped),
		cmocka_unit_test(fragments_of_ipv4_are_one_flow),
		cmocka_unit_test(fragments_of_ipv6_are_one_flow),
		cmocka_unit_test(atomic_fragment_of_ipv6_is_whole),
		cmocka_unit_test(ipv6_extension_headers_are_walked),
		cmocka_unit_test(ipv6_extension_headers_are_bounded),
		cmocka_unit_test(other_ethertypes_are_not_ip),
		cmocka_unit_test(headers_that_contradict_themselves_are_malformed),
		cmocka_unit_test(length_of_the_packet_bounds_what_is_read),
	};

	edge = map_edge();
	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}

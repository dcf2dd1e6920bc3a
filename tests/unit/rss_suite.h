/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The published verification suite of the RSS hash, and a struct hf_rss for tests. Test programs
 * only; include after cmocka.h.
 */
#ifndef HF_TEST_RSS_SUITE_H
#define HF_TEST_RSS_SUITE_H

#include <arpa/inet.h>
#include <string.h>

#include "rss.h"
#include "rss_frames.h"

#define FIELDS_ALL (HF_RSS_IPV4 | HF_RSS_IPV6 | HF_RSS_TCP | HF_RSS_UDP | HF_RSS_SCTP)
#define LANES      4
#define RETA_SIZE  128

static const uint8_t default_key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
					0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
					0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
					0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

static inline void
fill_reta(uint16_t reta[RETA_SIZE])
{
	for (uint16_t i = 0; i < RETA_SIZE; i++)
		reta[i] = i % LANES;
}

static inline void
make_rss(struct hf_rss *rss, const uint8_t key[40], uint32_t fields)
{
	uint16_t reta[RETA_SIZE];

	fill_reta(reta);
	assert_int_equal(hf_rss_init(rss, key, 40, fields, reta, RETA_SIZE), 0);
}

/* The published suite: "Verifying the RSS hash calculation", all addresses of it. */
static const struct {
	int family;
	const char *src, *dst;
	uint16_t sport, dport;
	uint32_t with_ports, without;
} published[] = {
	{AF_INET, "66.9.149.187", "161.142.100.80", 2794, 1766, 0x51ccc178, 0x323e8fc2},
	{AF_INET, "199.92.111.2", "65.69.140.83", 14230, 4739, 0xc626b0ea, 0xd718262a},
	{AF_INET, "24.19.198.95", "12.22.207.184", 12898, 38024, 0x5c2b394a, 0xd2d0a5de},
	{AF_INET, "38.27.205.30", "209.142.163.6", 48228, 2217, 0xafc7327f, 0x82989176},
	{AF_INET, "153.39.163.191", "202.188.127.2", 44251, 1303, 0x10e828a2, 0x5d1809c5},
	{AF_INET6, "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766, 0x40207d3d,
	 0x2cc18cd5},
	{AF_INET6, "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739, 0xdde51bbf,
	 0x0f0c461c},
	{AF_INET6, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf", 44251, 38024,
	 0x02d1feef, 0x4b61e985},
};

static inline struct tuple
vector_tuple(size_t i, uint8_t proto)
{
	struct tuple t = {.proto = proto};
	uint16_t ports[2] = {htons(published[i].sport), htons(published[i].dport)};

	t.family = published[i].family == AF_INET ? 4 : 6;
	t.addr_bytes = t.family == 4 ? 8 : 32;
	assert_int_equal(inet_pton(published[i].family, published[i].src, t.bytes), 1);
	assert_int_equal(inet_pton(published[i].family, published[i].dst,
				   t.bytes + t.addr_bytes / 2),
			 1);
	memcpy(t.bytes + t.addr_bytes, ports, 4);
	return t;
}

#endif

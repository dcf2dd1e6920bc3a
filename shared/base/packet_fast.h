/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser's short way for most packets: TCP or UDP, over IPv4 without options or over IPv6
 * without extension headers, no fragment, at most one 802.1Q tag, long enough for its ports.
 * Inline, for the loop over a burst; all other frames go to hf_packet_parse(), and so does every
 * doubt: this decides nothing that the general parser could see otherwise. Lane threads run it on
 * packets from the wire: it must not read past data_len.
 *
 * The key is stored in words of 8 or 16 bytes, none smaller than those in which it is hashed right
 * after: a load that spans smaller stores waits until they have left the store buffer.
 */
#ifndef HF_PACKET_FAST_H
#define HF_PACKET_FAST_H

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "flow_key.h"
#include "reasons.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#define PACKET_ETHER_BYTES 14U
#define PACKET_VLAN_BYTES  4U
#define PACKET_PORTS_BYTES 4U
#define PACKET_IPV4_BYTES  20U
#define PACKET_IPV6_BYTES  40U
#define PACKET_TYPE_VLAN   0x0081U     /* 0x8100, as a little-endian load gives it */
#define PACKET_HEAD_IPV4   0x450008U   /* 0x0800, version 4, header of 5 words */
#define PACKET_HEAD_IPV6   0x60dd86U   /* 0x86dd, version 6 */
#define PACKET_FRAG_MASK   0xff3fU     /* MF and the offset */
#define PACKET_V4_MAPPED   0xffff0000U /* the bytes before an IPv4 address: 0, 0, ff, ff */

static inline uint16_t
packet_load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
packet_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
packet_load_be16(const uint8_t *p)
{
	return __builtin_bswap16(packet_load16(p));
}

static inline int
packet_is_tcp_udp(uint32_t proto)
{
	return (proto == 6) | (proto == 17);
}

/* Ports, protocol and family; and what is the same for all packets of this way. */
static inline __attribute__((always_inline)) void
packet_finish(const uint8_t *ports, uint32_t proto, uint32_t family, uint32_t l3_off,
	      uint32_t l4_off, struct hf_packet *out)
{
	uint64_t last = packet_load32(ports) | (uint64_t)proto << 32 | (uint64_t)family << 40;

	memcpy(&out->key.sport_be, &last, sizeof(last));
	out->l3_off = (uint16_t)l3_off;
	out->l4_off = (uint16_t)l4_off;
	out->skip = HF_SKIP_NONE;
	out->n_vlan = (uint8_t)((l3_off - PACKET_ETHER_BYTES) / PACKET_VLAN_BYTES);
	out->fragment = 0;
	out->zero = 0;
}

static inline void
packet_store_v4(uint8_t *to, const uint8_t *address)
{
	uint32_t v4 = packet_load32(address);
#ifdef __SSE2__
	__m128i mapped = _mm_set_epi32(0, (int)PACKET_V4_MAPPED, 0, 0);

	_mm_storeu_si128((__m128i *)(void *)to,
			 _mm_or_si128(_mm_slli_si128(_mm_cvtsi32_si128((int)v4), 12), mapped));
#else
	uint64_t high = 0, low = PACKET_V4_MAPPED | (uint64_t)v4 << 32;

	memcpy(to, &high, sizeof(high));
	memcpy(to + 8, &low, sizeof(low));
#endif
}

/* An IPv4 header at off that says so, and data up to the ports. Returns 1 when it was parsed. */
static inline __attribute__((always_inline)) int
packet_parse_v4(const uint8_t *data, uint32_t off, struct hf_packet *out)
{
	const uint8_t *ip = data + off;

	if ((packet_load16(ip + 6) & PACKET_FRAG_MASK) != 0 || !packet_is_tcp_udp(ip[9]) ||
	    packet_load_be16(ip + 2) < PACKET_IPV4_BYTES + PACKET_PORTS_BYTES)
		return 0;
	packet_store_v4(out->key.src, ip + 12);
	packet_store_v4(out->key.dst, ip + 16);
	packet_finish(ip + PACKET_IPV4_BYTES, ip[9], 4, off, off + PACKET_IPV4_BYTES, out);
	return 1;
}

static inline __attribute__((always_inline)) int
packet_parse_v6(const uint8_t *data, uint32_t off, uint32_t data_len, struct hf_packet *out)
{
	const uint8_t *ip = data + off;

	if (data_len < off + PACKET_IPV6_BYTES + PACKET_PORTS_BYTES || !packet_is_tcp_udp(ip[6]) ||
	    packet_load_be16(ip + 4) < PACKET_PORTS_BYTES)
		return 0;
	memcpy(out->key.src, ip + 8, 16);
	memcpy(out->key.dst, ip + 24, 16);
	packet_finish(ip + PACKET_IPV6_BYTES, ip[6], 6, off, off + PACKET_IPV6_BYTES, out);
	return 1;
}

/*
 * A frame whose last Ethertype is before off, a constant: offsets that are known beforehand are
 * what makes this fast. Returns 1 when it was parsed.
 */
static inline __attribute__((always_inline)) int
packet_parse_at(const uint8_t *data, uint32_t off, uint32_t data_len, struct hf_packet *out)
{
	uint32_t head;

	if (data_len < off + PACKET_IPV4_BYTES + PACKET_PORTS_BYTES)
		return 0;
	head = packet_load32(data + off - 2) & 0xffffff;
	if (head == PACKET_HEAD_IPV4)
		return packet_parse_v4(data, off, out);
	if ((head & 0xf0ffff) == PACKET_HEAD_IPV6)
		return packet_parse_v6(data, off, data_len, out);
	return 0;
}

/* hf_packet_parse(), fast where that is possible: same arguments, same result. Any thread. */
static inline void
hf_packet_parse_fast(const uint8_t *data, uint32_t data_len, struct hf_packet *out)
{
	if (packet_parse_at(data, PACKET_ETHER_BYTES, data_len, out))
		return;
	if (data_len >= PACKET_ETHER_BYTES && packet_load16(data + 12) == PACKET_TYPE_VLAN &&
	    packet_parse_at(data, PACKET_ETHER_BYTES + PACKET_VLAN_BYTES, data_len, out))
		return;
	hf_packet_parse(data, data_len, out);
}

#else

static inline void
hf_packet_parse_fast(const uint8_t *data, uint32_t data_len, struct hf_packet *out)
{
	hf_packet_parse(data, data_len, out);
}

#endif

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser: from the bytes of a frame to the identity of its flow. Lane threads run it on packets
 * from the wire, so every byte is hostile; it must not read past data_len, nor loop without a
 * bound, nor keep state. All reads are of bytes, or of copies: frames have no alignment.
 */
#include <string.h>

#include "flow_key.h"
#include "reasons.h"

#define ETHER_BYTES 14
#define VLAN_BYTES  4
#define VLAN_MAX    2
#define IPV4_BYTES  20
#define IPV6_BYTES  40
#define EXT_BYTES   8 /* the least an IPv6 extension header has */
#define EXT_MAX     8

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8
#define ETHERTYPE_9100 0x9100 /* QinQ of before 802.1ad */

#define IPV4_FRAG_MASK   0x3fff /* MF and the offset */
#define IPV4_OFFSET_MASK 0x1fff
#define IPV6_FRAG_MASK   0xfff9 /* offset and M */
#define IPV6_OFFSET_MASK 0xfff8

enum next_header {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ICMP = 1,
	NEXT_TCP = 6,
	NEXT_UDP = 17,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_AH = 51,
	NEXT_ICMPV6 = 58,
	NEXT_DST_OPTIONS = 60,
	NEXT_SCTP = 132
};

static inline uint32_t
get_be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Ports, or type and code, of the upper-layer header at off. end: where the packet ends. */
static inline uint8_t
parse_l4(const uint8_t *data, uint32_t off, uint32_t end, struct hf_packet *out)
{
	struct hf_flow_key *k = &out->key;

	out->l4_off = (uint16_t)off;
	if (k->proto == NEXT_TCP || k->proto == NEXT_UDP || k->proto == NEXT_SCTP) {
		if (end - off < 4)
			return HF_SKIP_TRUNCATED;
		memcpy(&k->sport_be, data + off, 2);
		memcpy(&k->dport_be, data + off + 2, 2);
	} else if (k->proto == (k->family == 4 ? NEXT_ICMP : NEXT_ICMPV6)) {
		if (end - off < 2)
			return HF_SKIP_TRUNCATED;
		memcpy(&k->dport_be, data + off, 2); /* type and code */
	}
	return HF_SKIP_NONE;
}

/* RFC 791. The total length bounds what is read: what follows it is Ethernet padding. */
static inline uint8_t
parse_ipv4(const uint8_t *data, uint32_t off, uint32_t data_len, struct hf_packet *out)
{
	const uint8_t *ip = data + off;
	uint32_t header_bytes, total_bytes, frag;

	if (data_len - off < IPV4_BYTES)
		return HF_SKIP_TRUNCATED;
	header_bytes = (uint32_t)(ip[0] & 0xf) * 4;
	total_bytes = get_be16(ip + 2);
	frag = get_be16(ip + 6);
	if (ip[0] >> 4 != 4 || header_bytes < IPV4_BYTES || total_bytes < header_bytes)
		return HF_SKIP_MALFORMED;
	if (data_len - off < header_bytes)
		return HF_SKIP_TRUNCATED;
	out->key.src[10] = out->key.src[11] = 0xff;
	out->key.dst[10] = out->key.dst[11] = 0xff;
	memcpy(&out->key.src[12], ip + 12, 4);
	memcpy(&out->key.dst[12], ip + 16, 4);
	out->key.family = 4;
	out->key.proto = ip[9];
	if ((frag & IPV4_FRAG_MASK) == 0)
		return parse_l4(data, off + header_bytes, min_u32(data_len, off + total_bytes),
				out);
	out->fragment = 1;
	if ((frag & IPV4_OFFSET_MASK) == 0)
		out->l4_off = (uint16_t)(off + header_bytes);
	return HF_SKIP_NONE;
}

static inline int
is_extension(uint8_t next)
{
	return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_FRAGMENT ||
	       next == NEXT_AH || next == NEXT_DST_OPTIONS;
}

static inline uint32_t
extension_bytes(uint8_t next, const uint8_t *header)
{
	if (next == NEXT_FRAGMENT)
		return 8;
	if (next == NEXT_AH)
		return ((uint32_t)header[1] + 2) * 4; /* RFC 4302 2.2 */
	return ((uint32_t)header[1] + 1) * 8;
}

/*
 * Walks the extension headers at off, up to the upper-layer header or the fragment header: what
 * follows that one differs between the fragments of a datagram, which are to be one flow. A
 * fragment header that says "whole datagram" is walked over (RFC 6946).
 */
static uint8_t
parse_extensions(const uint8_t *data, uint32_t off, uint32_t end, struct hf_packet *out)
{
	uint8_t next = out->key.proto;

	for (uint32_t i = 0; is_extension(next); i++) {
		const uint8_t *header = data + off;
		uint32_t bytes, frag;

		if (i == EXT_MAX)
			return HF_SKIP_MALFORMED;
		if (end - off < EXT_BYTES)
			return HF_SKIP_TRUNCATED;
		bytes = extension_bytes(next, header);
		if (end - off < bytes)
			return HF_SKIP_TRUNCATED;
		frag = next == NEXT_FRAGMENT ? get_be16(header + 2) & IPV6_FRAG_MASK : 0;
		next = out->key.proto = header[0];
		off += bytes;
		if (frag != 0) {
			out->fragment = 1;
			out->l4_off = (frag & IPV6_OFFSET_MASK) == 0 ? (uint16_t)off : 0;
			return HF_SKIP_NONE;
		}
	}
	return parse_l4(data, off, end, out);
}

/* RFC 8200. A payload length of 0 before a hop-by-hop header is a jumbogram (RFC 2675). */
static inline uint8_t
parse_ipv6(const uint8_t *data, uint32_t off, uint32_t data_len, struct hf_packet *out)
{
	const uint8_t *ip = data + off;
	uint32_t payload_bytes, end;

	if (data_len - off < IPV6_BYTES)
		return HF_SKIP_TRUNCATED;
	if (ip[0] >> 4 != 6)
		return HF_SKIP_MALFORMED;
	memcpy(out->key.src, ip + 8, 16);
	memcpy(out->key.dst, ip + 24, 16);
	out->key.family = 6;
	out->key.proto = ip[6];
	payload_bytes = get_be16(ip + 4);
	end = min_u32(data_len, off + IPV6_BYTES + payload_bytes);
	if (payload_bytes == 0 && ip[6] == NEXT_HOP_BY_HOP)
		end = data_len;
	return parse_extensions(data, off + IPV6_BYTES, end, out);
}

static inline int
is_vlan(uint32_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_9100;
}

void
hf_packet_parse(const uint8_t *data, uint32_t data_len, struct hf_packet *out)
{
	uint32_t off = ETHER_BYTES;
	uint32_t type;

	memset(out, 0, sizeof(*out));
	out->skip = HF_SKIP_TRUNCATED;
	if (data_len < ETHER_BYTES)
		return;
	type = get_be16(data + 12);
	while (is_vlan(type) && out->n_vlan < VLAN_MAX) {
		if (data_len - off < VLAN_BYTES)
			return;
		type = get_be16(data + off + 2);
		off += VLAN_BYTES;
		out->n_vlan++;
	}
	out->l3_off = (uint16_t)off;
	if (type == ETHERTYPE_IPV4)
		out->skip = parse_ipv4(data, off, data_len, out);
	else if (type == ETHERTYPE_IPV6)
		out->skip = parse_ipv6(data, off, data_len, out);
	else
		out->skip = HF_SKIP_NOT_IP;
}

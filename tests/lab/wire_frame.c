/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets as bytes. Owns the payload pattern, constant once made. Run by holdfast-wire and its unit
 * test. Must not allocate or call anything that does: it is called for every packet.
 *
 * A checksum that is only added up again finds neither exchanged words nor a packet that was put
 * together from two; so a frame is made again from its stamp and compared byte by byte. Payloads
 * are cut from one pattern, at an offset that flow and sequence number choose; sums of its
 * prefixes make the checksum of any cut two loads.
 */
#include "wire_frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define ETHER_BYTES  14
#define MACS_BYTES   12
#define IPV4_BYTES   20
#define UDP_BYTES    8
#define PROTO_UDP    17
#define TYPE_IPV4_LE 0x0008
#define TYPE_IPV6_LE 0xdd86
#define CUTS         128 /* different offsets into the pattern, two bytes apart */
#define PATTERN      (WIRE_SIZE_MAX + 2 * CUTS)
#define HEAD_MAX     (WIRE_SIZE_MIN6)

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sums are taken over little-endian words");

static struct {
	uint8_t bytes[PATTERN];
	uint32_t sum[PATTERN / 2 + 1]; /* of the words before */
} pattern;

static inline uint16_t
load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void
store16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

void
wire_frame_init(void)
{
	uint32_t x = 2463534242U;

	for (uint32_t i = 0; i < PATTERN; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		pattern.bytes[i] = (uint8_t)(x >> 11);
	}
	for (uint32_t i = 0; i < PATTERN / 2; i++)
		pattern.sum[i + 1] = pattern.sum[i] + load16(pattern.bytes + (size_t)2 * i);
}

/* RFC 1071, over a multiple of four bytes. */
static inline uint64_t
sum_words(const uint8_t *p, uint32_t bytes)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < bytes; i += 4) {
		uint32_t v;

		memcpy(&v, p + i, sizeof(v));
		sum += v;
	}
	return sum;
}

static inline uint16_t
fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & UINT32_MAX);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

static inline const uint8_t *
cut_of(const struct wire_stamp *s, uint32_t *start)
{
	*start = (uint32_t)((s->flow + s->seq) % CUTS);
	return pattern.bytes + (size_t)2 * *start;
}

static inline uint64_t
cut_sum(const uint8_t *cut, uint32_t start, uint32_t bytes)
{
	uint64_t sum = (uint64_t)pattern.sum[start + bytes / 2] - pattern.sum[start];

	return bytes % 2 == 0 ? sum : sum + cut[bytes - 1];
}

/* Locally administered addresses that name the port. */
static inline void
put_mac(uint8_t *p, uint8_t side, uint16_t port)
{
	static const uint8_t prefix[3] = {0x02, 'h', 'f'};

	memcpy(p, prefix, sizeof(prefix));
	p[3] = side;
	p[4] = (uint8_t)(port >> 8);
	p[5] = (uint8_t)port;
}

static inline void
put_macs(uint8_t *p, uint16_t port, int swapped)
{
	put_mac(p, swapped ? 1 : 2, port);
	put_mac(p + 6, swapped ? 2 : 1, port);
}

/* Returns the sum of the addresses, which is in the UDP checksum too. */
static inline uint64_t
put_ipv4(uint8_t *ip, const struct hf_flow_key *key, uint16_t udp_bytes)
{
	static const uint8_t head[IPV4_BYTES] = {0x45, [6] = 0x40, [8] = 64, [9] = PROTO_UDP};
	uint64_t addresses;

	memcpy(ip, head, sizeof(head));
	store16(ip + 2, htons((uint16_t)(IPV4_BYTES + udp_bytes)));
	memcpy(ip + 12, key->src + 12, 4);
	memcpy(ip + 16, key->dst + 12, 4);
	addresses = sum_words(ip + 12, 8);
	store16(ip + 10, fold(sum_words(ip, 12) + addresses));
	return addresses;
}

static inline uint64_t
put_ipv6(uint8_t *ip, const struct hf_flow_key *key, uint16_t udp_bytes)
{
	static const uint8_t head[8] = {0x60, [6] = PROTO_UDP, [7] = 64};

	memcpy(ip, head, sizeof(head));
	store16(ip + 4, htons(udp_bytes));
	memcpy(ip + 8, key->src, 16);
	memcpy(ip + 24, key->dst, 16);
	return sum_words(ip + 8, 32);
}

/* All up to the end of the stamp. Returns its length. */
static inline uint32_t
put_head(uint8_t *frame, const struct hf_flow_key *key, const struct wire_stamp *s, int swapped)
{
	uint32_t l4 = key->family == 4 ? WIRE_L4_IPV4 : WIRE_L4_IPV6, head, start;
	uint16_t udp_bytes = (uint16_t)(s->size - l4), check;
	uint8_t *udp = frame + l4;
	const uint8_t *cut = cut_of(s, &start);
	uint64_t sum;

	put_macs(frame, s->port, swapped);
	store16(frame + MACS_BYTES, key->family == 4 ? TYPE_IPV4_LE : TYPE_IPV6_LE);
	sum = key->family == 4 ? put_ipv4(frame + ETHER_BYTES, key, udp_bytes)
			       : put_ipv6(frame + ETHER_BYTES, key, udp_bytes);
	store16(udp, key->sport_be);
	store16(udp + 2, key->dport_be);
	store16(udp + 4, htons(udp_bytes));
	store16(udp + 6, 0);
	memcpy(udp + UDP_BYTES, s, sizeof(*s));
	head = l4 + UDP_BYTES + (uint32_t)sizeof(*s);
	/* The pseudo header is addresses, protocol and length. */
	sum += (uint64_t)htons(PROTO_UDP) + htons(udp_bytes);
	sum += sum_words(udp, UDP_BYTES + sizeof(*s)) + cut_sum(cut, start, s->size - head);
	check = fold(sum);
	store16(udp + 6, check == 0 ? 0xffff : check); /* 0 says "none" (RFC 768) */
	return head;
}

void
wire_frame_build(uint8_t *frame, const struct hf_flow_key *key, const struct wire_stamp *stamp)
{
	uint32_t start, head = put_head(frame, key, stamp, 0);
	const uint8_t *cut = cut_of(stamp, &start);

	memcpy(frame + head, cut, stamp->size - head);
}

int
wire_frame_stamp(const uint8_t *frame, uint32_t len, struct wire_stamp *stamp)
{
	uint32_t off;

	if (len < WIRE_SIZE_MIN4)
		return -ENOENT;
	switch (load16(frame + MACS_BYTES)) {
	case TYPE_IPV4_LE:
		off = WIRE_L4_IPV4 + UDP_BYTES;
		break;
	case TYPE_IPV6_LE:
		off = WIRE_L4_IPV6 + UDP_BYTES;
		break;
	default:
		return -ENOENT;
	}
	if (len < off + sizeof(*stamp))
		return -ENOENT;
	memcpy(stamp, frame + off, sizeof(*stamp));
	return stamp->magic == WIRE_MAGIC ? 0 : -ENOENT;
}

enum wire_fault
wire_frame_check(const uint8_t *frame, uint32_t len, const struct hf_flow_key *key,
		 const struct wire_stamp *stamp, enum wire_expect expect)
{
	uint8_t want[HEAD_MAX];
	uint32_t head, start;
	const uint8_t *cut;

	if (len != stamp->size || len < wire_frame_min(key->family) || len > WIRE_SIZE_MAX)
		return WIRE_FAULT_LENGTH;
	head = put_head(want, key, stamp, expect == WIRE_EXPECT_MACSWAP);
	if (memcmp(frame, want, MACS_BYTES) != 0)
		return WIRE_FAULT_MACS;
	if (memcmp(frame + MACS_BYTES, want + MACS_BYTES, head - MACS_BYTES) != 0)
		return WIRE_FAULT_HEADERS;
	cut = cut_of(stamp, &start);
	return memcmp(frame + head, cut, len - head) != 0 ? WIRE_FAULT_PAYLOAD : WIRE_FAULT_NONE;
}

int
wire_frame_is_of(const uint8_t *frame, const struct hf_flow_key *key)
{
	int ipv4 = load16(frame + MACS_BYTES) == TYPE_IPV4_LE;
	uint32_t n = ipv4 ? 4 : 16, l4 = ipv4 ? WIRE_L4_IPV4 : WIRE_L4_IPV6;

	return ipv4 == (key->family == 4) &&
	       memcmp(frame + l4 - 2 * n, key->src + 16 - n, n) == 0 &&
	       memcmp(frame + l4 - n, key->dst + 16 - n, n) == 0 &&
	       load16(frame + l4) == key->sport_be && load16(frame + l4 + 2) == key->dport_be;
}

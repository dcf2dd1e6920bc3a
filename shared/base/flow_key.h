/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The identity of a flow, and what one parse of a packet yields. One direction is one flow.
 */
#ifndef HF_FLOW_KEY_H
#define HF_FLOW_KEY_H

#include <assert.h>
#include <stdint.h>

/*
 * 40 bytes, no implicit padding, compared and hashed as bytes.
 * Addresses: IPv6, or IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). Ports in network order, 0 where
 * the protocol has none and for every fragment (so that all fragments of a datagram are one flow).
 * ICMP and ICMPv6: sport 0, dport = type << 8 | code (the NetFlow convention).
 */
struct hf_flow_key {
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport_be;
	uint16_t dport_be;
	uint8_t proto;  /* IPv4 protocol or the IPv6 upper-layer next header */
	uint8_t family; /* 4 or 6 */
	uint8_t zero[2];
};
static_assert(sizeof(struct hf_flow_key) == 40, "flow key is 40 bytes");

/* What hf_packet_parse() found. Offsets in bytes from the start of the frame. */
struct hf_packet {
	struct hf_flow_key key; /* valid when skip == HF_SKIP_NONE */
	uint16_t l3_off;        /* IP header; valid when skip == HF_SKIP_NONE */
	uint16_t l4_off;        /* upper-layer header; 0 for a fragment that is not the first */
	uint8_t skip;           /* enum hf_skip: HF_SKIP_NONE when this is a flow */
	uint8_t n_vlan;         /* 802.1Q / 802.1ad tags that were skipped, 0 to 2 */
	uint8_t fragment;       /* 1: an IPv4 or IPv6 fragment, the first one included */
	uint8_t zero;
};

/*
 * Parses Ethernet II, up to two VLAN tags (0x8100, 0x88a8, 0x9100), IPv4 or IPv6 with extension
 * headers (hop-by-hop, routing, destination options, fragment, AH; at most 8), and the ports of
 * TCP, UDP and SCTP. data: first byte of the frame; data_len: bytes that may be read (the first
 * segment). Never reads past data_len; any bytes are valid input. A packet of another protocol is
 * a flow by addresses and protocol. Pure; any thread. RFC 791, 8200, 4443, 9260.
 */
void hf_packet_parse(const uint8_t *data, uint32_t data_len, struct hf_packet *out);

#endif

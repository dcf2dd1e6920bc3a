/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packets of holdfast-wire: made from a flow's key and a stamp, and judged by making them
 * again. Works on bytes: knows no mbuf, no port, no state. wire_frame_init() once, then any thread.
 */
#ifndef HF_WIRE_FRAME_H
#define HF_WIRE_FRAME_H

#include <assert.h>
#include <stdint.h>

#include "flow_key.h"

#define WIRE_MAGIC     0x65726977U /* "wire" */
#define WIRE_L4_IPV4   34          /* where the UDP header is; no VLAN tags */
#define WIRE_L4_IPV6   54
#define WIRE_SIZE_MIN4 70 /* smallest frame, without FCS: headers and a stamp */
#define WIRE_SIZE_MIN6 90
#define WIRE_SIZE_MAX  9600

/* First bytes of the UDP payload; host byte order, as both ends are this process. */
struct __attribute__((packed)) wire_stamp {
	uint32_t magic;
	uint32_t flow;
	uint64_t seq; /* of the flow, from 0 */
	uint64_t tx_tsc;
	uint16_t port; /* that sent it */
	uint16_t size; /* of the frame, bytes without FCS */
};
static_assert(sizeof(struct wire_stamp) == 28, "smallest frames are 42 or 62 bytes and a stamp");

/* What the forwarder is to do to the MAC addresses. */
enum wire_expect { WIRE_EXPECT_MACSWAP, WIRE_EXPECT_WIRE };

/* What is wrong with a frame; the first that applies. */
enum wire_fault {
	WIRE_FAULT_NONE,
	WIRE_FAULT_LENGTH,     /* not as long as it was sent */
	WIRE_FAULT_MACS,       /* not exchanged, or exchanged where they should not be */
	WIRE_FAULT_HEADERS,    /* Ethernet type, IP or UDP header, checksums included, or stamp */
	WIRE_FAULT_PAYLOAD,    /* behind the stamp */
	WIRE_FAULT_NEVER_SENT, /* no such flow or sequence number */
	WIRE_FAULT_WRONG_PORT, /* came out where it should not */
	WIRE_FAULT_COUNT
};

/* Fills the pattern from which payloads are cut. Before anything else here, once. */
void wire_frame_init(void);

/* Smallest frame of an address family (4 or 6). */
static inline uint32_t
wire_frame_min(uint8_t family)
{
	return family == 4 ? WIRE_SIZE_MIN4 : WIRE_SIZE_MIN6;
}

/*
 * Writes Ethernet, IP, UDP (checksums right), stamp and payload: stamp->size bytes, which is at
 * least wire_frame_min() and at most WIRE_SIZE_MAX. key: a UDP flow; only its low address bytes
 * count for IPv4.
 */
void wire_frame_build(uint8_t *frame, const struct hf_flow_key *key,
		      const struct wire_stamp *stamp);

/* Reads the stamp of a frame of len bytes. Returns 0, or -ENOENT: it is none of ours. */
int wire_frame_stamp(const uint8_t *frame, uint32_t len, struct wire_stamp *stamp);

/*
 * Compares every byte with what was sent. stamp: as wire_frame_stamp() read it; key: of its flow.
 * Never reads past len. Returns LENGTH, MACS, HEADERS, PAYLOAD or NONE.
 */
enum wire_fault wire_frame_check(const uint8_t *frame, uint32_t len, const struct hf_flow_key *key,
				 const struct wire_stamp *stamp, enum wire_expect expect);

/*
 * Does the frame, of which wire_frame_stamp() read the stamp, carry the addresses and ports of key?
 * Then even a damaged one is a packet of that flow.
 */
int wire_frame_is_of(const uint8_t *frame, const struct hf_flow_key *key);

#endif

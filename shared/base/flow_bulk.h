/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hf_flow_find_or_insert_bulk() in its two steps, for a caller that does a burst part by part, so
 * that the cache lines of one part arrive while another is worked on: guess asks for the records,
 * settle uses them. Any parts, in the order of the burst, of at most HF_FLOW_BULK_MAX packets
 * together; each is guessed before it is settled, and the first buckets are on their way before
 * that (hf_flow_prefetch()). Between begin and the last settle nothing else inserts or removes (no
 * ageing). The result is that of the whole burst at once. Owner thread.
 */
#ifndef HF_FLOW_BULK_H
#define HF_FLOW_BULK_H

#include "flow_table.h"

/*
 * The records that packets of this burst were given, by bucket: a set made when the first packet
 * needs an eviction, so that a flood of new flows neither compares each packet with all before it
 * nor looks for the idlest slots of a bucket each time.
 */
#define HF_FLOW_PINS_BITS 8
#define HF_FLOW_PINS      (1 << HF_FLOW_PINS_BITS)
struct hf_flow_pins {
	uint32_t n; /* packets whose records are in it */
	uint32_t bucket[HF_FLOW_PINS];
	uint32_t idle[HF_FLOW_PINS];  /* ticks, of the slots in idlest */
	uint8_t pinned[HF_FLOW_PINS]; /* bit i: slot i; 0: unused */
	uint8_t idlest[HF_FLOW_PINS]; /* the idlest of those not pinned; 0: not known */
};
static_assert(HF_FLOW_PINS >= 2 * HF_FLOW_BULK_MAX, "a set that is never full");

/* One burst's search; private memory, worthless after it. */
struct hf_flow_search {
	uint32_t guess[HF_FLOW_BULK_MAX]; /* slot of each packet, or what flow_bulk.c says */
	struct hf_flow_pins pins;
};

/* A new burst. */
void hf_flow_search_begin(struct hf_flow_search *s);

/* Guesses where the keys of packets from to to - 1 are, and has these records fetched. */
void hf_flow_search_guess(const struct hf_flow_table *t, struct hf_flow_search *s,
			  const struct hf_packet *pkt, const uint64_t *hash, uint32_t from,
			  uint32_t to);

/* Finds or inserts them. pkt, hash and record are those of the whole burst, now is one for all. */
void hf_flow_search_settle(struct hf_flow_table *t, struct hf_flow_search *s, struct hf_packet *pkt,
			   const uint64_t *hash, uint32_t from, uint32_t to, uint32_t now,
			   uint32_t *record);

#endif

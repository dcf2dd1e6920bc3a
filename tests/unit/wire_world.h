/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A network for the test of holdfast-wire's judge: packets that were sent, and what a test makes of
 * them on the way back. Test program only.
 */
#ifndef HF_TEST_WIRE_WORLD_H
#define HF_TEST_WIRE_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "wire_check.h"

struct wire_world {
	struct wire_flows flows;
	struct wire_sent *sent;
	struct wire_check check;
};

static inline void
open_world(struct wire_world *w, uint32_t n_flows, uint8_t family, enum wire_expect expect)
{
	memset(w, 0, sizeof(*w));
	w->flows.n = n_flows;
	w->flows.family = family;
	w->sent = calloc(n_flows, sizeof(*w->sent));
	assert_non_null(w->sent);
	w->check.n_ports = 2;
	w->check.expect = expect;
	assert_int_equal(wire_check_init(&w->check, &w->flows, w->sent), 0);
}

static inline void
close_world(struct wire_world *w)
{
	wire_check_close(&w->check);
	wire_flows_close(&w->flows);
	free(w->sent);
}

/* Packet seq of a flow as it was sent; flows of even ids by port 0, odd ones by port 1. */
static inline uint32_t
make_frame(const struct wire_world *w, uint8_t *frame, uint32_t flow, uint64_t seq, uint16_t size)
{
	struct wire_stamp s = {.magic = WIRE_MAGIC,
			       .flow = flow,
			       .seq = seq,
			       .tx_tsc = 1000,
			       .port = (uint16_t)(flow % 2),
			       .size = size};
	struct hf_flow_key key;

	wire_flow_key(&w->flows, flow, &key);
	wire_frame_build(frame, &key, &s);
	return size;
}

static inline void
swap_macs(uint8_t *frame)
{
	uint8_t mac[6];

	memcpy(mac, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, mac, 6);
}

static inline void
arrive(struct wire_world *w, const uint8_t *frame, uint32_t len, uint16_t port, uint16_t queue)
{
	struct wire_stamp stamp;
	int ours = wire_frame_stamp(frame, len, &stamp) == 0;

	if (ours)
		wire_check_prefetch(&w->check, &stamp);
	wire_check_frame(&w->check, frame, len, ours ? &stamp : NULL, port, queue, 1500);
}

/* Packet seq comes back as it should. */
static inline void
arrive_well(struct wire_world *w, uint32_t flow, uint64_t seq)
{
	uint8_t frame[WIRE_SIZE_MIN6];
	uint32_t len = make_frame(w, frame, flow, seq, WIRE_SIZE_MIN6);

	if (w->check.expect == WIRE_EXPECT_MACSWAP)
		swap_macs(frame);
	arrive(w, frame, len, (uint16_t)(flow % 2 ^ 1), 0);
}

#endif

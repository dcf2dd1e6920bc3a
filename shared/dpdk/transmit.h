/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transmit with bounded patience: a peer that is held up for a moment (a virtual machine without
 * its CPU, a NIC that is paused) costs time, not packets. Used by whoever transmits: the owner of a
 * hardware lane, an I/O thread of software lanes. Each has a struct hf_transmit of its own, in
 * private memory. Nothing here counts or frees.
 *
 * A port that does not take a burst within the time is not waited for again until it takes one at
 * once: a peer that is gone costs one wait, and the traffic between other ports goes on.
 */
#ifndef HF_TRANSMIT_H
#define HF_TRANSMIT_H

#include <stdint.h>

#include "segment.h"

struct rte_mbuf;

struct hf_transmit {
	uint64_t patience_tsc; /* cycles to wait for room; 0: none */
	uint32_t sleeps;       /* 1: gives the CPU away while it waits */
	uint32_t stalled;      /* bit i: port i is not waited for */
};
static_assert(HF_MAX_PORTS <= 32, "a bit a port");

/* Fills t from what the primary configured. Any thread. */
void hf_transmit_init(struct hf_transmit *t, const struct hf_run_config *run, uint64_t tsc_hz);

/*
 * Offers n packets to a queue of ethdev, which is configured port number port, until all are taken
 * or patience is over. Returns how many were taken; the rest stay the caller's. The queue's only
 * user. On a port with room: one driver call, no look at the clock.
 */
uint16_t hf_transmit(struct hf_transmit *t, uint32_t port, uint16_t ethdev, uint16_t queue,
		     struct rte_mbuf **m, uint16_t n);

#endif

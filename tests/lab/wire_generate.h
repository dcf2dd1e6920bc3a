/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sending half of holdfast-wire: when, of which flow, to which queue. One thread, the one that
 * receives.
 */
#ifndef HF_WIRE_GENERATE_H
#define HF_WIRE_GENERATE_H

#include <stdint.h>

#include "rss.h"
#include "wire_check.h"
#include "wire_flows.h"
#include "wire_ports.h"

#define WIRE_BURST    32
#define WIRE_OUT_ROOM (2 * WIRE_BURST)
#define WIRE_RETA     128

struct rte_mbuf;

/* Packets made and not yet taken by a queue. */
struct wire_out {
	uint32_t n;
	struct rte_mbuf *mbuf[WIRE_OUT_ROOM];
};

struct wire_generator {
	struct wire_flows *flows;
	struct wire_sent *sent; /* one a flow */
	const struct wire_ports *ports;
	uint32_t burst;
	uint32_t full;          /* queues that have no room for a burst */
	uint64_t rate;          /* 0: as fast as it goes */
	uint64_t rates[2];      /* in turn */
	uint32_t other_percent; /* rates[1], of what the turn before it sent; 0: as it is */
	uint64_t turn;          /* ticks that a rate is kept; 0: always */
	uint64_t turn_tsc;      /* when the next one begins */
	uint32_t turns;         /* that have ended */
	uint32_t burst_asked;
	uint64_t packets; /* 0: no limit */
	uint64_t hz;
	uint64_t start_tsc; /* of the schedule; moved on when it cannot be kept */
	uint64_t paced;     /* packets made since then */
	uint64_t made;      /* packets with a sequence number */
	uint64_t tx_pkts;   /* of these, taken by a port */
	uint64_t tx_bytes;
	uint64_t skipped_tsc;  /* time by which the schedule was moved */
	uint64_t progress_tsc; /* when a port last took a packet */
	struct hf_rss rss;
	struct wire_out out[WIRE_PORTS_MAX][WIRE_QUEUES_MAX];
};

/*
 * Prepares: flows and ports are kept. Returns 0, -ENOMEM, or -EINVAL: the key. The caller frees
 * g->sent.
 */
int wire_generate_init(struct wire_generator *g, const struct wire_options *o,
		       struct wire_flows *flows, const struct wire_ports *ports);

/* The schedule begins now. */
void wire_generate_start(struct wire_generator *g, uint64_t now);

/* Sends what is due, up to a burst. Returns packets made: 0: nothing was due, or no room. */
uint32_t wire_generate(struct wire_generator *g, uint64_t now);

/* Has everything been made that --packets asked for? */
int wire_generate_done(const struct wire_generator *g);

/* Ticks until the next burst is due; 0: now. */
uint64_t wire_generate_due(const struct wire_generator *g, uint64_t now);

/* Offers again what no queue has taken. Returns packets still left. */
uint32_t wire_generate_flush(struct wire_generator *g, uint64_t now);

/* Takes back what no queue has taken: it was never sent. */
void wire_generate_withdraw(struct wire_generator *g);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The judge of holdfast-wire: has every packet come back once, in its flow's order, as it should
 * look, where it should, and when. Works on bytes: no mbuf, no port. One thread.
 *
 * Memory is bounded: a flow costs 24 bytes and a window of 64 to 65,536 sequence numbers, as wide
 * as 64 MB for all flows allow. A packet that comes later than its window is wide counts as
 * reordered and as received; that it came twice is then only known when more came than were sent.
 */
#ifndef HF_WIRE_CHECK_H
#define HF_WIRE_CHECK_H

#include <stdint.h>

#include "wire_flows.h"
#include "wire_frame.h"
#include "wire_latency.h"

#define WIRE_QUEUES_MAX   64
#define WIRE_QUEUE_NONE   UINT16_MAX
#define WIRE_WINDOW_MIN   64U
#define WIRE_WINDOW_MAX   65536U
#define WIRE_WINDOW_BYTES (64U << 20)

/* What was sent of a flow; written by the sending half. */
struct wire_sent {
	uint64_t pkts; /* the next sequence number */
	uint64_t bytes;
	uint16_t queue; /* by its hash */
	uint16_t zero[3];
};

/* What has come back of a flow. */
struct wire_seen {
	uint64_t next; /* highest sequence number seen, and one */
	uint64_t pkts; /* different ones */
	uint16_t queue;
	uint16_t several; /* 1: came on more than one queue */
	uint32_t zero;
};

struct wire_totals {
	uint64_t rx_pkts; /* ours: with a stamp */
	uint64_t rx_bytes;
	uint64_t foreign;
	uint64_t lost, duplicated, reordered; /* lost: by wire_check_finish() */
	uint64_t late;                        /* of the reordered: behind the window */
	uint64_t fault[WIRE_FAULT_COUNT];
	uint64_t content_errors; /* sum of the faults */
	uint64_t flows_on_several_queues;
	uint64_t queue_rx[WIRE_QUEUES_MAX];
};

struct wire_check {
	const struct wire_flows *flows;
	const struct wire_sent *sent; /* one a flow */
	struct wire_seen *seen;
	uint64_t *window; /* bits of the last `width` sequence numbers, width / 64 words a flow */
	uint32_t width;
	uint16_t n_ports;
	uint8_t expect;    /* enum wire_expect */
	uint8_t same_port; /* comes back where it was sent; else at the peer, port ^ 1 */
	struct wire_totals totals;
	struct wire_latency latency;
};

/*
 * Prepares for flows->n flows. Keeps both pointers. The caller has set expect, n_ports and
 * same_port. Returns 0 or -ENOMEM.
 */
int wire_check_init(struct wire_check *c, const struct wire_flows *flows,
		    const struct wire_sent *sent);
void wire_check_close(struct wire_check *c);

/*
 * Takes a frame of len bytes that came to queue of port at rx_tsc. stamp: by wire_frame_stamp(),
 * or NULL: a foreign frame. Hot path.
 */
void wire_check_frame(struct wire_check *c, const uint8_t *frame, uint32_t len,
		      const struct wire_stamp *stamp, uint16_t port, uint16_t queue,
		      uint64_t rx_tsc);

/* Fetches what wire_check_frame() will need. Any stamp is valid input. */
void wire_check_prefetch(const struct wire_check *c, const struct wire_stamp *stamp);

/* Counts what never came; when nothing comes any more, once. */
void wire_check_finish(struct wire_check *c);

/* Is the traffic right, with up to allow_loss packets lost? */
int wire_check_good(const struct wire_check *c, uint64_t allow_loss);

#endif

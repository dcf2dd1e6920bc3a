/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The I/O threads of software lanes: receive, hash, steer into lane rings, follow the owners'
 * cursors, transmit, free. Every mbuf pointer is kept in private memory; what a worker hands back
 * is looked at before it is believed. Threads of the primary; never wait for a worker.
 */
#ifndef HF_IO_H
#define HF_IO_H

#include <pthread.h>
#include <rte_mbuf.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "lane_ring.h"
#include "primary.h"
#include "rss.h"
#include "transmit.h"

#define HF_IO_BURST    64  /* packets a receive call and a transmit call */
#define HF_IO_REAP_MIN 128 /* packets taken back from one lane in a turn, or twice what came in */

/*
 * Custody mark of an mbuf, in the 8 bytes of its hash (first cache line, not needed once the packet
 * is steered): which ring position it was published at. Upper bit 0: not ours. The census finds an
 * mbuf that was forgotten by its mark: published below the position up to which everything has
 * been transmitted or freed.
 */
#define HF_MARK_LANE       (UINT64_C(1) << 63)
#define HF_MARK_IO_SHIFT   60
#define HF_MARK_LANE_SHIFT 54
#define HF_MARK_INDEX_MASK ((UINT64_C(1) << HF_MARK_LANE_SHIFT) - 1)

static inline uint64_t
hf_mark(uint32_t io, uint32_t lane, uint64_t index)
{
	return HF_MARK_LANE | (uint64_t)io << HF_MARK_IO_SHIFT |
	       (uint64_t)lane << HF_MARK_LANE_SHIFT | (index & HF_MARK_INDEX_MASK);
}

static inline void
hf_mark_set(struct rte_mbuf *m, uint64_t mark)
{
	memcpy(&m->hash, &mark, sizeof(mark));
}

static inline uint64_t
hf_mark_get(const struct rte_mbuf *m)
{
	uint64_t mark;

	memcpy(&mark, &m->hash, sizeof(mark));
	return mark;
}

/* What was published at one ring position. */
struct hf_io_slot {
	struct rte_mbuf *mbuf;
	uint16_t pool;   /* index in hf_io_thread.pool[] */
	uint16_t direct; /* 1: neither attached nor external when it was published */
	uint16_t segs;
	uint16_t data_at; /* as in hf_lane_slot */
};

/* Where a pool's mbufs lie. */
struct hf_io_range {
	uintptr_t first, end;
};

#define HF_SLOTS_A_LINE (64 / sizeof(struct hf_lane_slot))

/* The I/O thread's end of one lane ring; private memory. */
struct hf_io_ring {
	/* slots of the line that head is in; written to the ring when it is full, or published */
	alignas(64) struct hf_lane_slot line[HF_SLOTS_A_LINE];
	struct hf_lane_ring *ring;
	struct hf_io_slot *shadow; /* size entries: what was really published */
	uint64_t size, mask;       /* the ring's, where no worker can scribble on them */
	struct hf_lane_slot *slots;
	const uint16_t *verdicts;
	uint64_t head;                    /* next index to publish */
	uint64_t reaped;                  /* below: taken back */
	uint32_t ready;                   /* packets to take back in the next turn */
	_Atomic(uint64_t) reaped_settled; /* below: transmitted or freed; for the census */
	uint64_t freed;                   /* packets; part of the thread's ledger */
	int dirty;                        /* counters moved in this turn */
	uint32_t fill, peak;              /* as in *shared_fill */
	struct hf_lane_totals sum;        /* what hf_io_lane shows after the next commit */
	struct hf_io_lane *shared;
	struct hf_io_fill *shared_fill;
};

/* Packets on their way out of one port in this turn. */
struct hf_io_out {
	uint32_t n;
	struct rte_mbuf *mbuf[HF_IO_BURST];
	uint8_t lane[HF_IO_BURST];
	uint32_t len[HF_IO_BURST]; /* frame bytes; the driver may free the mbuf */
};

struct hf_io_port {
	uint16_t ethdev;
	uint16_t index;     /* configured */
	uint16_t n_rxq;     /* 0: another thread receives from it */
	uint16_t hw_hash;   /* the driver's RSS hash counts */
	uint16_t cksum;     /* the driver verifies checksums */
	uint16_t pool;      /* index of its receive queues' pool */
	uint32_t max_frame; /* bytes without FCS that may leave: MTU, Ethernet header, two VLAN tags
			     */
	struct hf_io_out out;
};

enum hf_io_request { HF_IO_RUN, HF_IO_STAND, HF_IO_STOP };

struct hf_io_thread {
	pthread_t thread;
	int started;
	uint32_t id;
	int cpu; /* -1: any */
	uint32_t idle, idle_sleep_us;
	struct hf_segment *seg;
	struct hf_io *shared;
	const struct hf_rss *rss;
	uint32_t n_ports;
	uint32_t n_lanes;
	struct hf_io_port port[HF_MAX_PORTS];
	struct hf_io_ring ring[HF_MAX_LANES];
	struct rte_mempool *pool[HF_MAX_POOLS];
	struct hf_io_range range[HF_MAX_POOLS]; /* of pool[] */
	uint32_t n_pools;
	struct hf_transmit tx; /* how long it waits for room */
	uint32_t received;     /* packets in this turn */
	uint32_t still;        /* turns in a row in which lanes held packets and finished none */
	/*
	 * The thread's own ledger of packets, kept where drivers and pools are called, apart from
	 * the counters that are shown: at the end of a turn got = given + what its rings hold.
	 */
	uint64_t got;     /* received from drivers */
	uint64_t given;   /* taken by drivers, or freed; rings' freed comes on top */
	int timed;        /* 1: in this turn steps are timed */
	uint64_t lap_tsc; /* when the step before ended */
	uint64_t step_tsc[HF_IO_STEPS];
	atomic_int request; /* enum hf_io_request; main thread asks */
};

/* Makes thread k of p with rings for all lanes (memzones are reserved here). 0 or -errno, logged.
 */
int hf_io_create(struct hf_primary *p, uint32_t k, const struct hf_rss *rss);

/* Starts it. 0 or -errno, logged. */
int hf_io_start(struct hf_io_thread *t);

/*
 * io_stand.c: calls act(arg) once, at an instant at which every I/O thread stands at the end of a
 * turn and holds nothing outside rings; without I/O threads, at once. The thread that arrives last
 * makes the call (so that no I/O thread waits for the caller to get a CPU): it must be short, and
 * must not call the system, log or allocate. Main thread. Returns 0 and in *stood_ns how long the
 * first one stood; or -ETIMEDOUT when one did not arrive within 200 ms: act was not called.
 */
int hf_io_stand(struct hf_primary *p, void (*act)(void *arg), void *arg, uint64_t *stood_ns);

/* Takes part in it. I/O thread, at the end of a turn. */
void hf_io_stand_still(void);

/* Asks something of every I/O thread. Main thread. */
void hf_io_request_all(struct hf_primary *p, enum hf_io_request request);

/* Ends all threads; then frees what the rings still hold. Main thread. */
void hf_io_stop(struct hf_primary *p);

/* In a timed turn: a step ends here. */
static inline void
hf_io_lap(struct hf_io_thread *t, enum hf_io_step step)
{
	uint64_t now;

	if (!t->timed)
		return;
	now = hf_tsc();
	t->step_tsc[step] += now - t->lap_tsc;
	t->lap_tsc = now;
}

/* --- io_rx.c, io_tx.c: the two halves of a turn; I/O thread ------------------------------------
 */

/* Receives from the thread's ports and publishes to lanes. Returns packets received. */
uint32_t hf_io_receive(struct hf_io_thread *t);

/* Takes back what lanes have finished, transmits and frees. Returns packets taken back. */
uint32_t hf_io_reap(struct hf_io_thread *t);

/* Frees one packet of a lane under a reason. */
void hf_io_drop(struct hf_io_ring *r, struct rte_mbuf *m, enum hf_drop reason);

#endif

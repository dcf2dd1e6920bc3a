/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segment's parts for lanes and for the I/O threads that feed them. Part of the layout: see
 * segment.h, which includes it.
 */
#ifndef HF_SEGMENT_LANE_H
#define HF_SEGMENT_LANE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "flow_table.h"
#include "lease.h"
#include "reasons.h"
#include "segment_limits.h"

enum hf_lane_kind { HF_LANE_SOFTWARE, HF_LANE_HARDWARE };

/* What an I/O thread does with a packet. */
enum hf_io_step {
	HF_IO_STEP_RECEIVE,
	HF_IO_STEP_HASH,
	HF_IO_STEP_PUBLISH,
	HF_IO_STEP_REAP,
	HF_IO_STEP_TRANSMIT,
	HF_IO_STEPS,
};

enum hf_lane_state {
	HF_LANE_FREE, /* nobody has run it yet, or the owner left and nobody waits */
	HF_LANE_RUNNING,
	HF_LANE_HANDOVER,   /* given back by its owner, the next one is on its way */
	HF_LANE_RECOVERING, /* the new owner of a dead one's lane is at work */
	HF_LANE_DIRTY,      /* an owner died, the lease was given back: recover, then run */
	HF_LANE_BROKEN,     /* an owner died inside a driver call: only the primary can mend it */
};

/*
 * What I/O thread k counted for lane l. Writer: I/O thread k, once a loop, under seq (odd while
 * writing), so that a reader sees rx = tx + Σ drops + held. Readers: all, by hf_io_lane_read().
 */
struct hf_io_lane {
	alignas(64) _Atomic(uint32_t) seq;
	uint32_t zero;
	_Atomic(uint64_t) rx_pkts; /* received and steered to the lane, dropped ones included */
	_Atomic(uint64_t) rx_bytes;
	_Atomic(uint64_t) tx_pkts;
	_Atomic(uint64_t) tx_bytes;
	_Atomic(uint64_t) held_pkts; /* published and not yet reaped */
	_Atomic(uint64_t) drop[HF_DROP_MAX];
};

/* How full the ring of one lane is. Writer: its I/O thread. Readers: all, by hf_lane_fill_read().
 */
struct hf_io_fill {
	_Atomic(uint32_t) now;         /* packets that the lane has not finished */
	_Atomic(uint32_t) peak;        /* most of them in this second ... */
	_Atomic(uint32_t) peak_before; /* ... and in the one before */
	uint32_t size;                 /* of the ring; writer: primary, before READY */
};

/* One I/O thread. Writer: that thread. Readers: all. */
struct hf_io {
	alignas(64) int32_t cpu;
	int32_t node;
	_Atomic(uint64_t) loops;
	_Atomic(uint64_t) busy_tsc;  /* spent in loops that moved packets */
	_Atomic(uint64_t) total_tsc; /* spent in all loops, sleeps included */
	_Atomic(uint64_t) heartbeat_tsc;
	/* Of every 64th turn: time by step, packets received and packets taken back. */
	_Atomic(uint64_t) step_tsc[HF_IO_STEPS];
	_Atomic(uint64_t) step_rx_pkts;
	_Atomic(uint64_t) step_tx_pkts;
	_Atomic(int32_t) tid; /* as the kernel counts threads; 0: not started */
	uint32_t zero;
	struct hf_io_lane lane[HF_MAX_LANES];
	struct hf_io_fill fill[HF_MAX_LANES];
};

enum hf_gap_kind { HF_GAP_HANDOVER, HF_GAP_TAKEOVER, HF_GAP_KINDS };

#define HF_GAP_BUCKETS 24
#define HF_MAX_STAGES  3

/* What the owner of a lane does with a burst. */
enum hf_lane_step {
	HF_LANE_STEP_RX,    /* taking packets up: from the driver, or from the ring */
	HF_LANE_STEP_SAVE,  /* the undo record */
	HF_LANE_STEP_APPLY, /* all stages' changes, verdicts, cursor */
	HF_LANE_STEP_TX,    /* hardware lanes: the driver's transmit call */
	HF_LANE_STEP_FREE,  /* hardware lanes: freeing what was dropped, and counting */
	HF_LANE_STEP_PLAN,  /* the first stage's plan; the others' follow */
	HF_LANE_STEPS = HF_LANE_STEP_PLAN + HF_MAX_STAGES,
};

/*
 * Where the time goes: every 64th burst, step by step. Writer: the owner. A death while it writes
 * leaves steps of one burst out.
 */
struct hf_lane_steps {
	alignas(64) _Atomic(uint64_t) bursts;
	_Atomic(uint64_t) pkts;
	_Atomic(uint64_t) tsc[HF_LANE_STEPS];
	char stage[HF_MAX_STAGES][16]; /* names of the owner's stages, in order; "": none */
};

/*
 * What polls that found packets cost, as sums for a straight line through (packets, time) of each:
 * see headroom.h. Polls during which somebody else had the CPU are left out. Writer: the owner,
 * every 256 polls and before each sleep.
 */
struct hf_lane_cost {
	alignas(64) _Atomic(uint64_t) polls;
	_Atomic(uint64_t) pkts;
	_Atomic(uint64_t) tsc;
	_Atomic(uint64_t) pkts_pkts; /* sum of the squares */
	_Atomic(uint64_t) pkts_tsc;  /* sum of the products */
};

/*
 * A lane's gaps by length. Bucket 0: below 1 us; b: from 2^(b-1) below 2^b us; the last one: all
 * that are longer. Writer: the owner, after its first packets. A death in between leaves one out.
 */
struct hf_gaps {
	alignas(64) _Atomic(uint64_t) sum_ns[HF_GAP_KINDS];
	_Atomic(uint64_t) longest_ns[HF_GAP_KINDS];
	_Atomic(uint32_t) count[HF_GAP_KINDS][HF_GAP_BUCKETS];
};

struct hf_lane {
	/* line 0; writers: lane threads, by the pthread calls alone */
	struct hf_lease lease;

	/* Writer: primary. */
	alignas(64) uint32_t kind;         /* enum hf_lane_kind */
	int32_t cpu;                       /* configured, -1: any */
	int32_t node;                      /* of that CPU, -1 unknown */
	_Atomic(uint32_t) numa_mismatch;   /* 1: a port it serves is on another node */
	_Atomic(uint32_t) preferred_plus1; /* worker slot + 1 that shall own it next; 0: any */
	_Atomic(uint32_t) handover_gen;    /* asked of the owner whose generation this is */
	_Atomic(uint32_t) unsupervised;    /* 1: its owner is not killed for hanging */
	_Atomic(uint32_t)
		hung_gen;       /* generation whose owner was killed in a loop or blocked; 0 none */
	_Atomic(uint32_t) park; /* 1: whoever gets the lease gives it back, and waits */
	uint32_t zero;
	_Atomic(uint64_t) recoveries;     /* deaths inside a driver that the primary repaired */
	_Atomic(uint64_t) recovery_ns;    /* how long the last one took */
	_Atomic(uint64_t) queue_lost_max; /* packets lost in port queues by recoveries, at most */

	/* Writer: the holder of the lease. */
	alignas(64) _Atomic(uint32_t) generation; /* owners so far; moved by each new owner */
	_Atomic(uint32_t) state;                  /* enum hf_lane_state */
	_Atomic(int32_t) owner_pid;               /* last owner; 0: none yet, or it gave back */
	_Atomic(uint32_t) owner_slot_plus1;       /* its worker slot + 1; 0: none */
	_Atomic(uint64_t) since_tsc;              /* when it became owner */
	_Atomic(uint64_t) handovers;              /* planned changes of owner */
	_Atomic(uint64_t) takeovers;              /* changes after a death */
	_Atomic(uint64_t) undone;                 /* packets restored by recovery */
	_Atomic(int32_t) owner_tid;               /* its thread, as the kernel counts them */

	/* Writer: the owner. gap: from the end of the last poll of the owner before to the end of
	 * the first poll of this one: the longest that a packet waited for want of an owner. */
	alignas(64) _Atomic(uint64_t) served_tsc; /* end of the last poll, found or empty */
	_Atomic(uint64_t) done_pkts;              /* statistics; not part of the balance */
	_Atomic(uint64_t) last_gap_ns;            /* of the change to last_gap_gen */
	_Atomic(uint32_t) last_gap_gen;           /* generation it belongs to; 0: none yet */
	_Atomic(uint32_t) last_gap_takeover;      /* 1: after a death */

	struct hf_gaps gaps;
	struct hf_lane_steps steps;
	struct hf_lane_cost cost;

	/* Writer: the owner, every 256 polls and before each sleep. */
	alignas(64) _Atomic(uint64_t) heartbeat_tsc;
	_Atomic(uint64_t) polls;
	_Atomic(uint64_t) bursts;    /* polls that found packets */
	_Atomic(uint64_t) busy_tsc;  /* spent with packets */
	_Atomic(uint64_t) total_tsc; /* spent as owner */

	/* Writer: the owner, in apply, under the undo record. Packets that are no flow, by reason.
	 */
	alignas(64) _Atomic(uint64_t) flow_skipped[HF_SKIP_MAX];

	/* Writer: the owner. */
	struct hf_flow_account flows;

	/* Writer: the owner of a hardware lane, which is its own I/O thread. */
	struct hf_io_lane counters;
};

/*
 * What lane l's totals were at the last `clear`; hf_lane_totals_read() subtracts it. rx is stored
 * less what was held, so that the balance still holds afterwards. Writer: primary's main thread,
 * under seq (odd while writing). Readers: all.
 */
struct hf_lane_clear {
	alignas(64) _Atomic(uint32_t) seq;
	uint32_t zero;
	_Atomic(uint64_t) rx_pkts;
	_Atomic(uint64_t) rx_bytes;
	_Atomic(uint64_t) tx_pkts;
	_Atomic(uint64_t) tx_bytes;
	_Atomic(uint64_t) drop[HF_DROP_MAX];
};

#define HF_LOAD_WORDS (10 + HF_MAX_PORTS)

/* A struct hf_load (headroom.h) of a while ago. Writer: primary's main thread, under seq. */
struct hf_load_kept {
	alignas(64) _Atomic(uint32_t) seq; /* odd while it is written */
	uint32_t zero;
	_Atomic(uint64_t) word[HF_LOAD_WORDS];
};

#endif

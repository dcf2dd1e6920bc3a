/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segment: the shared-memory file in hugetlbfs by which primary, workers and monitor see each
 * other. Primary and workers map it read-write, the monitor PROT_READ. No pointers, fixed-width
 * types; every block names its writer. One writer a cache line; readers add up.
 *
 * Time: "tsc" fields are CLOCK_MONOTONIC-independent time stamp counter values; tsc_hz and the pair
 * (start_tsc, start_realtime_ns) in the header convert them. Ticks are milliseconds since
 * start_tsc, 32 bits, wrapping.
 *
 * Change anything here and bump HF_LAYOUT_VERSION (a unit test compares sizes and offsets).
 */
#ifndef HF_SEGMENT_H
#define HF_SEGMENT_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "flow_table.h"
#include "lease.h"
#include "names.h"
#include "quarantine.h"
#include "reasons.h"

#define HF_SEGMENT_MAGIC  UINT64_C(0x54534146444c4f48) /* "HOLDFAST" */
#define HF_LAYOUT_VERSION 5U

#define HF_MAX_PORTS   16
#define HF_MAX_LANES   64
#define HF_MAX_WORKERS 64
#define HF_MAX_IO      8
#define HF_MAX_POOLS   128
#define HF_MAX_RXQ     128 /* of a port */
#define HF_MAX_TXQ     64
#define HF_MAX_EVENTS  1024
#define HF_MAX_PASTS   128 /* names of workers that are remembered */

enum hf_segment_state {
	HF_SEGMENT_STARTING, /* the primary is still building */
	HF_SEGMENT_READY,    /* workers may attach */
	HF_SEGMENT_STOPPING, /* the primary is leaving: workers leave too */
	HF_SEGMENT_GONE,     /* the primary has left */
	HF_SEGMENT_REPLACED, /* it died, the next one asks its workers to leave */
};

enum hf_idle { HF_IDLE_POLL, HF_IDLE_PAUSE, HF_IDLE_SLEEP };
enum hf_l2_mode { HF_L2_WIRE, HF_L2_MACSWAP };
enum hf_link { HF_LINK_DOWN, HF_LINK_UP, HF_LINK_UNKNOWN };
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

enum hf_worker_state {
	HF_WORKER_FREE, /* the slot is free */
	HF_WORKER_ATTACHING,
	HF_WORKER_RUNNING,
	HF_WORKER_LEAVING, /* gives its lanes back and ends */
	HF_WORKER_DEAD,    /* seen dead by the primary; cleared when it has been accounted for */
};

/* What a lane thread of a worker does; one byte per lane in the worker's slot. */
enum hf_thread_state {
	HF_THREAD_NONE,    /* this worker does not serve the lane */
	HF_THREAD_WAITING, /* asleep in the lease, or about to be */
	HF_THREAD_OWNER,
};

/* What a lane thread was doing: see struct hf_crash. */
enum hf_step {
	HF_STEP_NONE,    /* between bursts, or no lane thread */
	HF_STEP_RECOVER, /* making a dead owner's lane whole */
	HF_STEP_RX,      /* inside a driver's receive call */
	HF_STEP_PLAN,    /* a stage's plan over a burst */
	HF_STEP_APPLY,   /* changing the packets of a burst */
	HF_STEP_TX,      /* inside a driver's transmit call, or freeing */
};

/* Asked of a worker by the primary. */
enum hf_worker_command {
	HF_COMMAND_NONE,
	HF_COMMAND_EXIT,   /* give all lanes back, then end */
	HF_COMMAND_REEXEC, /* give all lanes back, then start afresh from the program file */
};

/* How a worker ended. */
enum hf_exit {
	HF_EXIT_NONE,
	HF_EXIT_LEFT,      /* by itself: it got a signal that asks for that, or its primary went */
	HF_EXIT_DRAINED,   /* asked by `drain` */
	HF_EXIT_RESTARTED, /* replaced by `restart`; or the same process started anew */
	HF_EXIT_UPGRADED,  /* replaced by `upgrade` */
	HF_EXIT_CRASHED,   /* number: signal; step, stage and lane by its own report */
	HF_EXIT_HUNG,      /* killed for it by the primary */
	HF_EXIT_KILLED,    /* number: signal */
	HF_EXIT_FAILED,    /* number: exit status; it had not said that it leaves */
	HF_EXIT_DIED,      /* the kernel did not tell how */
	HF_EXIT_COUNT,
};

enum hf_event_type {
	HF_EVENT_NONE,
	HF_EVENT_READY,         /* the primary serves */
	HF_EVENT_WORKER_START,  /* pid */
	HF_EVENT_WORKER_EXIT,   /* pid left by itself; code: HF_EXIT_CODE */
	HF_EVENT_WORKER_DEATH,  /* pid died without giving its lanes back; value: lanes held; code:
				   HF_EXIT_CODE */
	HF_EVENT_LANE_START,    /* lane's first owner: pid */
	HF_EVENT_LANE_HANDOVER, /* lane, new owner's pid; value: gap in ns */
	HF_EVENT_LANE_TAKEOVER, /* lane, new owner's pid; value: gap in ns */
	HF_EVENT_LANE_ORPHANED, /* lane has no owner */
	HF_EVENT_LINK,          /* port in lane field; value: enum hf_link */
	HF_EVENT_NUMA_MISMATCH, /* lane; value: its CPU's node */
	HF_EVENT_CLEAR,         /* counters were cleared */
	HF_EVENT_STOP,
	HF_EVENT_WORKER_CRASH, /* pid, lane; code: HF_CRASH_CODE; value: fault address; text: stage
				*/
	HF_EVENT_WORKER_HANG,  /* pid, lane or -1; value: ns since its heartbeat; it was killed */
	HF_EVENT_LANE_RECOVERED, /* lane made whole by the primary; value: ns it took */
	HF_EVENT_ADOPTED, /* the primary took over a kept segment; value: packets lost with the old
			   */
	HF_EVENT_QUARANTINED, /* lane, pid of the second owner that died on it; code: HF_CRASH_CODE,
			       * signal 0: a hang; value: ring index; text: stage */
	HF_EVENT_QUARANTINE_FULL, /* lane; value: packets dropped so and not written */
	HF_EVENT_COUNT,
};

/* Writer: primary, before READY, except state, heartbeat and clear_seq. Readers: all. */
struct hf_segment_header {
	alignas(64) uint64_t magic; /* 0 until the primary is READY; stored last */
	uint32_t layout_version;
	uint32_t header_bytes;   /* sizeof(struct hf_segment) */
	uint64_t total_bytes;    /* of the file that are in use */
	_Atomic(uint32_t) state; /* enum hf_segment_state (READY is a release store) */
	int32_t primary_pid;
	uint64_t primary_start; /* field 22 of /proc/PID/stat: tells a reused pid */
	uint64_t pid_ns;        /* inode of the primary's /proc/self/ns/pid */
	char instance[HF_INSTANCE_LEN];
	char dpdk_version[32];
	char program_version[32];
	uint64_t tsc_hz;
	uint64_t start_tsc;
	int64_t start_realtime_ns; /* CLOCK_REALTIME at start_tsc */
	uint32_t n_ports;
	uint32_t n_lanes;
	uint32_t n_io;
	uint32_t n_pools;
	uint64_t flow_off;      /* byte offset of lane 0's flow region */
	uint64_t flow_stride;   /* bytes from one lane's region to the next */
	uint32_t flow_capacity; /* records a lane */
	uint32_t flow_idle_ticks;
	uint64_t flow_seed;
	uint32_t kind;          /* enum hf_lane_kind of all lanes */
	uint32_t pool_ops;      /* index of the pools' ops table in the primary ... */
	char pool_ops_name[32]; /* ... and its name: the same in a process that touches pools */
	alignas(64) _Atomic(uint64_t) heartbeat_tsc; /* primary's main loop, every 10 ms or so */
	_Atomic(uint32_t) clear_seq;                 /* moves with every `clear` */
	uint32_t forward_alone; /* 1: workers go on when the primary has died, until the next */
	uint32_t adoptions;     /* primaries that took the segment over from one before */
	uint32_t zero[11];
};

/* How workers run. Writer: primary, before READY. */
struct hf_run_config {
	alignas(64) uint32_t burst; /* packets, 1 to 128 */
	uint32_t idle;              /* enum hf_idle */
	uint32_t idle_sleep_us;     /* for HF_IDLE_SLEEP: the longest sleep */
	uint32_t stage_l2;          /* 1: the stage runs */
	uint32_t stage_flow;
	uint32_t l2_mode;            /* enum hf_l2_mode */
	uint16_t peer[HF_MAX_PORTS]; /* egress port of each ingress port; UINT16_MAX: none */
	uint32_t cksum_ports;     /* bit i: hardware lanes drop what port i's driver finds wrong */
	uint32_t hang_timeout_ms; /* a heartbeat older than that is a hang; 0: never */
	uint32_t tx_retry_us;     /* how long a full transmit queue is waited for */
	uint32_t quarantine_snap; /* bytes kept of a packet on which owners died */
	uint32_t zero[14];
};

/*
 * Packets of one queue of a port, counted by the one thread that polls it: an I/O thread, or the
 * owner of a hardware lane. Read them by hf_queue_pkts(). A line each: queues are polled apart.
 */
struct hf_queue_count {
	alignas(64) _Atomic(uint64_t) pkts; /* given by the driver, or taken by it */
	_Atomic(uint64_t) zero; /* as of the last clear; writer: primary's main thread */
};

/* Writer: primary's main thread, but of queues. Readers: all. Rates are the reader's business. */
struct hf_port {
	alignas(64) char name[32]; /* as configured, or the device's name */
	char device[128];          /* device string as configured */
	char driver[32];
	uint8_t mac[6];
	uint16_t mtu;
	int32_t node; /* NUMA node, -1 unknown */
	uint32_t n_queues;
	uint32_t pool;                         /* index in pools[] */
	uint16_t peer;                         /* UINT16_MAX: none */
	uint16_t rss_in_hardware;              /* 1: the hash comes from the driver */
	uint16_t ethdev;                       /* DPDK's port id, the same in every process */
	uint16_t kind;                         /* enum hf_lane_kind of its queues */
	char why[92];                          /* why it is of that kind, for people */
	_Atomic(uint32_t) link_up;             /* enum hf_link */
	_Atomic(uint32_t) link_mbps;           /* 0 unknown */
	_Atomic(uint64_t) sampled_tsc;         /* when the counters below were read; 0: never */
	int32_t io;                            /* its I/O thread, -1: the owners receive */
	alignas(64) _Atomic(uint64_t) rx_pkts; /* from rte_eth_stats_get */
	_Atomic(uint64_t) rx_bytes;
	_Atomic(uint64_t) tx_pkts;
	_Atomic(uint64_t) tx_bytes;
	_Atomic(uint64_t) rx_missed;
	_Atomic(uint64_t) rx_nombuf;
	_Atomic(uint64_t) rx_errors;
	_Atomic(uint64_t) tx_errors;
	alignas(64) uint32_t n_tx_queues;
	struct hf_queue_count rx_queue[HF_MAX_RXQ]; /* the first n_queues */
	struct hf_queue_count tx_queue[HF_MAX_TXQ]; /* the first n_tx_queues */
};

/* Writer: primary's main thread, at each census. Readers: all. Numbers of mbufs. */
struct hf_pool {
	alignas(64) char name[32];
	uint32_t size;
	int32_t node;
	_Atomic(uint32_t) free;        /* in the pool's own ring */
	_Atomic(uint32_t) cached;      /* in per-lcore caches */
	_Atomic(uint32_t) rings;       /* in lane rings */
	_Atomic(uint32_t) held;        /* in I/O threads' hands outside lane rings */
	_Atomic(uint32_t) driver;      /* in drivers' queues */
	_Atomic(uint32_t) unaccounted; /* nowhere: leaked */
	_Atomic(uint64_t) census_tsc;  /* when this was counted; 0: never */
	_Atomic(uint32_t) driver_max;  /* drivers can hold so many at most */
	_Atomic(uint32_t) exact;       /* 1: each of the drivers' was found; 0: driver is a rest */
	_Atomic(uint32_t) twice;       /* found twice: freed twice */
	_Atomic(uint32_t) stood_ns;    /* how long I/O threads stood for it */
	_Atomic(uint32_t) work_ns;     /* main thread's work on it */
	/* By recoveries (hardware lanes). */
	_Atomic(uint32_t) rebuilt; /* times the pool of a dead owner was built anew */
	_Atomic(uint32_t) audits;  /* times every mbuf of a living one was looked for */
	_Atomic(uint32_t) missing; /* found nowhere by audits */
	_Atomic(uint32_t) doubled; /* found twice by audits */
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
 * What a worker's crash handler wrote before the process died. Writer: the first thread of the
 * worker that crashes, under seq (odd while writing). Readers: all, by hf_crash_read(). It outlives
 * the worker and the next owner of the slot, until that one crashes.
 */
struct hf_crash {
	alignas(64) _Atomic(uint32_t) seq; /* 0: no crash yet */
	int32_t pid;
	int32_t signal;
	int32_t code;        /* si_code: above 0, the kernel's word for the cause */
	int32_t lane;        /* -1: not a lane thread, or one without the lease */
	uint32_t generation; /* of the lane's owner */
	uint32_t step;       /* enum hf_step */
	uint32_t ring;       /* which of the lane's rings; for PLAN and APPLY */
	uint64_t packet;     /* ring index: of the packet in APPLY, of the burst's first in PLAN */
	uint64_t address;    /* si_addr; 0 for signals without one */
	uint64_t ip;         /* instruction */
	uint64_t tsc;
	alignas(64) char name[32]; /* the worker's */
	char stage[16];            /* in PLAN: which; else "" */
	uint32_t burst;            /* in PLAN: number of packets */
	uint32_t zero[3];
};
static_assert(sizeof(struct hf_crash) == 128, "a crash report is two cache lines");

/* A worker process. Writers as marked; the slot is claimed under the attach lock. */
struct hf_worker {
	/* Writer: the worker; the primary from DEAD to FREE. */
	alignas(64) _Atomic(uint32_t) state; /* enum hf_worker_state */
	_Atomic(int32_t) pid;
	_Atomic(uint64_t) start_time; /* field 22 of /proc/PID/stat */
	char name[32];
	uint32_t standby;   /* 1: started with --standby */
	uint32_t attach_us; /* how long the attach took */
	/* Writer: the worker. */
	alignas(64) uint64_t lanes;      /* bit l: it names lane l; all of them for a standby */
	_Atomic(uint64_t) attached_tsc;  /* when it became RUNNING */
	_Atomic(uint64_t) heartbeat_tsc; /* its main thread, every 100 ms or so */
	char version[32];
	/* Writer: primary. */
	alignas(64) _Atomic(uint32_t) command; /* enum hf_worker_command */
	_Atomic(uint32_t) asked;               /* enum hf_exit: why it was told to end, if it was */
	uint32_t zero;
	_Atomic(uint64_t) adopt; /* bit l: it shall start a thread for lane l if it has none */
	/* Writer of byte l: the worker's thread of lane l. */
	alignas(64) _Atomic(uint8_t) thread[HF_MAX_LANES]; /* enum hf_thread_state */
	struct hf_crash crash;
};

/*
 * Workers of one name. Writer: primary's main thread, under seq. Readers: all, by worker_past.h.
 * It outlives workers and primaries.
 */
struct hf_worker_past {
	alignas(64) _Atomic(uint32_t) seq; /* 0: nobody's; odd while it is written */
	uint32_t starts;
	int32_t pid;     /* of the last one that ended; below: how */
	uint32_t reason; /* enum hf_exit; NONE: none has */
	uint32_t number; /* see enum hf_exit */
	uint32_t step;   /* enum hf_step */
	int32_t lane;    /* -1: none */
	uint32_t zero;
	int64_t realtime_ns; /* of the last start or end */
	char name[32];
	char stage[16];
};
static_assert(sizeof(struct hf_worker_past) == 128, "a worker's past is two cache lines");

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

struct hf_event {
	_Atomic(uint64_t) seq; /* number of this event from 1; stored last (release) */
	int64_t realtime_ns;
	uint32_t type; /* enum hf_event_type */
	int32_t pid;
	int32_t lane;  /* or port; -1 none */
	uint32_t code; /* HF_EVENT_WORKER_CRASH: see there; else 0 */
	uint64_t value;
	char text[24]; /* worker's or port's name */
};
static_assert(sizeof(struct hf_event) == 64, "an event is one cache line");

/* Signal and enum hf_step in an event's code. */
#define HF_CRASH_CODE(signal, step) ((uint32_t)(signal) | (uint32_t)(step) << 8)
#define HF_CRASH_CODE_SIGNAL(code)  ((int)((code)&0xff))
#define HF_CRASH_CODE_STEP(code)    ((code) >> 8)

/* enum hf_exit and its number in an event's code. */
#define HF_EXIT_CODE(reason, number) ((uint32_t)(reason) | (uint32_t)(number) << 8)
#define HF_EXIT_CODE_REASON(code)    ((code)&0xff)
#define HF_EXIT_CODE_NUMBER(code)    ((code) >> 8)

/* Writer: primary's main thread. Event n is at [(n - 1) % HF_MAX_EVENTS]. */
struct hf_event_log {
	alignas(64) _Atomic(uint64_t) last; /* number of the newest event; 0: none */
	alignas(64) struct hf_event event[HF_MAX_EVENTS];
};

#define HF_LOAD_WORDS (10 + HF_MAX_PORTS)

/* A struct hf_load (headroom.h) of a while ago. Writer: primary's main thread, under seq. */
struct hf_load_kept {
	alignas(64) _Atomic(uint32_t) seq; /* odd while it is written */
	uint32_t zero;
	_Atomic(uint64_t) word[HF_LOAD_WORDS];
};

struct hf_segment {
	struct hf_segment_header header;
	struct hf_run_config run;
	struct hf_port ports[HF_MAX_PORTS];
	struct hf_pool pools[HF_MAX_POOLS];
	struct hf_lane lanes[HF_MAX_LANES];
	struct hf_worker workers[HF_MAX_WORKERS];
	struct hf_io io[HF_MAX_IO];
	struct hf_lane_clear clear[HF_MAX_LANES];
	struct hf_event_log events;
	struct hf_quarantine quarantine[HF_MAX_LANES];
	struct hf_load_kept load[HF_MAX_LANES][2]; /* by turns, every second */
	struct hf_worker_past past[HF_MAX_PASTS];
};

/* A process's map of a segment. */
struct hf_segment_map {
	struct hf_segment *seg; /* PROT_READ in the monitor: read only */
	size_t bytes;           /* mapped */
	uint64_t inode;         /* of the file: a new primary makes a new one */
	int writable;
};

/*
 * Creates and maps the segment of an instance, replacing a stale one, and fills the constant part
 * of the header (all but magic, state READY). dir: a hugetlbfs mount. flow_capacity: records a
 * lane. gid: group that may read, (gid_t)-1 for none. The link /run/holdfast/<instance>/segment
 * points to it. Primary, main thread. Returns 0; -ENOMEM too few hugepages; -errno otherwise.
 */
int hf_segment_create(struct hf_segment_map *map, const char *instance, const char *dir,
		      uint32_t n_lanes, uint32_t flow_capacity, gid_t gid);

/*
 * Maps the segment of an instance and verifies it. writable 0: PROT_READ. why: receives one line
 * that says what was wrong, with both values where two differ. Any process. Returns
 *   0; -ENOENT no such instance; -EACCES no permission; -EPROTO magic, layout version or sizes
 *   differ; -EAGAIN still STARTING (mapped nothing); -errno otherwise.
 */
int hf_segment_open(struct hf_segment_map *map, const char *instance, int writable, char *why,
		    size_t why_len);

/* Unmaps. The primary removes the file and the link with hf_segment_remove(). */
void hf_segment_close(struct hf_segment_map *map);
void hf_segment_remove(const char *instance);

/* Removes the link alone: the file is kept for the next primary. */
void hf_segment_leave(const char *instance);

/* Path of an instance's segment in a hugetlbfs mount. 0 or -ENAMETOOLONG. Any process. */
int hf_segment_path(char *buf, size_t len, const char *instance, const char *dir);

/* Inode of the segment an instance has now, 0 if none: differs from map->inode after a restart. */
uint64_t hf_segment_current_inode(const char *instance);

/* Is process pid, started at start_time (/proc/PID/stat field 22; 0: any), alive? 1 or 0. */
int hf_process_alive(int32_t pid, uint64_t start_time);

/* Field 22 of /proc/<pid>/stat, 0 when there is no such process. */
uint64_t hf_process_start_time(int32_t pid);

/* The set of lanes 0 to n - 1, a bit each; n at most HF_MAX_LANES. Any process. */
static inline uint64_t
hf_lanes_all(uint32_t n)
{
	return n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

/* Start of lane l's flow region. Any process. */
static inline void *
hf_segment_flow_region(const struct hf_segment *seg, uint32_t lane)
{
	return (void *)((uintptr_t)seg + seg->header.flow_off + lane * seg->header.flow_stride);
}

/* A handle for reading lane l's flows (account included, not to be written). Any process. */
void hf_segment_flow_table(const struct hf_segment *seg, uint32_t lane, struct hf_flow_table *t);

/* One consistent copy of a lane's balance, summed over I/O threads, since the last clear. */
struct hf_lane_totals {
	uint64_t rx_pkts, rx_bytes, tx_pkts, tx_bytes;
	uint64_t held_pkts;
	uint64_t drop[HF_DROP_MAX];
	uint64_t drops; /* Σ drop[] */
};

/*
 * Reads lane l's totals; each I/O thread's block is consistent in itself, so that
 * rx_pkts == tx_pkts + drops + held_pkts when the programs are right. Never blocks long: gives up
 * after many tries. Any process. Returns 0 or -EAGAIN (a writer died or stands inside its update).
 */
int hf_lane_totals_read(const struct hf_segment *seg, uint32_t lane, struct hf_lane_totals *out);

/* Reads one I/O thread's block. Returns 0 or -EAGAIN. */
int hf_io_lane_read(const struct hf_io_lane *block, struct hf_lane_totals *out);

/* How full a software lane's rings are, all I/O threads' together; a hardware lane has none. */
struct hf_lane_fill {
	uint32_t now;
	uint32_t peak; /* the most in the last second or two; the sum of the rings' peaks */
	uint32_t size; /* 0: no ring */
};

void hf_lane_fill_read(const struct hf_segment *seg, uint32_t lane, struct hf_lane_fill *out);

/* Bucket of a gap in struct hf_gaps. Any process. */
static inline uint32_t
hf_gap_bucket(uint64_t ns)
{
	uint64_t us = ns / 1000;
	uint32_t b = us == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(us);

	return b < HF_GAP_BUCKETS ? b : HF_GAP_BUCKETS - 1;
}

/* One consistent copy of a slot's last crash. Any process. Returns 0; -ENOENT there was none;
 * -EAGAIN it is being written, or its writer was killed. */
int hf_crash_read(const struct hf_worker *w, struct hf_crash *out);

/*
 * The worker to which a lane belongs: its owner if that one names the lane with --lanes, else of
 * those that name it and live the one that attached last. Any process. Slot, or -1: nobody.
 */
int hf_lane_preferred(const struct hf_segment *seg, uint32_t lane);

/* Names for people and JSON: "running", "software", "worker_death" ... Never NULL. */
const char *hf_segment_state_name(uint32_t state);
const char *hf_lane_state_name(uint32_t state);
const char *hf_io_step_name(uint32_t step);
const char *hf_lane_step_name(uint32_t step); /* "plan" for all stages' */
const char *hf_worker_state_name(uint32_t state);
const char *hf_lane_kind_name(uint32_t kind);
const char *hf_event_name(uint32_t type);
const char *hf_step_name(uint32_t step);
const char *hf_signal_name(int signal); /* "SIGSEGV"; "unknown" for none of the crash signals */

/* Time stamp counter of this CPU. */
static inline uint64_t
hf_tsc(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t v;

	__asm__ __volatile__("mrs %0, cntvct_el0" : "=r"(v));
	return v;
#else
#error "no time stamp counter known for this architecture"
#endif
}

/* Milliseconds since start_tsc, wrapping. */
static inline uint32_t
hf_tick(const struct hf_segment_header *h, uint64_t tsc)
{
	return (uint32_t)((tsc - h->start_tsc) / (h->tsc_hz / 1000));
}

static inline uint64_t
hf_tsc_to_ns(const struct hf_segment_header *h, uint64_t tsc)
{
	return (uint64_t)((double)tsc * 1e9 / (double)h->tsc_hz);
}

/* Adds to a counter that only the caller writes. */
static inline void
hf_add(_Atomic(uint64_t) *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline uint64_t
hf_load(const _Atomic(uint64_t) *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

/* A queue's packets since the last clear. Any process. */
static inline uint64_t
hf_queue_pkts(const struct hf_queue_count *q)
{
	/* The zero first: it is never newer than the count. */
	uint64_t zero = atomic_load_explicit(&q->zero, memory_order_acquire);

	return hf_load(&q->pkts) - zero;
}

#endif

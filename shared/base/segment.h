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
 * The parts for lanes, workers and events have headers of their own, which this one includes.
 * Change a struct in any of them and bump HF_LAYOUT_VERSION (a unit test compares sizes and
 * offsets).
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
#include "names.h"
#include "quarantine.h"
#include "segment_event.h"
#include "segment_lane.h"
#include "segment_limits.h"
#include "segment_worker.h"

#define HF_SEGMENT_MAGIC  UINT64_C(0x54534146444c4f48) /* "HOLDFAST" */
#define HF_LAYOUT_VERSION 7U

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
	/* Bit n: a driver may write to the primary's file descriptor n, from workers, too. */
	uint64_t kick_files[HF_KICK_FILES / 64];
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
 * after some 20 ms, at once when a hardware lane's owner died inside its update. Any process.
 * Returns 0 or -EAGAIN (a writer died or stands inside its update).
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

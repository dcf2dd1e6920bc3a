/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One look at an instance: what the views show, copied out of the segment, with rates against the
 * look before. Views read a sample and nothing else. Main thread only.
 *
 * Not known is NAN for a rate or time, HF_UNKNOWN for a count, -1 for an int32_t, "" for a text.
 */
#ifndef HF_MONITOR_SAMPLE_H
#define HF_MONITOR_SAMPLE_H

#include <stdint.h>

#include "events.h"
#include "flows.h"
#include "follow.h"
#include "headroom.h"
#include "segment.h"

#define HF_UNKNOWN        UINT64_MAX
#define HF_MAX_QUEUES     512 /* of all ports; more are not shown */
#define HF_MAX_DROP_CELLS (HF_MAX_LANES * HF_DROP_MAX)
#define HF_MAX_NODES      16 /* NUMA nodes that are shown */
#define HF_MAX_HUGE       64 /* nodes times page sizes */
#define HF_MAX_PARTS      8  /* of a segment */
#define HF_MAX_PLACES     (1 + HF_MAX_IO + HF_MAX_PORTS + HF_MAX_POOLS + HF_MAX_LANES + HF_MAX_WORKERS)

enum hf_sample_state {
	HF_SAMPLE_WAITING, /* nothing seen yet */
	HF_SAMPLE_WARMING, /* counters, but nothing to compare them with */
	HF_SAMPLE_LIVE,
	HF_SAMPLE_STALE, /* the last look at an instance that is gone */
};

struct hf_port_row {
	char name[32];
	char driver[32];
	char peer[32];
	char link[16]; /* "up", "10G", "down", "-" when not known */
	uint32_t link_up, link_mbps, mtu;
	int32_t node;
	int32_t io;    /* the I/O thread that receives from it, -1: owners of lanes do */
	uint32_t pool; /* index of its pool */
	uint64_t rx_pkts, rx_bytes, tx_pkts, tx_bytes;
	uint64_t missed, nombuf, rx_errors, tx_errors, errors;
	uint64_t sampled_tsc; /* when the primary read these counters */
	double rx_pps, rx_bps, tx_pps, tx_bps;
	uint32_t alert;
};

/*
 * One queue of a port: a receive queue, or a transmit queue, or one of each with the same number.
 * HF_UNKNOWN: there is none.
 */
struct hf_queue_row {
	char port[32];
	uint32_t port_index, queue;
	uint64_t rx_pkts, tx_pkts;
	double rx_pps, tx_pps;
	double share;     /* percent of what the port's queues received */
	double deviation; /* percent above (+) or below (-) an even share */
	uint32_t alert;
};

struct hf_io_row {
	uint32_t io;
	int32_t cpu, node, tid;
	uint64_t loops, busy_tsc, total_tsc;
	double loops_rate, busy; /* busy: percent */
	uint32_t alert;
};

struct hf_lane_row {
	uint32_t lane;
	char kind[12];
	char owner[32]; /* of the worker that is alive and owns it */
	char state[16];
	int32_t pid;            /* last owner's */
	int32_t cpu, node, tid; /* tid: the owner's thread */
	uint32_t numa_mismatch;
	uint32_t uneven; /* enum hf_alert: its share is far from an even one */
	uint32_t owner_alive, generation, gap_takeover;
	struct hf_lane_totals totals; /* valid when rx_pkts is known */
	uint64_t rx_pkts, rx_bytes, tx_pkts, tx_bytes, drops, held;
	uint64_t handovers, takeovers, undone, gap_ns;
	uint64_t flow_slots, live_flows, inserted_flows, evicted_flows, expired_flows;
	double flow_fill, insert_rate, evict_rate; /* fill: percent */
	uint64_t gap_sum_ns[HF_GAP_KINDS];         /* of all gaps since the primary's start */
	uint32_t gap_counts[HF_GAP_KINDS][HF_GAP_BUCKETS];
	uint64_t busy_tsc, total_tsc;
	double rx_pps, rx_bps, tx_pps, tx_bps, drop_pps, busy;
	struct hf_load load; /* what room is found from */
	struct hf_headroom room;
	double step_cycles[HF_LANE_STEP_PLAN + 1]; /* a packet; the last one: of all plans */
	char stages[64];                           /* of each plan, by name */
	uint64_t ring, ring_peak, ring_size;       /* packets; unknown on hardware lanes */
	double ring_fill;                          /* the peak in percent */
	uint64_t gap_longest_ns[HF_GAP_KINDS];
	char gap_names[HF_GAP_KINDS][128]; /* how many of what length */
	uint32_t burst;
	double share, deviation; /* of what all lanes received, as in hf_queue_row */
	double owned_s;
	uint32_t alert;
};

struct hf_worker_row {
	uint32_t slot;
	int32_t pid;
	char name[32];
	char state[16];
	char version[32];
	uint64_t lanes, waits; /* bit l: owns lane l; sleeps on its lease */
	uint32_t standby;
	uint64_t attach_us;
	double uptime_s;
	uint64_t restarts;  /* of workers of this name */
	char last_exit[96]; /* how the one before ended */
	int32_t cpu, node;  /* where its main thread runs now */
	uint32_t alert;
};

struct hf_pool_row {
	char name[32];
	int32_t node;
	uint64_t size, free, cached, rings, held, driver, unaccounted, twice;
	double used;     /* percent that is not free */
	double census_s; /* age of the figures */
	uint32_t alert;
};

struct hf_count_row {
	char reason[24];
	uint64_t packets;
	double pps;
};

/* Drops of one reason on one lane; there are none for what never happened. */
struct hf_drop_row {
	char reason[24];
	uint32_t code, lane; /* enum hf_drop */
	uint64_t packets;
	double pps;
	double last_s;  /* when it grew last, seconds since 1970; NAN: not while we looked */
	double since_s; /* how long ago that was */
	uint32_t alert;
};

/* Huge pages of one size on one node, of all programs. */
struct hf_huge_row {
	int32_t node;
	uint64_t page_bytes, pages, free, used, surplus; /* used: pages - free */
	double used_pct;
};

struct hf_node_row {
	int32_t node;
	char cpus[64]; /* "0-3,8" */
	uint64_t memory_bytes, free_bytes;
};

/* What the segment's bytes are for. */
struct hf_part_row {
	char part[12];
	uint64_t bytes;
};

/* Where something is: a CPU, a node; and whether that is where it should be. */
struct hf_place_row {
	char kind[8]; /* "primary", "io", "port", "pool", "lane", "worker" */
	char name[32];
	char runs[32];             /* who runs it: a lane's owner */
	int32_t tid;               /* thread, -1: none */
	int32_t cpu, node;         /* as configured */
	int32_t cpu_now, node_now; /* where the thread runs */
	uint32_t mismatch;
	char note[80]; /* what does not match */
	uint32_t alert;
};

struct hf_totals_row {
	uint64_t rx_pkts, rx_bytes, tx_pkts, tx_bytes, drops, held;
	double rx_pps, rx_bps, tx_pps, tx_bps, drop_pps;
};

struct hf_sample {
	enum hf_sample_state state;
	char why[240]; /* when WAITING or STALE */
	char instance[HF_INSTANCE_LEN];
	char segment_state[12];
	char program_version[32];
	char dpdk_version[32];
	int32_t primary_pid;
	uint32_t alone;  /* 1: the primary is gone, its workers forward without it */
	uint32_t silent; /* 1: the primary lives but its heartbeat stands still */
	uint64_t attach; /* which segment: hf_monitor_source.attaches */
	uint32_t clear_seq;
	uint64_t tsc, tsc_hz;
	double time_s; /* when it was taken, or retired; seconds since 1970 */
	double uptime_s, interval_s;
	double asked_s;    /* the interval that was asked for */
	double planned_s;  /* the interval there is: more, when samples cost too much (pace.h) */
	double cost_s;     /* CPU time it took */
	enum hf_sort sort; /* of the flows, as are the next two */
	uint32_t reverse;
	char filter[HF_FILTER_LEN];

	uint32_t n_ports, n_io, n_lanes, n_workers, n_pools, n_drops, n_skips, n_events;
	uint32_t n_queues, n_drop_cells, n_huge, n_nodes, n_parts, n_places;
	struct hf_totals_row totals;
	struct hf_port_row ports[HF_MAX_PORTS];
	struct hf_io_row io[HF_MAX_IO];
	struct hf_lane_row lanes[HF_MAX_LANES];
	struct hf_worker_row workers[HF_MAX_WORKERS];
	struct hf_pool_row pools[HF_MAX_POOLS];
	struct hf_count_row drops[HF_DROP_MAX];
	struct hf_count_row skips[HF_SKIP_MAX];
	struct hf_queue_row queues[HF_MAX_QUEUES];        /* port by port */
	struct hf_drop_row drop_cells[HF_MAX_DROP_CELLS]; /* by reason, then by lane */
	double drop_last_s[HF_MAX_LANES][HF_DROP_MAX];    /* as in hf_drop_row; 0: unknown */
	struct hf_huge_row huge[HF_MAX_HUGE];
	struct hf_node_row nodes[HF_MAX_NODES];
	struct hf_part_row parts[HF_MAX_PARTS];
	struct hf_place_row places[HF_MAX_PLACES];
	struct hf_event_row events[HF_EVENTS_KEPT]; /* newest first */
	struct hf_flow_detail detail;               /* the flow that is followed */
	struct hf_flow_top flows;
};

/* Room for top flows. Returns 0 or -ENOMEM. */
int sample_init(struct hf_sample *s, uint32_t top);
void sample_free(struct hf_sample *s);

/*
 * Fills *s from seg as it is at tsc: all but why, attach, the flows and what was asked of them, the
 * pace, the events, and what machine_look() and places_find() know. Allocates nothing. Counters are
 * read again when a `clear` came in between. Returns 0.
 */
int sample_take(struct hf_sample *s, const struct hf_segment *seg, uint64_t tsc);

/*
 * Sets the rates of *s against *before, and its state: LIVE, or WARMING when the two do not
 * compare (another segment, a `clear` in between, before was not taken). A counter that went back
 * gives an unknown rate, never a negative one.
 */
void sample_compare(struct hf_sample *s, const struct hf_sample *before);

/* Turns *s into the last look at something that is gone: STALE, no rates. why: one line. */
void sample_retire(struct hf_sample *s, const char *why);

/* Mean busy share, percent, of the lanes whose share is known; NAN when none is. */
double sample_mean_busy(const struct hf_sample *s);

/* "waiting", "warming", "live", "stale". */
const char *sample_state_name(enum hf_sample_state state);

#endif

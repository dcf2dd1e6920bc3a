/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the primary know of each other. One process, one struct hf_primary, owned by
 * main(). Main thread only, unless a function says otherwise; I/O threads have their own state.
 */
#ifndef HF_PRIMARY_H
#define HF_PRIMARY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"
#include "segment.h"

struct rte_mempool;
struct hf_io_thread;
struct hf_control;
struct hf_hw_lane;
struct hf_supervisor;
struct hf_recovery;
struct hf_owners;
struct hf_upgrade;
struct epoll_event;

/* A port's statistics. */
struct hf_port_counts {
	uint64_t rx_pkts, rx_bytes, tx_pkts, tx_bytes;
	uint64_t rx_missed, rx_nombuf, rx_errors, tx_errors;
};

/* The thread that is hurried to become a lane's owner. */
struct hf_hurry {
	int32_t pid, tid; /* tid 0: none */
	uint64_t until_tsc;
};

struct hf_primary {
	struct hf_config cfg;
	struct hf_segment_map map;
	struct hf_segment *seg; /* map.seg */
	int dpdk_ours; /* DPDK's files of this name are this instance's: to be removed at the end */
	int lock_fd;   /* primary.lock, flocked */
	int epoll_fd;  /* main loop; each entry's data.ptr is a struct hf_source */
	struct hf_port_counts port_base[HF_MAX_PORTS]; /* of primaries before, since a clear */
	uint16_t port_id[HF_MAX_PORTS];                /* ethdev id of configured port i */
	uint32_t kind;                   /* enum hf_lane_kind of all lanes, once ports are probed */
	int forward_alone;               /* workers outlive the primary: on_primary_loss */
	char port_why[HF_MAX_PORTS][92]; /* why a port is of that kind */
	uint32_t n_pools;
	struct rte_mempool *pool[HF_MAX_POOLS];
	int pool_lane[HF_MAX_POOLS];         /* hardware lanes: whose it is; -1: all lanes' */
	struct hf_hw_lane *hw[HF_MAX_LANES]; /* hardware lanes: their memory */
	struct hf_io_thread *io[HF_MAX_IO];
	const char *rss_ipv4, *rss_ipv6; /* how software RSS hashes: "table" ...; NULL: not yet */
	struct hf_supervisor *supervisor;
	struct hf_recovery *recovery; /* hardware lanes; NULL otherwise */
	int repairing; /* 1: ports and pools are being made whole: ask them nothing */
	struct hf_owners *owners;
	struct hf_hurry hurry[HF_MAX_LANES];
	int restarting; /* `restart` moves lanes: control_restart.c ... */
	int returning;  /* ... and a lane goes home: owners.c; one waits for the other */
	struct hf_upgrade *upgrade; /* the one under way: upgrade.c; restarting is set, too */
	struct hf_control *control;
	atomic_int stop; /* set by signal or `stop`: the main loop ends */
};

/* Something the main loop waits for: fd readiness calls ready(). Embed it in your own struct. */
struct hf_source {
	int fd;
	void (*ready)(struct hf_primary *p, struct hf_source *s, uint32_t events);
};

/* --- census.c ------------------------------------------------------------------------------- */

/*
 * Counts where every mbuf of every pool is and writes it to seg->pools[]. I/O threads stand for
 * some microseconds. The figures of large pools come some ticks later; until then those of the
 * census before stay, with their age. Main thread. Returns 0; -ETIMEDOUT: an I/O thread did
 * not answer; -EAGAIN: a recovery is at it. Figures then stay as they were.
 */
int hf_census_run(struct hf_primary *p);

/* --- ports.c -------------------------------------------------------------------------------- */

/* Copies rte_eth_stats and link state of all ports to seg->ports[]. Cheap; about every 100 ms. */
void hf_ports_sample(struct hf_primary *p);

/* --- handover.c ----------------------------------------------------------------------------- */

enum hf_handover_result {
	HF_HANDOVER_PENDING,
	HF_HANDOVER_DONE,
	HF_HANDOVER_FAILED, /* text says why */
};

/* One planned change of a lane's owner, from request to the first packet of the new owner. */
struct hf_handover {
	uint32_t lane;
	uint32_t from_slot, to_slot; /* worker slots */
	int32_t from_pid, to_pid;
	char to_name[32];
	int to_standby;    /* 1: went to a standby, 0: to a fresh worker */
	int gap_known;     /* 0: the new owner has not polled in time */
	uint64_t gap_us;   /* last poll of the old owner to the first of the new */
	int64_t lost_pkts; /* by the counters: rx - tx - held over the change, all ports' misses
			      included */
	char text[160];    /* reason, when FAILED */
	/* private to handover.c */
	uint32_t old_gen;
	int phase;
	uint64_t deadline_tsc;
	struct hf_lane_totals before;
	uint64_t missed_before;
	uint64_t bursts_before; /* of the lane, when it had its new owner */
	uint64_t rx_to_settle;
};

/*
 * Asks lane's owner to hand over: to a fresh worker that waits for it (attached later than the
 * owner and not a standby), else to a waiting standby, else to any other waiting worker. Never
 * waits. Returns 0 and fills *h (then call hf_handover_poll), or -ENOENT: h->text says why not
 * (no such lane, no owner, nobody waits).
 */
int hf_handover_begin(struct hf_primary *p, uint32_t lane, struct hf_handover *h);

/*
 * The same to a worker that waits for the lane. Returns 0, or -ENOENT: h->text says why not.
 */
int hf_handover_to(struct hf_primary *p, uint32_t lane, uint32_t slot, struct hf_handover *h);

/* One step; call about every millisecond until it is not PENDING (at most about 2.5 s). */
enum hf_handover_result hf_handover_poll(struct hf_primary *p, struct hf_handover *h);

/*
 * Tells a worker what to do once its lanes are given back: HF_COMMAND_EXIT when a fresh worker
 * replaced it, HF_COMMAND_REEXEC when the standby did (it then waits as a fresh one). why: how its
 * end shall be called.
 */
void hf_handover_release(struct hf_primary *p, uint32_t slot, enum hf_worker_command command,
			 enum hf_exit why);

/*
 * Drain: asks a worker to give all lanes back to whoever waits and to end. Returns 0, -ENOENT no
 * such worker, -EBUSY when a lane of it has nobody who waits (text names the lane).
 */
int hf_handover_drain(struct hf_primary *p, uint32_t slot, char *text, size_t text_len);

/* --- supervise.c ---------------------------------------------------------------------------- */

/* Worker slot by name or by pid in decimal; -1 if there is none that lives. */
int hf_supervisor_find(struct hf_primary *p, const char *name_or_pid);

/* Appends an event to the segment's log. */
void hf_event_add(struct hf_primary *p, enum hf_event_type type, int32_t pid, int32_t lane,
		  uint64_t value, const char *text);

/* The same with a code; see the event's type for what it means. */
void hf_event_add_code(struct hf_primary *p, enum hf_event_type type, int32_t pid, int32_t lane,
		       uint64_t value, uint32_t code, const char *text);

/* --- supervision ---------------------------------------------------------------------------- */

/* Switches supervision of a lane's owner off (for a debugger) or on. The lane is configured. */
void hf_supervision_set(struct hf_primary *p, uint32_t lane, int on);

/* --- clear ---------------------------------------------------------------------------------- */

/*
 * `clear`: ports' statistics go to 0, each lane's totals are noted in seg->clear[] (readers see
 * figures since then), header.clear_seq moves, an event is added. Nothing the data plane writes is
 * touched, so the balance holds throughout. In ports.c. Returns 0, or -EAGAIN when a lane's totals
 * could not be read: that lane is as it was; or during a recovery.
 */
int hf_primary_clear(struct hf_primary *p);

/* --- control.c, status.c, telemetry.c ------------------------------------------------------- */

/* Opens the control socket and registers with p->epoll_fd. Returns 0 or -errno (logged). */
int hf_control_open(struct hf_primary *p, gid_t gid);

/* Runs pending hand-overs and time-outs. Main loop, each turn. Returns ms until it wants to be
 * called again, -1 when nothing is pending. */
int hf_control_poll(struct hf_primary *p);

/* Closes connections and removes the socket. */
void hf_control_close(struct hf_primary *p);

/* Registers /holdfast/... read-only commands with DPDK telemetry. After rte_eal_init. */
int hf_telemetry_register(struct hf_primary *p);

#endif

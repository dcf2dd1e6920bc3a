/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much more a lane could take. A poll that finds n packets costs a + b n cycles: looking and
 * publishing once, and each packet. At little load bursts are small and a packet seems dear; when
 * packets wait, every poll finds as many as it may, and a is shared by all of them. The straight
 * line through the polls of an interval gives a and b; from those follows what the lane can do when
 * it never has to wait, less the share of its time with packets in which others (interrupts, the
 * hypervisor, threads) had the CPU. It does not know what else may be the bound: an I/O thread, a
 * port.
 *
 * Pure functions over accounts copied out of the segment. Any process; the monitor and the primary
 * use the same.
 */
#ifndef HF_HEADROOM_H
#define HF_HEADROOM_H

#include <stdint.h>

#include "segment.h"

/* A lane's accounts at one moment; all but the moment itself only rise. */
struct hf_load {
	uint64_t tsc;
	uint64_t busy_tsc, total_tsc; /* with packets; as owner */
	uint64_t done_pkts, polls;    /* of all its owners; empty polls too */
	uint64_t fit_polls, fit_pkts, fit_tsc, fit_pkts_pkts,
		fit_pkts_tsc;          /* struct hf_lane_cost */
	uint64_t source[HF_MAX_PORTS]; /* packets by I/O thread, or by port on hardware lanes */
};
static_assert(sizeof(struct hf_load) == 8 * HF_LOAD_WORDS, "it is kept word by word");

/* Not known is NAN. */
struct hf_headroom {
	double busy;           /* share of its time that the owner spent with packets, 0 to 1 */
	double pps;            /* finished */
	double cycles_per_pkt; /* now, where nobody else had the CPU */
	double poll_cycles;    /* a */
	double pkt_cycles;     /* b */
	double pkts_per_poll;  /* of polls that found some */
	double max_pps;        /* what it could do with packets always waiting */
	double headroom_pps;   /* what is left of that */
};

/* The accounts of now. */
void hf_load_read(const struct hf_segment *seg, uint32_t lane, struct hf_load *out);

/* Those of one to two seconds ago. Returns 0; -ENOENT there are none of the last 5 seconds. */
int hf_load_read_kept(const struct hf_segment *seg, uint32_t lane, uint64_t now_tsc,
		      struct hf_load *out);

/* Keeps the accounts of now in place of the older ones. Primary, main thread, every second. */
void hf_load_keep(struct hf_segment *seg, uint32_t lane);

/*
 * What happened between two moments. burst: packets that a poll takes from one source at most.
 * Accounts that went back (another segment) give NAN throughout.
 */
void hf_headroom_find(struct hf_headroom *out, const struct hf_load *before,
		      const struct hf_load *now, uint64_t tsc_hz, uint32_t burst);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An upgrade: lanes go from workers of one program to workers of another, first one lane on trial,
 * and back when the new program is worse. Primary, main thread only; private memory: a primary that
 * dies here leaves workers that wait for each other's lanes, as they do at any time.
 */
#ifndef HF_UPGRADE_H
#define HF_UPGRADE_H

#include "primary.h"

#define UPGRADE_COME_MS    3000 /* for a worker to wait for a lane */
#define UPGRADE_SLICES     128
#define UPGRADE_LEAST_PKTS 1000 /* fewer than this are too few to judge by */

/* Counters of a lane at one moment. */
struct upgrade_sample {
	uint64_t busy_tsc, bursts, done_pkts;      /* by its owners */
	uint64_t calm_tsc, calm_bursts, calm_pkts; /* of these: while nobody else had the CPU */
	uint64_t rx_pkts, drops; /* drops: all but tx_full, which is the peer's doing */
};

/* What a lane needed and lost over a time, in slices. */
struct upgrade_measure {
	struct upgrade_sample first, last;
	uint32_t n; /* slices that had packets; the newest are kept: */
	double pkt_cycles[UPGRADE_SLICES], burst_cycles[UPGRADE_SLICES];
};

struct upgrade_limits {
	uint32_t watch_ms;
	double max_slowdown;   /* cycles a packet: times those before */
	double max_drop_ratio; /* share of packets dropped: more than before */
};

enum upgrade_verdict { UPGRADE_GOOD, UPGRADE_SLOW, UPGRADE_DROPS };

/* --- upgrade_judge.c: pure functions -------------------------------------------------------- */

void upgrade_measure_begin(struct upgrade_measure *m, const struct upgrade_sample *now);
void upgrade_measure_add(struct upgrade_measure *m, const struct upgrade_sample *now);

/*
 * Cycles a packet and a burst in the better slices (the first quartile: other programs on the CPU
 * only add), and the share of packets dropped. Negative: no packet came.
 */
double upgrade_pkt_cycles(const struct upgrade_measure *m);
double upgrade_burst_cycles(const struct upgrade_measure *m);
double upgrade_drop_ratio(const struct upgrade_measure *m);
uint64_t upgrade_pkts(const struct upgrade_measure *m);

/*
 * Compares what the new program needs with what the old one did. A program is slow when a packet
 * and a burst need more: smaller bursts alone make a packet dearer, larger ones a burst. final 0:
 * the time is not over, only what is plain counts. why: one line when the verdict is not GOOD.
 */
enum upgrade_verdict upgrade_judge(const struct upgrade_measure *before,
				   const struct upgrade_measure *now,
				   const struct upgrade_limits *limits, int final, char *why,
				   size_t why_len);

/* Does the program measured now need more cycles than the one before, beyond the limit? */
int upgrade_is_slower(const struct upgrade_measure *before, const struct upgrade_measure *now,
		      double max_slowdown);

/* --- upgrade_lane.c: one lane's way --------------------------------------------------------- */

/* A worker and the one that is to replace it. */
struct upgrade_pair {
	int old_slot, new_slot; /* worker slots */
	int32_t old_pid, new_pid;
};

enum upgrade_phase {
	UPGRADE_BASELINE, /* the old program is measured */
	UPGRADE_MOVE,     /* a lane changes hands */
	UPGRADE_WATCH,    /* ... and is watched */
	UPGRADE_DOUBT,    /* it seems slow: the lane goes back ... */
	UPGRADE_CHECK,    /* ... and the old program is measured again */
	UPGRADE_MORE,     /* the trial is passed: the other new workers are to be named */
	UPGRADE_BACK,     /* lanes go back */
	UPGRADE_OVER,
};

struct hf_upgrade {
	struct upgrade_limits limits;
	uint32_t canary;
	int more; /* further workers are named once the trial is passed */
	uint32_t n_pairs;
	struct upgrade_pair pair[HF_MAX_WORKERS];
	enum upgrade_phase phase;
	uint32_t lane;             /* at hand */
	int pair_of[HF_MAX_LANES]; /* by which a lane was moved */
	uint64_t todo, moved;      /* sets of lanes */
	int moving;                /* h is under way */
	int failed;                /* reason says why */
	int sampled;               /* now has begun */
	struct hf_handover h;
	uint64_t deadline_tsc, slice_tsc, slice_len_tsc;
	uint32_t watch_left_ms;  /* of the lane at hand, for its next trial */
	uint32_t trials, proofs; /* of that lane; proofs: of them showed that it is slow */
	char doubt[160];         /* what the last one showed */
	struct upgrade_measure before[HF_MAX_LANES], now, trial; /* trial: of the canary lane */
	int64_t lost_pkts; /* over the hand-overs, by the counters */
	char reason[400];
};

/* What may hinder a worker: NULL, or why it cannot have, or has lost, the lane. */
const char *upgrade_trouble(const struct hf_primary *p, const struct upgrade_pair *pair,
			    uint32_t lane, int owns, char *buf, size_t len);

/*
 * Has the worker a thread that waits for the lane? One that does not name the lane is asked for one
 * here. Once more without the request, which would outlive the thread.
 */
int upgrade_waits(struct hf_primary *p, int slot, uint32_t lane);
void upgrade_withdraw(struct hf_primary *p, int slot, uint32_t lane);

/*
 * One step of a move of u->lane to a worker's slot, which is asked to wait for it first. Returns
 * PENDING, DONE or FAILED (then why says why).
 */
enum hf_handover_result upgrade_move(struct hf_primary *p, struct hf_upgrade *u, int slot,
				     char *why, size_t why_len);

/* --- upgrade_trial.c: the old program and the new one on a lane ----------------------------- */

/* Begins to measure all lanes. Returns 0; -EAGAIN: counters stand still, why says of which lane. */
int upgrade_begin_baseline(const struct hf_primary *p, struct hf_upgrade *u, char *why,
			   size_t why_len);

/* The new worker has the lane at hand. */
void upgrade_begin_watch(const struct hf_primary *p, struct hf_upgrade *u);

/* One step of a phase. */
void upgrade_step_baseline(struct hf_primary *p, struct hf_upgrade *u);
void upgrade_step_watch(struct hf_primary *p, struct hf_upgrade *u);
void upgrade_step_doubt(struct hf_primary *p, struct hf_upgrade *u);
void upgrade_step_check(struct hf_primary *p, struct hf_upgrade *u);

/* --- upgrade.c ------------------------------------------------------------------------------ */

/* A time stamp so far ahead. */
uint64_t upgrade_in_ms(const struct hf_primary *p, uint64_t ms);

/* Phase MOVE: of another lane, or of the lane at hand once more. */
void upgrade_begin_move(const struct hf_primary *p, struct hf_upgrade *u, uint32_t lane);
void upgrade_begin_trial(const struct hf_primary *p, struct hf_upgrade *u);

/* The lane at hand has passed: on to the next one that an old worker runs; in the end there is
 * none. */
void upgrade_next_lane(struct hf_primary *p, struct hf_upgrade *u);

/* The upgrade has failed, on the lane at hand; all lanes go back. The first reason is kept. */
void upgrade_fail_lane(const struct hf_primary *p, struct hf_upgrade *u, const char *why);

/* What a request says. Pids are looked up. */
struct upgrade_request {
	struct upgrade_limits limits;
	uint32_t canary;
	int more;
	uint32_t n_pairs;
	int32_t old_pid[HF_MAX_WORKERS], new_pid[HF_MAX_WORKERS];
};

/*
 * Begins. The first pair is that of the canary lane's owner. Returns 0; -EBUSY: one is under way;
 * -ENOENT: a worker is not there, or does not own the lane; -EAGAIN: counters stand still; -ENOMEM.
 * why: one line, but for -ENOMEM.
 */
int upgrade_begin(struct hf_primary *p, const struct upgrade_request *r, char *why, size_t why_len);

/* Names the other workers, in phase MORE. Returns 0; -EINVAL: it is another phase; -ENOENT. */
int upgrade_add(struct hf_primary *p, const struct upgrade_request *r, char *why, size_t why_len);

/* All lanes go back, unless it is over. */
void upgrade_cancel(struct hf_primary *p, const char *reason);

/* One step, about every millisecond. Returns 1 once it is over; then read it and forget it. */
int upgrade_step(struct hf_primary *p);

/* The one under way, NULL: none. */
const struct hf_upgrade *upgrade_get(const struct hf_primary *p);
void upgrade_forget(struct hf_primary *p);

#endif

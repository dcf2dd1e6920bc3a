/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segment's parts for workers: their slots, how the last one in a slot crashed, and what is
 * remembered of a name. Part of the layout: see segment.h, which includes it.
 */
#ifndef HF_SEGMENT_WORKER_H
#define HF_SEGMENT_WORKER_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "segment_limits.h"

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
	HF_STEP_PLAN,    /* listing a burst, or a stage's plan over it */
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
	/* Writer of [l]: the worker's thread of lane l. */
	alignas(64) _Atomic(uint8_t) thread[HF_MAX_LANES]; /* enum hf_thread_state */
	_Atomic(int32_t) tid[HF_MAX_LANES];                /* its thread id while it is not NONE */
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

#endif

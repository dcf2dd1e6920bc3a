/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of a worker process know of each other. main() owns the one struct
 * hf_worker_process.
 */
#ifndef HF_WORKER_H
#define HF_WORKER_H

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "burst.h"
#include "segment.h"

struct hf_worker_options {
	const char *instance;
	uint64_t lanes; /* bit set; 0 with standby: all */
	int standby;
	int respawn;
	char name[32]; /* "": made from the slot */
	double wait_s; /* for the primary; < 0: without end */
};

#define HF_CRASH_STACK 65536 /* the largest signal frame, and room for the handler */

/* A lane thread: private memory, one for each lane, as any may be adopted. */
struct hf_lane_thread {
	alignas(64) uint8_t crash_stack[HF_CRASH_STACK];
	pthread_t thread;
	int started;
	atomic_int holds; /* 1: it has the lease: its crash handler gives it back */
	atomic_int ended; /* it has run to its end and can be joined */
	struct hf_worker_process *worker;
	struct hf_lane_context ctx;
};

struct hf_worker_process {
	struct hf_worker_options opt;
	struct hf_segment_map map;
	struct hf_segment *seg;
	uint32_t slot_index;
	struct hf_worker *slot;
	uint64_t primary_start; /* header.primary_start when the segment was mapped */
	int attach_lock;        /* fd while attaching, -1 otherwise */
	int signal_fd;          /* SIGTERM, SIGINT, SIGHUP, once attached */
	int wake_fd;            /* SIGWINCH: the primary has written to the slot */
	int primary_fd;         /* pidfd of the primary, -1 when the kernel has none */
	cpu_set_t cpus;         /* those it was started on; its control threads may use fewer */
	atomic_int leave;       /* main thread tells lane threads to give back and end */
	struct hf_lane_thread *lane[HF_MAX_LANES];
};

/*
 * What software and hardware lanes do differently in a worker; one in each link of the program
 * (kind_software.c, kind_hardware.c). take_files to prepare: main thread, while attaching, logged;
 * the others: lane thread, all but recoverable with the lease.
 */
struct hf_kind {
	uint32_t kind;     /* enum hf_lane_kind */
	const char *other; /* program for the other kind, in the same folder */
	/* Before the process opens files it keeps: takes those it must have under certain numbers.
	 * 0 or -errno. NULL: none. */
	int (*take_files)(struct hf_worker_process *w);
	/* Appends EAL arguments for the instance's devices; returns how many. */
	int (*device_args)(const struct hf_segment *seg, char (*args)[160], int max);
	/* After rte_eal_init. 0 or -errno. */
	int (*verify)(const struct hf_worker_process *w);
	/* Finds the lane's memory. 0 or -errno. */
	int (*prepare)(struct hf_lane_context *ctx);
	/* A new owner's first act, the lane being whole. */
	void (*begin)(struct hf_lane_context *ctx);
	/* One turn: returns packets finished. */
	uint32_t (*poll)(struct hf_lane_context *ctx, uint32_t now_tick);
	/* Can a worker make a dead owner's lane whole? 0: only the primary, once it has. */
	int (*recoverable)(const struct hf_lane_context *ctx);
	/* Makes it whole. May be killed and run again. */
	void (*recover)(struct hf_lane_context *ctx);
};
const struct hf_kind *hf_kind(void);

/* Address of a memzone, NULL (logged) when there is none. Main thread, while attaching. */
void *attach_find_memzone(const char *name);

/* Parses the command line. 0 go on; 1 done (exit 0); -EINVAL said why (exit 2). */
int options_parse(int argc, char **argv, struct hf_worker_options *opt);

/*
 * Waits for READY, verifies versions, claims a slot, starts EAL as a secondary and finds the lane
 * rings. Serialised with other attaches. Main thread. Returns 0, -EINVAL (bad lane: exit 2), -EXDEV
 * (the lanes are of the other kind: not logged) or -errno; logged. After it nothing is looked up or
 * allocated in EAL again.
 */
int attach_to_primary(struct hf_worker_process *w, char *program);

/*
 * --respawn: keeps a child running that is the worker. Returns the exit status for this process,
 * once the child has ended for good. program: file to start. Before anything else of main().
 */
int respawn_keep(const char *program, char **argv);

/* Is this process such a child? Any time. */
int respawn_is_child(void);

/*
 * Maps the segment of a primary that is READY, waiting as long as the options allow, checks it and
 * takes the attach lock. Main thread. 0; -EAGAIN: the primary went away meanwhile, start over;
 * -EXDEV, -EINVAL, -errno as attach_to_primary().
 */
int reach_primary(struct hf_worker_process *w);

/* Is the segment still that of the living primary it was mapped of? Another, or the next one that
 * adopted it, may have taken its place meanwhile. */
int reach_still_current(const struct hf_worker_process *w);

/*
 * Turns the signals that end a worker, and the primary's wake-up, into file descriptors. Main
 * thread, while attaching, before EAL's threads inherit the mask. Returns 0 or -errno.
 */
int signals_open(struct hf_worker_process *w);

/* Takes note of wake-ups. */
void signals_woken(struct hf_worker_process *w);

/* Starts a thread for each lane the worker names. Returns 0 or -errno (logged). */
int lanes_start(struct hf_worker_process *w);

/*
 * Starts threads for lanes that the primary asks the worker to adopt and for which it has none.
 * Main thread, whenever it looks at its slot.
 */
void lanes_adopt(struct hf_worker_process *w);

/* The primary, which has hurried one of them, is gone: see hf_thread_hurry(). */
void lanes_calm(const struct hf_worker_process *w);

/* Asks all lane threads to give back and waits until none holds a lease (at most two seconds). */
void lanes_stop(struct hf_worker_process *w);

/* Does any lane thread own a lane, or is about to give it back? Any thread, signal handlers too. */
int lanes_any_owner(const struct hf_worker_process *w);

/* --- crash.c -------------------------------------------------------------------------------- */

/*
 * Installs the handler of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT and keeps hugepages out of
 * core dumps. Main thread, attached, before any lane thread. Returns 0 or -errno (logged).
 */
int crash_install(struct hf_worker_process *w);

/* Gives the calling lane thread a stack for the handler. Its first act. */
void crash_enter(struct hf_lane_thread *t);

#endif

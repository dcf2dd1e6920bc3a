/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lease: the right to run a lane. A robust, priority-inheriting, process-shared mutex, alone on
 * its cache line, in the segment. Robust: the kernel hands it on when the owner dies at any
 * instruction. Priority-inheriting: the kernel hands it to the longest waiter, so that an old owner
 * cannot win it back from one.
 */
#ifndef HF_LEASE_H
#define HF_LEASE_H

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <sys/types.h>

struct hf_lease {
	alignas(64) pthread_mutex_t mutex; /* writers: whoever locks */
};
static_assert(sizeof(struct hf_lease) == 64, "a lease is one cache line");

/* Formats a lease. Primary, before READY, when no worker lives. Returns 0 or -errno. */
int hf_lease_init(struct hf_lease *lease);

/*
 * Sleeps until the caller holds the lease. Lane thread. Returns
 *   0           got it from an owner that gave it back (or it was free);
 *   EOWNERDEAD  (positive) got it because the owner died: recover the lane, then call
 *               hf_lease_consistent() before anything that may unlock;
 *   -errno      not got (-ENOTRECOVERABLE: for ever).
 */
int hf_lease_take(struct hf_lease *lease);

/* The same without sleeping: -EBUSY when somebody else has it. Primary. */
int hf_lease_try(struct hf_lease *lease);

/* Declares a lane recovered. Holder, after EOWNERDEAD. Returns 0 or -errno. */
int hf_lease_consistent(struct hf_lease *lease);

/*
 * Gives the lease to the longest waiter, if there is one. Holder. Never take it again before the
 * lane's generation has moved (or nobody took it for a while).
 */
void hf_lease_give(struct hf_lease *lease);

/*
 * Thread id of who holds the lease, or of whom the kernel has just given it; 0: nobody, or a dead
 * one. For a watchdog: it may be out of date at once. Any thread of any process that maps it.
 */
pid_t hf_lease_holder(const struct hf_lease *lease);

#endif

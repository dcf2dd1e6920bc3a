/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Getting a lane. Lane thread only.
 */
#ifndef HF_LANE_TAKE_H
#define HF_LANE_TAKE_H

#include "worker.h"

void lane_sleep_us(unsigned int us);

/* Tells the primary and other workers what this thread does. */
void lane_set_state(struct hf_lane_thread *t, enum hf_thread_state state);

/* Does the primary ask for the lease? Whoever gets it gives it back and waits. */
int lane_is_parked(const struct hf_lane_thread *t);

/*
 * Sleeps until another owner has begun, the primary asks for the lease, this worker leaves, or us
 * microseconds went by.
 */
void lane_wait_next_owner(const struct hf_lane_thread *t, uint32_t generation, unsigned int us);

/*
 * Takes the lane in a state in which it may be run. Returns 0; EOWNERDEAD: so too, its owner had
 * died and it was recovered; -ECANCELED the worker leaves; -errno the lease is broken.
 */
int lane_take(struct hf_lane_thread *t);

/* Gives the lease back, to whoever waits longest. Never touch the lane after it. */
void lane_give(struct hf_lane_thread *t);

#endif

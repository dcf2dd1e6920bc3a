/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuring one port: queues, offloads, thresholds. Primary, main thread, before I/O starts;
 * recoveries, see below. Returns 0 or -errno; what failed has been logged.
 */
#ifndef HF_PORT_SETUP_H
#define HF_PORT_SETUP_H

#include "primary.h"

/* Sets up queues on the port's pool and fills its block of the segment and of the I/O threads. */
int port_setup(struct hf_primary *p, uint32_t i);

/* Starts it, promiscuous if asked. */
int port_start(struct hf_primary *p, uint32_t i);

/*
 * Recovery: configures the stopped port with one offload changed, then as it was, which makes a
 * HF_REPAIR_TOGGLE driver start its device anew, with empty rings. Helper thread of a recovery.
 */
int port_toggle(struct hf_primary *p, uint32_t i);

/* Recovery: sets up the stopped port's queues as they were. Helper thread of a recovery. */
int port_requeue(struct hf_primary *p, uint32_t i);

#endif

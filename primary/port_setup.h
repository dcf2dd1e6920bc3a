/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuring one port for software lanes: queues, offloads, thresholds. Primary, main thread;
 * before I/O starts. Returns 0 or -errno; what failed has been logged.
 */
#ifndef HF_PORT_SETUP_H
#define HF_PORT_SETUP_H

#include "primary.h"

/* Sets up queues on the port's pool and fills its block of the segment and of the I/O threads. */
int port_setup(struct hf_primary *p, uint32_t i);

/* Starts it, promiscuous if asked. */
int port_start(struct hf_primary *p, uint32_t i);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The work of a recovery on ports and pools: what may take long, and may wait for a vhost peer.
 */
#ifndef HF_REPAIR_H
#define HF_REPAIR_H

#include <stdint.h>

struct hf_primary;

struct hf_repair_job {
	struct hf_primary *p;
	uint64_t dead; /* bit l: lane l's owner died inside a driver or pool */
	int ports;     /* 1: ports are made whole too; all lanes are parked. 0: pools alone */
};

/* Do the ports of this instance have rings of their own to be emptied? Main thread. */
int repair_needs_ports(const struct hf_primary *p);

/*
 * Makes ports and pools whole. Helper thread, while the main thread holds the leases of all lanes
 * (of the dead ones, when ports is 0) and lets nobody ask the ports anything. May be run again
 * after a failure. Returns 0 or -errno (logged).
 */
int repair_run(struct hf_repair_job *job);

#endif

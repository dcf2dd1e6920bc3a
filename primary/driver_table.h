/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drivers on which hardware lanes are possible, and what makes their queues whole after a worker
 * has died inside one of their calls. A driver that is not in the table cannot have them.
 */
#ifndef HF_DRIVER_TABLE_H
#define HF_DRIVER_TABLE_H

#include <rte_ethdev.h>

#include "config.h"

enum hf_repair {
	HF_REPAIR_POOL,    /* its queues hold no mbuf between calls: the lane's pool alone */
	HF_REPAIR_RESTART, /* stop gives all mbufs back: stop, set queues up, start */
	HF_REPAIR_TOGGLE, /* only a changed offload empties the rings: stop, configure twice, ... */
};

/*
 * has_peer: a process is the far end, met through files of the primary. It spreads flows over the
 * queues, drops the device when the primary's files close, and is woken by an eventfd that the
 * driver knows by the primary's number.
 */
struct hf_driver {
	const char *name;
	enum hf_repair repair;
	int has_peer;
};

/* The row of a driver, NULL when there is none. Any thread. */
const struct hf_driver *driver_find(const char *name);

/* Has the driver of that name a row that says so? Any thread. */
int driver_has_peer(const char *name);

/* Why a driver that is not in the table cannot have hardware lanes. Never NULL. */
const char *driver_why_not(const char *name);

/*
 * Changes one offload in conf, so that a configure with it makes a HF_REPAIR_TOGGLE driver start
 * its device anew. Returns 0, or -ENOTSUP when info offers none that could be changed.
 */
int driver_toggle(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf);

/*
 * `queues: hardware` and a virtual device whose name tells that its driver cannot: -EINVAL, logged.
 * Whatever else is not in the table is refused once it has been probed. Main thread.
 */
int drivers_check(const struct hf_config *cfg);

#endif

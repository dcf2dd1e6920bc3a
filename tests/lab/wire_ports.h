/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL, packet buffers and ports of holdfast-wire. Main thread.
 */
#ifndef HF_WIRE_PORTS_H
#define HF_WIRE_PORTS_H

#include <stdint.h>

#include "wire_options.h"

struct rte_mempool;

struct wire_ports {
	uint16_t n;
	uint16_t n_queues;
	uint16_t id[WIRE_PORTS_MAX]; /* ethdev */
	const char *device[WIRE_PORTS_MAX];
	struct rte_mempool *pool;
	uint32_t frame_max; /* largest frame that is sent */
};

/* Starts EAL with the options' rest. Returns 0, or -EIO (logged). */
int wire_ports_start_eal(const struct wire_options *o, char *program);

/*
 * Probes, configures and starts all ports; frame_max: bytes of the largest frame. Returns 0 or
 * -errno (logged). wire_ports_close() undoes it, also after a failure.
 */
int wire_ports_open(struct wire_ports *p, const struct wire_options *o, uint32_t frame_max);
void wire_ports_close(struct wire_ports *p);

/* First port whose link is down, or NULL when all are up. */
const char *wire_ports_down(const struct wire_ports *p);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A run of holdfast-wire: wait, send and receive, drain. Main thread.
 */
#ifndef HF_WIRE_RUN_H
#define HF_WIRE_RUN_H

#include <stdint.h>

#include "wire_check.h"
#include "wire_generate.h"
#include "wire_options.h"
#include "wire_ports.h"

struct wire {
	struct wire_options options;
	struct wire_flows flows;
	struct wire_ports ports;
	struct wire_generator generator;
	struct wire_check check;
	uint64_t hz;
	uint64_t start_tsc, stop_tsc; /* of sending */
	uint8_t interrupted;          /* by a signal */
	uint8_t stalled;              /* no port took anything for a long time */
};

/* SIGINT and SIGTERM end the waiting or the sending. Before wire_run_wait(). */
void wire_run_signals(void);

/*
 * Waits for the start file and for all links. Returns 0; -EINTR: a signal came first; -ETIMEDOUT
 * (logged).
 */
int wire_run_wait(const struct wire *w);

/* Sends, drains and counts what is lost. */
void wire_run(struct wire *w);

#endif

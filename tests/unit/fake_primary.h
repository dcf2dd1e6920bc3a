/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parts of a primary that are made up for the control socket alone: its upgrade, and the worker of
 * a name. Its unit tests and its fuzz target share them. One thread.
 */
#ifndef HF_FAKE_PRIMARY_H
#define HF_FAKE_PRIMARY_H

#include "upgrade.h"

/* How the made-up upgrade behaves. */
struct fake_upgrade {
	int begin_fails; /* 1: none begins */
	int polls;       /* steps until it is over; 3 at its beginning */
	int late_after;  /* steps until the other workers are late; 0: they never are */
	int steps;       /* made since its beginning */
	void (*asked)(const struct upgrade_request *r); /* NULL, or looks at what begins */
};

/* The one there is; all zero until a test sets it. */
struct fake_upgrade *fake_upgrade_get(void);

/* A worker that runs, in a slot of the segment: this process. */
void fake_worker(struct hf_segment *seg, uint32_t slot, const char *name);

#endif

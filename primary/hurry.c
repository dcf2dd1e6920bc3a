/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Planned changes of a lane's owner, and those after a hang, come before everything else on their
 * CPU: the worker that is to take the lane is hurried before the owner is asked, or when it has
 * been killed. It then stands first in the lease's queue, the owner inherits its priority until it
 * lets go, and no other thread (the I/O thread, which has packets as never before) runs between the
 * two. The new owner calms itself when it has polled once; here it is calmed where it never became
 * the owner. Main thread. Changes nothing but the scheduling of that thread.
 */
#include "log.h"
#include "parts.h"
#include "thread.h"

#define HURRY_MS 50 /* at most: whoever holds the lease is as urgent meanwhile */

void
hurry_begin(struct hf_primary *p, uint32_t lane, uint32_t slot)
{
	const struct hf_worker *w = &p->seg->workers[slot];
	struct hf_hurry *h = &p->hurry[lane];
	int err;

	hurry_end(p, lane);
	h->pid = atomic_load(&w->pid);
	h->tid = atomic_load_explicit(&w->tid[lane], memory_order_relaxed);
	h->until_tsc = hf_tsc() + p->seg->header.tsc_hz / 1000 * HURRY_MS;
	err = hf_thread_hurry(h->pid, h->tid);
	if (err == 0)
		return;
	h->tid = 0;
	hf_debug("lane %u: hurry worker %s: error %d: its turn comes when it comes", lane, w->name,
		 -err);
}

void
hurry_end(struct hf_primary *p, uint32_t lane)
{
	struct hf_hurry *h = &p->hurry[lane];

	if (h->tid != 0)
		hf_thread_calm(h->pid, h->tid);
	h->tid = 0;
}

void
hurry_tick(struct hf_primary *p)
{
	uint64_t now = hf_tsc();

	for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
		if (p->hurry[l].tid != 0 && now >= p->hurry[l].until_tsc)
			hurry_end(p, l);
}

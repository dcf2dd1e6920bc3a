/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports and pools made whole after a death inside a driver. The order matters:
 *   1. the dead lanes' pools are reset: a driver that is stopped frees into them, and would wait
 *      for ever for the dead one to finish its half of a ring operation;
 *   2. ports are stopped and give back what they hold, all lanes' mbufs;
 *   3. the dead lanes' pools are rebuilt, whatever they got back; the living ones' are whole now,
 *      which is checked;
 *   4. queues are set up, ports are started.
 * A pool serves queue q of every port of its node, and what one port received another transmits:
 * so all ports are made whole, or none holds mbufs between calls. Queue counts never change, so
 * that the arrays in which workers look their queues up stay where they are.
 */
#include "repair.h"

#include <rte_errno.h>
#include <rte_ethdev.h>

#include "driver_table.h"
#include "log.h"
#include "parts.h"
#include "pool_rebuild.h"
#include "port_setup.h"

static enum hf_repair
method(const struct hf_primary *p, uint32_t port)
{
	const struct hf_driver *d = driver_find(p->seg->ports[port].driver);

	return d != NULL ? d->repair : HF_REPAIR_POOL;
}

int
repair_needs_ports(const struct hf_primary *p)
{
	for (uint32_t i = 0; i < p->cfg.n_ports; i++)
		if (method(p, i) != HF_REPAIR_POOL)
			return 1;
	return 0;
}

static int
is_dead(const struct hf_repair_job *job, uint32_t pool)
{
	int lane = job->p->pool_lane[pool];

	return lane >= 0 && (job->dead >> lane & 1) != 0;
}

static int
empty_ports(struct hf_primary *p)
{
	int err = 0;

	for (uint32_t i = 0; i < p->cfg.n_ports && err == 0; i++) {
		if (method(p, i) == HF_REPAIR_POOL)
			continue;
		ports_stats_keep(p, i);
		err = rte_eth_dev_stop(p->port_id[i]);
		if (err != 0)
			hf_err("port %s: stop for a recovery: %s", p->cfg.ports[i].name,
			       rte_strerror(-err));
		else if (method(p, i) == HF_REPAIR_TOGGLE)
			err = port_toggle(p, i);
	}
	return err;
}

static int
start_ports(struct hf_primary *p)
{
	int err = 0;

	for (uint32_t i = 0; i < p->cfg.n_ports && err == 0; i++) {
		if (method(p, i) == HF_REPAIR_POOL)
			continue;
		err = port_requeue(p, i);
		if (err == 0)
			err = port_start(p, i);
		ports_stats_resume(p, i);
	}
	return err;
}

/* A living lane's pool: all its mbufs must have come back. */
static void
audit(struct hf_primary *p, uint32_t pool)
{
	const struct hf_hw_lane *lane = p->hw[p->pool_lane[pool]];
	struct hf_pool *s = &p->seg->pools[pool];
	struct hf_pool_audit a = pool_audit(p->pool[pool], lane);

	atomic_fetch_add_explicit(&s->audits, 1, memory_order_relaxed);
	if (a.missing == 0 && a.doubled == 0)
		return;
	atomic_fetch_add_explicit(&s->missing, a.missing, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->doubled, a.doubled, memory_order_relaxed);
	hf_warn("pool %s: audit: %u mbufs missing, %u doubled: built anew", s->name, a.missing,
		a.doubled);
	pool_rebuild(p->pool[pool], lane);
}

static void
make_pools_whole(struct hf_repair_job *job)
{
	struct hf_primary *p = job->p;

	for (uint32_t i = 0; i < p->n_pools; i++) {
		if (is_dead(job, i)) {
			pool_rebuild(p->pool[i], NULL);
			atomic_fetch_add_explicit(&p->seg->pools[i].rebuilt, 1,
						  memory_order_relaxed);
		} else if (job->ports && p->pool_lane[i] >= 0) {
			audit(p, i);
		}
	}
}

int
repair_run(struct hf_repair_job *job)
{
	struct hf_primary *p = job->p;
	int err = 0;

	for (uint32_t i = 0; i < p->n_pools; i++)
		if (is_dead(job, i))
			pool_reset(p->pool[i]);
	if (job->ports)
		err = empty_ports(p);
	if (err != 0)
		return err;
	make_pools_whole(job);
	return job->ports ? start_ports(p) : 0;
}

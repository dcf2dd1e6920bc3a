/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where is every mbuf? Counted at one instant, and checked in ways that do not depend on each
 * other:
 *
 * - by elimination: what is neither in the pool, nor cached, nor in a lane ring is with a driver. A
 *   driver whose holdings are known (a constant, or the descriptors of a virtqueue) must hold just
 *   that; any other at most its descriptors;
 * - by ledger: each I/O thread counts what it got from drivers and what it gave to drivers and
 *   pools; at the end of a turn the rest is in its rings. A hardware lane's counters say the same;
 * - by mark: an mbuf that is nowhere, and marked as published at a ring position below the one up
 *   to which all has been sent or freed, was forgotten.
 *
 * An mbuf that is missing in any of them is unaccounted for. One that is found twice was freed
 * twice. Main thread; the instant itself is noted by an I/O thread (census_take.c).
 */
#include <errno.h>
#include <string.h>

#include "census.h"
#include "io.h"
#include "log.h"
#include "parts.h"

#define TRIES 3

static struct census census;

static uint32_t
less(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

/* Objects of a pool that are neither in its ring nor cached, nor in a lane's hands. */
static uint32_t
out_of_hand(const struct census_pool *cp)
{
	const struct census_take *t = &cp->take;
	const struct census_walk *w = &cp->walk;

	return less(cp->mp->size + w->doubled,
		    (t->prod - t->cons) + t->hot + w->cold + t->rings + t->held);
}

/* Could the walk tell of every object where it is? */
static int
is_exact(const struct census *c, const struct census_pool *cp)
{
	if (!cp->readable || !cp->take.whole || cp->walk.overrun)
		return 0;
	/* Drivers that hold a constant: by elimination. Descriptors: each object was looked for. */
	return c->n_vrings == 0 ||
	       (cp->take.ringed_all && cp->take.descs_all && cp->take.copied == cp->take.hot &&
		!census_driver_indirect(c, cp));
}

/* mbufs of a pool that a walk misses. */
static uint32_t
missing(const struct census_pool *cp, int exact)
{
	uint32_t out = out_of_hand(cp), n;
	/* Of neighbouring instants only: a burst may have been counted in neither place. */
	uint32_t slack = cp->take.whole ? 0 : 2 * HF_IO_BURST * HF_MAX_PORTS;

	n = exact ? less(out, cp->walk.in_driver + cp->constant)
		  : less(out, cp->driver_max + slack);
	return n > cp->walk.forgotten ? n : cp->walk.forgotten;
}

/* Packets that a hardware lane's owners have received and neither sent nor freed nor hold. */
static uint64_t
lane_ledger(const struct hf_primary *p, int lane)
{
	struct hf_lane_totals t;

	if (hf_io_lane_read(&p->seg->lanes[lane].counters, &t) != 0)
		return 0;
	return t.rx_pkts - t.tx_pkts - t.drops - t.held_pkts;
}

/* What a ledger misses beyond what was missed already. Less than nothing: it was not kept well. */
static uint32_t
more_by_ledger(uint64_t ledger, uint32_t lost)
{
	return (int64_t)ledger > (int64_t)lost ? (uint32_t)(ledger - lost) : 0;
}

static void
publish(struct hf_pool *s, const struct census *c, const struct census_pool *cp, uint32_t lost)
{
	const struct census_take *t = &cp->take;

	atomic_store_explicit(&s->free, t->prod - t->cons, memory_order_relaxed);
	atomic_store_explicit(&s->cached, t->hot + cp->walk.cold, memory_order_relaxed);
	atomic_store_explicit(&s->rings, t->rings, memory_order_relaxed);
	/* I/O threads hold nothing at a turn's end; a hardware lane's owner may. */
	atomic_store_explicit(&s->held, t->held, memory_order_relaxed);
	atomic_store_explicit(&s->driver, less(out_of_hand(cp), lost), memory_order_relaxed);
	atomic_store_explicit(&s->driver_max, cp->driver_max, memory_order_relaxed);
	atomic_store_explicit(&s->unaccounted, lost, memory_order_relaxed);
	if (!cp->walk.overrun && cp->take.whole)
		atomic_store_explicit(&s->twice, cp->walk.doubled, memory_order_relaxed);
	atomic_store_explicit(&s->exact, (uint32_t)is_exact(c, cp), memory_order_relaxed);
	atomic_store_explicit(&s->stood_ns, (uint32_t)c->stood_ns, memory_order_relaxed);
	atomic_store_explicit(&s->census_tsc, c->begin_tsc, memory_order_release);
}

/* Packets that the ledgers of pool i's owners miss. Of several pools the first one bears it. */
static uint32_t
missing_by_ledger(const struct hf_primary *p, const struct census *c, uint32_t i,
		  const uint32_t *lost)
{
	int lane = c->pool[i].lane;
	uint32_t sum = 0;

	for (uint32_t k = 0; k < c->n_pools; k++) {
		if (c->pool[k].lane != lane)
			continue;
		if (k < i)
			return 0;
		sum += lost[k];
	}
	return more_by_ledger(lane < 0 ? c->ledger : lane_ledger(p, lane), sum);
}

static void
publish_all(struct hf_primary *p, const struct census *c)
{
	uint32_t lost[HF_MAX_POOLS];

	for (uint32_t i = 0; i < c->n_pools; i++)
		lost[i] = missing(&c->pool[i], is_exact(c, &c->pool[i]));
	for (uint32_t i = 0; i < c->n_pools; i++)
		publish(&p->seg->pools[i], c, &c->pool[i],
			lost[i] + missing_by_ledger(p, c, i, lost));
}

/* One slice of the walks. Returns 1 when all are at their ends. */
static int
walk_on(struct census *c)
{
	uint32_t left = CENSUS_SLICE;

	for (uint32_t i = 0; i < c->n_pools; i++) {
		struct census_pool *cp = &c->pool[i];
		uint32_t from = cp->walk.pos;

		while (cp->walk.active && left > 0 && !census_walk_step(c, cp, left))
			;
		left = less(left, cp->walk.pos - from);
		if (cp->walk.active)
			return 0;
	}
	return 1;
}

/* Is it time for a census that nobody asked for? A failed one is tried again as late. */
static int
is_due(const struct hf_primary *p, struct census *c, uint64_t now)
{
	uint64_t every = p->seg->header.tsc_hz / 1000 * p->cfg.census_ms;

	if (every == 0 || p->repairing || now - c->tried_tsc < every)
		return 0;
	c->tried_tsc = now;
	return 1;
}

void
census_tick(struct hf_primary *p)
{
	uint64_t begin = hf_tsc();
	int done;

	if (!census.walking) {
		if (is_due(p, &census, begin))
			hf_census_run(p);
		return;
	}
	done = walk_on(&census);
	if (done)
		publish_all(p, &census);
	census.work_tsc += hf_tsc() - begin;
	for (uint32_t i = 0; done && i < census.n_pools; i++)
		atomic_store_explicit(&p->seg->pools[i].work_ns,
				      (uint32_t)hf_tsc_to_ns(&p->seg->header, census.work_tsc),
				      memory_order_relaxed);
	census.walking = !done;
}

static void
take_software(void *arg)
{
	census_take(arg, &census);
}

/* Notes the instant and begins the walks. Figures there are none of yet are shown at once. */
static void
begin_walks(struct hf_primary *p, struct census *c)
{
	uint64_t begin = hf_tsc();

	c->begin_tsc = begin;
	if (p->kind == HF_LANE_HARDWARE)
		for (uint32_t i = 0; i < c->n_pools; i++)
			census_take_lane(p, c, &c->pool[i]);
	for (uint32_t i = 0; i < c->n_pools; i++)
		census_walk_begin(&c->pool[i]);
	c->work_tsc = hf_tsc() - begin;
	c->walking = 1;
}

static int
overrun(const struct census *c)
{
	for (uint32_t i = 0; i < c->n_pools; i++)
		if (c->pool[i].walk.overrun)
			return 1;
	return 0;
}

static int
run_once(struct hf_primary *p, struct census *c)
{
	int err = 0;

	if (p->kind == HF_LANE_SOFTWARE)
		err = hf_io_stand(p, take_software, p, &c->stood_ns);
	if (err != 0)
		return err;
	begin_walks(p, c);
	if (hf_load(&p->seg->pools[0].census_tsc) == 0)
		publish_all(p, c);
	census_tick(p);
	return 0;
}

int
hf_census_run(struct hf_primary *p)
{
	int err = 0;

	if (p->repairing)
		return -EAGAIN;
	if (census.walking)
		return 0; /* figures of the one before, with their age */
	/* The main thread may have got its CPU too late: the next time is as good as the first. */
	for (int i = 0; i < TRIES && err == 0 && !census.walking; i++) {
		err = run_once(p, &census);
		if (!overrun(&census))
			break;
	}
	return err;
}

static int
add_pool(struct hf_primary *p, struct census *c, uint32_t i)
{
	struct census_pool *cp = &c->pool[i];

	cp->mp = p->pool[i];
	cp->lane = p->pool_lane[i];
	cp->hot_first = cp->lane >= 0 ? (uint32_t)cp->lane : HF_LCORE_IO0;
	cp->n_hot = cp->lane >= 0 ? 1 : p->cfg.n_io;
	if (census_walk_prepare(cp) != 0) {
		hf_err("pool %s: prepare to count its mbufs: out of memory", cp->mp->name);
		return -ENOMEM;
	}
	return 0;
}

void
census_ports_changed(struct hf_primary *p)
{
	census.walking = 0;
	census.n_vrings = 0;
	census.bounded = 0;
	census_driver_find(p, &census);
}

int
census_baseline(struct hf_primary *p)
{
	struct census *c = &census;

	c->n_pools = p->n_pools;
	for (uint32_t i = 0; i < c->n_pools; i++)
		if (add_pool(p, c, i) != 0)
			return -ENOMEM;
	census_driver_find(p, c);
	if (p->kind == HF_LANE_SOFTWARE)
		census_take(p, c);
	begin_walks(p, c);
	while (!walk_on(c))
		;
	c->walking = 0;
	for (uint32_t i = 0; i < c->n_pools; i++)
		census_driver_baseline(p, c, &c->pool[i]);
	return 0;
}

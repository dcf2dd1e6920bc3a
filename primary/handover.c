/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Planned changes of a lane's owner. The primary chooses the next owner among those who wait and
 * asks the present one; the lease does the rest. Main thread; nothing here waits.
 */
#include <errno.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "parts.h"

#define COME_MS  3000 /* for a worker that is starting to wait for the lane */
#define AWAKE_MS 500  /* since the last heartbeat of a worker, which beats every 20 */
#define MOVE_MS  2000 /* for the new owner to begin */
#define GAP_MS   200  /* then for its first packet */

enum phase { PHASE_WAITING, PHASE_MOVING, PHASE_FIRST_PACKET, PHASE_SETTLING };

static uint64_t
deadline(const struct hf_primary *p, unsigned int ms)
{
	return hf_tsc() + p->seg->header.tsc_hz / 1000 * ms;
}

int
handover_owner(const struct hf_primary *p, uint32_t lane)
{
	const struct hf_lane *l = &p->seg->lanes[lane];
	uint32_t slot = atomic_load_explicit(&l->owner_slot_plus1, memory_order_acquire);
	const struct hf_worker *w;

	if (slot == 0 || slot > HF_MAX_WORKERS)
		return -1;
	w = &p->seg->workers[slot - 1];
	if (atomic_load_explicit(&w->thread[lane], memory_order_acquire) != HF_THREAD_OWNER ||
	    atomic_load(&w->pid) != atomic_load(&l->owner_pid))
		return -1;
	return (int)slot - 1;
}

int
handover_awake(const struct hf_primary *p, const struct hf_worker *w)
{
	uint64_t beat = hf_load(&w->heartbeat_tsc), now = hf_tsc();

	return now < beat || now - beat < p->seg->header.tsc_hz / 1000 * AWAKE_MS;
}

/*
 * How good is a waiting worker as the next owner? A fresh one (it names the lane, and came later
 * than the owner, or the owner does not name it) before a standby before any other, which then
 * stands by like one.
 */
enum rank { RANK_NONE, RANK_OLDER, RANK_STANDBY, RANK_FRESH };

static enum rank
rank(const struct hf_primary *p, uint32_t lane, uint32_t slot, uint32_t owner)
{
	const struct hf_worker *w = &p->seg->workers[slot], *o = &p->seg->workers[owner];

	if (slot == owner || !handover_awake(p, w) || atomic_load(&w->state) != HF_WORKER_RUNNING ||
	    atomic_load(&w->command) != HF_COMMAND_NONE ||
	    atomic_load_explicit(&w->thread[lane], memory_order_acquire) != HF_THREAD_WAITING ||
	    !hf_process_alive(atomic_load(&w->pid), hf_load(&w->start_time)))
		return RANK_NONE;
	if (w->standby)
		return RANK_STANDBY;
	if ((w->lanes >> lane & 1) == 0) /* it only adopted the lane once */
		return RANK_OLDER;
	return o->standby || (o->lanes >> lane & 1) == 0 ||
			       hf_load(&w->attached_tsc) > hf_load(&o->attached_tsc)
		       ? RANK_FRESH
		       : RANK_OLDER;
}

/*
 * Of fresh ones the one that came last; of others the one that came first: it stands in front in
 * the lease's queue, and nobody has to pass it on.
 */
int
handover_choose(const struct hf_primary *p, uint32_t lane, uint32_t owner)
{
	enum rank best_rank = RANK_NONE;
	uint64_t best_came = 0;
	int best = -1;

	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		enum rank r = rank(p, lane, i, owner);
		uint64_t came = hf_load(&p->seg->workers[i].attached_tsc);

		if (r > best_rank || (r == best_rank && r != RANK_NONE &&
				      (r == RANK_FRESH ? came > best_came : came < best_came))) {
			best = (int)i;
			best_rank = r;
			best_came = came;
		}
	}
	return best;
}

/* What all ports missed or had no buffer for: lost before any lane saw it. */
static uint64_t
missed(struct hf_primary *p)
{
	uint64_t n = 0;

	hf_ports_sample(p);
	for (uint32_t i = 0; i < p->cfg.n_ports; i++)
		n += hf_load(&p->seg->ports[i].rx_missed) + hf_load(&p->seg->ports[i].rx_nombuf);
	return n;
}

/* Is a worker that will serve the lane on its way (attaching, or starting anew)? */
static int
somebody_comes(const struct hf_primary *p, uint32_t lane)
{
	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		const struct hf_worker *w = &p->seg->workers[i];
		uint32_t state = atomic_load(&w->state);

		if ((w->lanes >> lane & 1) == 0)
			continue;
		if (state == HF_WORKER_ATTACHING || atomic_load(&w->command) == HF_COMMAND_REEXEC)
			return 1;
		if (state == HF_WORKER_RUNNING && atomic_load(&w->command) == HF_COMMAND_NONE &&
		    atomic_load(&w->thread[lane]) == HF_THREAD_NONE)
			return 1; /* gave the lane back a moment ago and will wait for it */
	}
	return 0;
}

/* Names the new owner, then asks the old one. */
static void
ask(struct hf_primary *p, struct hf_handover *h, uint32_t from, uint32_t to)
{
	struct hf_lane *lane = &p->seg->lanes[h->lane];

	h->from_slot = from;
	h->to_slot = to;
	h->from_pid = atomic_load(&p->seg->workers[from].pid);
	h->to_pid = atomic_load(&p->seg->workers[to].pid);
	h->to_standby = rank(p, h->lane, to, from) < RANK_FRESH;
	snprintf(h->to_name, sizeof(h->to_name), "%s", p->seg->workers[to].name);
	h->old_gen = atomic_load_explicit(&lane->generation, memory_order_acquire);
	h->phase = PHASE_MOVING;
	h->deadline_tsc = deadline(p, MOVE_MS);
	hurry_begin(p, h->lane, to);
	atomic_store_explicit(&lane->preferred_plus1, to + 1, memory_order_release);
	atomic_store_explicit(&lane->handover_gen, h->old_gen, memory_order_release);
}

static int
refuse(struct hf_handover *h, const char *reason)
{
	snprintf(h->text, sizeof(h->text), "lane %u: %s", h->lane, reason);
	return -ENOENT;
}

/* Notes how things are before the change. Slot of the present owner, or -ENOENT. */
static int
begin(struct hf_primary *p, uint32_t lane, struct hf_handover *h)
{
	int from;

	memset(h, 0, sizeof(*h));
	h->lane = lane;
	if (lane >= p->cfg.n_lanes)
		return refuse(h, "is not configured");
	from = handover_owner(p, lane);
	if (from < 0)
		return refuse(h, "has no owner");
	h->missed_before = missed(p);
	if (hf_lane_totals_read(p->seg, lane, &h->before) != 0)
		return refuse(h, "its I/O thread stands still");
	return from;
}

int
hf_handover_to(struct hf_primary *p, uint32_t lane, uint32_t slot, struct hf_handover *h)
{
	int from = begin(p, lane, h);

	if (from < 0)
		return from;
	if (rank(p, lane, slot, (uint32_t)from) == RANK_NONE)
		return refuse(h, "the one who should take it does not wait");
	ask(p, h, (uint32_t)from, slot);
	return 0;
}

int
hf_handover_begin(struct hf_primary *p, uint32_t lane, struct hf_handover *h)
{
	int from, to;

	from = begin(p, lane, h);
	if (from < 0)
		return from;
	to = handover_choose(p, lane, (uint32_t)from);
	if (to >= 0) {
		ask(p, h, (uint32_t)from, (uint32_t)to);
		return 0;
	}
	if (!somebody_comes(p, lane))
		return refuse(h, "nobody waits for it: start a worker with --lanes or --standby");
	h->phase = PHASE_WAITING;
	h->deadline_tsc = deadline(p, COME_MS);
	return 0;
}

/* Until the worker that is on its way waits for the lane. */
static enum hf_handover_result
poll_waiting(struct hf_primary *p, struct hf_handover *h)
{
	int from = handover_owner(p, h->lane);
	int to = from < 0 ? -1 : handover_choose(p, h->lane, (uint32_t)from);

	if (to >= 0) {
		ask(p, h, (uint32_t)from, (uint32_t)to);
		return HF_HANDOVER_PENDING;
	}
	if (from >= 0 && hf_tsc() < h->deadline_tsc)
		return HF_HANDOVER_PENDING;
	refuse(h, from < 0 ? "has no owner any more" : "nobody came to wait for it");
	return HF_HANDOVER_FAILED;
}

/*
 * rx - tx - held over the change is what was dropped or forgotten: 0 when nothing was lost. Returns
 * 0 while packets that were received before the new owner's first are still on their way: what
 * becomes of them is not known yet.
 */
static int
count_lost(struct hf_primary *p, struct hf_handover *h)
{
	struct hf_lane_totals now;

	if (hf_lane_totals_read(p->seg, h->lane, &now) != 0)
		return 0;
	h->lost_pkts = (int64_t)(now.rx_pkts - h->before.rx_pkts) -
		       (int64_t)(now.tx_pkts - h->before.tx_pkts) -
		       (int64_t)(now.held_pkts - h->before.held_pkts) +
		       (int64_t)(missed(p) - h->missed_before);
	if (h->phase != PHASE_SETTLING) {
		h->phase = PHASE_SETTLING;
		h->deadline_tsc = deadline(p, GAP_MS);
		h->rx_to_settle = now.rx_pkts;
	}
	return now.rx_pkts - now.held_pkts >= h->rx_to_settle;
}

static enum hf_handover_result
finish(struct hf_primary *p, struct hf_handover *h)
{
	const struct hf_lane *lane = &p->seg->lanes[h->lane];
	int slot = handover_owner(p, h->lane);

	if (slot == (int)h->from_slot) {
		refuse(h, "the one who should take it did not: its old owner has it again");
		return HF_HANDOVER_FAILED;
	}
	if (!count_lost(p, h) && hf_tsc() < h->deadline_tsc)
		return HF_HANDOVER_PENDING;
	if (slot >= 0 && (uint32_t)slot != h->to_slot) { /* another one was in the queue first */
		h->to_slot = (uint32_t)slot;
		h->to_pid = atomic_load(&p->seg->workers[slot].pid);
		h->to_standby = p->seg->workers[slot].standby != 0;
		snprintf(h->to_name, sizeof(h->to_name), "%s", p->seg->workers[slot].name);
	}
	if (h->gap_known)
		h->gap_us = hf_load(&lane->last_gap_ns) / 1000;
	return HF_HANDOVER_DONE;
}

enum hf_handover_result
hf_handover_poll(struct hf_primary *p, struct hf_handover *h)
{
	const struct hf_lane *lane = &p->seg->lanes[h->lane];
	uint32_t gen = atomic_load_explicit(&lane->generation, memory_order_acquire);
	int late = hf_tsc() > h->deadline_tsc;

	if (h->phase == PHASE_WAITING)
		return poll_waiting(p, h);
	if (h->phase == PHASE_MOVING) {
		if (gen == h->old_gen) {
			if (!late)
				return HF_HANDOVER_PENDING;
			/* Not asked any more, whenever the owner wakes up. */
			hurry_end(p, h->lane);
			atomic_store_explicit(&p->seg->lanes[h->lane].handover_gen, 0,
					      memory_order_release);
			snprintf(h->text, sizeof(h->text),
				 "lane %u: its owner, pid %d, did not hand over within %d ms",
				 h->lane, h->from_pid, MOVE_MS);
			return HF_HANDOVER_FAILED;
		}
		h->phase = PHASE_FIRST_PACKET;
		h->bursts_before = hf_load(&lane->bursts);
		h->deadline_tsc = deadline(p, GAP_MS);
		return HF_HANDOVER_PENDING;
	}
	if (h->phase == PHASE_SETTLING)
		return finish(p, h);
	h->gap_known = atomic_load_explicit(&lane->last_gap_gen, memory_order_acquire) == gen;
	/* A new owner that loses packets is to be told from its first ones. */
	if ((h->gap_known && hf_load(&lane->bursts) != h->bursts_before) || late)
		return finish(p, h);
	return HF_HANDOVER_PENDING;
}

void
hf_handover_release(struct hf_primary *p, uint32_t slot, enum hf_worker_command command,
		    enum hf_exit why)
{
	atomic_store_explicit(&p->seg->workers[slot].asked, (uint32_t)why, memory_order_relaxed);
	atomic_store_explicit(&p->seg->workers[slot].command, (uint32_t)command,
			      memory_order_release);
}

int
hf_handover_drain(struct hf_primary *p, uint32_t slot, char *text, size_t text_len)
{
	const struct hf_worker *w = &p->seg->workers[slot];

	if (slot >= HF_MAX_WORKERS || atomic_load(&w->state) != HF_WORKER_RUNNING)
		return -ENOENT;
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		if (handover_owner(p, l) != (int)slot || handover_choose(p, l, slot) >= 0)
			continue;
		snprintf(text, text_len,
			 "worker %s: nobody waits for its lane %u: start another worker first",
			 w->name, l);
		return -EBUSY;
	}
	hf_handover_release(p, slot, HF_COMMAND_EXIT, HF_EXIT_DRAINED);
	return 0;
}

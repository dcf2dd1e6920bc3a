/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lane on trial: what the old program needs, what the new one does, and what the old one needs
 * after that. Main thread, step by step; nothing here waits.
 *
 * What a packet costs moves with what else the machine does. So a program is not called slow for
 * having needed more than another one did a while ago: the lane goes back, the old program is
 * measured again, and only if it then is as fast as before was the slowness the new one's. Twice
 * makes a proof.
 */
#include <errno.h>
#include <stdio.h>

#include "log.h"
#include "parts.h"
#include "upgrade.h"

#define BASELINE_MS 2000 /* at most; and no longer than the trial */
#define CHECK_MS    1000 /* likewise, how long an old program is measured again */
#define AGAIN_MS    2000 /* likewise, the least that is left for another trial */
#define TRIALS      6    /* of a lane, at most */
#define PROOFS      2    /* of a slow program */
#define SLICE_MIN   10   /* ms */

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The counters of a lane now. Returns 0 or -EAGAIN. */
static int
sample(const struct hf_primary *p, uint32_t lane, struct upgrade_sample *s)
{
	const struct hf_lane *l = &p->seg->lanes[lane];
	struct hf_lane_totals t;

	if (hf_lane_totals_read(p->seg, lane, &t) != 0)
		return -EAGAIN;
	s->busy_tsc = hf_load(&l->busy_tsc);
	s->bursts = hf_load(&l->bursts);
	s->done_pkts = hf_load(&l->done_pkts);
	s->calm_tsc = hf_load(&l->cost.tsc);
	s->calm_bursts = hf_load(&l->cost.polls);
	s->calm_pkts = hf_load(&l->cost.pkts);
	s->rx_pkts = t.rx_pkts;
	s->drops = t.drops - t.drop[HF_DROP_TX_FULL];
	return 0;
}

/* From now on: so long, in slices. */
static void
set_slices(const struct hf_primary *p, struct hf_upgrade *u, uint32_t ms)
{
	uint32_t slice = ms / (UPGRADE_SLICES - 8);

	u->slice_len_tsc = p->seg->header.tsc_hz / 1000 * (slice > SLICE_MIN ? slice : SLICE_MIN);
	u->slice_tsc = hf_tsc() + u->slice_len_tsc;
	u->deadline_tsc = upgrade_in_ms(p, ms);
}

/* Is it time for a slice? */
static int
slice_due(struct hf_upgrade *u)
{
	uint64_t now = hf_tsc();

	if (now < u->slice_tsc)
		return 0;
	u->slice_tsc = now + u->slice_len_tsc;
	return 1;
}

int
upgrade_begin_baseline(const struct hf_primary *p, struct hf_upgrade *u, char *why, size_t why_len)
{
	struct upgrade_sample s;

	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		if (sample(p, l, &s) != 0) {
			snprintf(why, why_len, "lane %u: upgrade: its I/O thread stands still", l);
			return -EAGAIN;
		}
		upgrade_measure_begin(&u->before[l], &s);
	}
	set_slices(p, u, least(u->limits.watch_ms, BASELINE_MS));
	return 0;
}

void
upgrade_step_baseline(struct hf_primary *p, struct hf_upgrade *u)
{
	struct upgrade_sample s;

	if (slice_due(u))
		for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
			if (sample(p, l, &s) == 0)
				upgrade_measure_add(&u->before[l], &s);
	if (hf_tsc() > u->deadline_tsc)
		upgrade_begin_move(p, u, u->canary);
}

void
upgrade_begin_watch(const struct hf_primary *p, struct hf_upgrade *u)
{
	u->sampled = 0;
	u->trials++;
	set_slices(p, u, u->watch_left_ms);
	u->phase = UPGRADE_WATCH;
}

/* The new program seems slow: its lane goes back for a while. */
static void
begin_doubt(const struct hf_primary *p, struct hf_upgrade *u, const char *why)
{
	uint64_t now = hf_tsc(), left = u->deadline_tsc > now ? u->deadline_tsc - now : 0;

	u->watch_left_ms = (uint32_t)(left / (p->seg->header.tsc_hz / 1000));
	if (u->watch_left_ms < least(u->limits.watch_ms, AGAIN_MS))
		u->watch_left_ms = least(u->limits.watch_ms, AGAIN_MS);
	snprintf(u->doubt, sizeof(u->doubt), "%s", why);
	u->phase = UPGRADE_DOUBT;
	u->deadline_tsc = upgrade_in_ms(p, UPGRADE_COME_MS);
	hf_notice("lane %u: upgrade: %s: the old program is measured again", u->lane, why);
}

static void
begin_check(const struct hf_primary *p, struct hf_upgrade *u)
{
	u->sampled = 0;
	set_slices(p, u, least(u->limits.watch_ms, CHECK_MS));
	u->phase = UPGRADE_CHECK;
}

/* A slice of m, if it is time for one or for the last one. Returns 1 when there is a new one. */
static int
measure(const struct hf_primary *p, struct hf_upgrade *u, struct upgrade_measure *m, int over)
{
	struct upgrade_sample s;

	if (sample(p, u->lane, &s) != 0)
		return 0;
	if (!u->sampled) {
		upgrade_measure_begin(m, &s);
		u->sampled = 1;
		return 0;
	}
	if (!slice_due(u) && !over)
		return 0;
	upgrade_measure_add(m, &s);
	return 1;
}

/* A slice of the watch, and what it shows; few packets say nothing about a lane that follows. */
static enum upgrade_verdict
look(struct hf_primary *p, struct hf_upgrade *u, int over, char *why, size_t why_len)
{
	if (!measure(p, u, &u->now, over))
		return UPGRADE_GOOD;
	if (u->lane == u->canary)
		u->trial = u->now;
	else if (upgrade_pkts(&u->now) < UPGRADE_LEAST_PKTS)
		return UPGRADE_GOOD;
	return upgrade_judge(&u->before[u->lane], &u->now, &u->limits, over, why, why_len);
}

void
upgrade_step_watch(struct hf_primary *p, struct hf_upgrade *u)
{
	const struct upgrade_pair *pair = &u->pair[u->pair_of[u->lane]];
	int over = hf_tsc() > u->deadline_tsc;
	char buf[160], why[160];
	const char *trouble = upgrade_trouble(p, pair, u->lane, 1, buf, sizeof(buf));
	enum upgrade_verdict verdict;

	upgrade_waits(p, pair->old_slot, u->lane); /* an adopted lane, too, is kept in reach */
	if (trouble != NULL) {
		upgrade_fail_lane(p, u, trouble);
		return;
	}
	verdict = look(p, u, over, why, sizeof(why));
	if (verdict == UPGRADE_SLOW)
		begin_doubt(p, u, why);
	else if (verdict != UPGRADE_GOOD)
		upgrade_fail_lane(p, u, why);
	else if (over)
		upgrade_next_lane(p, u);
}

void
upgrade_step_doubt(struct hf_primary *p, struct hf_upgrade *u)
{
	const struct upgrade_pair *pair = &u->pair[u->pair_of[u->lane]];
	char buf[160], why[200];
	const char *trouble =
		u->moving ? NULL : upgrade_trouble(p, pair, u->lane, 0, buf, sizeof(buf));

	if (trouble != NULL) {
		upgrade_fail_lane(p, u, trouble);
		return;
	}
	if (!u->moving && handover_owner(p, u->lane) == pair->old_slot) {
		begin_check(p, u);
		return;
	}
	if (upgrade_move(p, u, pair->old_slot, why, sizeof(why)) == HF_HANDOVER_FAILED &&
	    hf_tsc() > u->deadline_tsc)
		upgrade_fail_lane(p, u, u->doubt);
}

/* The old program has been measured again: was the trial to be trusted? */
static void
end_check(struct hf_primary *p, struct hf_upgrade *u)
{
	struct upgrade_measure *old = &u->before[u->lane];

	if (upgrade_pkts(old) == 0 || upgrade_is_slower(old, &u->now, u->limits.max_slowdown))
		u->proofs++;
	if (u->proofs >= PROOFS)
		upgrade_fail_lane(p, u, u->doubt);
	else if (u->trials >= TRIALS)
		upgrade_fail_lane(p, u,
				  "it cannot be judged: what a packet costs changes all the time");
	else
		upgrade_begin_trial(p, u);
}

void
upgrade_step_check(struct hf_primary *p, struct hf_upgrade *u)
{
	const struct upgrade_pair *pair = &u->pair[u->pair_of[u->lane]];
	int over = hf_tsc() > u->deadline_tsc;

	if (handover_owner(p, u->lane) != pair->old_slot) {
		upgrade_fail_lane(p, u, u->doubt);
		return;
	}
	measure(p, u, &u->before[u->lane], over);
	if (over)
		end_check(p, u);
}

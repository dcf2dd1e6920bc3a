/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The upgrade under way, from the trial of one lane to the last one, or back. Old workers keep
 * running and wait for the lanes they gave away until all is well; a death of either is an ordinary
 * death, and whoever waits takes over. Main thread, step by step; nothing here waits.
 */
#include "upgrade.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "parts.h"

#define FOLLOW_MS 1000  /* at most, how long a lane is watched that follows */
#define BACK_MS   5000  /* for a lane to go back */
#define MORE_MS   60000 /* for the other workers to be started */

uint64_t
upgrade_in_ms(const struct hf_primary *p, uint64_t ms)
{
	return hf_tsc() + p->seg->header.tsc_hz / 1000 * ms;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* --- transitions ---------------------------------------------------------------------------- */

void
upgrade_begin_trial(const struct hf_primary *p, struct hf_upgrade *u)
{
	u->phase = UPGRADE_MOVE;
	u->deadline_tsc = upgrade_in_ms(p, UPGRADE_COME_MS);
}

void
upgrade_begin_move(const struct hf_primary *p, struct hf_upgrade *u, uint32_t lane)
{
	uint32_t ms = u->limits.watch_ms;

	u->lane = lane;
	u->todo &= ~(UINT64_C(1) << lane);
	u->moved |= UINT64_C(1) << lane; /* or on its way: it is looked at when all goes back */
	u->trials = u->proofs = 0;
	u->watch_left_ms = lane == u->canary ? ms : least(ms, FOLLOW_MS);
	upgrade_begin_trial(p, u);
}

static void
begin_back(const struct hf_primary *p, struct hf_upgrade *u)
{
	u->phase = UPGRADE_BACK;
	u->deadline_tsc = upgrade_in_ms(p, BACK_MS);
	hf_warn("%s: all lanes go back", u->reason);
}

/* The first failure is the reason. A hand-over under way comes to its end first. */
static void
fail(const struct hf_primary *p, struct hf_upgrade *u, const char *object, const char *why)
{
	if (!u->failed)
		snprintf(u->reason, sizeof(u->reason), "upgrade: %s: %s", object, why);
	u->failed = 1;
	if (!u->moving && u->phase < UPGRADE_BACK)
		begin_back(p, u);
}

void
upgrade_fail_lane(const struct hf_primary *p, struct hf_upgrade *u, const char *why)
{
	char object[32], lane[24];

	snprintf(object, sizeof(object), "lane %u", u->lane);
	snprintf(lane, sizeof(lane), "lane %u: ", u->lane);
	fail(p, u, object, strncmp(why, lane, strlen(lane)) == 0 ? why + strlen(lane) : why);
}

static void
release(struct hf_primary *p, int slot, int32_t pid)
{
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++)
		if (handover_owner(p, l) == slot)
			return; /* nobody else could have it */
	if (atomic_load_explicit(&p->seg->workers[slot].pid, memory_order_relaxed) == pid)
		hf_handover_release(p, (uint32_t)slot, HF_COMMAND_EXIT, HF_EXIT_UPGRADED);
}

static void
end(struct hf_primary *p, struct hf_upgrade *u)
{
	for (uint32_t i = 0; i < u->n_pairs; i++) {
		const struct upgrade_pair *pair = &u->pair[i];

		if (u->failed)
			release(p, pair->new_slot, pair->new_pid);
		else
			release(p, pair->old_slot, pair->old_pid);
	}
	u->phase = UPGRADE_OVER;
	p->restarting = 0;
	hf_notice("upgrade: %s", u->failed ? "rolled back" : "done");
}

/* --- phases --------------------------------------------------------------------------------- */

/* The pair of the lane's owner, NULL: it needs no move (any more). */
static const struct upgrade_pair *
pair_of_owner(const struct hf_primary *p, struct hf_upgrade *u, uint32_t lane)
{
	int owner = handover_owner(p, lane);

	for (uint32_t i = 0; owner >= 0 && i < u->n_pairs; i++)
		if (u->pair[i].old_slot == owner)
			return &u->pair[u->pair_of[lane] = (int)i];
	return NULL;
}

void
upgrade_next_lane(struct hf_primary *p, struct hf_upgrade *u)
{
	if (u->more) {
		u->phase = UPGRADE_MORE;
		u->deadline_tsc = upgrade_in_ms(p, MORE_MS);
		return;
	}
	for (uint32_t l = 0; l < p->cfg.n_lanes; l++) {
		if (pair_of_owner(p, u, l) == NULL)
			continue;
		upgrade_begin_move(p, u, l);
		return;
	}
	end(p, u);
}

static void
step_move(struct hf_primary *p, struct hf_upgrade *u)
{
	const struct upgrade_pair *pair = &u->pair[u->pair_of[u->lane]];
	enum hf_handover_result result;
	char why[200], buf[160];
	const char *trouble;

	result = upgrade_move(p, u, pair->new_slot, why, sizeof(why));
	trouble = u->moving ? NULL : upgrade_trouble(p, pair, u->lane, 0, buf, sizeof(buf));
	if (result == HF_HANDOVER_DONE && trouble == NULL)
		upgrade_begin_watch(p, u);
	else if (trouble != NULL)
		upgrade_fail_lane(p, u, trouble);
	else if (result == HF_HANDOVER_FAILED)
		upgrade_fail_lane(p, u, why);
}

static void
lane_is_back(struct hf_primary *p, struct hf_upgrade *u, const char *why)
{
	size_t n = strlen(u->reason);

	u->moved &= ~(UINT64_C(1) << u->lane);
	upgrade_withdraw(p, u->pair[u->pair_of[u->lane]].old_slot, u->lane);
	if (why != NULL && n < sizeof(u->reason) - 1)
		snprintf(u->reason + n, sizeof(u->reason) - n, "; lane %u cannot go back: %s",
			 u->lane, why);
	if (why != NULL)
		u->todo |= UINT64_C(1) << u->lane; /* where it should not be */
	u->deadline_tsc = upgrade_in_ms(p, BACK_MS);
}

/* The last lane moved goes back first. One that a death has moved is taken from who has it. */
static void
step_back(struct hf_primary *p, struct hf_upgrade *u)
{
	const struct upgrade_pair *pair;
	char why[200] = "";

	if (u->moved == 0 && !u->moving) {
		end(p, u);
		return;
	}
	if (!u->moving)
		u->lane = 63U - (uint32_t)__builtin_clzll(u->moved);
	pair = &u->pair[u->pair_of[u->lane]];
	if (!u->moving && handover_owner(p, u->lane) == pair->old_slot) {
		lane_is_back(p, u, NULL);
		return;
	}
	switch (upgrade_move(p, u, pair->old_slot, why, sizeof(why))) {
	case HF_HANDOVER_PENDING:
	case HF_HANDOVER_DONE: /* seen in the next step */
		break;
	case HF_HANDOVER_FAILED:
		if (hf_tsc() > u->deadline_tsc)
			lane_is_back(p, u, why);
		break;
	}
}

static void
step_more(struct hf_primary *p, struct hf_upgrade *u)
{
	const struct upgrade_pair *pair = &u->pair[0];
	char buf[160];
	const char *trouble = upgrade_trouble(p, pair, u->canary, 1, buf, sizeof(buf));

	if (trouble != NULL)
		upgrade_fail_lane(p, u, trouble);
	else if (hf_tsc() > u->deadline_tsc)
		upgrade_fail_lane(p, u, "the other new workers were not started in time");
	else if (!u->more)
		upgrade_next_lane(p, u);
}

int
upgrade_step(struct hf_primary *p)
{
	struct hf_upgrade *u = p->upgrade;

	switch (u->phase) {
	case UPGRADE_BASELINE:
		upgrade_step_baseline(p, u);
		break;
	case UPGRADE_MOVE:
		step_move(p, u);
		break;
	case UPGRADE_WATCH:
		upgrade_step_watch(p, u);
		break;
	case UPGRADE_DOUBT:
		upgrade_step_doubt(p, u);
		break;
	case UPGRADE_CHECK:
		upgrade_step_check(p, u);
		break;
	case UPGRADE_MORE:
		step_more(p, u);
		break;
	case UPGRADE_BACK:
		step_back(p, u);
		break;
	case UPGRADE_OVER:
		break;
	}
	if (u->failed && u->phase < UPGRADE_BACK && !u->moving)
		begin_back(p, u);
	return u->phase == UPGRADE_OVER;
}

/* --- requests ------------------------------------------------------------------------------- */

static int
slot_of(const struct hf_primary *p, int32_t pid)
{
	for (int i = 0; pid > 0 && i < HF_MAX_WORKERS; i++)
		if (atomic_load_explicit(&p->seg->workers[i].pid, memory_order_acquire) == pid &&
		    atomic_load_explicit(&p->seg->workers[i].state, memory_order_acquire) ==
			    HF_WORKER_RUNNING)
			return i;
	return -1;
}

int
upgrade_add(struct hf_primary *p, const struct upgrade_request *r, char *why, size_t why_len)
{
	struct hf_upgrade *u = p->upgrade;

	if (u == NULL || (u->phase != UPGRADE_MORE && u->n_pairs > 0)) {
		snprintf(why, why_len, "upgrade: no workers are to be named now");
		return -EINVAL;
	}
	for (uint32_t i = 0; i < r->n_pairs && u->n_pairs < HF_MAX_WORKERS; i++) {
		struct upgrade_pair pair = {slot_of(p, r->old_pid[i]), slot_of(p, r->new_pid[i]),
					    r->old_pid[i], r->new_pid[i]};

		if (pair.old_slot < 0 || pair.new_slot < 0 || pair.old_slot == pair.new_slot) {
			snprintf(why, why_len, "upgrade: pid %d: no such worker runs",
				 pair.old_slot < 0 ? r->old_pid[i] : r->new_pid[i]);
			return -ENOENT;
		}
		u->pair[u->n_pairs++] = pair;
	}
	u->more = 0;
	return 0;
}

int
upgrade_begin(struct hf_primary *p, const struct upgrade_request *r, char *why, size_t why_len)
{
	struct hf_upgrade *u;
	int err;

	if (p->upgrade != NULL || p->restarting) {
		snprintf(why, why_len, "upgrade: a restart or an upgrade is under way");
		return -EBUSY;
	}
	u = p->upgrade = calloc(1, sizeof(*u));
	if (u == NULL)
		return -ENOMEM;
	err = upgrade_add(p, r, why, why_len);
	if (err == 0 && pair_of_owner(p, u, r->canary) != &u->pair[0]) {
		snprintf(why, why_len, "lane %u: upgrade: pid %d does not own it", r->canary,
			 u->pair[0].old_pid);
		err = -ENOENT;
	}
	u->limits = r->limits;
	u->canary = u->lane = r->canary;
	u->more = r->more;
	if (err == 0)
		err = upgrade_begin_baseline(p, u, why, why_len);
	if (err != 0) {
		upgrade_forget(p);
		return err;
	}
	p->restarting = 1;
	return 0;
}

void
upgrade_cancel(struct hf_primary *p, const char *reason)
{
	struct hf_upgrade *u = p->upgrade;

	if (u != NULL && u->phase < UPGRADE_BACK)
		upgrade_fail_lane(p, u, reason);
}

const struct hf_upgrade *
upgrade_get(const struct hf_primary *p)
{
	return p->upgrade;
}

void
upgrade_forget(struct hf_primary *p)
{
	if (p->upgrade != NULL)
		p->restarting = 0;
	free(p->upgrade);
	p->upgrade = NULL;
}

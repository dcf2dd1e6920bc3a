/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `restart`: moves lanes to other workers, one hand-over at a time, and lets the workers go that
 * have none left.
 *
 * Primary, main thread, in steps from hf_control_poll(). It owns the one restart there can be; it
 * must not wait: other clients are served between the steps.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "log.h"
#include "status.h"
#include "units.h"

static int32_t
owner_pid(const struct hf_control *c, uint32_t lane)
{
	return atomic_load_explicit(&c->p->seg->lanes[lane].owner_pid, memory_order_relaxed);
}

/* Notes the lanes of worker slot (-1: of every worker) with their owners; returns how many. */
static uint32_t
collect(struct hf_control *c, int slot)
{
	struct control_restart *r = &c->restart;
	uint32_t n = 0;

	for (uint32_t l = 0; l < c->p->seg->header.n_lanes; l++) {
		int owner = status_owner_slot(c->p->seg, l);

		if (owner < 0 || (slot >= 0 && owner != slot))
			continue;
		r->slot[l] = owner;
		r->pid[l] = owner_pid(c, l);
		r->todo |= UINT64_C(1) << l;
		n++;
	}
	return n;
}

/* Fills the restart's lanes. Returns NULL, or the refusal. */
static json_t *
choose(struct hf_control *c, const char *target)
{
	struct control_restart *r = &c->restart;
	uint64_t lane;
	int slot;

	if (strcmp(target, "all") == 0)
		return collect(c, -1) > 0
			       ? NULL
			       : control_error(1, "restart: all: no lane has a living owner");
	if (hf_parse_u64(target, 0, c->p->seg->header.n_lanes - 1, &lane) == 0) {
		slot = status_owner_slot(c->p->seg, (uint32_t)lane);
		if (slot < 0)
			return control_error(1, "lane %s: restart: it has no living owner", target);
		collect(c, slot);
		r->todo = UINT64_C(1) << lane;
		r->one_lane = 1;
		return NULL;
	}
	slot = hf_supervisor_find(c->p, target);
	if (slot < 0)
		return control_error(1, "restart: %s: no such lane and no such living worker",
				     target);
	return collect(c, slot) > 0
		       ? NULL
		       : control_error(1, "worker %s: restart: it owns no lane", target);
}

json_t *
control_restart_begin(struct hf_control *c, struct control_client *client, const char *target)
{
	struct control_restart *r = &c->restart;
	json_t *refusal;

	if (c->p->upgrade != NULL)
		return control_error(1, "restart: %s: an upgrade is under way", target);
	if (r->active)
		return control_error(1, "restart: %s: another restart is under way", target);
	memset(r, 0, sizeof(*r));
	refusal = choose(c, target);
	if (refusal != NULL)
		return refusal;
	hf_notice("control: restart %s: asked by pid %d, uid %u", target, (int)client->pid,
		  (unsigned int)client->uid);
	r->active = 1;
	c->p->restarting = 1;
	r->unmoved = r->todo;
	r->again = c->p->returning;
	snprintf(r->target, sizeof(r->target), "%s", target);
	r->client = client;
	r->lanes = json_array();
	r->failed = json_array();
	client->waiting = 1;
	return NULL;
}

/* The reason of a hand-over's text, without the lane before it. */
static const char *
reason_of(const struct hf_handover *h)
{
	char object[24];
	size_t n = (size_t)snprintf(object, sizeof(object), "lane %u: ", h->lane);

	return strncmp(h->text, object, n) == 0 ? h->text + n : h->text;
}

static void
fail_lane(struct hf_control *c, uint32_t lane, const char *reason)
{
	hf_warn("lane %u: restart: %s", lane, reason);
	json_array_append_new(c->restart.failed,
			      json_pack("{s:i, s:s}", "lane", (int)lane, "reason", reason));
}

/*
 * Lets a worker go whose lanes have all been moved. A standby that gave a lane back waits again by
 * itself, and so does a worker of which one lane was asked for.
 */
static void
release_owner(struct hf_control *c, int slot, int32_t pid)
{
	struct control_restart *r = &c->restart;
	const struct hf_worker *w = &c->p->seg->workers[slot];
	enum hf_worker_command command = HF_COMMAND_EXIT;

	if (r->one_lane || w->standby != 0)
		return;
	for (uint32_t l = 0; l < c->p->seg->header.n_lanes; l++) {
		if ((r->unmoved >> l & 1) != 0 && r->slot[l] == slot)
			return;
		if (status_owner_slot(c->p->seg, l) == slot)
			return; /* it took a lane over meanwhile */
	}
	if (atomic_load_explicit(&w->pid, memory_order_relaxed) != pid)
		return;
	if ((r->took_standby >> slot & 1) != 0)
		command = HF_COMMAND_REEXEC;
	hf_handover_release(c->p, (uint32_t)slot, command, HF_EXIT_RESTARTED);
}

static void
lane_done(struct hf_control *c)
{
	struct control_restart *r = &c->restart;
	const struct hf_handover *h = &r->h;

	json_array_append_new(r->lanes,
			      json_pack("{s:i, s:i, s:i, s:o, s:s, s:o, s:I, s:o}", "lane",
					(int)h->lane, "from_pid", (int)h->from_pid, "to_pid",
					(int)h->to_pid, "to_name",
					status_text(h->to_name, sizeof(h->to_name)), "to_role",
					h->to_standby ? "standby" : "fresh", "gap_us",
					status_number(h->gap_known, h->gap_us), "lost_pkts",
					(json_int_t)h->lost_pkts, "from_name",
					status_text(r->from_name, sizeof(r->from_name))));
	r->unmoved &= ~(UINT64_C(1) << h->lane);
	if (h->to_standby)
		r->took_standby |= UINT64_C(1) << r->slot[h->lane];
	release_owner(c, r->slot[h->lane], r->pid[h->lane]);
}

static void
begin_lane(struct hf_control *c)
{
	struct control_restart *r = &c->restart;
	uint32_t lane = (uint32_t)__builtin_ctzll(r->todo);
	int err;

	r->todo &= r->todo - 1;
	if (status_owner_slot(c->p->seg, lane) != r->slot[lane] ||
	    owner_pid(c, lane) != r->pid[lane]) {
		fail_lane(c, lane, "its owner changed meanwhile");
		return;
	}
	snprintf(r->from_name, sizeof(r->from_name), "%.31s",
		 c->p->seg->workers[r->slot[lane]].name);
	memset(&r->h, 0, sizeof(r->h));
	err = hf_handover_begin(c->p, lane, &r->h);
	if (err == 0)
		r->running = 1;
	else
		fail_lane(c, lane, r->h.text[0] != '\0' ? reason_of(&r->h) : strerror(-err));
}

/* One line for all lanes that failed: the first reason, and whether there are others. */
static json_t *
failure(const json_t *failed)
{
	const json_t *first = json_object_get(json_array_get(failed, 0), "reason"), *lane;
	uint64_t same = 0;
	size_t i, others = 0;
	char set[256];

	json_array_foreach(failed, i, lane)
	{
		if (json_equal(json_object_get(lane, "reason"), first))
			same |= UINT64_C(1) << json_integer_value(json_object_get(lane, "lane"));
		else
			others++;
	}
	hf_format_set(set, sizeof(set), same);
	if (others == 0)
		return control_error(1, "lane %s: restart: %s", set, json_string_value(first));
	return control_error(1, "lane %s: restart: %s (%zu more failed for other reasons)", set,
			     json_string_value(first), others);
}

static json_t *
outcome(struct control_restart *r)
{
	json_t *reply;

	if (json_array_size(r->failed) == 0)
		reply = json_pack("{s:b}", "ok", 1);
	else
		reply = failure(r->failed);
	json_object_set_new(reply, "lanes", r->lanes);
	json_object_set_new(reply, "failed", r->failed);
	return reply;
}

/* Ends the restart with a reply, which is taken over. */
static void
answer(struct hf_control *c, json_t *reply)
{
	struct control_client *client = c->restart.client;

	memset(&c->restart, 0, sizeof(c->restart));
	c->p->restarting = 0;
	if (client != NULL)
		control_client_reply(c, client, reply);
	else
		json_decref(reply);
}

static void
finish(struct hf_control *c)
{
	answer(c, outcome(&c->restart));
}

/* A lane was on its way home when the restart was asked for: its owner is another one now. */
static void
look_again(struct hf_control *c)
{
	struct control_restart *r = &c->restart;
	json_t *refusal;

	r->again = 0;
	r->todo = 0;
	refusal = choose(c, r->target);
	r->unmoved = r->todo;
	if (refusal == NULL)
		return;
	json_decref(r->lanes);
	json_decref(r->failed);
	answer(c, refusal);
}

void
control_restart_step(struct hf_control *c)
{
	struct control_restart *r = &c->restart;

	if (r->running) {
		switch (hf_handover_poll(c->p, &r->h)) {
		case HF_HANDOVER_PENDING:
			return;
		case HF_HANDOVER_DONE:
			lane_done(c);
			break;
		case HF_HANDOVER_FAILED:
			fail_lane(c, r->h.lane, reason_of(&r->h));
			break;
		}
		r->running = 0;
	}
	if (c->p->returning)
		return;
	if (r->again)
		look_again(c);
	else if (r->todo != 0)
		begin_lane(c);
	else
		finish(c);
}

void
control_restart_abandon(struct hf_control *c)
{
	json_decref(c->restart.lanes);
	json_decref(c->restart.failed);
	c->p->restarting = 0;
	memset(&c->restart, 0, sizeof(c->restart));
}

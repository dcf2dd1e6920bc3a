/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `upgrade` on the control socket: its actions begin, add, status and cancel, and the reply at the
 * end. The client that began it must stay: when it goes, all goes back.
 *
 * Primary, main thread, in steps from hf_control_poll(). It must not wait.
 */
#include <errno.h>
#include <string.h>

#include "control.h"
#include "log.h"
#include "upgrade.h"

#define WATCH_MAX_MS 86400000

static json_t *
ratio_or_null(double value)
{
	return value < 0 ? json_null() : json_real(value);
}

static json_t *
measure_json(const struct upgrade_measure *m)
{
	return json_pack("{s:o, s:o, s:o, s:I}", "cycles_per_pkt",
			 ratio_or_null(upgrade_pkt_cycles(m)), "cycles_per_burst",
			 ratio_or_null(upgrade_burst_cycles(m)), "drop_ratio",
			 ratio_or_null(upgrade_drop_ratio(m)), "pkts", (json_int_t)upgrade_pkts(m));
}

static json_t *
lanes_json(uint64_t lanes)
{
	json_t *list = json_array();

	for (; lanes != 0; lanes &= lanes - 1)
		json_array_append_new(list, json_integer(__builtin_ctzll(lanes)));
	return list;
}

/* The result so far. */
static json_t *
describe(const struct hf_upgrade *u)
{
	uint64_t lanes = u->failed && u->phase == UPGRADE_OVER ? u->todo : u->moved;
	json_t *o;

	o = json_pack("{s:s?, s:i, s:o, s:o, s:o, s:I}", "reason", u->failed ? u->reason : NULL,
		      "canary_lane", (int)u->canary, "baseline",
		      measure_json(&u->before[u->canary]), "measured", measure_json(&u->trial),
		      "lanes_moved", lanes_json(lanes), "packets_lost", (json_int_t)u->lost_pkts);
	if (u->phase == UPGRADE_OVER && upgrade_pkts(&u->trial) < UPGRADE_LEAST_PKTS)
		json_object_set_new(
			o, "warning",
			json_sprintf("only %llu packets came during the trial: too few to judge by",
				     (unsigned long long)upgrade_pkts(&u->trial)));
	return o;
}

static json_t *
run_status(const struct hf_control *c)
{
	static const char *const phases[] = {
		[UPGRADE_BASELINE] = "baseline", [UPGRADE_MOVE] = "move",
		[UPGRADE_WATCH] = "watch",       [UPGRADE_DOUBT] = "doubt",
		[UPGRADE_CHECK] = "check",       [UPGRADE_MORE] = "more",
		[UPGRADE_BACK] = "back",         [UPGRADE_OVER] = "over",
	};
	const struct hf_upgrade *u = upgrade_get(c->p);
	json_t *reply;

	if (u == NULL)
		return json_pack("{s:b, s:n}", "ok", 1, "phase");
	reply = json_pack("{s:b, s:s, s:i}", "ok", 1, "phase", phases[u->phase], "lane",
			  (int)u->lane);
	json_object_update_new(reply, describe(u));
	return reply;
}

/* A number of a request in [min, max]. Returns 0, or -EINVAL. */
static int
number_of(const json_t *request, const char *key, double min, double max, double *out)
{
	const json_t *value = json_object_get(request, key);

	*out = json_number_value(value);
	return json_is_number(value) && *out >= min && *out <= max ? 0 : -EINVAL;
}

static int
read_workers(const json_t *request, struct upgrade_request *r)
{
	const json_t *list = json_object_get(request, "workers"), *pair;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > HF_MAX_WORKERS)
		return -EINVAL;
	json_array_foreach(list, i, pair)
	{
		double old_pid, new_pid;

		if (number_of(pair, "old", 1, INT32_MAX, &old_pid) != 0 ||
		    number_of(pair, "new", 1, INT32_MAX, &new_pid) != 0)
			return -EINVAL;
		r->old_pid[i] = (int32_t)old_pid;
		r->new_pid[i] = (int32_t)new_pid;
	}
	r->n_pairs = (uint32_t)json_array_size(list);
	return 0;
}

/* Fills r of a begin. Returns NULL, or what is wrong. */
static const char *
read_begin(const struct hf_control *c, const json_t *request, struct upgrade_request *r)
{
	double canary, watch_ms;

	if (number_of(request, "canary", 0, c->p->seg->header.n_lanes - 1.0, &canary) != 0)
		return "canary: no such lane";
	if (number_of(request, "watch_ms", 100, WATCH_MAX_MS, &watch_ms) != 0)
		return "watch_ms: not a number from 100 to 86400000";
	if (number_of(request, "max_slowdown", 1, 1000, &r->limits.max_slowdown) != 0)
		return "max_slowdown: not a number from 1 to 1000";
	if (number_of(request, "max_drop_ratio", 0, 1, &r->limits.max_drop_ratio) != 0)
		return "max_drop_ratio: not a number from 0 to 1";
	if (read_workers(request, r) != 0 || r->n_pairs != 1)
		return "workers: not one pair of old and new pids";
	r->canary = (uint32_t)canary;
	r->limits.watch_ms = (uint32_t)watch_ms;
	r->more = json_is_true(json_object_get(request, "more"));
	return NULL;
}

static json_t *
run_begin(struct hf_control *c, struct control_client *client, const json_t *request)
{
	struct upgrade_request r = {0};
	const char *wrong = read_begin(c, request, &r);
	char why[160] = "upgrade: no memory";

	if (wrong != NULL)
		return control_error(2, "upgrade: %s", wrong);
	if (upgrade_begin(c->p, &r, why, sizeof(why)) != 0)
		return control_error(1, "%s", why);
	hf_notice("control: upgrade: lane %u, from pid %d to pid %d: asked by pid %d, uid %u",
		  r.canary, r.old_pid[0], r.new_pid[0], (int)client->pid,
		  (unsigned int)client->uid);
	c->upgrader = client;
	client->waiting = 1;
	return NULL;
}

static json_t *
run_add(struct hf_control *c, const json_t *request)
{
	struct upgrade_request r = {0};
	char why[160] = "";

	if (read_workers(request, &r) != 0)
		return control_error(2, "upgrade: workers: not pairs of old and new pids");
	if (upgrade_add(c->p, &r, why, sizeof(why)) != 0)
		return control_error(1, "%s", why);
	return json_pack("{s:b}", "ok", 1);
}

json_t *
control_upgrade_run(struct hf_control *c, struct control_client *client, const json_t *request)
{
	const char *action = json_string_value(json_object_get(request, "action"));

	if (action != NULL && strcmp(action, "begin") == 0)
		return run_begin(c, client, request);
	if (action != NULL && strcmp(action, "add") == 0)
		return run_add(c, request);
	if (action != NULL && strcmp(action, "status") == 0)
		return run_status(c);
	if (action == NULL || strcmp(action, "cancel") != 0)
		return control_error(2, "upgrade: action: none of begin, add, status, cancel");
	if (upgrade_get(c->p) == NULL)
		return control_error(1, "upgrade: none is under way");
	upgrade_cancel(c->p, "it was interrupted");
	return json_pack("{s:b}", "ok", 1);
}

void
control_upgrade_step(struct hf_control *c)
{
	const struct hf_upgrade *u = upgrade_get(c->p);
	struct control_client *client = c->upgrader;
	json_t *reply;

	if (u == NULL || !upgrade_step(c->p))
		return;
	reply = u->failed ? control_error(1, "%s", u->reason) : json_pack("{s:b}", "ok", 1);
	json_object_set_new(reply, "result", json_string(u->failed ? "rolled_back" : "upgraded"));
	json_object_update_new(reply, describe(u));
	upgrade_forget(c->p);
	c->upgrader = NULL;
	if (client != NULL)
		control_client_reply(c, client, reply);
	else
		json_decref(reply);
}

void
control_upgrade_gone(struct hf_control *c, const struct control_client *client)
{
	if (c->upgrader == NULL || c->upgrader != client)
		return;
	c->upgrader = NULL;
	upgrade_cancel(c->p, "who asked for it has gone");
}

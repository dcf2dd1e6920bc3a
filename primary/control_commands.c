/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands of the control socket: one row and one function each.
 *
 * Primary, main thread. A command checks its arguments before it changes anything, and must not
 * wait for a worker.
 */
#include <errno.h>
#include <string.h>

#include "control.h"
#include "log.h"
#include "status.h"
#include "units.h"

#define COMMAND_ARGS 8
#define STOPPED_BLOCKS                                                                             \
	"a stopped worker can block attaches and hand-overs: switch supervision on again when done"

struct command {
	const char *name;
	const char *args[COMMAND_ARGS]; /* that it knows; NULL: no more */
	json_t *(*run)(struct hf_control *c, struct control_client *client, const json_t *request);
};

/* {"ok": true} with the members of body, which is stolen. NULL when memory ran out. */
static json_t *
success(json_t *body)
{
	json_t *reply = body != NULL ? json_pack("{s:b}", "ok", 1) : NULL;

	if (json_object_update_new(reply, body) != 0) {
		json_decref(reply);
		return NULL;
	}
	return reply;
}

static json_t *
success_list(const char *key, json_t *list)
{
	return success(json_pack("{s:o}", key, list));
}

/* Counts the mbufs, unless that was done a moment ago. */
static void
refresh_pools(struct hf_control *c)
{
	uint64_t now = control_now_ms();

	if (c->census_ms != 0 && now - c->census_ms < CONTROL_CENSUS_MS)
		return;
	c->census_err = hf_census_run(c->p);
	c->census_ms = control_now_ms();
}

/* Says in warnings that the pools' figures are old, if they are. */
static void
warn_census(const struct hf_control *c, json_t *warnings)
{
	if (c->census_err != 0)
		json_array_append_new(warnings,
				      json_sprintf("pools: census: %s: the figures are old",
						   strerror(-c->census_err)));
}

static json_t *
run_status(struct hf_control *c, struct control_client *client, const json_t *request)
{
	json_t *status;

	hf_ports_sample(c->p);
	refresh_pools(c);
	status = hf_status_all(c->p->seg);
	if (c->p->rss_ipv4 != NULL && c->p->rss_ipv6 != NULL)
		json_object_set_new(status, "rss_software",
				    json_pack("{s:s, s:s}", "ipv4", c->p->rss_ipv4, "ipv6",
					      c->p->rss_ipv6));
	warn_census(c, json_object_get(status, "warnings"));
	return success(status);
}

static json_t *
run_lanes(struct hf_control *c, struct control_client *client, const json_t *request)
{
	return success_list("lanes", hf_status_lanes(c->p->seg));
}

static json_t *
run_workers(struct hf_control *c, struct control_client *client, const json_t *request)
{
	return success(json_pack("{s:o, s:o, s:o}", "workers", hf_status_workers(c->p->seg),
				 "crashes", hf_status_crashes(c->p->seg), "names",
				 hf_status_pasts(c->p->seg)));
}

static json_t *
run_ports(struct hf_control *c, struct control_client *client, const json_t *request)
{
	hf_ports_sample(c->p);
	return success_list("ports", hf_status_ports(c->p->seg));
}

static json_t *
run_pools(struct hf_control *c, struct control_client *client, const json_t *request)
{
	json_t *warnings = json_array();

	refresh_pools(c);
	warn_census(c, warnings);
	return success(
		json_pack("{s:o, s:o}", "pools", hf_status_pools(c->p->seg), "warnings", warnings));
}

static json_t *
run_flows(struct hf_control *c, struct control_client *client, const json_t *request)
{
	const json_t *top = json_object_get(request, "top");
	const json_t *sort = json_object_get(request, "sort");
	enum hf_flow_sort by = HF_FLOW_SORT_PACKETS;
	json_int_t n = HF_STATUS_FLOWS_DEFAULT;

	if (top != NULL)
		n = json_integer_value(top);
	if (n < 1 || n > HF_STATUS_FLOWS_MAX)
		return control_error(2, "flows: top: not a number from 1 to %d",
				     HF_STATUS_FLOWS_MAX);
	if (sort != NULL && json_is_string(sort) && strcmp(json_string_value(sort), "bytes") == 0)
		by = HF_FLOW_SORT_BYTES;
	else if (sort != NULL &&
		 (!json_is_string(sort) || strcmp(json_string_value(sort), "packets") != 0))
		return control_error(2, "flows: sort: neither packets nor bytes");
	client->scan = hf_flow_scan_begin(c->p->seg, (uint32_t)n, by);
	client->waiting = client->scan != NULL;
	return NULL;
}

/* The first client from c->scan_turn on whose request is a scan, NULL if there is none. */
static struct control_client *
next_scan(struct hf_control *c)
{
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &c->client[(c->scan_turn + i) % CONTROL_CLIENTS];

		if (client->source.fd >= 0 && client->scan != NULL)
			return client;
	}
	return NULL;
}

int
control_flows_step(struct hf_control *c)
{
	struct control_client *client = next_scan(c);
	struct hf_flow_scan *scan;

	if (client == NULL)
		return 0;
	scan = client->scan;
	c->scan_turn = (uint32_t)(client - c->client + 1) % CONTROL_CLIENTS;
	if (hf_flow_scan_step(scan, CONTROL_SCAN_RECORDS)) {
		client->scan = NULL;
		control_client_reply(c, client, success(hf_flow_scan_end(scan)));
	}
	return next_scan(c) != NULL;
}

static json_t *
run_restart(struct hf_control *c, struct control_client *client, const json_t *request)
{
	const json_t *target = json_object_get(request, "target");
	char number[24];

	if (json_is_string(target))
		return control_restart_begin(c, client, json_string_value(target));
	if (!json_is_integer(target))
		return control_error(2, "restart: target: neither a lane, a worker, a pid nor all");
	snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(target));
	return control_restart_begin(c, client, number);
}

/* What moves lanes now: "an upgrade", "a restart", or NULL. */
static const char *
moving(const struct hf_control *c)
{
	if (c->p->upgrade != NULL)
		return "an upgrade";
	return c->restart.active ? "a restart" : NULL;
}

static json_t *
drain(struct hf_control *c, const struct control_client *client, const char *worker)
{
	const struct hf_worker *w;
	char text[160] = "";
	int slot, err;

	if (moving(c) != NULL)
		return control_error(1, "worker %s: drain: %s is under way", worker, moving(c));
	slot = hf_supervisor_find(c->p, worker);
	if (slot < 0)
		return control_error(1, "worker %s: drain: no such worker lives", worker);
	hf_notice("worker %s: drain: asked by pid %d, uid %u", worker, (int)client->pid,
		  (unsigned int)client->uid);
	err = hf_handover_drain(c->p, (uint32_t)slot, text, sizeof(text));
	if (err != 0 && strncmp(text, "worker ", 7) == 0)
		return control_error(1, "%s", text);
	if (err != 0)
		return control_error(1, "worker %s: drain: %s", worker,
				     text[0] != '\0' ? text : strerror(-err));
	w = &c->p->seg->workers[slot];
	return success(json_pack("{s:o, s:i}", "worker", status_text(w->name, sizeof(w->name)),
				 "pid", (int)atomic_load_explicit(&w->pid, memory_order_relaxed)));
}

static json_t *
run_drain(struct hf_control *c, struct control_client *client, const json_t *request)
{
	const json_t *worker = json_object_get(request, "worker");
	char pid[24];

	if (json_is_string(worker))
		return drain(c, client, json_string_value(worker));
	if (!json_is_integer(worker))
		return control_error(2, "drain: worker: neither a name nor a pid");
	snprintf(pid, sizeof(pid), "%" JSON_INTEGER_FORMAT, json_integer_value(worker));
	return drain(c, client, pid);
}

/* Which lanes are meant: one bit each; 0: the target is none. */
static uint64_t
lanes_meant(const struct hf_control *c, const json_t *target)
{
	uint32_t n = c->p->cfg.n_lanes;
	const char *text = json_string_value(target);
	uint64_t lane;

	if (text != NULL && strcmp(text, "all") == 0)
		return hf_lanes_all(n);
	if (text != NULL && hf_parse_u64(text, 0, n - 1, &lane) == 0)
		return UINT64_C(1) << lane;
	if (json_is_integer(target) && json_integer_value(target) >= 0 &&
	    json_integer_value(target) < n)
		return UINT64_C(1) << json_integer_value(target);
	return 0;
}

static json_t *
run_supervise(struct hf_control *c, struct control_client *client, const json_t *request)
{
	const char *state = json_string_value(json_object_get(request, "state"));
	uint64_t lanes = lanes_meant(c, json_object_get(request, "target"));
	json_t *list;
	int on;

	if (lanes == 0)
		return control_error(2, "supervise: target: neither all nor a lane from 0 to %u",
				     c->p->cfg.n_lanes - 1);
	if (state == NULL || (strcmp(state, "on") != 0 && strcmp(state, "off") != 0))
		return control_error(2, "supervise: state: neither on nor off");
	on = strcmp(state, "on") == 0;
	list = json_array();
	hf_notice("control: supervise %s: asked by pid %d, uid %u", state, (int)client->pid,
		  (unsigned int)client->uid);
	for (uint32_t l = 0; l < c->p->cfg.n_lanes; l++) {
		if ((lanes >> l & 1) == 0)
			continue;
		hf_supervision_set(c->p, l, on);
		json_array_append_new(list, json_integer((json_int_t)l));
	}
	return success(json_pack("{s:o, s:b, s:i, s:s?}", "lanes", list, "supervised", on,
				 "hang_timeout_ms", (int)c->p->seg->run.hang_timeout_ms, "warning",
				 on ? NULL : STOPPED_BLOCKS));
}

static json_t *
run_clear(struct hf_control *c, struct control_client *client, const json_t *request)
{
	if (moving(c) != NULL) /* counters are compared before and after */
		return control_error(1, "clear: %s is under way", moving(c));
	hf_notice("control: clear: asked by pid %d, uid %u", (int)client->pid,
		  (unsigned int)client->uid);
	if (hf_primary_clear(c->p) != 0)
		return control_error(1, "clear: a lane's counters stand still: try again");
	return success(json_pack("{s:I}", "clear_seq",
				 (json_int_t)atomic_load_explicit(&c->p->seg->header.clear_seq,
								  memory_order_relaxed)));
}

static json_t *
run_loglevel(struct hf_control *c, struct control_client *client, const json_t *request)
{
	const char *text = json_string_value(json_object_get(request, "level"));
	enum hf_log_level level, before = hf_log_get_level();

	if (text == NULL || hf_log_parse_level(text, &level) != 0)
		return control_error(
			2, "loglevel: level: none of error, warning, notice, info, debug");
	hf_notice("control: loglevel %s: asked by pid %d, uid %u", text, (int)client->pid,
		  (unsigned int)client->uid);
	hf_log_set_level(level);
	return success(json_pack("{s:s, s:s}", "level", hf_log_level_name(level), "before",
				 hf_log_level_name(before)));
}

static json_t *
run_quarantine(struct hf_control *c, struct control_client *client, const json_t *request)
{
	const struct hf_segment_header *h = &c->p->seg->header;

	return success(hf_status_quarantine(h->instance, c->p->cfg.quarantine_max_files,
					    c->p->cfg.quarantine_snap));
}

static json_t *
run_events(struct hf_control *c, struct control_client *client, const json_t *request)
{
	json_t *reply = control_events_run(c, request);

	return json_object_get(reply, "ok") != NULL ? reply : success(reply);
}

static json_t *
run_stop(struct hf_control *c, struct control_client *client, const json_t *request)
{
	hf_notice("control: stop: asked by pid %d, uid %u", (int)client->pid,
		  (unsigned int)client->uid);
	atomic_store(&c->p->stop, 1);
	return success(json_pack("{s:i}", "pid", (int)c->p->seg->header.primary_pid));
}

static json_t *
run_version(struct hf_control *c, struct control_client *client, const json_t *request)
{
	const struct hf_segment_header *h = &c->p->seg->header;

	return success(json_pack("{s:o, s:o, s:i}", "version",
				 status_text(h->program_version, sizeof(h->program_version)),
				 "dpdk", status_text(h->dpdk_version, sizeof(h->dpdk_version)),
				 "layout_version", (int)h->layout_version));
}

static const struct command commands[] = {
	{"status", {NULL}, run_status},
	{"lanes", {NULL}, run_lanes},
	{"workers", {NULL}, run_workers},
	{"ports", {NULL}, run_ports},
	{"pools", {NULL}, run_pools},
	{"flows", {"top", "sort"}, run_flows},
	{"events", {"after", "top"}, run_events},
	{"restart", {"target"}, run_restart},
	{"drain", {"worker"}, run_drain},
	{"clear", {NULL}, run_clear},
	{"loglevel", {"level"}, run_loglevel},
	{"stop", {NULL}, run_stop},
	{"version", {NULL}, run_version},
	{"supervise", {"target", "state"}, run_supervise},
	{"quarantine", {NULL}, run_quarantine},
	{"upgrade",
	 {"action", "canary", "workers", "more", "watch_ms", "max_slowdown", "max_drop_ratio"},
	 control_upgrade_run},
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* The first argument that the command does not know, or NULL. */
static const char *
unknown_arg(const struct command *command, json_t *request)
{
	const char *key;
	json_t *value;

	json_object_foreach(request, key, value)
	{
		int known = strcmp(key, "command") == 0;

		for (int i = 0; i < COMMAND_ARGS && command->args[i] != NULL; i++)
			known |= strcmp(key, command->args[i]) == 0;
		if (!known)
			return key;
	}
	return NULL;
}

json_t *
control_command_run(struct hf_control *c, struct control_client *client, const char *line,
		    size_t len)
{
	const struct command *command;
	const char *name, *arg;
	json_error_t err;
	json_t *request, *reply;

	request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &err);
	if (request == NULL)
		return control_error(2, "control: request: no JSON object: %s", err.text);
	name = json_string_value(json_object_get(request, "command"));
	command = name != NULL ? find_command(name) : NULL;
	if (name == NULL)
		reply = control_error(2, "control: request: it has no command");
	else if (command == NULL)
		reply = control_error(2, "control: request: unknown command %s", name);
	else if ((arg = unknown_arg(command, request)) != NULL)
		reply = control_error(2, "%s: unknown argument %s", name, arg);
	else
		reply = command->run(c, client, request);
	json_decref(request);
	return reply;
}

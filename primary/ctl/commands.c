/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands of holdfastctl: one row each, and how a command line becomes a request.
 */
#include <string.h>

#include "ctl.h"
#include "log.h"
#include "units.h"

#define FLOWS_MAX  1000
#define EVENTS_MAX 1024

static const struct ctl_command commands[] = {
	{"status", NULL, NULL, CTL_TIMEOUT_S, "the instance: ports, lanes, workers, pools",
	 ctl_print_status},
	{"lanes", NULL, NULL, CTL_TIMEOUT_S, "lanes: owners, packets, drops, changes",
	 ctl_print_lanes},
	{"workers", NULL, NULL, CTL_TIMEOUT_S, "worker processes and their lanes",
	 ctl_print_workers},
	{"ports", NULL, NULL, CTL_TIMEOUT_S, "ports: link, packets, errors", ctl_print_ports},
	{"pools", NULL, NULL, CTL_TIMEOUT_S, "where every packet buffer is", ctl_print_pools},
	{"flows", NULL, NULL, CTL_TIMEOUT_S, "the greatest flows (--top, --sort)", ctl_print_flows},
	{"events", NULL, NULL, CTL_TIMEOUT_S, "what happened (--follow, --top: the last N)",
	 ctl_print_events, NULL, NULL, ctl_events},
	{"restart", "LANE|WORKER|PID|all", "target", CTL_TIMEOUT_RESTART_S,
	 "hand lanes over to workers that wait", ctl_print_restart},
	{"drain", "WORKER|PID", "worker", CTL_TIMEOUT_S, "let a worker give its lanes back and end",
	 ctl_print_drain},
	{"supervise", "LANE|all", "target", CTL_TIMEOUT_S,
	 "off: let a lane's owner hang, for a debugger; on: kill it again", ctl_print_supervise,
	 "on|off", "state"},
	{"quarantine", NULL, NULL, CTL_TIMEOUT_S, "packets on which owners died, and why",
	 ctl_print_quarantine},
	{"upgrade", NULL, NULL, CTL_TIMEOUT_S,
	 "another program for all workers, tried on one lane first (--binary)", ctl_print_upgrade,
	 NULL, NULL, ctl_upgrade},
	{"clear", NULL, NULL, CTL_TIMEOUT_S, "count from 0 again", ctl_print_clear},
	{"loglevel", "LEVEL", "level", CTL_TIMEOUT_S,
	 "error, warning, notice, info or debug, in the primary", ctl_print_loglevel},
	{"stop", NULL, NULL, CTL_TIMEOUT_S, "end the primary and its workers", ctl_print_stop},
	{"version", NULL, NULL, CTL_TIMEOUT_S, "versions of the running primary",
	 ctl_print_version},
};

const struct ctl_command *
ctl_command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

void
ctl_command_help(FILE *out)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct ctl_command *c = &commands[i];
		char args[64];

		snprintf(args, sizeof(args), "%s %s", c->arg != NULL ? c->arg : "",
			 c->arg2 != NULL ? c->arg2 : "");
		fprintf(out, "  %-10s %-20s %s\n", c->name, args, c->help);
	}
}

static int
is(const struct ctl_command *command, const char *name)
{
	return strcmp(command->name, name) == 0;
}

/* --top and --sort into a request of flows or events. Returns 0, or -1 after a message. */
static int
add_top_options(json_t *request, const struct ctl_command *command, const struct ctl_options *o)
{
	int most = is(command, "events") ? EVENTS_MAX : FLOWS_MAX;
	uint64_t top;

	if (o->top != NULL) {
		if (hf_parse_u64(o->top, 1, (uint64_t)most, &top) != 0) {
			hf_err("--top %s: not a number from 1 to %d", o->top, most);
			return -1;
		}
		json_object_set_new(request, "top", json_integer((json_int_t)top));
	}
	if (o->sort != NULL) {
		if (strcmp(o->sort, "packets") != 0 && strcmp(o->sort, "bytes") != 0) {
			hf_err("--sort %s: neither packets nor bytes", o->sort);
			return -1;
		}
		json_object_set_new(request, "sort", json_string(o->sort));
	}
	return 0;
}

/* Is the command line right for this command? Returns 0, or -1 after a message. */
static int
check(const struct ctl_command *command, const struct ctl_options *o)
{
	enum hf_log_level level;

	if (command->arg == NULL && o->arg != NULL)
		hf_err("%s: it takes no argument: %s", command->name, o->arg);
	else if (command->arg != NULL && (o->arg == NULL || o->arg[0] == '\0'))
		hf_err("%s: which %s?", command->name, command->arg);
	else if (command->arg2 != NULL && (o->arg2 == NULL || o->arg2[0] == '\0'))
		hf_err("%s %s: %s?", command->name, o->arg, command->arg2);
	else if (o->top != NULL && !is(command, "flows") && !is(command, "events"))
		hf_err("%s: --top belongs to flows and events", command->name);
	else if (o->sort != NULL && !is(command, "flows"))
		hf_err("%s: --sort belongs to flows", command->name);
	else if (o->follow && !is(command, "events"))
		hf_err("%s: --follow belongs to events", command->name);
	else if (!is(command, "upgrade") &&
		 (o->binary != NULL || o->canary != NULL || o->watch != NULL ||
		  o->max_slowdown != NULL || o->max_drop_ratio != NULL))
		hf_err("%s: --binary, --canary, --watch and --max-... belong to upgrade",
		       command->name);
	else if (is(command, "loglevel") && hf_log_parse_level(o->arg, &level) != 0)
		hf_err("loglevel: %s: none of error, warning, notice, info, debug", o->arg);
	else if (is(command, "supervise") && strcmp(o->arg2, "on") != 0 &&
		 strcmp(o->arg2, "off") != 0)
		hf_err("supervise %s: %s: neither on nor off", o->arg, o->arg2);
	else
		return 0;
	return -1;
}

json_t *
ctl_command_request(const struct ctl_command *command, const struct ctl_options *o)
{
	json_t *request;

	if (check(command, o) != 0)
		return NULL;
	request = json_pack("{s:s}", "command", command->name);
	if ((command->arg != NULL &&
	     json_object_set_new(request, command->arg_name, json_string(o->arg)) != 0) ||
	    (command->arg2 != NULL &&
	     json_object_set_new(request, command->arg2_name, json_string(o->arg2)) != 0)) {
		hf_err("%s: the argument is no UTF-8", command->name);
		json_decref(request);
		return NULL;
	}
	if (add_top_options(request, command, o) != 0) {
		json_decref(request);
		return NULL;
	}
	return request;
}

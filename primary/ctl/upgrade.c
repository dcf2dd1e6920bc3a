/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `holdfastctl upgrade`: starts the new workers, asks the primary to move the lanes, and stays
 * until it is over. Whatever goes wrong, the new workers are ended unless one of them has a lane
 * that nobody else could take.
 */
#include "upgrade.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"
#include "units.h"

#define WORKERS_MAX  64
#define LANE_S       8 /* a lane that follows, at most */
#define OVERHEAD_S   120
#define POLL_MS      30
#define WATCH_S      "5"
#define SLOWDOWN     "1.5"
#define DROP_RATIO   "0.001"
#define VERSION_WORD "holdfast-worker "

struct job {
	const struct ctl_options *o;
	char binary[PATH_MAX];
	double watch_s, slowdown, drop_ratio;
	json_t *status;
	int canary, n_lanes;
	uint32_t n; /* of worker[]; the canary lane's is first */
	struct replacement worker[WORKERS_MAX];
	int others, cancelled; /* they were named; the primary was told */
	char said[64];         /* the last line of progress */
};

static atomic_int interrupted;

static void
on_signal(int signum)
{
	(void)signum;
	atomic_store(&interrupted, 1);
}

static json_t *
refusal(const struct job *j, const char *reason)
{
	return json_pack("{s:b, s:s, s:i, s:s, s:s, s:i, s:n, s:n, s:[], s:i}", "ok", 0, "error",
			 reason, "code", 1, "result", "refused", "reason", reason, "canary_lane",
			 j->canary, "baseline", "measured", "lanes_moved", "packets_lost", 0);
}

/* --- the command line ----------------------------------------------------------------------- */

static int
check_binary(struct job *j)
{
	const char *path = j->o->binary;
	struct stat st;

	if (path == NULL)
		hf_err("upgrade: which program? (--binary PATH)");
	else if (realpath(path, j->binary) == NULL)
		hf_err("--binary %s: %s", path, strerror(errno));
	else if (stat(j->binary, &st) != 0 || !S_ISREG(st.st_mode))
		hf_err("--binary %s: not a file", path);
	else if (access(j->binary, X_OK) != 0)
		hf_err("--binary %s: not executable", path);
	else
		return 0;
	return -1;
}

static int
check_number(const char *option, const char *text, const char *normal, double min, double max,
	     double *out)
{
	if (hf_parse_seconds(text != NULL ? text : normal, min, max, out) == 0)
		return 0;
	hf_err("--%s %s: not a number from %g to %g", option, text, min, max);
	return -1;
}

static int
check_options(struct job *j)
{
	const struct ctl_options *o = j->o;

	if (check_binary(j) != 0 ||
	    check_number("watch", o->watch, WATCH_S, 0.1, 86400, &j->watch_s) != 0 ||
	    check_number("max-slowdown", o->max_slowdown, SLOWDOWN, 1, 1000, &j->slowdown) != 0 ||
	    check_number("max-drop-ratio", o->max_drop_ratio, DROP_RATIO, 0, 1, &j->drop_ratio))
		return -1;
	return 0;
}

/* --- the instance --------------------------------------------------------------------------- */

static json_t *
ask(const struct job *j, json_t *request)
{
	json_t *reply = ctl_client_ask(j->o->instance, request, CTL_TIMEOUT_S);

	json_decref(request);
	return reply;
}

static pid_t
owner_of(const struct job *j, int lane)
{
	const json_t *l = json_array_get(json_object_get(j->status, "lanes"), (size_t)lane);
	const char *state = json_string_value(json_object_get(l, "state"));

	if (state == NULL || strcmp(state, "running") != 0)
		return 0;
	return (pid_t)json_integer_value(json_object_get(l, "owner_pid"));
}

/* The lane on trial. Returns -1, or the exit status after a message. */
static int
choose_canary(struct job *j)
{
	uint64_t lane = 0;

	j->n_lanes = (int)json_array_size(json_object_get(j->status, "lanes"));
	if (j->o->canary != NULL &&
	    (j->n_lanes == 0 ||
	     hf_parse_u64(j->o->canary, 0, (uint64_t)j->n_lanes - 1, &lane) != 0)) {
		hf_err("--canary %s: no such lane: there are 0 to %d", j->o->canary,
		       j->n_lanes - 1);
		return CTL_EXIT_USAGE;
	}
	while (j->o->canary == NULL && (int)lane + 1 < j->n_lanes && owner_of(j, (int)lane) <= 0)
		lane++;
	j->canary = (int)lane;
	if (owner_of(j, j->canary) > 0)
		return -1;
	hf_err("lane %d: upgrade: it has no owner whose program could be replaced", j->canary);
	return CTL_EXIT_FAILED;
}

/* All workers that run are to be replaced; the canary lane's owner comes first. */
static void
choose_workers(struct job *j)
{
	const json_t *w;
	size_t i;

	j->worker[0].old = owner_of(j, j->canary);
	j->n = 1;
	json_array_foreach(json_object_get(j->status, "workers"), i, w)
	{
		pid_t pid = (pid_t)json_integer_value(json_object_get(w, "pid"));
		const char *state = json_string_value(json_object_get(w, "state"));

		if (pid > 0 && pid != j->worker[0].old && j->n < WORKERS_MAX && state != NULL &&
		    strcmp(state, "running") == 0)
			j->worker[j->n++].old = pid;
	}
}

/* Does the program fit the primary, by its own word? A program that says nothing of its layout may
 * try to attach. Returns -1, or the exit status; a refusal comes with a reply. */
static int
check_version(const struct job *j, json_t **reply)
{
	char line[160], why[400];
	const char *layout;
	json_t *version;
	int ours, theirs;

	if (replace_ask_version(j->binary, line, sizeof(line)) != 0 ||
	    strncmp(line, VERSION_WORD, strlen(VERSION_WORD)) != 0) {
		hf_err("--binary %s: no holdfast-worker: with --version it says '%.60s'",
		       j->o->binary, line);
		return CTL_EXIT_USAGE;
	}
	layout = strstr(line, "segment layout ");
	version = ask(j, json_pack("{s:s}", "command", "version"));
	if (version == NULL)
		return CTL_EXIT_FAILED;
	ours = (int)json_integer_value(json_object_get(version, "layout_version"));
	json_decref(version);
	theirs = layout != NULL ? atoi(layout + strlen("segment layout ")) : ours;
	if (theirs == ours)
		return -1;
	snprintf(why, sizeof(why), "upgrade: %.200s: its segment layout is %d, the primary's is %d",
		 j->binary, theirs, ours);
	*reply = refusal(j, why);
	return CTL_EXIT_FAILED;
}

/* --- new workers ---------------------------------------------------------------------------- */

static int
find_attached(const struct job *j, struct replacement *r)
{
	json_t *reply = ask(j, json_pack("{s:s}", "command", "workers"));
	const json_t *w;
	size_t i;

	json_array_foreach(json_object_get(reply, "workers"), i, w)
	{
		pid_t pid = (pid_t)json_integer_value(json_object_get(w, "pid"));
		const char *state = json_string_value(json_object_get(w, "state"));

		if (pid > 0 && state != NULL && strcmp(state, "running") == 0 && replace_is(r, pid))
			r->worker = pid;
	}
	json_decref(reply);
	return r->worker > 0;
}

/* Starts one and waits until it has attached. Returns 0, or -1: why says why not. */
static int
start_one(const struct job *j, struct replacement *r, char *why, size_t why_len)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};

	if (replace_start(r, j->binary, why, why_len) != 0)
		return -1;
	for (double waited = 0; waited < REPLACE_ATTACH_S; waited += POLL_MS / 1000.0) {
		if (atomic_load(&interrupted)) {
			snprintf(why, why_len, "it was interrupted");
			return -1;
		}
		if (replace_ended(r, why, why_len))
			return -1;
		if (find_attached(j, r))
			return 0;
		nanosleep(&pause, NULL);
	}
	snprintf(why, why_len, "the new worker, pid %d, does not attach", (int)r->child);
	return -1;
}

static json_t *
pairs(const struct replacement *r, uint32_t n)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:i, s:i}", "old", (int)r[i].old, "new",
						      (int)r[i].worker));
	return list;
}

static void
cancel(struct job *j)
{
	if (!j->cancelled)
		json_decref(
			ask(j, json_pack("{s:s, s:s}", "command", "upgrade", "action", "cancel")));
	j->cancelled = 1;
}

/* The trial is passed: the other workers' replacements are started, and named. */
static void
start_others(struct job *j)
{
	char why[256];
	json_t *reply;
	int ok;

	j->others = 1;
	for (uint32_t i = 1; i < j->n; i++) {
		if (start_one(j, &j->worker[i], why, sizeof(why)) == 0)
			continue;
		hf_err("upgrade: pid %d: replace: %s", (int)j->worker[i].old, why);
		cancel(j);
		return;
	}
	reply = ask(j, json_pack("{s:s, s:s, s:o}", "command", "upgrade", "action", "add",
				 "workers", pairs(&j->worker[1], j->n - 1)));
	ok = json_is_true(json_object_get(reply, "ok"));
	if (!ok && reply != NULL)
		hf_err("%s", json_string_value(json_object_get(reply, "error")));
	json_decref(reply);
	if (!ok)
		cancel(j);
}

/* --- progress ------------------------------------------------------------------------------- */

static void
say(struct job *j, const char *phase, int lane)
{
	static const struct {
		const char *phase, *text;
	} texts[] = {
		{"baseline", "the old program is measured"},
		{"move", "goes to the new program"},
		{"watch", "the new program is watched"},
		{"doubt", "the new program seems slow: it goes back for a while"},
		{"check", "the old program is measured again"},
		{"more", "the trial is passed: the other workers are replaced"},
		{"back", "goes back to the old program"},
	};
	char line[64];

	if (j->o->json || !isatty(STDOUT_FILENO))
		return;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].phase, phase) == 0) {
			snprintf(line, sizeof(line), "lane %d: %.50s", lane, texts[i].text);
			if (strcmp(line, j->said) == 0)
				continue;
			snprintf(j->said, sizeof(j->said), "%s", line);
			puts(line);
			fflush(stdout);
		}
}

/* While the primary is at it, every few hundred ms. */
static void
tick(void *arg)
{
	struct job *j = arg;
	const char *phase;
	json_t *reply;

	if (atomic_load(&interrupted))
		cancel(j);
	reply = ask(j, json_pack("{s:s, s:s}", "command", "upgrade", "action", "status"));
	phase = json_string_value(json_object_get(reply, "phase"));
	if (phase != NULL) {
		say(j, phase, (int)json_integer_value(json_object_get(reply, "lane")));
		if (strcmp(phase, "more") == 0 && !j->others && !j->cancelled)
			start_others(j);
	}
	json_decref(reply);
}

/* --- the whole ------------------------------------------------------------------------------ */

static json_t *
move(struct job *j)
{
	double timeout_s = OVERHEAD_S + j->watch_s + LANE_S * j->n_lanes;
	json_t *request, *reply;
	char why[256], reason[400];

	if (start_one(j, &j->worker[0], why, sizeof(why)) != 0) {
		snprintf(reason, sizeof(reason), "upgrade: lane %d: %s", j->canary, why);
		return refusal(j, reason);
	}
	request = json_pack("{s:s, s:s, s:i, s:o, s:b, s:i, s:f, s:f}", "command", "upgrade",
			    "action", "begin", "canary", j->canary, "workers",
			    pairs(&j->worker[0], 1), "more", j->n > 1, "watch_ms",
			    (int)(j->watch_s * 1000), "max_slowdown", j->slowdown, "max_drop_ratio",
			    j->drop_ratio);
	reply = ctl_client_ask_watching(j->o->instance, request,
					j->o->timeout_s > 0 ? j->o->timeout_s : timeout_s, tick, j);
	json_decref(request);
	if (reply != NULL && json_object_get(reply, "result") == NULL) {
		json_t *full = refusal(j, json_string_value(json_object_get(reply, "error")));

		json_decref(reply);
		return full;
	}
	return reply;
}

/* Ends the new workers, unless they are to stay. */
static void
tidy(struct job *j, const json_t *reply)
{
	if (json_is_true(json_object_get(reply, "ok")) ||
	    json_array_size(json_object_get(reply, "lanes_moved")) > 0)
		return;
	for (uint32_t i = 0; i < j->n; i++)
		replace_stop(&j->worker[i]);
}

static void
catch_signals(void)
{
	struct sigaction act = {.sa_handler = on_signal};

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
}

json_t *
ctl_upgrade(const struct ctl_options *o, int *status)
{
	struct job *j = calloc(1, sizeof(*j));
	json_t *reply = NULL;

	*status = CTL_EXIT_USAGE;
	if (j == NULL)
		return NULL;
	j->o = o;
	if (check_options(j) != 0)
		goto out;
	*status = CTL_EXIT_FAILED;
	j->status = ask(j, json_pack("{s:s}", "command", "status"));
	if (j->status == NULL)
		goto out;
	*status = choose_canary(j);
	if (*status < 0)
		*status = check_version(j, &reply);
	if (*status >= 0)
		goto out;
	*status = CTL_EXIT_FAILED;
	choose_workers(j);
	catch_signals();
	reply = move(j);
	tidy(j, reply);
out:
	json_decref(j->status);
	free(j);
	return reply;
}

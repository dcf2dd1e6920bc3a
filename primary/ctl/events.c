/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `holdfastctl events`: what happened, in sentences; with --follow also what happens from now on,
 * until it is interrupted or the primary goes. It asks a few times a second.
 */
#include <string.h>
#include <time.h>

#include "ctl.h"

#define FOLLOW_MS 200

static void
print_event(FILE *out, const json_t *e, int colour)
{
	const char *time = json_string_value(json_object_get(e, "time"));
	const char *level = json_string_value(json_object_get(e, "level"));
	const char *text = json_string_value(json_object_get(e, "text"));
	const char *on = "";

	if (colour && level != NULL && strcmp(level, "info") != 0)
		on = strcmp(level, "bad") == 0 ? "\033[31m" : "\033[33m";
	fprintf(out, "%s  %s%s%s\n", time != NULL ? time : "-", on, text != NULL ? text : "?",
		on[0] != '\0' ? "\033[0m" : "");
}

void
ctl_print_events(FILE *out, const json_t *reply, int colour)
{
	json_int_t lost = json_integer_value(json_object_get(reply, "overwritten"));
	const json_t *e;
	size_t i;

	if (lost > 0)
		fprintf(out, "... %" JSON_INTEGER_FORMAT " events were overwritten meanwhile\n",
			lost);
	json_array_foreach(json_object_get(reply, "events"), i, e) print_event(out, e, colour);
}

/* One object a line, for a reader that takes them as they come. */
static void
print_lines(const json_t *reply)
{
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(reply, "events"), i, e)
	{
		json_dumpf(e, stdout, JSON_REAL_PRECISION(17));
		putchar('\n');
	}
}

static json_t *
ask(const struct ctl_options *o, json_t *request)
{
	json_t *reply = ctl_client_ask(o->instance, request,
				       o->timeout_s > 0 ? o->timeout_s : CTL_TIMEOUT_S);

	json_decref(request);
	return reply;
}

json_t *
ctl_events(const struct ctl_options *o, int *status)
{
	const struct timespec pause = {.tv_nsec = FOLLOW_MS * 1000000L};
	json_t *reply = ask(o, ctl_command_request(ctl_command_find(o->name), o));

	*status = CTL_EXIT_FAILED;
	while (o->follow && json_is_true(json_object_get(reply, "ok"))) {
		json_int_t last = json_integer_value(json_object_get(reply, "last"));

		if (o->json)
			print_lines(reply);
		else
			ctl_print_events(stdout, reply, ctl_use_colour());
		json_decref(reply);
		if (fflush(stdout) != 0)
			return NULL; /* nobody reads any more */
		nanosleep(&pause, NULL);
		reply = ask(o, json_pack("{s:s, s:I}", "command", "events", "after", last));
	}
	return reply;
}

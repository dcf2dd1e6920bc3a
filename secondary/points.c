/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens at the named instants of a worker built with -Dpoints=true: the process that was
 * started with HF_POINT_AT=NAME[:HIT[:ACTION]] ends, stops or spins when it comes to that point for
 * the HIT-th time. HF_POINT_AT=list prints the names. Owns nothing shared; not part of a release.
 */
#include "points.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum action { ACTION_NONE, ACTION_KILL, ACTION_STOP, ACTION_SEGV, ACTION_LOOP, ACTION_COUNT };

static const char *const action_names[ACTION_COUNT] = {"", "KILL", "STOP", "SEGV", "LOOP"};

/* Read once, before main(). */
static struct {
	char name[64];
	unsigned long hit;
	enum action action;
	char told[128]; /* the line that says it happened */
	atomic_ulong seen;
} armed;

static void
refuse(const char *value, const char *reason)
{
	fprintf(stderr, "HF_POINT_AT: '%s': %s\n", value, reason);
	_exit(2);
}

static void
list_names(void)
{
	for (const char *const *n = hf_point_names(); *n != NULL; n++)
		puts(*n);
	fflush(stdout);
	_exit(0);
}

static int
is_name(const char *name)
{
	for (const char *const *n = hf_point_names(); *n != NULL; n++)
		if (strcmp(*n, name) == 0)
			return 1;
	return 0;
}

static enum action
find_action(const char *name)
{
	for (int a = ACTION_KILL; a < ACTION_COUNT; a++)
		if (strcmp(action_names[a], name) == 0)
			return (enum action)a;
	return ACTION_NONE;
}

static void
parse(const char *value)
{
	char hit[24] = "1", action[24] = "KILL", rest, *end;
	enum action what;

	if (sscanf(value, "%63[^:]:%23[^:]:%23[^:]%c", armed.name, hit, action, &rest) > 3 ||
	    !is_name(armed.name))
		refuse(value, "not NAME[:HIT[:ACTION]] with a name of HF_POINT_AT=list");
	armed.hit = strtoul(hit, &end, 10);
	if (armed.hit == 0 || *end != '\0')
		refuse(value, "the hit is not a number from 1");
	what = find_action(action);
	if (what == ACTION_NONE)
		refuse(value, "the action is not one of KILL, STOP, SEGV, LOOP");
	snprintf(armed.told, sizeof(armed.told), "point %s: hit %lu: %s\n", armed.name, armed.hit,
		 action);
	armed.action = what;
}

__attribute__((constructor)) static void
read_environment(void)
{
	const char *value = getenv("HF_POINT_AT");

	if (value == NULL || value[0] == '\0')
		return;
	if (strcmp(value, "list") == 0)
		list_names();
	parse(value);
}

/* The line goes out first: who reads it knows that the process ended here and not by chance. */
static void
act(void)
{
	(void)!write(STDERR_FILENO, armed.told, strlen(armed.told));
	switch (armed.action) {
	case ACTION_KILL:
		kill(getpid(), SIGKILL);
		break;
	case ACTION_STOP:
		kill(getpid(), SIGSTOP);
		break;
	case ACTION_SEGV:
		raise(SIGSEGV);
		break;
	case ACTION_LOOP:
		for (;;)
			atomic_signal_fence(memory_order_seq_cst);
	default:
		break;
	}
}

void
hf_point_hit(const char *name)
{
	if (armed.action == ACTION_NONE || strcmp(name, armed.name) != 0)
		return;
	if (atomic_fetch_add_explicit(&armed.seen, 1, memory_order_relaxed) + 1 == armed.hit)
		act();
}

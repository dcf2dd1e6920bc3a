/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens at the named instants of a worker built with -Dpoints=true: the process that was
 * started with HF_POINT_AT=NAME[:HIT[:ACTION]] ends, stops or spins when it comes to that point for
 * the HIT-th time. HF_POINT_AT=list prints the names. HF_POINT_FILE names a file of 128 bytes in
 * which another process may give the order while this one runs. Owns nothing shared; not part of a
 * release.
 */
#include "points.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum action {
	ACTION_NONE,
	ACTION_KILL,
	ACTION_STOP,
	ACTION_SEGV, /* sent, as from outside: accuses no packet */
	ACTION_LOOP,
	ACTION_FAULT, /* a fault of its own */
	ACTION_COUNT
};

static const char *const action_names[ACTION_COUNT] = {"", "KILL", "STOP", "SEGV", "LOOP", "FAULT"};

/* The content of HF_POINT_FILE. Who writes it stores the action last and withdraws it first. */
struct order {
	_Atomic(uint32_t) action; /* enum action; ACTION_NONE: no order */
	uint32_t zero;
	_Atomic(uint64_t) left; /* visits until it happens; counted down here */
	char name[112];
};
static_assert(sizeof(struct order) == 128, "tests write this file");

/* The order is read once, before main(), or lies in the file. */
static struct {
	struct order own;
	struct order *order;
	char *nowhere; /* NULL, though no compiler knows */
} points = {.order = &points.own};

static void
refuse(const char *variable, const char *value, const char *reason)
{
	fprintf(stderr, "%s: '%s': %s\n", variable, value, reason);
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
parse(const char *value, struct order *o)
{
	char hit[24] = "1", action[24] = "KILL", rest, *end;
	enum action what;

	if (sscanf(value, "%111[^:]:%23[^:]:%23[^:]%c", o->name, hit, action, &rest) > 3 ||
	    !is_name(o->name))
		refuse("HF_POINT_AT", value,
		       "not NAME[:HIT[:ACTION]] with a name of HF_POINT_AT=list");
	o->left = strtoul(hit, &end, 10);
	if (o->left == 0 || *end != '\0')
		refuse("HF_POINT_AT", value, "the hit is not a number from 1");
	what = find_action(action);
	if (what == ACTION_NONE)
		refuse("HF_POINT_AT", value,
		       "the action is not one of KILL, STOP, SEGV, LOOP, FAULT");
	o->action = what;
}

static struct order *
map_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *p = MAP_FAILED;

	if (fd >= 0 && lseek(fd, 0, SEEK_END) >= (off_t)sizeof(struct order))
		p = mmap(NULL, sizeof(struct order), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		refuse("HF_POINT_FILE", path, "not a file of 128 bytes that can be mapped");
	close(fd);
	return p;
}

__attribute__((constructor)) static void
read_environment(void)
{
	const char *at = getenv("HF_POINT_AT"), *file = getenv("HF_POINT_FILE");

	if (at != NULL && strcmp(at, "list") == 0)
		list_names();
	if (file != NULL && file[0] != '\0')
		points.order = map_file(file);
	else if (at != NULL && at[0] != '\0')
		parse(at, &points.own);
}

/* The line goes out first: who reads it knows that the process ended here and not by chance. */
static void
act(const char *name, uint32_t action)
{
	char line[160];
	int n = snprintf(line, sizeof(line), "point %s: hit: %s\n", name,
			 action < ACTION_COUNT ? action_names[action] : "");

	(void)!write(STDERR_FILENO, line, (size_t)n);
	switch (action) {
	case ACTION_KILL:
		kill(getpid(), SIGKILL);
		break;
	case ACTION_STOP:
		kill(getpid(), SIGSTOP);
		break;
	case ACTION_SEGV:
		raise(SIGSEGV);
		break;
	case ACTION_FAULT:
		*points.nowhere = 0;
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
	struct order *o = points.order;
	uint32_t action = atomic_load_explicit(&o->action, memory_order_acquire);

	if (action == ACTION_NONE || strcmp(name, o->name) != 0)
		return;
	if (atomic_fetch_sub_explicit(&o->left, 1, memory_order_relaxed) == 1)
		act(name, action);
}

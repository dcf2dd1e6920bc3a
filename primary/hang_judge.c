/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An old heartbeat alone proves nothing on a machine with more work than CPUs, or on a virtual one
 * whose CPUs stand still now and then. A thread hangs if
 *   it is stopped (SIGSTOP, a debugger), or
 *   it was seen to have a quarter of the limit of CPU time, and did not beat (it loops; a thread
 *   that is well beats every millisecond), or
 *   it sleeps, a quarter of the limit went by in which it did not wait for a CPU either, and the
 *   CPU that would wake it runs (it is blocked; an idle owner sleeps a millisecond at most).
 * A thread that waits for a CPU is none of these, however long it has to wait. Nor is one whose CPU
 * has just come back: the kernel then counts all the time the CPU stood as time of that thread, at
 * once. So no look counts for more than the time since the one before, or an eighth of the limit:
 * it takes two to see that a thread loops.
 */
#include "hang_judge.h"

#include <string.h>

#define WHATEVER_LIMITS 10 /* a sleep so long is no sleep, whatever its CPU does */

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
begin(struct hang_suspect *s, const struct hang_sight *w)
{
	memset(s, 0, sizeof(*s));
	s->beat = w->beat;
	s->since_ns = w->now_ns;
	s->first_wait_ns = w->look.wait_ns;
}

static void
note(struct hang_suspect *s, const struct hang_sight *w)
{
	if (s->beat != w->beat)
		begin(s, w);
	else if (w->look.run_ns > s->now.run_ns)
		s->ran_ns += least(w->look.run_ns - s->now.run_ns,
				   least(w->now_ns - s->looked_ns, w->limit_ns / 8));
	s->looked_ns = w->now_ns;
	s->now = w->look;
	if (!thread_is_stopped(&w->look))
		s->stopped_ns = 0;
	else if (s->stopped_ns == 0)
		s->stopped_ns = w->now_ns;
}

static int
is_asleep(const struct hang_suspect *s)
{
	return s->now.state == 'S' || s->now.state == 'D';
}

/* Has it had a quarter of the limit to beat, and did not? */
static int
had_its_chance(const struct hang_suspect *s, const struct hang_sight *w)
{
	uint64_t quarter = w->limit_ns / 4, since = w->now_ns - s->since_ns;

	if (s->now.state == 'R')
		return s->ran_ns >= quarter;
	if (!is_asleep(s)) /* dead, or about to be */
		return 0;
	return since >= quarter + (s->now.wait_ns - s->first_wait_ns) &&
	       (s->cpu_runs || since >= WHATEVER_LIMITS * w->limit_ns);
}

int
hang_judge(struct hang_suspect *s, const struct hang_sight *w)
{
	note(s, w);
	if (!w->beats)
		return s->stopped_ns != 0 && w->now_ns - s->stopped_ns >= w->limit_ns;
	return w->age_ns >= w->limit_ns && (s->stopped_ns != 0 || had_its_chance(s, w));
}

int
hang_wants_probe(const struct hang_suspect *s, const struct hang_sight *w)
{
	return w->beats && s->probe == 0 && is_asleep(s) && w->age_ns >= w->limit_ns / 2;
}

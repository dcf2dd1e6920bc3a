/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves: a thread that is stopped, loops or is blocked is found out at the limit, a few
 * milliseconds later at most, wherever the looks fall; one that only waits for a CPU, or whose CPU
 * stands still and comes back, never is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hang_judge.h"

#define MS      UINT64_C(1000000)
#define TICK_MS 10 /* between two looks, at most */
#define MORE_MS 5  /* found out so long after the limit at the latest */
#define NEVER   -1

/* What the thread does for a time after its last beat. */
struct phase {
	int ms;
	char state;
	int run_percent, wait_percent; /* of the time, as the kernel counts it */
	int jump_ms;                   /* CPU time that the kernel counts at once, at its begin */
	int cpu_stands;
};

struct at {
	struct thread_look look;
	int cpu_stands;
};

/* How the thread stands after t ms. 0: it beats again. */
static int
stand(const struct phase *p, int t, struct at *at)
{
	*at = (struct at){.look.state = 0};
	for (; p->ms > 0; p++) {
		int part = t < p->ms ? t : p->ms;

		at->look.run_ns += (uint64_t)(part * p->run_percent) * MS / 100;
		at->look.run_ns += (uint64_t)p->jump_ms * MS;
		at->look.wait_ns += (uint64_t)(part * p->wait_percent) * MS / 100;
		at->look.state = p->state;
		at->cpu_stands = p->cpu_stands;
		if (t < p->ms)
			return 1;
		t -= p->ms;
	}
	return 0;
}

/* ms after which the thread is found to hang, or NEVER. first: when it is looked at first. */
static int
found_after(const struct phase *p, int limit_ms, int first)
{
	struct hang_suspect s = {0};
	int asked = 0, next;
	struct at at;

	for (int t = first; stand(p, t, &at); t = next) {
		struct hang_sight w = {.beat = 1,
				       .now_ns = (uint64_t)(1000 + t) * MS,
				       .age_ns = (uint64_t)t * MS,
				       .limit_ns = (uint64_t)limit_ms * MS,
				       .beats = 1,
				       .look = at.look};

		next = t + TICK_MS;
		if (t < limit_ms && next > limit_ms)
			next = limit_ms;
		else if (t >= limit_ms && t < 2 * limit_ms)
			next = t + 2;
		if (t < limit_ms / 8)
			continue;
		if (hang_judge(&s, &w))
			return t;
		if (asked && !at.cpu_stands)
			s.cpu_runs = 1;
		if (!asked && hang_wants_probe(&s, &w))
			s.probe = (uint32_t)++asked;
	}
	return NEVER;
}

static void
is_found(const struct phase *p, int limit_ms)
{
	for (int first = 0; first < TICK_MS; first++)
		assert_in_range(found_after(p, limit_ms, first), limit_ms, limit_ms + MORE_MS);
}

static void
is_never_found(const struct phase *p, int limit_ms)
{
	for (int first = 0; first < TICK_MS; first++)
		assert_int_equal(found_after(p, limit_ms, first), NEVER);
}

static void
hangs_are_found_at_the_limit(void **state)
{
	static const struct phase stopped[] = {{5, 'S', 0, 0, 0, 0}, {2000, 'T', 0, 0, 0, 0}, {0}};
	static const struct phase traced[] = {{2000, 't', 0, 0, 0, 0}, {0}};
	static const struct phase loops[] = {{2000, 'R', 100, 0, 0, 0}, {0}};
	static const struct phase blocked[] = {{2000, 'S', 0, 0, 0, 0}, {0}};
	static const struct phase in_kernel[] = {{2000, 'D', 0, 0, 0, 0}, {0}};
	static const int limits[] = {20, 40, 100, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		is_found(stopped, limits[i]);
		is_found(traced, limits[i]);
		is_found(loops, limits[i]);
		is_found(blocked, limits[i]);
		is_found(in_kernel, limits[i]);
	}
}

static void
a_loop_that_shares_its_cpu_is_found_once_it_had_its_quarter(void **state)
{
	static const struct phase third[] = {{3000, 'R', 33, 67, 0, 0}, {0}};
	static const struct phase tenth[] = {{3000, 'R', 10, 90, 0, 0}, {0}};

	(void)state;
	is_found(third, 100);
	for (int first = 0; first < TICK_MS; first++)
		assert_in_range(found_after(tenth, 100, first), 250, 290);
}

static void
who_waits_for_a_cpu_does_not_hang(void **state)
{
	static const struct phase starved[] = {{60000, 'R', 0, 100, 0, 0}, {0}};
	static const struct phase woken_late[] = {{10, 'S', 0, 0, 0, 0},
						  {5000, 'R', 0, 100, 0, 0},
						  {15, 'S', 0, 0, 0, 0},
						  {0}};

	(void)state;
	is_never_found(starved, 100);
	is_never_found(woken_late, 100);
}

/* The kernel of a virtual machine learns nothing of the time in which its CPU stood. */
static void
whose_cpu_stood_still_does_not_hang(void **state)
{
	static const int stood_ms[] = {60, 101, 150, 300, 900};

	(void)state;
	for (size_t i = 0; i < sizeof(stood_ms) / sizeof(stood_ms[0]); i++) {
		int ms = stood_ms[i];
		const struct phase runs[] = {{ms, 'R', 0, 0, 0, 1}, {1, 'R', 100, 0, ms, 0}, {0}};
		const struct phase displaced[] = {{ms, 'R', 0, 0, 0, 1},
						  {30, 'R', 0, 100, ms, 0},
						  {1, 'R', 100, 0, 0, 0},
						  {0}};
		const struct phase sleeps[] = {{ms, 'S', 0, 0, 0, 1}, {0}};
		const struct phase sleeps_and_waits[] = {{ms, 'S', 0, 0, 0, 1},
							 {30, 'R', 0, 100, 0, 0},
							 {0}};

		is_never_found(runs, 100);
		is_never_found(displaced, 100);
		is_never_found(sleeps, 100);
		is_never_found(sleeps_and_waits, 100);
		is_never_found(runs, 20);
		is_never_found(displaced, 20);
	}
}

static void
a_sleep_without_an_end_is_found_whatever_its_cpu_does(void **state)
{
	static const struct phase blocked[] = {{20000, 'S', 0, 0, 0, 1}, {0}};

	(void)state;
	for (int first = 0; first < TICK_MS; first++)
		assert_in_range(found_after(blocked, 100, first), 1000, 1050);
}

static void
of_who_does_not_beat_only_a_stop_counts(void **state)
{
	struct hang_suspect s = {0};
	struct hang_sight w = {.beat = 1, .limit_ns = 100 * MS, .beats = 0};
	int t;

	(void)state;
	for (t = 0; t < 5000; t += 10) {
		w.now_ns = w.age_ns = (uint64_t)t * MS;
		w.look.state = t % 30 == 0 ? 'S' : 'R';
		w.look.run_ns = w.now_ns / 2;
		assert_false(hang_judge(&s, &w));
		assert_false(hang_wants_probe(&s, &w));
	}
	for (w.look.state = 'T'; t < 5100; t += 10) {
		w.now_ns = w.age_ns = (uint64_t)t * MS;
		assert_false(hang_judge(&s, &w));
	}
	w.now_ns = w.age_ns = (uint64_t)t * MS;
	assert_true(hang_judge(&s, &w));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hangs_are_found_at_the_limit),
		cmocka_unit_test(a_loop_that_shares_its_cpu_is_found_once_it_had_its_quarter),
		cmocka_unit_test(who_waits_for_a_cpu_does_not_hang),
		cmocka_unit_test(whose_cpu_stood_still_does_not_hang),
		cmocka_unit_test(a_sleep_without_an_end_is_found_whatever_its_cpu_does),
		cmocka_unit_test(of_who_does_not_beat_only_a_stop_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

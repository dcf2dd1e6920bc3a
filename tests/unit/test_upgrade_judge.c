/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The judgement of an upgrade: when a program is worse than the one before it on the same lane.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "upgrade.h"

static const struct upgrade_limits limits = {5000, 1.5, 0.001};

/* n slices of 1,000 packets in bursts of a size, each packet costing so much. */
static struct upgrade_measure
measured(uint32_t n, uint64_t cycles, uint64_t burst, uint64_t drops)
{
	struct upgrade_sample s = {0};
	struct upgrade_measure m = {0};

	upgrade_measure_begin(&m, &s);
	for (uint32_t i = 0; i < n; i++) {
		s.busy_tsc += 1000 * cycles;
		s.bursts += 1000 / burst;
		s.done_pkts += 1000;
		s.rx_pkts += 1000;
		s.drops += drops;
		upgrade_measure_add(&m, &s);
	}
	return m;
}

static enum upgrade_verdict
verdict(const struct upgrade_measure *before, const struct upgrade_measure *now, int final)
{
	char why[160] = "";
	enum upgrade_verdict v = upgrade_judge(before, now, &limits, final, why, sizeof(why));

	assert_int_equal(v == UPGRADE_GOOD, why[0] == '\0');
	return v;
}

static void
the_same_needs_and_drops_are_good(void **state)
{
	struct upgrade_measure before = measured(40, 200, 10, 0), now = measured(100, 200, 10, 0);

	(void)state;
	assert_int_equal(verdict(&before, &now, 0), UPGRADE_GOOD);
	assert_int_equal(verdict(&before, &now, 1), UPGRADE_GOOD);
}

static void
three_times_the_cycles_are_slow(void **state)
{
	struct upgrade_measure before = measured(40, 200, 10, 0), now = measured(40, 600, 10, 0);
	struct upgrade_measure early = measured(5, 600, 10, 0);

	(void)state;
	assert_int_equal(verdict(&before, &now, 0), UPGRADE_SLOW);
	assert_int_equal(verdict(&before, &early, 0), UPGRADE_GOOD); /* not yet */
	assert_int_equal(verdict(&before, &early, 1), UPGRADE_SLOW);
}

static void
smaller_bursts_alone_are_not_slow(void **state)
{
	struct upgrade_measure before = measured(40, 100, 20, 0), now = measured(40, 400, 4, 0);

	(void)state;
	assert_int_equal(verdict(&before, &now, 1), UPGRADE_GOOD);
}

static void
a_busy_machine_for_half_of_the_time_is_not_slow(void **state)
{
	struct upgrade_measure before = measured(40, 200, 10, 0), now = measured(20, 200, 10, 0);
	struct upgrade_sample s = now.last;

	(void)state;
	for (int i = 0; i < 20; i++) {
		s.busy_tsc += 50000000;
		s.bursts += 10;
		s.done_pkts += 1000;
		s.rx_pkts += 1000;
		upgrade_measure_add(&now, &s);
	}
	assert_int_equal(verdict(&before, &now, 1), UPGRADE_GOOD);
}

/* Half of the bursts had somebody else on the CPU: they cost ten times as much, and do not count.
 */
static void
disturbed_bursts_do_not_count_where_half_are_not(void **state)
{
	struct upgrade_measure m = {0};
	struct upgrade_sample s = {0};

	(void)state;
	upgrade_measure_begin(&m, &s);
	for (int i = 0; i < 20; i++) {
		s.busy_tsc += 500 * 200 + 500 * 2000;
		s.bursts += 100;
		s.done_pkts += 1000;
		s.calm_tsc += 500 * 200;
		s.calm_bursts += 50;
		s.calm_pkts += 500;
		upgrade_measure_add(&m, &s);
	}
	assert_true(upgrade_pkt_cycles(&m) == 200 && upgrade_burst_cycles(&m) == 2000);
}

/* A program so slow that hardly a burst passes for undisturbed is not judged by those. */
static void
where_few_bursts_are_undisturbed_all_count(void **state)
{
	struct upgrade_measure before = measured(40, 200, 10, 0), m = {0};
	struct upgrade_sample s = {0};

	(void)state;
	upgrade_measure_begin(&m, &s);
	for (int i = 0; i < 20; i++) {
		s.busy_tsc += 1000 * 20000;
		s.bursts += 100;
		s.done_pkts += 1000;
		s.calm_tsc += 200;
		s.calm_bursts += 1;
		s.calm_pkts += 1;
		upgrade_measure_add(&m, &s);
	}
	assert_true(upgrade_pkt_cycles(&m) == 20000);
	assert_int_equal(verdict(&before, &m, 0), UPGRADE_SLOW);
}

static void
drops_beyond_the_limit_are_seen_early_once_they_are_many(void **state)
{
	struct upgrade_measure before = measured(40, 200, 10, 0), now = measured(2, 200, 10, 10);
	struct upgrade_measure few = measured(1, 200, 10, 5);

	(void)state;
	assert_int_equal(verdict(&before, &now, 0), UPGRADE_DROPS);
	assert_int_equal(verdict(&before, &few, 0), UPGRADE_GOOD);
	assert_int_equal(verdict(&before, &few, 1), UPGRADE_DROPS);
}

static void
what_was_dropped_before_is_allowed(void **state)
{
	struct upgrade_measure before = measured(40, 200, 10, 50), now = measured(40, 200, 10, 50);

	(void)state;
	assert_int_equal(verdict(&before, &now, 1), UPGRADE_GOOD);
	now = measured(40, 200, 10, 52);
	assert_int_equal(verdict(&before, &now, 1), UPGRADE_DROPS);
}

static void
without_packets_nothing_is_known(void **state)
{
	struct upgrade_measure none = measured(0, 0, 1, 0), now = measured(40, 200, 10, 0);

	(void)state;
	assert_true(upgrade_pkt_cycles(&none) < 0 && upgrade_burst_cycles(&none) < 0);
	assert_true(upgrade_drop_ratio(&none) < 0);
	assert_int_equal(verdict(&none, &now, 1), UPGRADE_GOOD);
	assert_int_equal(verdict(&now, &none, 1), UPGRADE_GOOD);
}

/* Only the newest slices count, however long the watch was. */
static void
more_slices_than_there_is_room_for(void **state)
{
	struct upgrade_measure m = measured(UPGRADE_SLICES * 3, 200, 10, 0);

	(void)state;
	assert_true(upgrade_pkt_cycles(&m) == 200 && upgrade_burst_cycles(&m) == 2000);
	assert_int_equal(upgrade_pkts(&m), UPGRADE_SLICES * 3000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_needs_and_drops_are_good),
		cmocka_unit_test(three_times_the_cycles_are_slow),
		cmocka_unit_test(smaller_bursts_alone_are_not_slow),
		cmocka_unit_test(a_busy_machine_for_half_of_the_time_is_not_slow),
		cmocka_unit_test(disturbed_bursts_do_not_count_where_half_are_not),
		cmocka_unit_test(where_few_bursts_are_undisturbed_all_count),
		cmocka_unit_test(drops_beyond_the_limit_are_seen_early_once_they_are_many),
		cmocka_unit_test(what_was_dropped_before_is_allowed),
		cmocka_unit_test(without_packets_nothing_is_known),
		cmocka_unit_test(more_slices_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("upgrade_judge", tests, NULL, NULL);
}

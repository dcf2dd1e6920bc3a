/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves: transmit waits for room as long as it should and no longer, waits once for a port that is
 * stuck, and neither loses nor doubles a packet meanwhile. The driver is a function in this file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ethdev.h>

#include "transmit.h"

#define HZ    UINT64_C(1000000000) /* what a second is taken for: waits are compared, not measured */
#define PORT  3
#define QUEUE 1
#define BURST 32

static struct {
	uint32_t calls;
	uint32_t room;     /* packets it takes in a call */
	uint32_t refusals; /* calls that take none before that */
	uint32_t limit;    /* packets it takes in all */
	uint64_t slow_tsc; /* a refusal takes so long */
	uint32_t n;
	struct rte_mbuf *sent[8 * BURST];
} driver;

static uint16_t
driver_burst(void *queue, struct rte_mbuf **m, uint16_t n)
{
	uint16_t take = 0;

	assert_ptr_equal(queue, &driver);
	driver.calls++;
	if (driver.refusals > 0) {
		for (uint64_t begin = hf_tsc(); hf_tsc() - begin < driver.slow_tsc;)
			continue;
		driver.refusals--;
		return 0;
	}
	for (; take < n && take < driver.room && driver.n < driver.limit; take++)
		driver.sent[driver.n++] = m[take];
	return take;
}

static int
driver_start(void **state)
{
	static void *queues[QUEUE + 1], *callbacks[QUEUE + 1];

	queues[QUEUE] = &driver;
	rte_eth_fp_ops[PORT].tx_pkt_burst = driver_burst;
	rte_eth_fp_ops[PORT].txq.data = queues;
	rte_eth_fp_ops[PORT].txq.clbk = callbacks;
	memset(&driver, 0, sizeof(driver));
	driver.room = UINT32_MAX;
	driver.limit = UINT32_MAX;
	return 0;
}

static struct hf_transmit
patient(uint32_t us, enum hf_idle idle)
{
	struct hf_run_config run = {.tx_retry_us = us, .idle = idle};
	struct hf_transmit t;

	hf_transmit_init(&t, &run, HZ);
	return t;
}

/* Offers a burst whose packets are numbered from first. */
static uint16_t
offer(struct hf_transmit *t, uintptr_t first)
{
	struct rte_mbuf *m[BURST];

	for (uint32_t i = 0; i < BURST; i++)
		m[i] = (struct rte_mbuf *)(first + i); /* never followed */
	return hf_transmit(t, PORT, PORT, QUEUE, m, BURST);
}

static void
sent_in_order(uint32_t n)
{
	assert_int_equal(driver.n, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal((uintptr_t)driver.sent[i], i);
}

static void
room_costs_one_call(void **state)
{
	struct hf_transmit t = patient(10000, HF_IDLE_POLL);

	assert_int_equal(offer(&t, 0), BURST);
	assert_int_equal(driver.calls, 1);
	sent_in_order(BURST);
}

static void
a_held_up_port_gets_all_once_and_in_order(void **state)
{
	struct hf_transmit t = patient(10000, HF_IDLE_SLEEP);

	driver.room = 5;
	driver.refusals = 3;
	assert_int_equal(offer(&t, 0), BURST);
	assert_int_equal(driver.calls, 3 + 7);
	sent_in_order(BURST);
	assert_int_equal(t.stalled, 0);
}

static void
a_stuck_port_is_waited_for_once(void **state)
{
	struct hf_transmit t = patient(1000, HF_IDLE_POLL);
	uint64_t begin = hf_tsc();

	driver.room = 0;
	assert_int_equal(offer(&t, 0), 0);
	assert_true(hf_tsc() - begin >= t.patience_tsc);
	assert_true(driver.calls > 2);
	assert_int_equal(t.stalled, 1U << PORT);
	driver.calls = 0;
	assert_int_equal(offer(&t, 0), 0);
	assert_int_equal(driver.calls, 1);
	driver.room = UINT32_MAX;
	assert_int_equal(offer(&t, 0), BURST);
	assert_int_equal(t.stalled, 0);
	sent_in_order(BURST);
}

static void
who_was_held_up_itself_tries_again(void **state)
{
	struct hf_transmit t = patient(1000, HF_IDLE_POLL);

	driver.refusals = 2;
	driver.slow_tsc = 2 * t.patience_tsc;
	assert_int_equal(offer(&t, 0), BURST);
	assert_int_equal(driver.calls, 3);
	assert_int_equal(t.stalled, 0);
	sent_in_order(BURST);
}

static void
what_was_taken_before_patience_ended_is_reported(void **state)
{
	struct hf_transmit t = patient(1000, HF_IDLE_POLL);

	driver.room = 5;
	driver.limit = 15;
	assert_int_equal(offer(&t, 0), 15);
	assert_int_equal(t.stalled, 1U << PORT);
	sent_in_order(15);
}

static void
no_patience_no_second_call(void **state)
{
	struct hf_transmit t = patient(0, HF_IDLE_SLEEP);

	driver.room = 7;
	assert_int_equal(offer(&t, 0), 7);
	assert_int_equal(driver.calls, 1);
	sent_in_order(7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(room_costs_one_call, driver_start),
		cmocka_unit_test_setup(a_held_up_port_gets_all_once_and_in_order, driver_start),
		cmocka_unit_test_setup(a_stuck_port_is_waited_for_once, driver_start),
		cmocka_unit_test_setup(who_was_held_up_itself_tries_again, driver_start),
		cmocka_unit_test_setup(what_was_taken_before_patience_ended_is_reported,
				       driver_start),
		cmocka_unit_test_setup(no_patience_no_second_call, driver_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

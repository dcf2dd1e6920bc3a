/* SPDX-License-Identifier: BSD-3-Clause */
#include "transmit.h"

#include <rte_ethdev.h>
#include <rte_pause.h>
#include <time.h>

#define SPINS    32    /* attempts before the CPU is given away */
#define SLEEP_NS 10000 /* at a time */

void
hf_transmit_init(struct hf_transmit *t, const struct hf_run_config *run, uint64_t tsc_hz)
{
	t->patience_tsc = tsc_hz * run->tx_retry_us / 1000000;
	t->sleeps = run->idle == HF_IDLE_SLEEP;
	t->stalled = 0;
}

/* The reader of a full queue may need this CPU. */
static void
wait_a_moment(const struct hf_transmit *t, unsigned int attempt)
{
	if (t->sleeps && attempt >= SPINS)
		nanosleep(&(struct timespec){.tv_nsec = SLEEP_NS}, NULL);
	else
		rte_pause();
}

/*
 * The rest of a burst, on a port that was full. Returns how many of n were taken. The last attempt
 * comes after the time: this thread may have been the one that was held up.
 */
static uint16_t
insist(struct hf_transmit *t, uint32_t port, uint16_t ethdev, uint16_t queue, struct rte_mbuf **m,
       uint16_t n)
{
	uint64_t begin = hf_tsc();
	uint16_t sent = 0;
	int over = 0;

	for (unsigned int attempt = 0; !over; attempt++) {
		wait_a_moment(t, attempt);
		over = hf_tsc() - begin >= t->patience_tsc;
		sent = (uint16_t)(sent +
				  rte_eth_tx_burst(ethdev, queue, m + sent, (uint16_t)(n - sent)));
		if (sent == n)
			return sent;
	}
	t->stalled |= 1U << port;
	return sent;
}

uint16_t
hf_transmit(struct hf_transmit *t, uint32_t port, uint16_t ethdev, uint16_t queue,
	    struct rte_mbuf **m, uint16_t n)
{
	uint16_t sent = rte_eth_tx_burst(ethdev, queue, m, n);

	if (sent == n) {
		t->stalled &= ~(1U << port);
		return n;
	}
	if (t->patience_tsc == 0 || (t->stalled & 1U << port) != 0)
		return sent;
	return (uint16_t)(sent + insist(t, port, ethdev, queue, m + sent, (uint16_t)(n - sent)));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One instant at which all I/O threads stand at the end of a turn. One word says who has arrived:
 * number of the call (32 bits), state, threads that have arrived (16 bits). The last one to arrive
 * acts and lets all go on. Threads of the primary; an I/O thread waits here for the others' turns,
 * never for the main thread or a worker.
 */
#include <errno.h>
#include <rte_pause.h>
#include <sched.h>
#include <unistd.h>

#include "io.h"

#define STAND_WAIT_US 200000
#define STAND_POLL_US 20
#define SPINS         2000 /* before the CPU is given away: the one awaited may need it */

enum stand_state { STAND_OVER, STAND_ASKED, STAND_ACTING };

static struct {
	_Atomic(uint64_t) word;
	_Atomic(uint64_t) first_tsc; /* when the first one arrived; 0: none yet */
	uint32_t n;
	void (*act)(void *arg);
	void *arg;
	uint64_t stood_tsc; /* written by the one that acts, before STAND_OVER */
} stand;

static uint64_t
word_of(uint32_t number, enum stand_state state)
{
	return (uint64_t)number << 32 | (uint64_t)state << 16;
}

static enum stand_state
state_of(uint64_t word)
{
	return (enum stand_state)(word >> 16 & 0xffff);
}

/* Waits until the call is over, or has become another one. */
static void
wait_over(uint64_t word)
{
	unsigned int spins = 0;
	uint64_t now;

	for (;;) {
		/* Pairs with the release store of STAND_OVER: what was done is done. */
		now = atomic_load_explicit(&stand.word, memory_order_acquire);
		if (now >> 32 != word >> 32 || state_of(now) == STAND_OVER)
			return;
		if (++spins < SPINS)
			rte_pause();
		else
			sched_yield();
	}
}

void
hf_io_stand_still(void)
{
	uint64_t word = atomic_load_explicit(&stand.word, memory_order_acquire), next, none = 0;
	uint64_t now = hf_tsc();

	do {
		if (state_of(word) != STAND_ASKED)
			return;
		next = word + 1;
		if ((next & 0xffff) == stand.n)
			next = word_of((uint32_t)(word >> 32), STAND_ACTING);
		/* Release: this thread's turn is over. Acquire: so are the others'. */
	} while (!atomic_compare_exchange_weak_explicit(&stand.word, &word, next,
							memory_order_acq_rel,
							memory_order_acquire));
	atomic_compare_exchange_strong(&stand.first_tsc, &none, now);
	if (state_of(next) != STAND_ACTING) {
		wait_over(next);
		return;
	}
	stand.act(stand.arg);
	stand.stood_tsc = hf_tsc() - atomic_load(&stand.first_tsc);
	atomic_store_explicit(&stand.word, word_of((uint32_t)(next >> 32), STAND_OVER),
			      memory_order_release);
}

/* Calls it off unless the last one has arrived meanwhile. Returns 1 when it was called off. */
static int
call_off(uint32_t number)
{
	uint64_t word = atomic_load_explicit(&stand.word, memory_order_acquire);

	while (state_of(word) == STAND_ASKED)
		if (atomic_compare_exchange_weak(&stand.word, &word, word_of(number, STAND_OVER)))
			return 1;
	wait_over(word);
	return 0;
}

int
hf_io_stand(struct hf_primary *p, void (*act)(void *arg), void *arg, uint64_t *stood_ns)
{
	uint32_t number = (uint32_t)(atomic_load(&stand.word) >> 32) + 1;
	int late;

	*stood_ns = 0;
	if (p->cfg.n_io == 0) {
		act(arg);
		return 0;
	}
	stand.n = p->cfg.n_io;
	stand.act = act;
	stand.arg = arg;
	atomic_store(&stand.first_tsc, 0);
	atomic_store_explicit(&stand.word, word_of(number, STAND_ASKED), memory_order_release);
	hf_io_request_all(p, HF_IO_STAND);
	for (int us = 0; us < STAND_WAIT_US; us += STAND_POLL_US) {
		if (state_of(atomic_load_explicit(&stand.word, memory_order_acquire)) == STAND_OVER)
			break;
		usleep(STAND_POLL_US);
	}
	late = call_off(number);
	hf_io_request_all(p, HF_IO_RUN);
	if (late)
		return -ETIMEDOUT;
	*stood_ns = hf_tsc_to_ns(&p->seg->header, stand.stood_tsc);
	return 0;
}

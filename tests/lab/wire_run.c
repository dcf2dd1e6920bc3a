/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One thread sends and receives in turn, so that nothing needs a lock and a time stamp is taken and
 * read on the same CPU. Owns the run's clock and signals. Must not print within a turn but the
 * progress line, once a second.
 */
#include "wire_run.h"

#include <errno.h>
#include <rte_cycles.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "wire_receive.h"
#include "wire_report.h"

#define STALL_SECONDS 10
#define POLL_NS       2000000 /* of the start file and the links */
#define NAP_NS        20000
#define NAP_HZ        20000 /* a burst due later than in 50 us leaves time for a nap */

static atomic_int stop;

static void
on_signal(int signo)
{
	atomic_store_explicit(&stop, 1, memory_order_relaxed);
}

static int
stopped(void)
{
	return atomic_load_explicit(&stop, memory_order_relaxed);
}

void
wire_run_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static void
nap(long ns)
{
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

/* What is still missing before the first packet, or NULL. */
static const char *
missing(const struct wire *w, const char **why)
{
	const char *down = wire_ports_down(&w->ports);

	if (down != NULL) {
		*why = "link is down";
		return down;
	}
	if (w->options.start_when != NULL && access(w->options.start_when, F_OK) != 0) {
		*why = strerror(errno);
		return w->options.start_when;
	}
	return NULL;
}

int
wire_run_wait(const struct wire *w)
{
	uint64_t begin = rte_rdtsc(), limit = (uint64_t)(w->options.wait * (double)w->hz);
	uint64_t settle = (uint64_t)(w->options.settle * (double)w->hz), up = begin;
	const char *what, *why = "";

	/* A virtio driver is up when it is probed, and then is reset to be configured. */
	while ((what = missing(w, &why)) != NULL || rte_rdtsc() - up < settle) {
		if (wire_ports_down(&w->ports) != NULL)
			up = rte_rdtsc();
		if (stopped())
			return -EINTR;
		if (what != NULL && limit != 0 && rte_rdtsc() - begin > limit) {
			hf_err("%s: wait for the start: %s after %g s", what, why, w->options.wait);
			return -ETIMEDOUT;
		}
		nap(POLL_NS);
	}
	return 0;
}

static int
over(struct wire *w, uint64_t now)
{
	const struct wire_options *o = &w->options;

	if (stopped()) {
		w->interrupted = 1;
		return 1;
	}
	if (now - w->generator.progress_tsc > STALL_SECONDS * w->hz &&
	    w->generator.made > w->generator.tx_pkts) {
		w->stalled = 1;
		return 1;
	}
	return wire_generate_done(&w->generator) ||
	       (o->seconds > 0 && now - w->start_tsc > (uint64_t)(o->seconds * (double)w->hz));
}

static void
turn(struct wire *w, uint64_t now)
{
	uint32_t work = wire_generate(&w->generator, now);

	work += wire_receive(&w->ports, &w->check);
	if (work > 0 || !w->options.idle_sleeps)
		return;
	if (w->generator.full > 0 || wire_generate_due(&w->generator, now) > w->hz / NAP_HZ)
		nap(NAP_NS);
}

static void
drain(struct wire *w)
{
	uint64_t begin = rte_rdtsc(), limit = (uint64_t)(w->options.drain * (double)w->hz);
	uint64_t now = begin;

	while (now - begin < limit) {
		uint32_t left = wire_generate_flush(&w->generator, now);

		if (wire_receive(&w->ports, &w->check) + left == 0 && w->options.idle_sleeps)
			nap(NAP_NS);
		now = rte_rdtsc();
	}
	wire_generate_withdraw(&w->generator);
}

void
wire_run(struct wire *w)
{
	int terminal = isatty(STDERR_FILENO);
	uint64_t now = rte_rdtsc(), shown = now;

	w->start_tsc = now;
	wire_generate_start(&w->generator, now);
	while (!over(w, now)) {
		turn(w, now);
		now = rte_rdtsc();
		if (terminal && now - shown >= w->hz) {
			shown = now;
			wire_report_progress(w, now);
		}
	}
	w->stop_tsc = now;
	drain(w);
	wire_check_finish(&w->check);
	if (w->stalled)
		hf_err("ports: send: none took a packet for %d s", STALL_SECONDS);
}

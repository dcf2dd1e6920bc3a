/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The main thread's loop: signals, control connections, deaths of workers, and a tick.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "log.h"
#include "parts.h"
#include "signals.h"
#include "thread.h"

#define TICK_MS 10

static void
on_signal(struct hf_primary *p, struct hf_source *s, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		atomic_store(&p->stop, 1);
}

int
loop_open(struct hf_primary *p)
{
	static struct hf_source signals = {.ready = on_signal};
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &signals};

	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	signals.fd = hf_signals_open_end();
	if (p->epoll_fd < 0 || signals.fd < 0 ||
	    epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, signals.fd, &ev) != 0) {
		hf_err("instance %s: open main loop: %s", p->cfg.instance, strerror(errno));
		return -errno;
	}
	return 0;
}

/* Of two waits in ms, -1 being none. */
static int
soonest(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

/* ms to sleep: the tick, or less when a client, a late heartbeat or a recovery is to be looked at.
 */
static int
wait_ms(struct hf_primary *p)
{
	int wait = soonest(hf_control_poll(p), hang_wait_ms(p));

	wait = soonest(wait, recovery_tick(p));
	return soonest(wait, TICK_MS);
}

static void
announce(struct hf_primary *p)
{
	struct hf_segment_header *h = &p->seg->header;

	/* Pairs with the acquire loads of those who attach: everything before is there. */
	atomic_store_explicit(&h->state, HF_SEGMENT_READY, memory_order_release);
	h->magic = HF_SEGMENT_MAGIC;
	hf_event_add(p, HF_EVENT_READY, getpid(), -1, 0, "");
	printf("holdfast-primary: instance %s: ready\n", p->cfg.instance);
	fflush(stdout);
	sd_notifyf(0, "READY=1\nSTATUS=%u ports, %u lanes\nMAINPID=%d", p->cfg.n_ports,
		   p->cfg.n_lanes, getpid());
}

void
loop_run(struct hf_primary *p)
{
	struct epoll_event ev[32];

	hf_thread_be_prompt();
	announce(p);
	while (atomic_load(&p->stop) == 0) {
		int n = epoll_wait(p->epoll_fd, ev, 32, wait_ms(p));

		for (int i = 0; i < n; i++) {
			struct hf_source *s = ev[i].data.ptr;

			s->ready(p, s, ev[i].events);
		}
		supervisor_tick(p);
		quarantine_tick(p);
		owners_tick(p);
		hurry_tick(p);
		census_tick(p);
	}
	hf_event_add(p, HF_EVENT_STOP, getpid(), -1, 0, "");
	sd_notify(0, "STOPPING=1");
}

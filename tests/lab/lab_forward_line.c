/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a cache line costs on its way between CPU 0 and CPU 1: every packet of a software lane and
 * of a virtio-user port makes such ways. A hypervisor that moves its virtual CPUs may change it
 * from round to round, and all figures that need two CPUs with it.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "lab_forward.h"

#define TRIPS 100000U
#define BATCH 2000U /* the best one counts: other programs disturb some */

struct lines {
	_Alignas(128)
		atomic_uint there; /* writer: this thread; release, pairs with the echo's load */
	_Alignas(128)
		atomic_uint back; /* writer: the echo; release, pairs with this thread's load */
};

static void *
echo(void *arg)
{
	struct lines *l = arg;

	for (unsigned int i = 1; i <= TRIPS; i++) {
		while (atomic_load_explicit(&l->there, memory_order_acquire) != i)
			;
		atomic_store_explicit(&l->back, i, memory_order_release);
	}
	return NULL;
}

static void
pin(pthread_t thread, int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	pthread_setaffinity_np(thread, sizeof(cpus), &cpus);
}

double
forward_line_ns(void)
{
	struct lines l = {0};
	cpu_set_t before;
	pthread_t other;
	double began, least = 1;

	pthread_getaffinity_np(pthread_self(), sizeof(before), &before);
	if (pthread_create(&other, NULL, echo, &l) != 0)
		return 0;
	pin(pthread_self(), 0);
	pin(other, 1);
	began = forward_now();
	for (unsigned int i = 1; i <= TRIPS; i++) {
		double now = i % BATCH == 0 ? forward_now() : 0;

		if (i % BATCH == 0) {
			least = i > BATCH && now - began < least ? now - began : least;
			began = now;
		}
		atomic_store_explicit(&l.there, i, memory_order_release);
		while (atomic_load_explicit(&l.back, memory_order_acquire) != i)
			;
	}
	pthread_join(other, NULL);
	pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
	return least / BATCH * 1e9;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "cpu_probe.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

static struct {
	sem_t wake;
	int cpu;                    /* of the question asked last */
	_Atomic(uint32_t) asked;    /* writer: main thread */
	_Atomic(uint32_t) answered; /* writer: the probe */
} probe;

static void *
probe_main(void *arg)
{
	uint32_t number;
	cpu_set_t cpus;

	(void)arg;
	for (;;) {
		while (sem_wait(&probe.wake) != 0)
			;
		/* Pairs with the release store in cpu_probe_ask(). */
		number = atomic_load_explicit(&probe.asked, memory_order_acquire);
		CPU_ZERO(&cpus);
		CPU_SET((size_t)probe.cpu, &cpus);
		sched_setaffinity(0, sizeof(cpus), &cpus); /* returns on that CPU */
		/* Pairs with the acquire load in cpu_probe_answered(). */
		atomic_store_explicit(&probe.answered, number, memory_order_release);
	}
	return NULL;
}

int
cpu_probe_start(void)
{
	pthread_t thread;
	int err;

	if (sem_init(&probe.wake, 0, 0) != 0)
		return -errno;
	err = pthread_create(&thread, NULL, probe_main, NULL);
	if (err != 0)
		return -err;
	pthread_setname_np(thread, "hf-cpu-probe");
	return -pthread_detach(thread);
}

uint32_t
cpu_probe_ask(int cpu)
{
	uint32_t number = atomic_load_explicit(&probe.asked, memory_order_relaxed);

	if (cpu < 0 || cpu >= CPU_SETSIZE || !cpu_probe_answered(number))
		return 0;
	probe.cpu = cpu;
	number += number + 1 != 0 ? 1 : 2;
	/* Pairs with the acquire load in probe_main(): the CPU is named. */
	atomic_store_explicit(&probe.asked, number, memory_order_release);
	sem_post(&probe.wake);
	return number;
}

int
cpu_probe_answered(uint32_t number)
{
	uint32_t last = atomic_load_explicit(&probe.answered, memory_order_acquire);

	return (int32_t)(last - number) >= 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What threads ask of the kernel that have to be on time.
 */
#ifndef HF_THREAD_H
#define HF_THREAD_H

#include <sched.h>
#include <stdint.h>

/*
 * Short sleeps end on time (timer slack 1 us), and the thread gets the CPU soon after it wakes, in
 * turns of 100 us instead of 3 ms (sched_setattr(2); kernels before 6.12 take no notice). It gets
 * no larger share of the CPU. Calling thread, at its start; what the kernel refuses stays as it is.
 */
void hf_thread_be_prompt(void);

/*
 * Takes the n CPUs of taken, those of lanes and I/O threads, out of *cpus: control work (attach,
 * commands, the end of a process, which frees its memory on some CPU for milliseconds) shall not
 * hold up packets. *cpus stays as it is when one of taken is -1, a thread that runs anywhere, or
 * when none would be left. Pure; any thread.
 */
void hf_thread_keep_off(cpu_set_t *cpus, const int32_t *taken, uint32_t n);

/* The lowest CPU of a set; 0 when it is empty. Pure; any thread. */
int hf_thread_first_cpu(const cpu_set_t *cpus);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What threads ask of the kernel that have to be on time.
 */
#ifndef HF_THREAD_H
#define HF_THREAD_H

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Short sleeps end on time (timer slack 1 us), and the thread gets the CPU soon after it wakes, in
 * turns of 100 us instead of 3 ms (sched_setattr(2); kernels before 6.12 take no notice). It gets
 * no larger share of the CPU. Calling thread, at its start; what the kernel refuses stays as it is.
 */
void hf_thread_be_prompt(void);

/*
 * While a lane stands: a thread that is about to get it, or one of the primary that mends its
 * ports, comes before all threads of ordinary policies until it is calmed or ends (SCHED_FIFO 1,
 * marked by SCHED_RESET_ON_FORK). Whoever holds a lease that it waits for inherits that, and of
 * those that wait it is the first. Any process with CAP_SYS_NICE. Returns 0; -ESRCH: process pid
 * has no thread tid; -EPERM, or -EINVAL where the thread has a policy of somebody's choice: it
 * stays as it is.
 */
int hf_thread_hurry(pid_t pid, pid_t tid);

/* Ends that: ordinary again, prompt, as nice as before. One that is in no hurry stays as it is. */
void hf_thread_calm(pid_t pid, pid_t tid);

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

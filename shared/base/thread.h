/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What threads ask of the kernel that have to be on time.
 */
#ifndef HF_THREAD_H
#define HF_THREAD_H

/*
 * Short sleeps end on time (timer slack 1 us), and the thread gets the CPU soon after it wakes, in
 * turns of 100 us instead of 3 ms (sched_setattr(2); kernels before 6.12 take no notice). It gets
 * no larger share of the CPU. Calling thread, at its start; what the kernel refuses stays as it is.
 */
void hf_thread_be_prompt(void);

#endif

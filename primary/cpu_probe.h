/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does a CPU run anything? A virtual CPU may stand still for a tenth of a second, and what would
 * wake a thread there with it. A thread of the primary goes to the CPU and says that it got there.
 * Main thread; asking and looking wait for nobody.
 */
#ifndef HF_CPU_PROBE_H
#define HF_CPU_PROBE_H

#include <stdint.h>

/* Starts the thread. Once, signals blocked. Returns 0 or -errno. */
int cpu_probe_start(void);

/*
 * Sends it to a CPU. Returns the number of the question, 0 while one is open. A CPU that this
 * process may not use is taken to run.
 */
uint32_t cpu_probe_ask(int cpu);

/* Has the question been answered? */
int cpu_probe_answered(uint32_t number);

#endif

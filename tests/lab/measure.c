/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every measurement of holdfast-lab needs: a clock that counts the CPU alone, EAL.
 */
#include <rte_eal.h>
#include <rte_errno.h>
#include <string.h>
#include <time.h>

#include "lab.h"
#include "log.h"

uint64_t
lab_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int
lab_eal_start(void)
{
	static char *args[] = {"holdfast-lab",
			       "--in-memory",
			       "--no-pci",
			       "--no-telemetry",
			       "--log-level=lib.*:error",
			       "--log-level=user1:error"};

	if (rte_eal_init(sizeof(args) / sizeof(args[0]), args) >= 0)
		return 0;
	hf_err("EAL: start: %s", rte_strerror(rte_errno));
	return -rte_errno;
}

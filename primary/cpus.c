/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPUs a configuration names, against those of this machine; before anything is started.
 */
#include <errno.h>
#include <sched.h>

#include "log.h"
#include "parts.h"

static int
check_one(const char *what, uint32_t i, int cpu)
{
	cpu_set_t cpus;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&cpus);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0 ||
	    (cpu < CPU_SETSIZE && CPU_ISSET((size_t)cpu, &cpus)))
		return 0;
	hf_err("%s %u: cpu %d: not on this machine, or not for this process (see taskset -p)", what,
	       i, cpu);
	return -EINVAL;
}

int
cpus_check(const struct hf_config *cfg)
{
	for (uint32_t i = 0; i < cfg->n_lanes; i++)
		if (check_one("lane", i, cfg->lanes[i].cpu) != 0)
			return -EINVAL;
	for (uint32_t i = 0; i < cfg->n_io; i++)
		if (check_one("io", i, cfg->io_cpu[i]) != 0)
			return -EINVAL;
	return 0;
}

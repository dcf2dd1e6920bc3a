/* SPDX-License-Identifier: BSD-3-Clause */
#include "thread.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLACK_NS      1000
#define SLICE_NS      100000 /* the least the kernel grants */
#define HURRY         1      /* priority; the lowest of SCHED_FIFO */
#define RESET_ON_FORK 1      /* flag of sched_setattr(2) */

/* As in sched_setattr(2), first version; the C library has no declaration. */
struct sched_attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

void
hf_thread_be_prompt(void)
{
	struct sched_attributes attr = {.size = sizeof(attr)};

	prctl(PR_SET_TIMERSLACK, SLACK_NS);
	/* Another policy or priority is somebody's decision. */
	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) != 0 ||
	    attr.policy != SCHED_OTHER)
		return;
	attr.size = sizeof(attr);
	attr.runtime = SLICE_NS;
	syscall(SYS_sched_setattr, 0, &attr, 0);
}

/* Of thread tid of process pid. 0 or -errno. */
static int
get_attributes(pid_t pid, pid_t tid, struct sched_attributes *attr)
{
	*attr = (struct sched_attributes){.size = sizeof(*attr)};
	if (tid <= 0 || syscall(SYS_tgkill, pid, tid, 0) != 0)
		return -ESRCH;
	return syscall(SYS_sched_getattr, tid, attr, sizeof(*attr), 0) != 0 ? -errno : 0;
}

int
hf_thread_hurry(pid_t pid, pid_t tid)
{
	struct sched_attributes attr;
	int err = get_attributes(pid, tid, &attr);

	if (err == 0 && attr.policy != SCHED_OTHER)
		err = -EINVAL;
	if (err != 0)
		return err;
	attr = (struct sched_attributes){.size = sizeof(attr),
					 .policy = SCHED_FIFO,
					 .flags = RESET_ON_FORK,
					 .priority = HURRY};
	return syscall(SYS_sched_setattr, tid, &attr, 0) != 0 ? -errno : 0;
}

void
hf_thread_calm(pid_t pid, pid_t tid)
{
	struct sched_attributes attr;

	if (get_attributes(pid, tid, &attr) != 0 || attr.policy != SCHED_FIFO ||
	    attr.priority != HURRY || (attr.flags & RESET_ON_FORK) == 0)
		return;
	/* The flag stays: only the privileged may take it away, and lane threads do not fork. */
	attr = (struct sched_attributes){.size = sizeof(attr),
					 .policy = SCHED_OTHER,
					 .flags = RESET_ON_FORK,
					 .nice = getpriority(PRIO_PROCESS, (id_t)tid),
					 .runtime = SLICE_NS};
	syscall(SYS_sched_setattr, tid, &attr, 0);
}

void
hf_thread_keep_off(cpu_set_t *cpus, const int32_t *taken, uint32_t n)
{
	cpu_set_t left = *cpus;

	for (uint32_t i = 0; i < n; i++) {
		if (taken[i] < 0)
			return;
		if (taken[i] < CPU_SETSIZE)
			CPU_CLR((size_t)taken[i], &left);
	}
	if (CPU_COUNT(&left) > 0)
		*cpus = left;
}

int
hf_thread_first_cpu(const cpu_set_t *cpus)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, cpus))
			return cpu;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "lease.h"

#include <errno.h>
#include <linux/futex.h>

int
hf_lease_init(struct hf_lease *lease)
{
	pthread_mutexattr_t attr;
	int err;

	err = pthread_mutexattr_init(&attr);
	if (err != 0)
		return -err;
	err = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (err == 0)
		err = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (err == 0)
		err = pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	if (err == 0)
		err = pthread_mutex_init(&lease->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return -err;
}

int
hf_lease_take(struct hf_lease *lease)
{
	int err = pthread_mutex_lock(&lease->mutex);

	return err == 0 || err == EOWNERDEAD ? err : -err;
}

int
hf_lease_try(struct hf_lease *lease)
{
	int err = pthread_mutex_trylock(&lease->mutex);

	return err == 0 || err == EOWNERDEAD ? err : -err;
}

int
hf_lease_consistent(struct hf_lease *lease)
{
	return -pthread_mutex_consistent(&lease->mutex);
}

void
hf_lease_give(struct hf_lease *lease)
{
	pthread_mutex_unlock(&lease->mutex);
}

/* The futex word of a priority-inheriting mutex is the kernel's too: see futex(2). */
pid_t
hf_lease_holder(const struct hf_lease *lease)
{
	int word = __atomic_load_n(&lease->mutex.__data.__lock, __ATOMIC_RELAXED);

	return (pid_t)((unsigned int)word & FUTEX_TID_MASK);
}

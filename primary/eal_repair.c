/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker that is killed inside rte_eal_init leaks the locks of EAL's shared configuration that it
 * held; the next one that wants to write, the primary at its end included, would wait for ever. The
 * primary's main thread, its only user of those locks, clears them while no worker attaches.
 */
#include <errno.h>
#include <fcntl.h>
#include <rte_rwlock.h>
#include <rte_spinlock.h>
#include <rte_version.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compat.h"
#include "log.h"
#include "parts.h"

/* The head of struct rte_mem_config (lib/eal/common/eal_memcfg.h): private to EAL. */
struct eal_config_head {
	uint32_t magic;
	uint32_t version; /* RTE_VERSION of the primary */
	uint32_t nchannel, nrank;
	rte_rwlock_t mlock, qlock, mplock;
	rte_spinlock_t tlock;
#if HF_EAL_HAS_ETHDEV_LOCK
	rte_spinlock_t ethdev_lock;
#endif
	rte_rwlock_t memory_hotplug_lock;
};

static struct eal_config_head *
map_config(const char *instance)
{
	char path[128];
	void *mem;
	int fd;

	snprintf(path, sizeof(path), "/var/run/dpdk/%s/config", instance);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return mem == MAP_FAILED ? NULL : mem;
}

/* Clears one lock; returns 1 when it was held. */
static int
clear(void *lock, size_t len)
{
	static const char zero[16];

	if (memcmp(lock, zero, len) == 0)
		return 0;
	memset(lock, 0, len);
	return 1;
}

static int
clear_all(struct eal_config_head *c)
{
	int n = 0;

	if (c->version != RTE_VERSION)
		return 0; /* not the layout this program knows */
	n += clear(&c->mlock, sizeof(c->mlock));
	n += clear(&c->qlock, sizeof(c->qlock));
	n += clear(&c->mplock, sizeof(c->mplock));
	n += clear(&c->tlock, sizeof(c->tlock));
#if HF_EAL_HAS_ETHDEV_LOCK
	n += clear(&c->ethdev_lock, sizeof(c->ethdev_lock));
#endif
	n += clear(&c->memory_hotplug_lock, sizeof(c->memory_hotplug_lock));
	return n;
}

int
eal_repair(const struct hf_primary *p)
{
	struct eal_config_head *config;
	char path[256];
	int fd, n;

	if (hf_names_path(path, sizeof(path), p->cfg.instance, HF_ATTACH_LOCK) != 0)
		return 0;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return -EAGAIN;
	}
	config = map_config(p->cfg.instance);
	n = config != NULL ? clear_all(config) : 0;
	if (config != NULL)
		munmap(config, 4096);
	close(fd);
	if (n > 0)
		hf_info("instance %s: %d locks left by a worker that died while attaching: cleared",
			p->cfg.instance, n);
	return 0;
}

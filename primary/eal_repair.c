/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker that is killed inside rte_eal_init leaks the locks of EAL's shared configuration that it
 * held; whoever wants them next, a worker that attaches or the primary, would wait for ever. The
 * primary's main thread clears them. Until it has, nobody attaches (the dead worker's slot says
 * so), and what other threads of the primary hold (a repair of ports, telemetry), they give back: a
 * lock that looks the same for a while was left by the dead.
 *
 * Must take none of these locks, nor call what does, for it may be the only one that runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <rte_fbarray.h>
#include <rte_memory.h>
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

#define SAME_MS        3  /* for how long a lock must look the same */
#define SAME_REPAIR_MS 50 /* while ports are made whole: queues are allocated under these locks */

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
	uint8_t mp_status;
	struct rte_fbarray memzones;
	struct rte_memseg_list memsegs[RTE_MAX_MEMSEG_LISTS];
};

#define LOCKS_MAX (7 + RTE_MAX_MEMSEG_LISTS)

/* Every lock is a word that is 0 when nobody has it. */
static_assert(sizeof(rte_rwlock_t) == 4 && sizeof(rte_spinlock_t) == 4, "words");

/* What was seen since since_tsc, while a repair is wanted; 0: none is. */
static struct {
	uint64_t since_tsc;
	uint32_t word[LOCKS_MAX];
} seen;

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
	mem = mmap(NULL, sizeof(struct eal_config_head), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return mem == MAP_FAILED ? NULL : mem;
}

static uint32_t
list_locks(struct eal_config_head *c, void **lock)
{
	uint32_t n = 0;

	if (c->version != RTE_VERSION)
		return 0; /* not the layout this program knows */
	lock[n++] = &c->mlock;
	lock[n++] = &c->qlock;
	lock[n++] = &c->mplock;
	lock[n++] = &c->tlock;
#if HF_EAL_HAS_ETHDEV_LOCK
	lock[n++] = &c->ethdev_lock;
#endif
	lock[n++] = &c->memory_hotplug_lock;
	if (strcmp(c->memzones.name, "memzone") != 0)
		return n;
	lock[n++] = &c->memzones.rwlock;
	for (uint32_t i = 0; i < RTE_MAX_MEMSEG_LISTS; i++)
		lock[n++] = &c->memsegs[i].memseg_arr.rwlock;
	return n;
}

/* One look. A lock that was free once is well. Returns 1 when what is held has long been so. */
static int
look(const struct hf_primary *p, void **lock, uint32_t n)
{
	uint64_t now = hf_tsc(), ms = p->repairing ? SAME_REPAIR_MS : SAME_MS;
	int first = seen.since_tsc == 0, moved = 0, held = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t word = __atomic_load_n((uint32_t *)lock[i], __ATOMIC_RELAXED);

		if (first || word == 0)
			seen.word[i] = word;
		else if (seen.word[i] != 0 && seen.word[i] != word) {
			seen.word[i] = word;
			moved = 1;
		}
		held |= seen.word[i] != 0;
	}
	if (first || moved)
		seen.since_tsc = now;
	return !held || now - seen.since_tsc >= p->seg->header.tsc_hz / 1000 * ms;
}

/* Clears what is as it was seen. */
static int
clear(void **lock, uint32_t n)
{
	int cleared = 0;

	for (uint32_t i = 0; i < n; i++)
		if (seen.word[i] != 0 &&
		    __atomic_compare_exchange_n((uint32_t *)lock[i], &seen.word[i], 0, 0,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			cleared++;
	return cleared;
}

/* With the attach lock. */
static int
repair(const struct hf_primary *p)
{
	struct eal_config_head *config = map_config(p->cfg.instance);
	void *lock[LOCKS_MAX];
	int cleared = 0, settled = 1;

	if (config != NULL) {
		uint32_t n = list_locks(config, lock);

		settled = look(p, lock, n);
		if (settled)
			cleared = clear(lock, n);
		munmap(config, sizeof(*config));
	}
	if (!settled)
		return -EAGAIN;
	memset(&seen, 0, sizeof(seen));
	if (cleared > 0)
		hf_info("instance %s: %d locks left by a worker that died while attaching: cleared",
			p->cfg.instance, cleared);
	return 0;
}

int
eal_repair(const struct hf_primary *p)
{
	char path[256];
	int fd, err;

	if (hf_names_path(path, sizeof(path), p->cfg.instance, HF_ATTACH_LOCK) != 0)
		return 0;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	err = flock(fd, LOCK_EX | LOCK_NB) == 0 ? repair(p) : -EAGAIN;
	close(fd);
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Named instants inside rte_eal_init(): calls that EAL makes while it holds a lock of the
 * configuration that all processes share come here first. In a worker built with -Dpoints=true
 * only; owns nothing.
 */
#include <rte_fbarray.h>
#include <stdlib.h>
#include <string.h>

#include "points.h"

/* As in alloc.c: the static link wraps, with shared libraries a definition here stands first. */
#ifdef HF_ALLOC_INTERPOSE
#include <dlfcn.h>
#define __wrap_rte_fbarray_attach         rte_fbarray_attach
#define __wrap_rte_fbarray_find_next_used rte_fbarray_find_next_used

/* What stands behind a definition here. */
static void *
behind(const char *name)
{
	void *next = dlsym(RTLD_NEXT, name);

	if (next == NULL)
		abort();
	return next;
}

static int
real_attach(struct rte_fbarray *arr)
{
	return ((int (*)(struct rte_fbarray *))behind("rte_fbarray_attach"))(arr);
}

static int
real_find_next_used(struct rte_fbarray *arr, unsigned int start)
{
	return ((int (*)(struct rte_fbarray *, unsigned int))behind(
		"rte_fbarray_find_next_used"))(arr, start);
}
#else
int __real_rte_fbarray_attach(struct rte_fbarray *arr);
int __real_rte_fbarray_find_next_used(struct rte_fbarray *arr, unsigned int start);
#define real_attach         __real_rte_fbarray_attach
#define real_find_next_used __real_rte_fbarray_find_next_used
#endif

int __wrap_rte_fbarray_attach(struct rte_fbarray *arr);
int __wrap_rte_fbarray_find_next_used(struct rte_fbarray *arr, unsigned int start);

/* Of memory: the hotplug lock is held for reading. Of memzones: their lock is held for writing. */
int
__wrap_rte_fbarray_attach(struct rte_fbarray *arr)
{
	int rc = real_attach(arr);

	if (strcmp(arr->name, "memzone") == 0)
		HF_POINT("attach_eal_memzones");
	else
		HF_POINT("attach_eal_memory");
	return rc;
}

/* A memzone is looked up: their lock is held for reading. */
int
__wrap_rte_fbarray_find_next_used(struct rte_fbarray *arr, unsigned int start)
{
	int rc = real_find_next_used(arr, start);

	if (strcmp(arr->name, "memzone") == 0)
		HF_POINT("attach_eal_lookup");
	return rc;
}

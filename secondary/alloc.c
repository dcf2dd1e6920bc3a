/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's rte_malloc() and friends, on libc. EAL itself callocs 156 KB of the *shared* heap in
 * every secondary (rte_service_init), which a SIGKILL would leak, and a death inside the heap's
 * lock would stop every process. The link replaces the calls by these (-Wl,--wrap=...), so that a
 * worker never allocates from shared memory.
 */
#include <stdlib.h>
#include <string.h>

/*
 * The static link replaces calls inside DPDK's libraries (-Wl,--wrap); in the link with shared
 * libraries a definition in the program stands before theirs.
 */
#ifdef HF_ALLOC_INTERPOSE
#define __wrap_rte_malloc         rte_malloc
#define __wrap_rte_zmalloc        rte_zmalloc
#define __wrap_rte_calloc         rte_calloc
#define __wrap_rte_malloc_socket  rte_malloc_socket
#define __wrap_rte_zmalloc_socket rte_zmalloc_socket
#define __wrap_rte_calloc_socket  rte_calloc_socket
#define __wrap_rte_free           rte_free
#endif

void *__wrap_rte_malloc(const char *type, size_t size, unsigned int align);
void *__wrap_rte_zmalloc(const char *type, size_t size, unsigned int align);
void *__wrap_rte_calloc(const char *type, size_t num, size_t size, unsigned int align);
void *__wrap_rte_malloc_socket(const char *type, size_t size, unsigned int align, int socket);
void *__wrap_rte_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket);
void *__wrap_rte_calloc_socket(const char *type, size_t num, size_t size, unsigned int align,
			       int socket);
void __wrap_rte_free(void *ptr);

static void *
private_zalloc(size_t size, unsigned int align)
{
	void *p;

	if (size == 0 || posix_memalign(&p, align < 64 ? 64 : align, size) != 0)
		return NULL;
	return memset(p, 0, size);
}

void *
__wrap_rte_malloc(const char *type, size_t size, unsigned int align)
{
	(void)type;
	return private_zalloc(size, align);
}

void *
__wrap_rte_zmalloc(const char *type, size_t size, unsigned int align)
{
	(void)type;
	return private_zalloc(size, align);
}

void *
__wrap_rte_calloc(const char *type, size_t num, size_t size, unsigned int align)
{
	size_t bytes;

	(void)type;
	if (__builtin_mul_overflow(num, size, &bytes))
		return NULL;
	return private_zalloc(bytes, align);
}

void *
__wrap_rte_malloc_socket(const char *type, size_t size, unsigned int align, int socket)
{
	(void)socket;
	return __wrap_rte_malloc(type, size, align);
}

void *
__wrap_rte_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket)
{
	(void)socket;
	return __wrap_rte_malloc(type, size, align);
}

void *
__wrap_rte_calloc_socket(const char *type, size_t num, size_t size, unsigned int align, int socket)
{
	(void)socket;
	return __wrap_rte_calloc(type, num, size, align);
}

void
__wrap_rte_free(void *ptr)
{
	free(ptr);
}

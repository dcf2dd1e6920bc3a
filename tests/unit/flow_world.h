/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A flow table with a writer's map and a reader's PROT_READ map of the same memory. For the tests
 * of the flow table.
 */
#ifndef HF_TEST_FLOW_WORLD_H
#define HF_TEST_FLOW_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "flow_table.h"

#define CAPACITY HF_FLOW_CAPACITY_MIN
#define SEED     UINT64_C(0x9e3779b97f4a7c15)
#define IDLE     1000U

/* A writable and a read-only map of one region, and the account. */
struct fixture {
	void *rw, *ro;
	struct hf_flow_account *account;
	struct hf_flow_table t, reader;
};

static inline struct hf_flow_key
make_key(uint32_t id)
{
	struct hf_flow_key k = {.family = 4, .proto = 17};

	memcpy(k.src, &id, sizeof(id));
	for (uint32_t i = 4; i < sizeof(k.src); i++)
		k.src[i] = (uint8_t)(id * 31 + i);
	for (uint32_t i = 0; i < sizeof(k.dst); i++)
		k.dst[i] = (uint8_t)(id * 17 + 3 * i);
	k.sport_be = (uint16_t)(id * 7);
	k.dport_be = (uint16_t)(id * 11);
	return k;
}

static inline uint32_t
insert_pinned(struct fixture *f, uint32_t id, uint32_t now, const uint32_t *pinned, uint32_t n)
{
	struct hf_flow_key k = make_key(id);

	return hf_flow_find_or_insert(&f->t, &k, hf_flow_hash(&f->t, &k), now, pinned, n);
}

static inline uint32_t
insert(struct fixture *f, uint32_t id, uint32_t now)
{
	return insert_pinned(f, id, now, NULL, 0);
}

static inline uint32_t
find(struct fixture *f, uint32_t id)
{
	struct hf_flow_key k = make_key(id);

	return hf_flow_find(&f->t, &k, hf_flow_hash(&f->t, &k));
}

static inline int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	size_t bytes = hf_flow_region_bytes(CAPACITY);
	int fd = memfd_create("flows", MFD_CLOEXEC);

	assert_non_null(f);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	f->rw = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	f->ro = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(f->rw != MAP_FAILED && f->ro != MAP_FAILED);
	close(fd);
	f->account = aligned_alloc(64, sizeof(*f->account));
	assert_non_null(f->account);
	memset(f->account, 0, sizeof(*f->account));
	hf_flow_region_format(f->rw, CAPACITY);
	hf_flow_table_attach(&f->t, f->rw, CAPACITY, f->account, SEED, IDLE);
	hf_flow_table_attach(&f->reader, f->ro, CAPACITY, NULL, SEED, IDLE);
	*state = f;
	return 0;
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;

	munmap(f->rw, hf_flow_region_bytes(CAPACITY));
	munmap(f->ro, hf_flow_region_bytes(CAPACITY));
	free(f->account);
	free(f);
	return 0;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A segment made up in private memory, with two small lanes and no traffic, for tests of the
 * monitor.
 */
#ifndef HF_TEST_MONITOR_WORLD_H
#define HF_TEST_MONITOR_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "flows.h"
#include "sample.h"

#define HZ UINT64_C(1000000000)
#ifndef LANES /* a test may want another world */
#define LANES    2U
#define CAPACITY 1024U
#define TOP      8U
#endif

struct fixture {
	struct hf_segment *seg;
	struct hf_sample a, b;
	struct hf_flow_memory memory;
	uint64_t t0;
};

static inline int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	size_t flows = (sizeof(struct hf_segment) + 4095) / 4096 * 4096;
	size_t bytes = flows + LANES * hf_flow_region_bytes(CAPACITY);

	f->seg = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
	memset(f->seg, 0, bytes);
	f->t0 = hf_tsc();
	f->seg->header.tsc_hz = HZ;
	f->seg->header.start_tsc = f->t0 - HZ;
	f->seg->header.n_lanes = LANES;
	f->seg->header.n_ports = 1;
	f->seg->header.n_io = 2;
	f->seg->header.flow_off = flows;
	f->seg->header.flow_capacity = CAPACITY;
	f->seg->header.flow_stride = hf_flow_region_bytes(CAPACITY);
	f->seg->header.flow_seed = 7;
	assert_int_equal(sample_init(&f->a, TOP), 0);
	assert_int_equal(sample_init(&f->b, TOP), 0);
	assert_int_equal(flows_reset(&f->memory, LANES, CAPACITY, TOP), 0);
	*state = f;
	return 0;
}

static inline int
tear_down(void **state)
{
	struct fixture *f = *state;

	sample_free(&f->a);
	sample_free(&f->b);
	flows_free(&f->memory);
	free(f->seg);
	free(f);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif

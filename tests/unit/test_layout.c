/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proves: the layout of the segment is the one its version number stands for. When this fails,
 * bump HF_LAYOUT_VERSION and write the new figures here, both in one commit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "segment.h"

#define OFFSET(type, field, want) assert_int_equal(offsetof(struct type, field), want)

static void
layout_of_this_version_has_not_changed(void **state)
{
	(void)state;
	assert_int_equal(HF_LAYOUT_VERSION, 7);
	assert_int_equal(sizeof(struct hf_segment), 1816192);
	assert_int_equal(sizeof(struct hf_segment_header), 448);
	assert_int_equal(sizeof(struct hf_run_config), 128);
	assert_int_equal(sizeof(struct hf_port), 12800);
	assert_int_equal(sizeof(struct hf_pool), 128);
	assert_int_equal(sizeof(struct hf_lane), 1216);
	assert_int_equal(sizeof(struct hf_worker), 640);
	assert_int_equal(sizeof(struct hf_io), 17536);
	assert_int_equal(sizeof(struct hf_io_lane), 256);
	assert_int_equal(sizeof(struct hf_event), 64);
	assert_int_equal(sizeof(struct hf_quarantine), 18816);
	assert_int_equal(HF_DROP_COUNT, 12);
	assert_int_equal(HF_SKIP_COUNT, 5);
}

static void
fields_stand_where_other_programs_look(void **state)
{
	(void)state;
	OFFSET(hf_segment, run, 448);
	OFFSET(hf_segment, ports, 576);
	OFFSET(hf_segment, pools, 205376);
	OFFSET(hf_segment, lanes, 221760);
	OFFSET(hf_segment, workers, 299584);
	OFFSET(hf_segment, io, 340544);
	OFFSET(hf_segment, clear, 480832);
	OFFSET(hf_segment, events, 497216);
	OFFSET(hf_segment, quarantine, 562816);
	OFFSET(hf_segment_header, state, 24);
	OFFSET(hf_segment_header, flow_off, 184);
	OFFSET(hf_lane, park, 96);
	OFFSET(hf_lane, generation, 128);
	OFFSET(hf_lane, served_tsc, 192);
	OFFSET(hf_lane, heartbeat_tsc, 704);
	OFFSET(hf_lane, flow_skipped, 768);
	OFFSET(hf_lane, flows, 832);
	OFFSET(hf_worker, thread, 192);
	OFFSET(hf_worker, tid, 256);
}

/* Records of a kept segment must be found where they were put. */
static void
a_key_hashes_as_in_this_version(void **state)
{
	struct hf_flow_key key = {.family = 4, .proto = 17, .sport_be = 1, .dport_be = 2};
	struct hf_flow_table t = {.seed = 42};

	(void)state;
	memcpy(key.src, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1\2\3", 16);
	memcpy(key.dst, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\x09", 16);
	assert_int_equal(hf_flow_hash(&t, &key), UINT64_C(0x653eed16d9f6e4a6));
	key.family = 6;
	assert_int_equal(hf_flow_hash(&t, &key), UINT64_C(0xbdd9d0f4c1afc0c1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_of_this_version_has_not_changed),
		cmocka_unit_test(fields_stand_where_other_programs_look),
		cmocka_unit_test(a_key_hashes_as_in_this_version),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}

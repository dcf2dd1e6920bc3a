/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fill_flows INSTANCE N: puts N flows into lane 0's table of an instance whose lane has no owner,
 * as the owner would, so that a measurement need not wait for traffic to bring them. For tests
 * alone.
 */
#include <stdio.h>
#include <string.h>

#include "segment.h"
#include "units.h"

/* The flows of the capture that the test makes: 10.0.0.0 + i to 172.16.0.1, UDP 1000 to 2000. */
static struct hf_flow_key
key_of(uint32_t i)
{
	static const uint8_t to[] = {172, 16, 0, 1};
	struct hf_flow_key key = {.family = 4, .proto = 17, .sport_be = 0xe803, .dport_be = 0xd007};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	for (uint32_t b = 0; b < 4; b++)
		key.src[12 + b] = (uint8_t)((0x0a000000 + i) >> (24 - 8 * b));
	memcpy(key.dst + 12, to, sizeof(to));
	return key;
}

int
main(int argc, char **argv)
{
	struct hf_segment_map map = {0};
	struct hf_flow_table t;
	char why[240];
	uint64_t n;

	if (argc != 3 || hf_parse_u64(argv[2], 1, HF_FLOW_CAPACITY_MAX, &n) != 0) {
		fprintf(stderr, "usage: fill_flows INSTANCE N\n");
		return 2;
	}
	if (hf_segment_open(&map, argv[1], 1, why, sizeof(why)) != 0) {
		fprintf(stderr, "fill_flows: %s: %s\n", argv[1], why);
		return 1;
	}
	hf_segment_flow_table(map.seg, 0, &t);
	for (uint32_t i = 0; i < n; i++) {
		struct hf_flow_key key = key_of(i);

		hf_flow_find_or_insert(&t, &key, hf_flow_hash(&t, &key),
				       hf_tick(&map.seg->header, hf_tsc()), NULL, 0);
	}
	printf("%llu\n", (unsigned long long)hf_load(&t.account->live_flows));
	hf_segment_close(&map);
	return 0;
}

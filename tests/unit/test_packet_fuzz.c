/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet parser on a million random frames: whatever the bytes, it reads none past the end and
 * what it reports lies within the frame.
 */
#include "packet_frames.h"

#define FUZZ_RUNS 1000000U

static uint32_t
rnd(void)
{
	static uint64_t x = 1;

	x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(x >> 33);
}

/* Bytes that get far: plausible types, versions and next headers among random ones. */
static void
fuzz_frame(struct frame *f)
{
	static const uint32_t types[] = {0x0800, 0x86dd, 0x8100, 0x88a8, 0x9100};
	static const uint8_t next[] = {0, 1, 6, 17, 43, 44, 51, 58, 60, 132};
	uint32_t off = 14;

	f->len = rnd() % 200;
	for (uint32_t i = 0; i < sizeof(f->data) / 16; i++)
		f->data[i] = (uint8_t)(rnd() % 4 ? rnd() : next[rnd() % sizeof(next)]);
	for (uint32_t i = rnd() % 4; i > 0; i--, off += 4)
		memcpy(f->data + off - 2, (uint8_t[]){0x81, 0}, 2);
	f->data[off - 2] = (uint8_t)(types[rnd() % 5] >> 8);
	f->data[off - 1] = (uint8_t)(f->data[off - 2] == 0x86   ? 0xdd
				     : f->data[off - 2] == 0x88 ? 0xa8
								: 0);
	f->data[off] =
		(uint8_t)(rnd() % 8 ? (f->data[off - 2] == 0x86 ? 0x60 : 0x45 + rnd() % 3) : rnd());
	f->data[off + 6] = next[rnd() % sizeof(next)];
	for (uint32_t i = 40; i < 120; i += 8) {
		f->data[off + i] = next[rnd() % sizeof(next)];
		f->data[off + i + 1] = (uint8_t)(rnd() % 3);
	}
}

static void
random_frames_give_sane_results(void **state)
{
	uint32_t seen[HF_SKIP_COUNT] = {0}, fragments = 0;
	uint8_t *edge = map_edge();
	struct frame f;

	(void)state;
	for (uint32_t i = 0; i < FUZZ_RUNS; i++) {
		struct hf_packet p;

		fuzz_frame(&f);
		p = parse_cut(edge, &f, f.len);
		assert_in_range(p.skip, 0, HF_SKIP_COUNT - 1);
		seen[p.skip]++;
		assert_in_range(p.n_vlan, 0, 2);
		if (p.skip != HF_SKIP_NONE)
			continue;
		fragments += p.fragment;
		assert_true(p.key.family == 4 || p.key.family == 6);
		assert_int_equal(p.l3_off, 14 + 4 * p.n_vlan);
		assert_in_range(f.len, p.l3_off + (p.key.family == 4 ? 20 : 40), FRAME_MAX);
		assert_in_range(p.l4_off, 0, f.len);
		if (p.fragment)
			assert_true(p.key.sport_be == 0 && p.key.dport_be == 0);
		else
			assert_in_range(p.l4_off, p.l3_off + 20, f.len);
	}
	print_message("%u flows (%u fragments), %u not IP, %u truncated, %u malformed\n",
		      seen[HF_SKIP_NONE], fragments, seen[HF_SKIP_NOT_IP], seen[HF_SKIP_TRUNCATED],
		      seen[HF_SKIP_MALFORMED]);
	assert_true(seen[HF_SKIP_NONE] > FUZZ_RUNS / 20 && fragments > FUZZ_RUNS / 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_frames_give_sane_results),
	};

	return cmocka_run_group_tests_name("packet_fuzz", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet parser on a million random frames: whatever the bytes, it reads none past the end and
 * what it reports lies within the frame. And its short way on frames that are nearly right, where a
 * byte decides whether it may be gone: it comes to what the general parser comes to (parse_cut()).
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

/* TCP or UDP over IPv4 or IPv6, with or without a tag: what the short way takes. */
static void
common_frame(struct frame *f)
{
	uint32_t v6 = rnd() % 2, type = v6 ? 0x86dd : 0x0800, proto = rnd() % 2 ? 6 : 17;

	put_ether(f, rnd() % 2 ? 0x8100 : type);
	if (f->data[12] == 0x81)
		put_vlan(f, rnd() & 0xffff, type);
	if (v6)
		put_ipv6(f, proto, 8);
	else
		put_ipv4(f, proto, 0, 0x4000, 8);
	put_l4(f, 8);
	for (uint32_t i = f->len - 16; i < f->len; i++) /* of the addresses, and the ports */
		f->data[i] = (uint8_t)rnd();
}

/* Whole, cut anywhere, with up to two other bytes in the headers or another bit in one. */
static void
damage(struct frame *f)
{
	static const uint8_t likely[] = {0, 1, 4, 6, 17, 23, 24, 0x45, 0x46, 0x60, 0x08, 0x81};
	uint32_t how = rnd() % 4;

	if (how == 1)
		f->len = rnd() % (f->len + 1);
	for (uint32_t i = how == 2 ? 1 + rnd() % 2 : 0; i > 0; i--)
		f->data[12 + rnd() % 50] = likely[rnd() % sizeof(likely)];
	if (how == 3)
		f->data[12 + rnd() % 50] ^= (uint8_t)(1U << rnd() % 8);
}

static void
nearly_right_frames_are_judged_alike_by_both_ways(void **state)
{
	uint32_t seen[HF_SKIP_COUNT] = {0}, v6 = 0, tagged = 0, fragments = 0;
	uint8_t *edge = map_edge();
	struct frame f;

	(void)state;
	for (uint32_t i = 0; i < FUZZ_RUNS; i++) {
		struct hf_packet p;

		common_frame(&f);
		damage(&f);
		p = parse_cut(edge, &f, f.len);
		seen[p.skip]++;
		v6 += p.skip == HF_SKIP_NONE && p.key.family == 6;
		tagged += p.skip == HF_SKIP_NONE && p.n_vlan == 1;
		fragments += p.fragment;
	}
	print_message("%u flows (%u IPv6, %u tagged, %u fragments), %u truncated, %u malformed\n",
		      seen[HF_SKIP_NONE], v6, tagged, fragments, seen[HF_SKIP_TRUNCATED],
		      seen[HF_SKIP_MALFORMED]);
	assert_true(v6 > FUZZ_RUNS / 4 && tagged > FUZZ_RUNS / 4 && fragments > FUZZ_RUNS / 1000 &&
		    seen[HF_SKIP_NONE] - v6 > FUZZ_RUNS / 4 &&
		    seen[HF_SKIP_TRUNCATED] > FUZZ_RUNS / 20 &&
		    seen[HF_SKIP_MALFORMED] > FUZZ_RUNS / 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_frames_give_sane_results),
		cmocka_unit_test(nearly_right_frames_are_judged_alike_by_both_ways),
	};

	return cmocka_run_group_tests_name("packet_fuzz", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: the packet parser on any bytes. An input is a frame. Whatever it reports lies within
 * the frame, and of a shorter frame it says the same or that it is truncated. The short way for
 * most packets comes to the same as the general parser.
 */
#include "flow_key.h"
#include "fuzz.h"
#include "packet_fast.h"
#include "reasons.h"

static struct hf_packet
parse(const uint8_t *frame, size_t len)
{
	uint8_t *exact = fuzz_exact(frame, len);
	struct hf_packet p, fast;

	hf_packet_parse(exact, (uint32_t)len, &p);
	hf_packet_parse_fast(exact, (uint32_t)len, &fast);
	fuzz_check(memcmp(&p, &fast, sizeof(p)) == 0, "the short way judges otherwise");
	free(exact);
	return p;
}

static void
check_flow(const struct hf_packet *p, size_t len)
{
	size_t header = p->key.family == 4 ? 20 : 40;

	fuzz_check(p->key.family == 4 || p->key.family == 6, "family is neither 4 nor 6");
	fuzz_check(p->key.zero[0] == 0 && p->key.zero[1] == 0 && p->zero == 0, "padding not 0");
	fuzz_check(p->l3_off == 14 + 4 * p->n_vlan, "IP header is not behind the tags");
	fuzz_check(p->l3_off + header <= len, "IP header past the end");
	fuzz_check(p->l4_off <= len, "upper-layer header past the end");
	if (p->fragment)
		fuzz_check(p->key.sport_be == 0 && p->key.dport_be == 0, "fragment with ports");
	else
		fuzz_check(p->l4_off >= p->l3_off + header, "upper layer inside the IP header");
	if (p->key.family == 4) {
		static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

		fuzz_check(memcmp(p->key.src, mapped, 12) == 0, "source is not v4-mapped");
		fuzz_check(memcmp(p->key.dst, mapped, 12) == 0, "destination is not v4-mapped");
	}
}

static void
check_cut(const uint8_t *frame, size_t len, const struct hf_packet *whole)
{
	struct hf_packet p = parse(frame, len);

	if (p.skip == HF_SKIP_TRUNCATED)
		return;
	fuzz_check(p.skip == whole->skip, "a shorter frame is judged otherwise");
	if (p.skip == HF_SKIP_NONE)
		fuzz_check(memcmp(&p.key, &whole->key, sizeof(p.key)) == 0,
			   "a shorter frame is another flow");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_packet p = parse(data, size);

	fuzz_check(p.skip == HF_SKIP_NONE || p.skip == HF_SKIP_NOT_IP ||
			   p.skip == HF_SKIP_TRUNCATED || p.skip == HF_SKIP_MALFORMED,
		   "skip is no reason of the parser");
	fuzz_check(p.n_vlan <= 2 && p.fragment <= 1, "more than two tags");
	if (p.skip == HF_SKIP_NONE)
		check_flow(&p, size);
	check_cut(data, size / 2, &p);
	if (p.l4_off < size)
		check_cut(data, p.l4_off, &p);
	if (p.l4_off + 3U < size)
		check_cut(data, p.l4_off + 3U, &p);
	return 0;
}

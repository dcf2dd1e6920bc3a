/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cases of `holdfast-lab forward`, in the order in which each round runs them.
 */
#include "lab_forward.h"

static const struct forward_case cases[] = {
	{"pcap: testpmd io", FORWARD_PCAP, FORWARD_TESTPMD_IO},
	{"pcap: testpmd macswap", FORWARD_PCAP, FORWARD_TESTPMD},
	{"pcap: software lane, l2", FORWARD_PCAP, FORWARD_L2},
	{"pcap: software lane, l2 + flow", FORWARD_PCAP, FORWARD_L2_FLOW},
	{"null: testpmd macswap", FORWARD_NULL, FORWARD_TESTPMD},
	{"null: hardware lane, l2", FORWARD_NULL, FORWARD_L2},
	{"null: hardware lane, l2 + flow", FORWARD_NULL, FORWARD_L2_FLOW},
	{"virtio: testpmd macswap", FORWARD_VIRTIO, FORWARD_TESTPMD},
	{"virtio: hardware lane, l2", FORWARD_VIRTIO, FORWARD_L2},
	{"virtio: hardware lane, l2 + flow", FORWARD_VIRTIO, FORWARD_L2_FLOW},
};
static_assert(sizeof(cases) / sizeof(cases[0]) <= FORWARD_CASES_MAX, "room for a result each");

const struct forward_case *
forward_cases(uint32_t *n)
{
	*n = sizeof(cases) / sizeof(cases[0]);
	return cases;
}

int
forward_measure(struct forward_run *r, const struct forward_case *c, struct forward_sample *s)
{
	int err = c->source == FORWARD_VIRTIO ? testpmd_start_peer(r) : 0;

	if (err == 0 && (c->engine == FORWARD_L2 || c->engine == FORWARD_L2_FLOW))
		err = lane_measure(r, c, s);
	else if (err == 0)
		err = testpmd_measure(r, c, s);
	forward_end_all(r);
	return err;
}

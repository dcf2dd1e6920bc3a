/* SPDX-License-Identifier: BSD-3-Clause */
#include "lane_ring.h"

#include <string.h>

size_t
hf_lane_ring_bytes(uint64_t size)
{
	return sizeof(struct hf_lane_ring) + size * (sizeof(uint64_t) + sizeof(uint16_t));
}

void
hf_lane_ring_format(struct hf_lane_ring *r, uint64_t size, uint32_t io, uint32_t lane)
{
	memset(r, 0, hf_lane_ring_bytes(size));
	r->size = size;
	r->mask = size - 1;
	r->io = io;
	r->lane = lane;
	r->slots_off = offsetof(struct hf_lane_ring, data);
	r->verdict_off = r->slots_off + size * sizeof(uint64_t);
}

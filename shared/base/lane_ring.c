/* SPDX-License-Identifier: BSD-3-Clause */
#include "hw_lane.h"

#include <string.h>

size_t
hf_lane_ring_bytes(uint64_t size)
{
	return sizeof(struct hf_lane_ring) +
	       size * (sizeof(struct hf_lane_slot) + sizeof(uint16_t));
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
	r->verdict_off = r->slots_off + size * sizeof(struct hf_lane_slot);
}

size_t
hf_hw_lane_bytes(void)
{
	return sizeof(struct hf_hw_lane) + hf_lane_ring_bytes(HF_HW_RING);
}

void
hf_hw_lane_format(struct hf_hw_lane *h, uint32_t lane)
{
	memset(h, 0, sizeof(*h));
	h->lane = lane;
	h->ring_off = sizeof(*h);
	hf_lane_ring_format(hf_hw_lane_ring(h), HF_HW_RING, 0, lane);
}

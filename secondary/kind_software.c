/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Software lanes in a worker: rings that the primary's I/O threads fill and empty. No driver and no
 * pool is touched here.
 */
#include <errno.h>
#include <stdio.h>

#include "log.h"
#include "worker.h"

static int
software_device_args(const struct hf_segment *seg, char (*args)[160], int max)
{
	(void)seg;
	(void)max;
	snprintf(args[0], sizeof(args[0]), "--no-pci");
	return 1;
}

static int
software_verify(const struct hf_worker_process *w)
{
	(void)w;
	return 0;
}

static int
software_prepare(struct hf_lane_context *ctx)
{
	char name[32];

	ctx->n_rings = ctx->seg->header.n_io;
	for (uint32_t k = 0; k < ctx->n_rings; k++) {
		snprintf(name, sizeof(name), HF_RING_MEMZONE_FMT, k, ctx->lane_id);
		ctx->ring[k] = attach_find_memzone(name);
		if (ctx->ring[k] == NULL)
			return -ENOENT;
	}
	return 0;
}

static void
software_begin(struct hf_lane_context *ctx)
{
	(void)ctx;
}

static uint32_t
software_poll(struct hf_lane_context *ctx, uint32_t now_tick)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < ctx->n_rings; k++) {
		uint32_t found;

		hf_lap_begin(ctx);
		found = hf_burst_run(ctx, ctx->ring[k], now_tick);
		hf_lap_end(ctx, found);
		n += found;
	}
	return n;
}

static int
software_recoverable(const struct hf_lane_context *ctx)
{
	(void)ctx;
	return 1;
}

static void
software_recover(struct hf_lane_context *ctx)
{
	hf_add(&ctx->lane->undone, hf_lane_recover(ctx));
}

static const struct hf_kind software = {
	.kind = HF_LANE_SOFTWARE,
	.other = "holdfast-worker-hw",
	.device_args = software_device_args,
	.verify = software_verify,
	.prepare = software_prepare,
	.begin = software_begin,
	.poll = software_poll,
	.recoverable = software_recoverable,
	.recover = software_recover,
};

const struct hf_kind *
hf_kind(void)
{
	return &software;
}

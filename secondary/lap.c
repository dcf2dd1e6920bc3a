/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timing every 64th burst of a lane step by step. Runs on the lane thread that holds the lease;
 * writes the lane's step account and nothing else that is shared.
 */
#include <string.h>

#include "burst.h"
#include "stage.h"

#define UNDISTURBED_US 16 /* for a burst of one packet; a sixteenth of it more for each other */

void
hf_lap_begin(struct hf_lane_context *ctx)
{
	struct hf_lap *lap = &ctx->lap;

	if (lap->bursts < HF_LAP_BURSTS - 1)
		return;
	lap->timed = 1;
	memset(lap->tsc, 0, sizeof(lap->tsc));
	lap->last_tsc = hf_tsc();
}

void
hf_lap_end(struct hf_lane_context *ctx, uint32_t n)
{
	struct hf_lane_steps *s = &ctx->lane->steps;
	struct hf_lap *lap = &ctx->lap;
	uint64_t sum = 0;

	if (n == 0) {
		lap->timed = 0;
		return;
	}
	lap->bursts++;
	if (lap->timed == 0)
		return;
	lap->timed = 0;
	lap->bursts = 0;
	for (unsigned int i = 0; i < HF_LANE_STEPS; i++)
		sum += lap->tsc[i];
	if (hf_lap_interrupted(ctx, n, sum))
		return;
	for (unsigned int i = 0; i < HF_LANE_STEPS; i++)
		if (lap->tsc[i] != 0)
			hf_add(&s->tsc[i], lap->tsc[i]);
	hf_add(&s->bursts, 1);
	hf_add(&s->pkts, n);
}

/* What owners before counted goes on if they had the same stages. */
static void
name_stages(struct hf_lane_context *ctx)
{
	struct hf_lane_steps *s = &ctx->lane->steps;
	char name[HF_MAX_STAGES][sizeof(s->stage[0])] = {0};

	for (unsigned int i = 0; ctx->stage[i] != NULL; i++)
		strncpy(name[i], ctx->stage[i]->name, sizeof(name[i]) - 1);
	if (memcmp(name, s->stage, sizeof(name)) == 0)
		return;
	/* A death before the names are there: the next owner comes here, too. */
	for (unsigned int i = 0; i < HF_LANE_STEPS; i++)
		atomic_store_explicit(&s->tsc[i], 0, memory_order_relaxed);
	atomic_store_explicit(&s->bursts, 0, memory_order_relaxed);
	atomic_store_explicit(&s->pkts, 0, memory_order_relaxed);
	memcpy(s->stage, name, sizeof(name));
}

void
hf_lap_start(struct hf_lane_context *ctx)
{
	memset(&ctx->lap, 0, sizeof(ctx->lap));
	ctx->lap.limit_tsc = ctx->seg->header.tsc_hz / 1000000 * UNDISTURBED_US;
	name_stages(ctx);
}

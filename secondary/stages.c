/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of stages, in the order a packet meets them.
 */
#include <stddef.h>

#include "stage.h"

static const struct hf_stage *(*const all_stages[])(void) = {
	hf_stage_l2,
	hf_stage_flow,
#ifdef HF_POISON
	hf_stage_poison,
#endif
};

void
hf_stages_select(struct hf_lane_context *ctx)
{
	unsigned int n = 0;

	static_assert(sizeof(all_stages) / sizeof(all_stages[0]) <
			      sizeof(ctx->stage) / sizeof(ctx->stage[0]),
		      "room for every stage and the final NULL");
	for (unsigned int i = 0; i < sizeof(all_stages) / sizeof(all_stages[0]); i++)
		if (all_stages[i]()->enabled(ctx->run))
			ctx->stage[n++] = all_stages[i]();
	ctx->stage[n] = NULL;
}

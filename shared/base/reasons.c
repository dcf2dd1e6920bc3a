/* SPDX-License-Identifier: BSD-3-Clause */
#include "reasons.h"

#include <stddef.h>

static const char *const drop_names[HF_DROP_COUNT] = {
	[HF_DROP_LANE_RING_FULL] = "lane_ring_full",
	[HF_DROP_TX_FULL] = "tx_full",
	[HF_DROP_BAD_CKSUM] = "bad_cksum",
	[HF_DROP_DAMAGED] = "damaged",
	[HF_DROP_BAD_VERDICT] = "bad_verdict",
	[HF_DROP_NO_PEER] = "no_peer",
	[HF_DROP_CRASH_AMBIGUOUS] = "crash_ambiguous",
	[HF_DROP_TOO_SHORT] = "too_short",
	[HF_DROP_TOO_LONG] = "too_long",
	[HF_DROP_RECOVERY_LOST] = "recovery_lost",
	[HF_DROP_PRIMARY_LOST] = "primary_lost",
	[HF_DROP_QUARANTINED] = "quarantined",
};

static const char *const skip_names[HF_SKIP_COUNT] = {
	[HF_SKIP_NONE] = "none",
	[HF_SKIP_NOT_IP] = "not_ip",
	[HF_SKIP_TRUNCATED] = "truncated",
	[HF_SKIP_MALFORMED] = "malformed",
	[HF_SKIP_TABLE_FULL] = "table_full",
};

const char *
hf_drop_name(unsigned int reason)
{
	return reason < HF_DROP_COUNT ? drop_names[reason] : NULL;
}

const char *
hf_skip_name(unsigned int reason)
{
	return reason < HF_SKIP_COUNT ? skip_names[reason] : NULL;
}

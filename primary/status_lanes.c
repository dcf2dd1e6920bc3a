/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lanes as JSON.
 *
 * Primary; main thread (control socket) and telemetry threads. Reads the segment, owns nothing, and
 * must not write to anything shared.
 */
#include "status.h"

json_t *
status_skipped(const uint64_t skipped[HF_SKIP_MAX])
{
	json_t *reasons = json_object();

	for (uint32_t r = HF_SKIP_NONE + 1; r < HF_SKIP_COUNT; r++)
		json_object_set_new(reasons, hf_skip_name(r), json_integer((json_int_t)skipped[r]));
	return reasons;
}

static json_t *
lane_identity(const struct hf_segment *seg, uint32_t l, int owner)
{
	const struct hf_lane *lane = &seg->lanes[l];
	int32_t pid = atomic_load_explicit(&lane->owner_pid, memory_order_relaxed);

	return json_pack(
		"{s:i, s:s, s:o, s:o, s:b, s:I, s:s}", "id", (int)l, "kind",
		hf_lane_kind_name(lane->kind), "owner_pid",
		status_number(owner >= 0, (uint64_t)pid), "owner_tid",
		status_number(owner >= 0, (uint64_t)atomic_load_explicit(&lane->owner_tid,
									 memory_order_relaxed)),
		"supervised", !atomic_load_explicit(&lane->unsupervised, memory_order_relaxed),
		"generation",
		(json_int_t)atomic_load_explicit(&lane->generation, memory_order_relaxed), "state",
		hf_lane_state_name(atomic_load_explicit(&lane->state, memory_order_relaxed)));
}

static json_t *
lane_figures(const struct hf_segment *seg, uint32_t l)
{
	struct hf_lane_totals t = {0};
	json_t *drops = json_object();
	int known = hf_lane_totals_read(seg, l, &t) == 0;

	for (uint32_t r = 0; r < HF_DROP_COUNT; r++)
		json_object_set_new(drops, hf_drop_name(r), status_number(known, t.drop[r]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rx_pkts",
			 status_number(known, t.rx_pkts), "tx_pkts",
			 status_number(known, t.tx_pkts), "drops", drops, "held_pkts",
			 status_number(known, t.held_pkts), "rx_bytes",
			 status_number(known, t.rx_bytes), "tx_bytes",
			 status_number(known, t.tx_bytes), "dropped_pkts",
			 status_number(known, t.drops));
}

static json_t *
lane_changes(const struct hf_lane *lane)
{
	uint32_t gap_gen = atomic_load_explicit(&lane->last_gap_gen, memory_order_relaxed);
	uint32_t death = atomic_load_explicit(&lane->last_gap_takeover, memory_order_relaxed);
	uint64_t recoveries = hf_load(&lane->recoveries);
	json_t *kind = json_null();

	if (gap_gen != 0)
		kind = json_string(death != 0 ? "takeover" : "handover");
	return json_pack("{s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:o, s:I}", "handovers",
			 (json_int_t)hf_load(&lane->handovers), "takeovers",
			 (json_int_t)hf_load(&lane->takeovers), "last_gap_us",
			 status_number(gap_gen != 0, hf_load(&lane->last_gap_ns) / 1000),
			 "last_gap_kind", kind, "undone", (json_int_t)hf_load(&lane->undone),
			 "last_gap_generation", (json_int_t)gap_gen, "recoveries",
			 (json_int_t)recoveries, "recovery_us",
			 status_number(recoveries != 0, hf_load(&lane->recovery_ns) / 1000),
			 "queue_lost_max", (json_int_t)hf_load(&lane->queue_lost_max));
}

/* {"count", "mean_us", "longest_us", "buckets"} of one kind of gap. */
static json_t *
gaps_json(const struct hf_gaps *g, enum hf_gap_kind kind)
{
	json_t *buckets = json_array();
	uint64_t count = 0;

	for (uint32_t b = 0; b < HF_GAP_BUCKETS; b++) {
		uint32_t n = atomic_load_explicit(&g->count[kind][b], memory_order_relaxed);

		count += n;
		json_array_append_new(buckets, json_integer(n));
	}
	return json_pack("{s:I, s:o, s:o, s:o}", "count", (json_int_t)count, "mean_us",
			 count > 0 ? json_real((double)hf_load(&g->sum_ns[kind]) / 1e3 /
					       (double)count)
				   : json_null(),
			 "longest_us",
			 status_number(count > 0, hf_load(&g->longest_ns[kind]) / 1000), "buckets",
			 buckets);
}

static json_t *
lane_gaps(const struct hf_lane *lane)
{
	return json_pack("{s:{s:o, s:o}}", "gaps", "handover",
			 gaps_json(&lane->gaps, HF_GAP_HANDOVER), "takeover",
			 gaps_json(&lane->gaps, HF_GAP_TAKEOVER));
}

static json_t *
lane_fill(const struct hf_segment *seg, uint32_t l)
{
	struct hf_lane_fill f;

	hf_lane_fill_read(seg, l, &f);
	return json_pack("{s:o, s:o, s:o}", "ring_pkts", status_number(f.size != 0, f.now),
			 "ring_peak_pkts", status_number(f.size != 0, f.peak), "ring_size",
			 status_number(f.size != 0, f.size));
}

/* Whose it is, and who would take it: names. */
static json_t *
lane_claims(const struct hf_segment *seg, uint32_t l)
{
	int home = hf_lane_preferred(seg, l);
	json_t *waiting = json_array();

	for (uint32_t i = 0; i < HF_MAX_WORKERS; i++) {
		const struct hf_worker *w = &seg->workers[i];

		if (atomic_load_explicit(&w->thread[l], memory_order_relaxed) ==
			    HF_THREAD_WAITING &&
		    hf_process_alive(atomic_load_explicit(&w->pid, memory_order_relaxed),
				     hf_load(&w->start_time)))
			json_array_append_new(waiting, status_text(w->name, sizeof(w->name)));
	}
	return json_pack("{s:o, s:o}", "preferred",
			 home >= 0 ? status_text(seg->workers[home].name,
						 sizeof(seg->workers[home].name))
				   : json_null(),
			 "waiting", waiting);
}

/* Who runs it; the owner's figures are null when there is no living owner. */
static json_t *
lane_owner(const struct hf_segment *seg, uint32_t l, int owner)
{
	const struct hf_lane *lane = &seg->lanes[l];
	const struct hf_worker *w = owner >= 0 ? &seg->workers[owner] : NULL;

	return json_pack("{s:o, s:o, s:o, s:o, s:b, s:I, s:I, s:o}", "owner_name",
			 w != NULL ? status_text(w->name, sizeof(w->name)) : json_null(),
			 "owner_ms",
			 w != NULL ? status_age_ms(seg, hf_load(&lane->since_tsc)) : json_null(),
			 "cpu", status_number(lane->cpu >= 0, (uint64_t)lane->cpu), "node",
			 status_number(lane->node >= 0, (uint64_t)lane->node), "numa_mismatch",
			 (int)atomic_load_explicit(&lane->numa_mismatch, memory_order_relaxed),
			 "polls", (json_int_t)hf_load(&lane->polls), "bursts",
			 (json_int_t)hf_load(&lane->bursts), "heartbeat_age_ms",
			 status_age_ms(seg, hf_load(&lane->heartbeat_tsc)));
}

static json_t *
lane_flows(const struct hf_lane *lane, uint32_t capacity)
{
	const struct hf_flow_account *a = &lane->flows;
	uint64_t skipped[HF_SKIP_MAX];
	json_t *flows;

	for (uint32_t r = 0; r < HF_SKIP_MAX; r++)
		skipped[r] = hf_load(&lane->flow_skipped[r]);
	flows = json_pack("{s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "capacity",
			  (json_int_t)capacity, "fill",
			  status_percent(hf_load(&a->live_flows), capacity), "live",
			  (json_int_t)hf_load(&a->live_flows), "inserted",
			  (json_int_t)hf_load(&a->inserted_flows), "evicted_flows",
			  (json_int_t)hf_load(&a->evicted_flows), "evicted_pkts",
			  (json_int_t)hf_load(&a->evicted_pkts), "evicted_bytes",
			  (json_int_t)hf_load(&a->evicted_bytes), "expired_flows",
			  (json_int_t)hf_load(&a->expired_flows), "expired_pkts",
			  (json_int_t)hf_load(&a->expired_pkts), "expired_bytes",
			  (json_int_t)hf_load(&a->expired_bytes));
	return json_pack("{s:o, s:o}", "flows", flows, "flow_skipped", status_skipped(skipped));
}

json_t *
hf_status_lanes(const struct hf_segment *seg)
{
	json_t *list = json_array();

	for (uint32_t l = 0; l < seg->header.n_lanes && l < HF_MAX_LANES; l++) {
		int owner = status_owner_slot(seg, l);
		json_t *lane = lane_identity(seg, l, owner);

		json_object_update_new(lane, lane_figures(seg, l));
		json_object_update_new(lane, lane_changes(&seg->lanes[l]));
		json_object_update_new(lane, lane_gaps(&seg->lanes[l]));
		json_object_update_new(lane, lane_fill(seg, l));
		json_object_update_new(lane, lane_owner(seg, l, owner));
		json_object_update_new(lane, status_load(seg, l));
		json_object_update_new(lane, lane_claims(seg, l));
		json_object_update_new(lane, lane_flows(&seg->lanes[l], seg->header.flow_capacity));
		json_array_append_new(list, lane);
	}
	return list;
}

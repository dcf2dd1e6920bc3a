/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The metrics, in the order in which they are written. A new figure is a field of a row (sample.h)
 * and a line here. Seconds and bytes; packets are counted as they are.
 */
#include "metrics.h"

#define PORT(field)          METRIC_U64, HF_TABLE_PORTS, offsetof(struct hf_port_row, field), port_labels
#define LANE(field)          METRIC_U64, HF_TABLE_LANES, offsetof(struct hf_lane_row, field), lane_labels
#define POOL(field)          METRIC_U64, HF_TABLE_POOLS, offsetof(struct hf_pool_row, field), pool_labels
#define QUEUE(field)         METRIC_U64, HF_TABLE_QUEUES, offsetof(struct hf_queue_row, field), queue_labels
#define IO(kind, field)      kind, HF_TABLE_IO, offsetof(struct hf_io_row, field), io_labels
#define PORT_AS(kind, field) kind, HF_TABLE_PORTS, offsetof(struct hf_port_row, field), port_labels
#define LANE_AS(kind, field) kind, HF_TABLE_LANES, offsetof(struct hf_lane_row, field), lane_labels
#define POOL_AS(kind, field) kind, HF_TABLE_POOLS, offsetof(struct hf_pool_row, field), pool_labels
#define WORKER_AS(kind, field)                                                                     \
	kind, HF_TABLE_WORKERS, offsetof(struct hf_worker_row, field), worker_labels
#define SAMPLE(kind, field) kind, HF_TABLE_COUNT, offsetof(struct hf_sample, field), no_labels
#define INFO(table, labels) METRIC_INFO, METRIC_ONE, table, 0, labels, NULL

static const struct metric_label no_labels[METRIC_MAX_LABELS] = {{NULL, NULL}};
static const struct metric_label port_labels[METRIC_MAX_LABELS] = {{"port", "name"}};
static const struct metric_label lane_labels[METRIC_MAX_LABELS] = {{"lane", "lane"}};
static const struct metric_label pool_labels[METRIC_MAX_LABELS] = {{"pool", "name"}};
static const struct metric_label queue_labels[METRIC_MAX_LABELS] = {{"port", "port"},
								    {"queue", "queue"}};
static const struct metric_label io_labels[METRIC_MAX_LABELS] = {{"io", "io"}};
static const struct metric_label worker_labels[METRIC_MAX_LABELS] = {{"slot", "slot"},
								     {"worker", "name"}};
static const struct metric_label port_info[METRIC_MAX_LABELS] = {{"port", "name"},
								 {"driver", "driver"},
								 {"peer", "peer"},
								 {"node", "node"}};
static const struct metric_label lane_info[METRIC_MAX_LABELS] = {{"lane", "lane"},
								 {"kind", "kind"},
								 {"owner", "owner"},
								 {"state", "state"}};
static const struct metric_label io_info[METRIC_MAX_LABELS] = {{"io", "io"},
							       {"cpu", "cpu"},
							       {"node", "node"}};
static const struct metric_label worker_info[METRIC_MAX_LABELS] = {{"slot", "slot"},
								   {"worker", "name"},
								   {"state", "state"},
								   {"version", "version"}};

#define COUNTER METRIC_COUNTER
#define GAUGE   METRIC_GAUGE

/* clang-format off */
static const struct metric metrics[] = {
	{"uptime_seconds", "seconds", GAUGE, SAMPLE(METRIC_NUMBER, uptime_s), NULL,
	 "Time since the primary started."},
	{"primary_silent", NULL, GAUGE, SAMPLE(METRIC_FLAG, silent), NULL,
	 "1 when the primary lives but its heartbeat stands still."},
	{"primary_gone", NULL, GAUGE, SAMPLE(METRIC_FLAG, alone), NULL,
	 "1 when the primary is gone and its workers forward without it."},
	{"clears", NULL, COUNTER, SAMPLE(METRIC_U32, clear_seq), NULL,
	 "Times the counters were cleared."},

	{"lane", NULL, INFO(HF_TABLE_LANES, lane_info),
	 "Kind, owner and state of a lane; no owner label when no living worker owns it."},
	{"lane_owned", NULL, GAUGE, LANE_AS(METRIC_FLAG, owner_alive), NULL,
	 "1 when a living worker owns the lane."},
	{"lane_receive_packets", NULL, COUNTER, LANE(rx_pkts), NULL,
	 "Packets received and steered to the lane, dropped ones included."},
	{"lane_receive_bytes", "bytes", COUNTER, LANE(rx_bytes), NULL,
	 "Bytes received and steered to the lane, dropped ones included."},
	{"lane_transmit_packets", NULL, COUNTER, LANE(tx_pkts), NULL,
	 "Packets of the lane that were transmitted."},
	{"lane_transmit_bytes", "bytes", COUNTER, LANE(tx_bytes), NULL,
	 "Bytes of the lane that were transmitted."},
	{"lane_held_packets", NULL, GAUGE, LANE(held), NULL,
	 "Packets the lane has been given and has not given back."},
	{"lane_busy_seconds", "seconds", COUNTER, LANE_AS(METRIC_TICKS, busy_tsc), NULL,
	 "Time the owner spent with packets; begins anew with each owner."},
	{"lane_run_seconds", "seconds", COUNTER, LANE_AS(METRIC_TICKS, total_tsc), NULL,
	 "Time the owner has run the lane; begins anew with each owner."},
	{"lane_done_packets", NULL, COUNTER, LANE(load.done_pkts), NULL,
	 "Packets that owners of the lane have been done with."},
	{"lane_polls", NULL, COUNTER, LANE(load.polls), NULL,
	 "Times owners of the lane asked for packets, in vain or not."},
	{"lane_predicted_packets_per_second", NULL, GAUGE, LANE_AS(METRIC_NUMBER, room.max_pps),
	 NULL, "What the lane could take, by what packets cost since the look before."},
	{"lane_ring_packets", NULL, GAUGE, LANE(ring), NULL,
	 "Packets in the rings of the lane that it has not finished."},
	{"lane_ring_peak_packets", NULL, GAUGE, LANE(ring_peak), NULL,
	 "Most of them in the last second or two."},
	{"lane_ring_size_packets", NULL, GAUGE, LANE(ring_size), NULL,
	 "Packets that the rings of the lane have room for."},
	{"lane_generation", NULL, GAUGE, LANE_AS(METRIC_U32, generation), NULL,
	 "Owners the lane has had."},
	{"lane_owner_changes", NULL, COUNTER, LANE(handovers), "kind=\"handover\"",
	 "Changes of owner: planned (handover), or after a death (takeover)."},
	{"lane_owner_changes", NULL, COUNTER, LANE(takeovers), "kind=\"takeover\"", NULL},
	{"lane_last_gap_seconds", "seconds", GAUGE, LANE_AS(METRIC_NANOS, gap_ns), NULL,
	 "From the last packet of the last owner to the first of this one."},
	{"lane_undone_packets", NULL, COUNTER, LANE(undone), NULL,
	 "Packets restored by recovery after their owner died in them."},
	{"lane_flows_capacity", NULL, GAUGE, LANE(flow_slots), NULL,
	 "Flow records that the lane's table has room for."},
	{"lane_flows_live", NULL, GAUGE, LANE(live_flows), NULL, "Flow records in use."},
	{"lane_flows_inserted", NULL, COUNTER, LANE(inserted_flows), NULL,
	 "Flow records made so far."},
	{"lane_flows_evicted", NULL, COUNTER, LANE(evicted_flows), NULL,
	 "Flow records that had to make room for new ones."},
	{"lane_flows_expired", NULL, COUNTER, LANE(expired_flows), NULL,
	 "Flow records that were idle for too long."},

	{"port", NULL, INFO(HF_TABLE_PORTS, port_info), "Driver, peer and NUMA node of a port."},
	{"port_link_up", NULL, GAUGE, PORT_AS(METRIC_FLAG, link_up), NULL,
	 "1 when the link is up."},
	{"port_speed_bytes", "bytes", GAUGE, PORT_AS(METRIC_MBITS, link_mbps), NULL,
	 "Speed of the link in bytes a second."},
	{"port_mtu_bytes", "bytes", GAUGE, PORT_AS(METRIC_U32, mtu), NULL, "MTU of the port."},
	{"port_receive_packets", NULL, COUNTER, PORT(rx_pkts), NULL, "Packets received."},
	{"port_receive_bytes", "bytes", COUNTER, PORT(rx_bytes), NULL, "Bytes received."},
	{"port_transmit_packets", NULL, COUNTER, PORT(tx_pkts), NULL, "Packets transmitted."},
	{"port_transmit_bytes", "bytes", COUNTER, PORT(tx_bytes), NULL, "Bytes transmitted."},
	{"port_receive_missed", NULL, COUNTER, PORT(missed), NULL,
	 "Packets the device dropped because nobody took them in time."},
	{"port_receive_nombuf", NULL, COUNTER, PORT(nombuf), NULL,
	 "Failures to get a packet buffer for receiving."},
	{"port_receive_errors", NULL, COUNTER, PORT(rx_errors), NULL, "Packets received in error."},
	{"port_transmit_errors", NULL, COUNTER, PORT(tx_errors), NULL, "Packets not transmitted."},

	{"queue_receive_packets", NULL, COUNTER, QUEUE(rx_pkts), NULL,
	 "Packets received from a queue of a port, counted by the thread that polls it."},
	{"queue_transmit_packets", NULL, COUNTER, QUEUE(tx_pkts), NULL,
	 "Packets given to a queue of a port, counted by the thread that does."},

	{"io", NULL, INFO(HF_TABLE_IO, io_info), "CPU and NUMA node of an I/O thread."},
	{"io_loops", NULL, COUNTER, IO(METRIC_U64, loops), NULL, "Turns of an I/O thread."},
	{"io_busy_seconds", "seconds", COUNTER, IO(METRIC_TICKS, busy_tsc), NULL,
	 "Time an I/O thread spent in turns that moved packets."},
	{"io_run_seconds", "seconds", COUNTER, IO(METRIC_TICKS, total_tsc), NULL,
	 "Time an I/O thread has run, sleeps included."},

	{"worker", NULL, INFO(HF_TABLE_WORKERS, worker_info), "State and version of a worker."},
	{"worker_uptime_seconds", "seconds", GAUGE, WORKER_AS(METRIC_NUMBER, uptime_s), NULL,
	 "Time since the worker attached."},
	{"worker_attach_seconds", "seconds", GAUGE, WORKER_AS(METRIC_MICROS, attach_us), NULL,
	 "Time the worker took to attach."},
	{"worker_standby", NULL, GAUGE, WORKER_AS(METRIC_FLAG, standby), NULL,
	 "1 when the worker was started to wait for lanes of others."},

	{"worker_restarts", NULL, COUNTER, WORKER_AS(METRIC_U64, restarts), NULL,
	 "Workers of this name that came before."},

	{"pool_size_buffers", NULL, GAUGE, POOL(size), NULL, "Packet buffers of a pool."},
	{"pool_buffers", NULL, GAUGE, POOL(free), "state=\"free\"",
	 "Packet buffers of a pool by where they are, at the last census."},
	{"pool_buffers", NULL, GAUGE, POOL(cached), "state=\"cached\"", NULL},
	{"pool_buffers", NULL, GAUGE, POOL(rings), "state=\"rings\"", NULL},
	{"pool_buffers", NULL, GAUGE, POOL(held), "state=\"held\"", NULL},
	{"pool_buffers", NULL, GAUGE, POOL(driver), "state=\"driver\"", NULL},
	{"pool_buffers", NULL, GAUGE, POOL(unaccounted), "state=\"unaccounted\"", NULL},
	{"pool_twice_buffers", NULL, GAUGE, POOL(twice), NULL,
	 "Packet buffers of a pool that are there twice: freed twice."},
	{"pool_census_age_seconds", "seconds", GAUGE, POOL_AS(METRIC_NUMBER, census_s), NULL,
	 "Time since the buffers of the pool were counted."},
};
/* clang-format on */

const struct metric *
metrics_table(uint32_t *n)
{
	*n = sizeof(metrics) / sizeof(metrics[0]);
	return metrics;
}

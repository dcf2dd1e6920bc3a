/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The columns of every table, in the order in which they are shown. A new figure is a field of a
 * row (sample.h), the line that fills it (sample.c) and a line here.
 */
#include "table.h"

#define PORT(field)   offsetof(struct hf_port_row, field)
#define IO(field)     offsetof(struct hf_io_row, field)
#define LANE(field)   offsetof(struct hf_lane_row, field)
#define WORKER(field) offsetof(struct hf_worker_row, field)
#define POOL(field)   offsetof(struct hf_pool_row, field)
#define EVENT(field)  offsetof(struct hf_event_row, field)
#define FLOW(field)   offsetof(struct hf_flow_row, field)
#define QUEUE(field)  offsetof(struct hf_queue_row, field)
#define DROP(field)   offsetof(struct hf_drop_row, field)
#define PART(field)   offsetof(struct hf_part_row, field)
#define HUGE(field)   offsetof(struct hf_huge_row, field)
#define NODE(field)   offsetof(struct hf_node_row, field)
#define PLACE(field)  offsetof(struct hf_place_row, field)

#define LEFT COLUMN_LEFT
#define FLEX (COLUMN_LEFT | COLUMN_FLEX)
#define JSON COLUMN_JSON
#define VIEW COLUMN_VIEW

/* clang-format off */
static const struct hf_column port_columns[] = {
	/* key          head       width rank cell */
	{"name",       "PORT",        12, 0, HF_CELL_TEXT,   FLEX, PORT(name)},
	{"driver",     "DRIVER",       8, 0, HF_CELL_TEXT,   JSON, PORT(driver)},
	{"peer",       "PEER",         6, 0, HF_CELL_TEXT,   JSON, PORT(peer)},
	{"link",       "LINK",         4, 1, HF_CELL_TEXT,   LEFT | VIEW, PORT(link)},
	{"link_up",    "UP",           4, 0, HF_CELL_BOOL,   JSON, PORT(link_up)},
	{"link_mbps",  "MBPS",         6, 0, HF_CELL_U32,    JSON, PORT(link_mbps)},
	{"mtu",        "MTU",          5, 0, HF_CELL_U32,    JSON, PORT(mtu)},
	{"node",       "NODE",         4, 0, HF_CELL_I32,    JSON, PORT(node)},
	{"io",         "IO",           2, 0, HF_CELL_I32,    JSON, PORT(io)},
	{"rx_pps",     "RX-PPS",       6, 0, HF_CELL_NUMBER, 0,    PORT(rx_pps)},
	{"rx_bps",     "RX-BIT/S",     8, 3, HF_CELL_NUMBER, 0,    PORT(rx_bps)},
	{"tx_pps",     "TX-PPS",       6, 0, HF_CELL_NUMBER, 0,    PORT(tx_pps)},
	{"tx_bps",     "TX-BIT/S",     8, 4, HF_CELL_NUMBER, 0,    PORT(tx_bps)},
	{"rx_pkts",    "RX-PKTS",      7, 7, HF_CELL_COUNT,  0,    PORT(rx_pkts)},
	{"rx_bytes",   "RX-BYTES",     8, 0, HF_CELL_COUNT,  JSON, PORT(rx_bytes)},
	{"tx_pkts",    "TX-PKTS",      7, 8, HF_CELL_COUNT,  0,    PORT(tx_pkts)},
	{"tx_bytes",   "TX-BYTES",     8, 0, HF_CELL_COUNT,  JSON, PORT(tx_bytes)},
	{"rx_missed",  "MISSED",       6, 2, HF_CELL_COUNT,  0,    PORT(missed)},
	{"rx_nombuf",  "NOMBUF",       6, 5, HF_CELL_COUNT,  0,    PORT(nombuf)},
	{"rx_errors",  "RX-ERR",       6, 0, HF_CELL_COUNT,  JSON, PORT(rx_errors)},
	{"tx_errors",  "TX-ERR",       6, 0, HF_CELL_COUNT,  JSON, PORT(tx_errors)},
	{"errors",     "ERRORS",       6, 6, HF_CELL_COUNT,  VIEW, PORT(errors)},
};

static const struct hf_column queue_columns[] = {
	{"port",       "PORT",        12, 0, HF_CELL_TEXT,   FLEX, QUEUE(port)},
	{"queue",      "QUEUE",        5, 0, HF_CELL_U32,    0,    QUEUE(queue)},
	{"rx_pps",     "RX-PPS",       6, 0, HF_CELL_NUMBER, 0,    QUEUE(rx_pps)},
	{"share_pct",  "SHARE%",       6, 0, HF_CELL_PERCENT, 0,   QUEUE(share)},
	{"deviation_pct", "EVEN%",     5, 0, HF_CELL_SIGNED, 0,    QUEUE(deviation)},
	{"tx_pps",     "TX-PPS",       6, 1, HF_CELL_NUMBER, 0,    QUEUE(tx_pps)},
	{"rx_pkts",    "RX-PKTS",      7, 2, HF_CELL_COUNT,  0,    QUEUE(rx_pkts)},
	{"tx_pkts",    "TX-PKTS",      7, 3, HF_CELL_COUNT,  0,    QUEUE(tx_pkts)},
};

static const struct hf_column io_columns[] = {
	{"io",         "IO",           2, 0, HF_CELL_U32,    0,    IO(io)},
	{"cpu",        "CPU",          3, 1, HF_CELL_I32,    0,    IO(cpu)},
	{"node",       "NODE",         4, 3, HF_CELL_I32,    0,    IO(node)},
	{"busy_pct",   "BUSY%",        5, 0, HF_CELL_PERCENT, 0,   IO(busy)},
	{"loops_rate", "LOOPS/S",      7, 2, HF_CELL_NUMBER, 0,    IO(loops_rate)},
	{"tid",        "TID",          7, 0, HF_CELL_I32,    JSON, IO(tid)},
};

static const struct hf_column lane_columns[] = {
	{"lane",       "LANE",         4, 0, HF_CELL_U32,    0,    LANE(lane)},
	{"kind",       "KIND",         8, 8, HF_CELL_TEXT,   LEFT, LANE(kind)},
	{"owner",      "OWNER",       10, 2, HF_CELL_TEXT,   FLEX, LANE(owner)},
	{"owner_pid",  "PID",          7, 5, HF_CELL_I32,    0,    LANE(pid)},
	{"owner_alive", "ALIVE",       5, 0, HF_CELL_BOOL,   JSON, LANE(owner_alive)},
	{"state",      "STATE",        8, 0, HF_CELL_TEXT,   FLEX, LANE(state)},
	{"generation", "GEN",          3, 4, HF_CELL_U32,    0,    LANE(generation)},
	{"cpu",        "CPU",          3, 0, HF_CELL_I32,    JSON, LANE(cpu)},
	{"node",       "NODE",         4, 0, HF_CELL_I32,    JSON, LANE(node)},
	{"rx_pps",     "PPS",          5, 0, HF_CELL_NUMBER, 0,    LANE(rx_pps)},
	{"rx_bps",     "BIT/S",        5, 9, HF_CELL_NUMBER, 0,    LANE(rx_bps)},
	{"tx_pps",     "TX-PPS",       6, 0, HF_CELL_NUMBER, JSON, LANE(tx_pps)},
	{"tx_bps",     "TX-BIT/S",     8, 0, HF_CELL_NUMBER, JSON, LANE(tx_bps)},
	{"busy_pct",   "BUSY%",        5, 1, HF_CELL_PERCENT, 0,   LANE(busy)},
	{"cycles_per_pkt", "CYC/P",    5, 4,  HF_CELL_NUMBER, 0,   LANE(room.cycles_per_pkt)},
	{"headroom_pps", "ROOM",       5, 2,  HF_CELL_NUMBER, 0,   LANE(room.headroom_pps)},
	{"rx_pkts",    "RX-PKTS",      7, 0, HF_CELL_COUNT,  JSON, LANE(rx_pkts)},
	{"rx_bytes",   "RX-BYTES",     8, 0, HF_CELL_COUNT,  JSON, LANE(rx_bytes)},
	{"tx_pkts",    "TX-PKTS",      7, 0, HF_CELL_COUNT,  JSON, LANE(tx_pkts)},
	{"tx_bytes",   "TX-BYTES",     8, 0, HF_CELL_COUNT,  JSON, LANE(tx_bytes)},
	{"drops",      "DROPS",        5, 10, HF_CELL_COUNT, 0,    LANE(drops)},
	{"drop_pps",   "DROP/S",       6, 0, HF_CELL_NUMBER, JSON, LANE(drop_pps)},
	{"held",       "HELD",         5, 7, HF_CELL_COUNT,  0,    LANE(held)},
	{"handovers",  "HAND",         5, 6, HF_CELL_COUNT,  0,    LANE(handovers)},
	{"takeovers",  "TAKE",         5, 5, HF_CELL_COUNT,  0,    LANE(takeovers)},
	{"undone",     "UNDONE",       6, 0, HF_CELL_COUNT,  JSON, LANE(undone)},
	{"last_gap_us", "GAP",         5, 3, HF_CELL_GAP,    0,    LANE(gap_ns)},
	{"last_gap_takeover", "",      1, 0, HF_CELL_BOOL,   JSON, LANE(gap_takeover)},
	{"owned_s",    "OWNED",        5, 0, HF_CELL_AGE,    JSON, LANE(owned_s)},
	{"flows_evicted", "EVICTED",   7, 0, HF_CELL_COUNT,  JSON, LANE(evicted_flows)},
	{"flows_expired", "EXPIRED",   7, 0, HF_CELL_COUNT,  JSON, LANE(expired_flows)},
};

static const struct hf_column worker_columns[] = {
	{"slot",       "SLOT",         4, 0, HF_CELL_U32,    JSON, WORKER(slot)},
	{"name",       "WORKER",       6, 0, HF_CELL_TEXT,   FLEX, WORKER(name)},
	{"pid",        "PID",          7, 1, HF_CELL_I32,    0,    WORKER(pid)},
	{"state",      "STATE",        9, 0, HF_CELL_TEXT,   LEFT, WORKER(state)},
	{"standby",    "STANDBY",      7, 8, HF_CELL_BOOL,   LEFT, WORKER(standby)},
	{"lanes",      "LANES",        8, 0, HF_CELL_SET,    FLEX, WORKER(lanes)},
	{"waits",      "WAITS",        5, 7, HF_CELL_SET,    FLEX, WORKER(waits)},
	{"cpu",        "CPU",          3, 3, HF_CELL_I32,    0,    WORKER(cpu)},
	{"node",       "NODE",         4, 6, HF_CELL_I32,    0,    WORKER(node)},
	{"uptime_s",   "UPTIME",       6, 2, HF_CELL_UPTIME, 0,    WORKER(uptime_s)},
	{"attach_us",  "ATTACH",       6, 0, HF_CELL_COUNT,  JSON, WORKER(attach_us)},
	{"restarts",   "RESTARTS",     8, 4, HF_CELL_COUNT,  0,    WORKER(restarts)},
	{"last_exit",  "BEFORE",      15, 5, HF_CELL_TEXT,   FLEX, WORKER(last_exit)},
	{"version",    "VERSION",      7, 9, HF_CELL_TEXT,   FLEX, WORKER(version)},
};

static const struct hf_column pool_columns[] = {
	{"name",       "POOL",         6, 0, HF_CELL_TEXT,   FLEX, POOL(name)},
	{"node",       "NODE",         4, 8, HF_CELL_I32,    0,    POOL(node)},
	{"size",       "SIZE",         6, 1, HF_CELL_COUNT,  0,    POOL(size)},
	{"free",       "FREE",         6, 0, HF_CELL_COUNT,  0,    POOL(free)},
	{"cached",     "CACHED",       6, 5, HF_CELL_COUNT,  0,    POOL(cached)},
	{"rings",      "RINGS",        5, 4, HF_CELL_COUNT,  0,    POOL(rings)},
	{"held",       "HELD",         5, 6, HF_CELL_COUNT,  0,    POOL(held)},
	{"driver",     "DRIVER",       6, 3, HF_CELL_COUNT,  0,    POOL(driver)},
	{"unaccounted", "LOST",        5, 0, HF_CELL_COUNT,  0,    POOL(unaccounted)},
	{"twice",      "TWICE",        5, 9, HF_CELL_COUNT,  JSON, POOL(twice)},
	{"used_pct",   "USED%",        5, 3, HF_CELL_PERCENT, 0,   POOL(used)},
	{"census_age_s", "CENSUS",     6, 7, HF_CELL_AGE,    0,    POOL(census_s)},
};

static const struct hf_column event_columns[] = {
	{"seq",        "NO",           4, 0, HF_CELL_COUNT,  JSON, EVENT(seq)},
	{"clock",      "TIME",         8, 0, HF_CELL_TEXT,   LEFT | VIEW, EVENT(clock)},
	{"time",       "TIME",         8, 0, HF_CELL_TIME,   JSON, EVENT(time_s)},
	{"event",      "EVENT",       13, 1, HF_CELL_TEXT,   FLEX, EVENT(type)},
	{"level",      "LEVEL",        7, 0, HF_CELL_TEXT,   JSON, EVENT(level)},
	{"name",       "NAME",         6, 0, HF_CELL_TEXT,   JSON, EVENT(name)},
	{"pid",        "PID",          7, 0, HF_CELL_I32,    JSON, EVENT(pid)},
	{"lane",       "LANE",         4, 2, HF_CELL_I32,    0,    EVENT(lane)},
	{"port",       "PORT",         4, 0, HF_CELL_I32,    JSON, EVENT(port)},
	{"value",      "VALUE",        6, 0, HF_CELL_COUNT,  JSON, EVENT(value)},
	{"text",       "WHAT",        20, 0, HF_CELL_TEXT,   FLEX, EVENT(text)},
};

static const struct hf_column flow_columns[] = {
	{"src",        "SOURCE",      15, 0, HF_CELL_TEXT,   FLEX, FLOW(src)},
	{"dst",        "DESTINATION", 15, 0, HF_CELL_TEXT,   FLEX, FLOW(dst)},
	{"sport",      "SPORT",        5, 6, HF_CELL_U32,    0,    FLOW(sport)},
	{"dport",      "DPORT",        5, 5, HF_CELL_U32,    0,    FLOW(dport)},
	{"proto",      "PROTO",        5, 0, HF_CELL_U32,    JSON, FLOW(proto)},
	{"proto_name", "PROTO",        5, 4, HF_CELL_TEXT,   LEFT, FLOW(proto_name)},
	{"family",     "FAMILY",       6, 0, HF_CELL_U32,    JSON, FLOW(family)},
	{"lane",       "LN",           2, 8, HF_CELL_U32,    0,    FLOW(lane)},
	{"packets",    "PKTS",         5, 7, HF_CELL_COUNT,  0,    FLOW(packets)},
	{"bytes",      "BYTES",        5, 3, HF_CELL_COUNT,  0,    FLOW(bytes)},
	{"pps",        "PPS",          5, 0, HF_CELL_NUMBER, 0,    FLOW(pps)},
	{"bps",        "BIT/S",        5, 1, HF_CELL_NUMBER, 0,    FLOW(bps)},
	{"age",        "AGE",          3, 2, HF_CELL_AGE,    VIEW, FLOW(age_s)},
	{"idle",       "IDLE",         4, 9, HF_CELL_AGE,    VIEW, FLOW(idle_s)},
	{"first_s",    "FIRST",        6, 0, HF_CELL_AGE,    JSON, FLOW(first_s)},
	{"last_s",     "LAST",         6, 0, HF_CELL_AGE,    JSON, FLOW(last_s)},
};

/* Rows are those of lanes. */
static const struct hf_column share_columns[] = {
	{"lane",       "LANE",         4, 0, HF_CELL_U32,    0,    LANE(lane)},
	{"kind",       "KIND",         8, 2, HF_CELL_TEXT,   LEFT, LANE(kind)},
	{"rx_pps",     "RX-PPS",       6, 0, HF_CELL_NUMBER, 0,    LANE(rx_pps)},
	{"rx_bps",     "RX-BIT/S",     8, 3, HF_CELL_NUMBER, 0,    LANE(rx_bps)},
	{"share_pct",  "SHARE%",       6, 0, HF_CELL_PERCENT, 0,   LANE(share)},
	{"deviation_pct", "EVEN%",     5, 0, HF_CELL_SIGNED, 0,    LANE(deviation)},
	{"rx_pkts",    "RX-PKTS",      7, 1, HF_CELL_COUNT,  0,    LANE(rx_pkts)},
};

static const struct hf_column drop_columns[] = {
	{"reason",     "REASON",       6, 0, HF_CELL_TEXT,   FLEX, DROP(reason)},
	{"lane",       "LANE",         4, 0, HF_CELL_U32,    0,    DROP(lane)},
	{"packets",    "PACKETS",      7, 0, HF_CELL_COUNT,  0,    DROP(packets)},
	{"pps",        "PPS",          5, 0, HF_CELL_NUMBER, 0,    DROP(pps)},
	{"since_s",    "SINCE",        5, 1, HF_CELL_AGE,    0,    DROP(since_s)},
	{"last",       "LAST",         8, 0, HF_CELL_TIME,   JSON, DROP(last_s)},
};

/* Rows are those of lanes. */
static const struct hf_column flow_table_columns[] = {
	{"lane",       "LANE",         4, 0, HF_CELL_U32,    0,    LANE(lane)},
	{"capacity",   "RECORDS",      7, 1, HF_CELL_COUNT,  0,    LANE(flow_slots)},
	{"live",       "LIVE",         6, 0, HF_CELL_COUNT,  0,    LANE(live_flows)},
	{"fill_pct",   "FILL%",        5, 0, HF_CELL_PERCENT, 0,   LANE(flow_fill)},
	{"inserted",   "INSERTED",     8, 4, HF_CELL_COUNT,  0,    LANE(inserted_flows)},
	{"insert_rate", "NEW/S",       5, 3, HF_CELL_NUMBER, 0,    LANE(insert_rate)},
	{"evicted",    "EVICTED",      7, 0, HF_CELL_COUNT,  0,    LANE(evicted_flows)},
	{"evict_rate", "EVICT/S",      7, 2, HF_CELL_NUMBER, 0,    LANE(evict_rate)},
	{"expired",    "EXPIRED",      7, 5, HF_CELL_COUNT,  0,    LANE(expired_flows)},
};

/* Rows are those of lanes. */
static const struct hf_column load_columns[] = {
	{"lane",       "LANE",         4, 0, HF_CELL_U32,    0,    LANE(lane)},
	{"pkts_per_poll", "P/POLL",    6, 6, HF_CELL_NUMBER, 0,    LANE(room.pkts_per_poll)},
	{"poll_cycles", "CYC/POLL",    8, 8, HF_CELL_NUMBER, JSON, LANE(room.poll_cycles)},
	{"pkt_cycles", "CYC/PKT",      7, 8, HF_CELL_NUMBER, JSON, LANE(room.pkt_cycles)},
	{"max_pps",    "MAX-PPS",      7, 1, HF_CELL_NUMBER, 0,    LANE(room.max_pps)},
	{"cycles_rx",  "RX",           5, 3, HF_CELL_NUMBER, 0,    LANE(step_cycles[HF_LANE_STEP_RX])},
	{"cycles_plan", "PLAN",        5, 3, HF_CELL_NUMBER, 0,    LANE(step_cycles[HF_LANE_STEP_PLAN])},
	{"cycles_save", "SAVE",        5, 5, HF_CELL_NUMBER, 0,    LANE(step_cycles[HF_LANE_STEP_SAVE])},
	{"cycles_apply", "APPLY",      5, 5, HF_CELL_NUMBER, 0,    LANE(step_cycles[HF_LANE_STEP_APPLY])},
	{"cycles_tx",  "TX",           5, 3, HF_CELL_NUMBER, 0,    LANE(step_cycles[HF_LANE_STEP_TX])},
	{"cycles_free", "FREE",        5, 7, HF_CELL_NUMBER, 0,    LANE(step_cycles[HF_LANE_STEP_FREE])},
	{"cycles_stages", "STAGES",   20, 4, HF_CELL_TEXT,   FLEX, LANE(stages)},
	{"ring_pkts",  "RING",         5, 2, HF_CELL_COUNT,  0,    LANE(ring)},
	{"ring_peak_pkts", "PEAK",     5, 2, HF_CELL_COUNT,  0,    LANE(ring_peak)},
	{"ring_size",  "SIZE",         5, 9, HF_CELL_COUNT,  JSON, LANE(ring_size)},
	{"ring_peak_pct", "PEAK%",     5, 1, HF_CELL_PERCENT, 0,   LANE(ring_fill)},
	{"longest_handover_us", "HAND-MAX", 8, 9, HF_CELL_GAP, 0,  LANE(gap_longest_ns[HF_GAP_HANDOVER])},
	{"longest_takeover_us", "TAKE-MAX", 8, 9, HF_CELL_GAP, 0,  LANE(gap_longest_ns[HF_GAP_TAKEOVER])},
	{"gaps_handover", "HAND-GAPS", 9, 10, HF_CELL_TEXT,  FLEX, LANE(gap_names[HF_GAP_HANDOVER])},
	{"gaps_takeover", "TAKE-GAPS", 9, 10, HF_CELL_TEXT,  FLEX, LANE(gap_names[HF_GAP_TAKEOVER])},
};

static const struct hf_column part_columns[] = {
	{"part",       "SEGMENT",     10, 0, HF_CELL_TEXT,   LEFT, PART(part)},
	{"bytes",      "BYTES",        6, 0, HF_CELL_BYTES,  0,    PART(bytes)},
};

static const struct hf_column huge_columns[] = {
	{"node",       "NODE",         4, 0, HF_CELL_I32,    0,    HUGE(node)},
	{"page_bytes", "PAGE",         4, 0, HF_CELL_BYTES,  0,    HUGE(page_bytes)},
	{"pages",      "PAGES",        6, 0, HF_CELL_COUNT,  0,    HUGE(pages)},
	{"used",       "USED",         6, 0, HF_CELL_COUNT,  0,    HUGE(used)},
	{"free",       "FREE",         6, 0, HF_CELL_COUNT,  0,    HUGE(free)},
	{"surplus",    "SURPLUS",      7, 2, HF_CELL_COUNT,  0,    HUGE(surplus)},
	{"used_pct",   "USED%",        5, 1, HF_CELL_PERCENT, 0,   HUGE(used_pct)},
};

static const struct hf_column node_columns[] = {
	{"node",       "NODE",         4, 0, HF_CELL_I32,    0,    NODE(node)},
	{"cpus",       "CPUS",         6, 0, HF_CELL_TEXT,   FLEX, NODE(cpus)},
	{"memory_bytes", "MEMORY",     6, 0, HF_CELL_BYTES,  0,    NODE(memory_bytes)},
	{"free_bytes", "FREE",         6, 0, HF_CELL_BYTES,  0,    NODE(free_bytes)},
};

static const struct hf_column place_columns[] = {
	{"kind",       "WHAT",         7, 0, HF_CELL_TEXT,   LEFT, PLACE(kind)},
	{"name",       "NAME",         8, 0, HF_CELL_TEXT,   FLEX, PLACE(name)},
	{"runs",       "BY",           8, 2, HF_CELL_TEXT,   FLEX, PLACE(runs)},
	{"tid",        "TID",          7, 3, HF_CELL_I32,    0,    PLACE(tid)},
	{"cpu",        "CPU",          3, 0, HF_CELL_I32,    0,    PLACE(cpu)},
	{"node",       "NODE",         4, 0, HF_CELL_I32,    0,    PLACE(node)},
	{"cpu_now",    "ON-CPU",       6, 0, HF_CELL_I32,    0,    PLACE(cpu_now)},
	{"node_now",   "ON-NODE",      7, 1, HF_CELL_I32,    0,    PLACE(node_now)},
	{"mismatch",   "MISMATCH",     8, 0, HF_CELL_BOOL,   JSON, PLACE(mismatch)},
	{"note",       "MISMATCH",     8, 0, HF_CELL_TEXT,   FLEX, PLACE(note)},
};

#define COLUMNS(list) list, sizeof(list) / sizeof((list)[0])

static const struct hf_table tables[HF_TABLE_COUNT] = {
	[HF_TABLE_PORTS] = {"ports", COLUMNS(port_columns), sizeof(struct hf_port_row),
			    PORT(alert)},
	[HF_TABLE_LANES] = {"lanes", COLUMNS(lane_columns), sizeof(struct hf_lane_row),
			    LANE(alert)},
	[HF_TABLE_WORKERS] = {"workers", COLUMNS(worker_columns), sizeof(struct hf_worker_row),
			      WORKER(alert)},
	[HF_TABLE_IO] = {"io", COLUMNS(io_columns), sizeof(struct hf_io_row), IO(alert)},
	[HF_TABLE_POOLS] = {"pools", COLUMNS(pool_columns), sizeof(struct hf_pool_row),
			    POOL(alert)},
	[HF_TABLE_EVENTS] = {"events", COLUMNS(event_columns), sizeof(struct hf_event_row),
			     EVENT(alert)},
	[HF_TABLE_FLOWS] = {"flows", COLUMNS(flow_columns), sizeof(struct hf_flow_row), SIZE_MAX},
	[HF_TABLE_QUEUES] = {"queues", COLUMNS(queue_columns), sizeof(struct hf_queue_row),
			     QUEUE(alert)},
	[HF_TABLE_SHARES] = {"lane_shares", COLUMNS(share_columns), sizeof(struct hf_lane_row),
			     LANE(uneven)},
	[HF_TABLE_DROPS] = {"drops_by_lane", COLUMNS(drop_columns), sizeof(struct hf_drop_row),
			    DROP(alert)},
	[HF_TABLE_FLOW_TABLES] = {"flow_tables", COLUMNS(flow_table_columns),
				  sizeof(struct hf_lane_row), SIZE_MAX},
	[HF_TABLE_LOAD] = {"load", COLUMNS(load_columns), sizeof(struct hf_lane_row), SIZE_MAX},
	[HF_TABLE_PARTS] = {"segment", COLUMNS(part_columns), sizeof(struct hf_part_row), SIZE_MAX},
	[HF_TABLE_HUGE] = {"hugepages", COLUMNS(huge_columns), sizeof(struct hf_huge_row),
			   SIZE_MAX},
	[HF_TABLE_NODES] = {"nodes", COLUMNS(node_columns), sizeof(struct hf_node_row), SIZE_MAX},
	[HF_TABLE_PLACES] = {"places", COLUMNS(place_columns), sizeof(struct hf_place_row),
			     PLACE(alert)},
};
/* clang-format on */

static_assert(sizeof(lane_columns) / sizeof(lane_columns[0]) <= TABLE_MAX_COLUMNS,
	      "a layout has room for the widest table");

const struct hf_table *
columns_table(enum hf_table_id id)
{
	return &tables[id];
}

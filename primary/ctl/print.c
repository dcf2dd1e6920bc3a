/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replies for people: which columns each command shows, and the lines of restart.
 */
#include <string.h>

#include "ctl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct ctl_column port_columns[] = {
	{"PORT", "name", CTL_TEXT},          {"DRIVER", "driver", CTL_TEXT},
	{"LINK", "link", CTL_STATE},         {"PEER", "peer", CTL_TEXT},
	{"QUEUES", "queues", CTL_NUMBER},    {"LANES", "kind", CTL_TEXT},
	{"MBIT/S", "link_mbps", CTL_NUMBER}, {"RX PKTS", "rx_pkts", CTL_NUMBER},
	{"TX PKTS", "tx_pkts", CTL_NUMBER},  {"RX BYTES", "rx_bytes", CTL_SI},
	{"TX BYTES", "tx_bytes", CTL_SI},    {"MISSED", "rx_missed", CTL_BAD},
	{"NO MBUF", "rx_nombuf", CTL_BAD},   {"ERRORS", "errors", CTL_BAD},
};

static const struct ctl_column lane_columns[] = {
	{"LANE", "id", CTL_NUMBER},
	{"KIND", "kind", CTL_TEXT},
	{"STATE", "state", CTL_STATE},
	{"OWNER", "owner_name", CTL_TEXT},
	{"OF", "preferred", CTL_TEXT},
	{"WAIT", "waiting", CTL_NAMES},
	{"PID", "owner_pid", CTL_NUMBER},
	{"GEN", "generation", CTL_NUMBER},
	{"RX PKTS", "rx_pkts", CTL_NUMBER},
	{"TX PKTS", "tx_pkts", CTL_NUMBER},
	{"DROPS", "dropped_pkts", CTL_BAD},
	{"HELD", "held_pkts", CTL_NUMBER},
	{"PEAK", "ring_peak_pkts", CTL_NUMBER},
	{"BUSY", "busy", CTL_PERCENT},
	{"CYC/PKT", "cycles_per_pkt", CTL_NUMBER},
	{"ROOM PPS", "headroom_pps", CTL_SI},
	{"HANDOVERS", "handovers", CTL_NUMBER},
	{"DEATHS", "takeovers", CTL_BAD},
	{"LAST GAP US", "last_gap_us", CTL_NUMBER},
	{"RECOVERED", "recoveries", CTL_BAD},
};

static const struct ctl_column worker_columns[] = {
	{"WORKER", "name", CTL_TEXT},         {"STATE", "state", CTL_STATE},
	{"LANES", "lanes", CTL_LANES},        {"WAITS FOR", "waiting", CTL_LANES},
	{"STANDBY", "standby", CTL_YES},      {"VERSION", "version", CTL_TEXT},
	{"PID", "pid", CTL_NUMBER},           {"UP", "uptime_ms", CTL_AGE_MS},
	{"RESTARTS", "restarts", CTL_NUMBER}, {"BEFORE", "last_exit_text", CTL_TEXT},
};

static const struct ctl_column pool_columns[] = {
	{"POOL", "name", CTL_TEXT},        {"SIZE", "size", CTL_NUMBER},
	{"FREE", "free", CTL_NUMBER},      {"CACHED", "cached", CTL_NUMBER},
	{"RINGS", "rings", CTL_NUMBER},    {"HELD", "held", CTL_NUMBER},
	{"DRIVERS", "driver", CTL_NUMBER}, {"AT MOST", "driver_max", CTL_NUMBER},
	{"EXACT", "exact", CTL_YES},       {"UNACCOUNTED", "unaccounted", CTL_BAD},
	{"TWICE", "twice", CTL_BAD},       {"AGE ms", "census_age_ms", CTL_NUMBER},
};

static const struct ctl_column flow_columns[] = {
	{"PROTO", "proto", CTL_PROTOCOL},   {"SOURCE", "src", CTL_TEXT},
	{"DESTINATION", "dst", CTL_TEXT},   {"SPORT", "sport", CTL_NUMBER},
	{"DPORT", "dport", CTL_NUMBER},     {"LANE", "lane", CTL_NUMBER},
	{"PACKETS", "packets", CTL_NUMBER}, {"BYTES", "bytes", CTL_NUMBER},
	{"AGE", "first_s", CTL_SINCE},      {"IDLE", "last_s", CTL_SINCE},
};

static const struct ctl_column quarantine_columns[] = {
	{"FILE", "name", CTL_TEXT},
	{"BYTES", "bytes", CTL_NUMBER},
	{"TIME (UTC)", "time", CTL_TEXT},
	{"REASON", "reason", CTL_TEXT},
};

static json_int_t
number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *
text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL ? s : "?";
}

/* " reason n, reason n" of the counters that are not 0, with prefix before the first. */
static void
print_counters(FILE *out, const char *prefix, const json_t *counters)
{
	const char *name, *before = prefix;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)counters, name, value)
	{
		if (json_integer_value(value) == 0)
			continue;
		fprintf(out, "%s%s %" JSON_INTEGER_FORMAT, before, name, json_integer_value(value));
		before = ", ";
	}
	if (before != prefix)
		putc('\n', out);
}

static void
print_warnings(FILE *out, const json_t *reply, int colour)
{
	const json_t *warning;
	size_t i;

	json_array_foreach(json_object_get(reply, "warnings"), i, warning)
		fprintf(out, "%swarning:%s %s\n", colour ? "\033[33m" : "", colour ? "\033[0m" : "",
			json_string_value(warning));
}

/* A line for each port that has several queues in a direction. */
static void
print_queues(FILE *out, const json_t *port, const char *key, const char *what)
{
	const json_t *list = json_object_get(port, key), *pkts;
	size_t q;

	if (json_array_size(list) < 2)
		return;
	fprintf(out, "port %s %s by queue:", text(port, "name"), what);
	json_array_foreach(list, q, pkts)
		fprintf(out, " %" JSON_INTEGER_FORMAT, json_integer_value(pkts));
	putc('\n', out);
}

void
ctl_print_ports(FILE *out, const json_t *reply, int colour)
{
	const json_t *ports = json_object_get(reply, "ports"), *port;
	size_t i;

	ctl_table_print(out, ports, port_columns, COUNT(port_columns), 0, colour);
	json_array_foreach(ports, i, port)
	{
		print_queues(out, port, "rx_queue_pkts", "received");
		print_queues(out, port, "tx_queue_pkts", "sent");
	}
}

void
ctl_print_lanes(FILE *out, const json_t *reply, int colour)
{
	const json_t *lanes = json_object_get(reply, "lanes"), *lane;
	char prefix[48];
	size_t i;

	ctl_table_print(out, lanes, lane_columns, COUNT(lane_columns), 0, colour);
	json_array_foreach(lanes, i, lane)
	{
		snprintf(prefix, sizeof(prefix), "lane %d dropped: ", (int)number(lane, "id"));
		print_counters(out, prefix, json_object_get(lane, "drops"));
	}
}

static void
print_crash(FILE *out, const json_t *crash)
{
	char age[48];

	fprintf(out, "worker %s (pid %d) crashed %s ago: %s at address %s", text(crash, "name"),
		(int)number(crash, "pid"),
		ctl_format_duration(age, sizeof(age), (double)number(crash, "age_ms") / 1000),
		text(crash, "signal"), text(crash, "address"));
	if (json_is_integer(json_object_get(crash, "lane")))
		fprintf(out, ", lane %d, %s", (int)number(crash, "lane"), text(crash, "step"));
	if (json_is_string(json_object_get(crash, "stage")))
		fprintf(out, " of %s", text(crash, "stage"));
	if (json_is_integer(json_object_get(crash, "packet")))
		fprintf(out, ", packet %" JSON_INTEGER_FORMAT, number(crash, "packet"));
	putc('\n', out);
}

void
ctl_print_workers(FILE *out, const json_t *reply, int colour)
{
	const json_t *crash;
	size_t i;

	ctl_table_print(out, json_object_get(reply, "workers"), worker_columns,
			COUNT(worker_columns), 0, colour);
	json_array_foreach(json_object_get(reply, "crashes"), i, crash) print_crash(out, crash);
}

void
ctl_print_supervise(FILE *out, const json_t *reply, int colour)
{
	const char *warning = json_string_value(json_object_get(reply, "warning"));
	int on = json_is_true(json_object_get(reply, "supervised"));
	const json_t *lane;
	size_t i;

	(void)colour;
	json_array_foreach(json_object_get(reply, "lanes"), i, lane)
		fprintf(out, "lane %d: its owner is %s\n", (int)json_integer_value(lane),
			on ? "supervised" : "not supervised");
	if (on && number(reply, "hang_timeout_ms") == 0)
		warning = "supervise.hang_timeout is 0: no hang is noticed";
	if (warning != NULL)
		fprintf(out, "warning: %s\n", warning);
}

void
ctl_print_pools(FILE *out, const json_t *reply, int colour)
{
	print_warnings(out, reply, colour);
	ctl_table_print(out, json_object_get(reply, "pools"), pool_columns, COUNT(pool_columns), 0,
			colour);
}

static void
print_segment(FILE *out, const json_t *segment)
{
	fprintf(out,
		"segment: %.1f MB, %.1f of them flow tables; flow records: %" JSON_INTEGER_FORMAT
		" of %" JSON_INTEGER_FORMAT " in use, %" JSON_INTEGER_FORMAT
		" evicted, %" JSON_INTEGER_FORMAT " expired\n",
		(double)number(segment, "bytes") / 1e6, (double)number(segment, "flow_bytes") / 1e6,
		number(segment, "flows_live"), number(segment, "flow_records"),
		number(segment, "flows_evicted"), number(segment, "flows_expired"));
}

void
ctl_print_status(FILE *out, const json_t *reply, int colour)
{
	json_t *pools = json_pack("{s:O}", "pools", json_object_get(reply, "pools"));
	char up[48];

	fprintf(out, "%s: %s, up %s, primary pid %d, version %s, %s\n", text(reply, "instance"),
		text(reply, "state"),
		ctl_format_duration(up, sizeof(up), (double)number(reply, "uptime_s")),
		(int)number(reply, "primary_pid"), text(reply, "version"), text(reply, "dpdk"));
	print_segment(out, json_object_get(reply, "segment"));
	print_warnings(out, reply, colour);
	putc('\n', out);
	ctl_print_ports(out, reply, colour);
	putc('\n', out);
	ctl_print_lanes(out, reply, colour);
	putc('\n', out);
	ctl_print_workers(out, reply, colour);
	putc('\n', out);
	ctl_print_pools(out, pools, colour);
	json_decref(pools);
}

void
ctl_print_flows(FILE *out, const json_t *reply, int colour)
{
	const json_t *t = json_object_get(reply, "totals");

	ctl_table_print(out, json_object_get(reply, "flows"), flow_columns, COUNT(flow_columns),
			json_number_value(json_object_get(reply, "now_s")), colour);
	fprintf(out,
		"\n%" JSON_INTEGER_FORMAT " live flows; evicted %" JSON_INTEGER_FORMAT
		" flows, %" JSON_INTEGER_FORMAT " packets; expired %" JSON_INTEGER_FORMAT
		" flows, %" JSON_INTEGER_FORMAT " packets\n",
		number(t, "live"), number(t, "evicted_flows"), number(t, "evicted_pkts"),
		number(t, "expired_flows"), number(t, "expired_pkts"));
	print_counters(out, "packets that are no flow: ", json_object_get(t, "skipped"));
}

static void
print_moved_lane(FILE *out, const json_t *lane)
{
	const json_t *gap = json_object_get(lane, "gap_us");

	fprintf(out, "hot restart: lane %d handed over", (int)number(lane, "lane"));
	if (json_is_integer(gap))
		fprintf(out, " in %" JSON_INTEGER_FORMAT " us", json_integer_value(gap));
	else
		fputs(", no packet seen yet", out);
	fprintf(out, ", %" JSON_INTEGER_FORMAT " packets lost\n", number(lane, "lost_pkts"));
	fprintf(out, "lane %d: from %s (pid %d) to %s (pid %d, %s)\n", (int)number(lane, "lane"),
		text(lane, "from_name"), (int)number(lane, "from_pid"), text(lane, "to_name"),
		(int)number(lane, "to_pid"), text(lane, "to_role"));
}

/* What failed is one line of its own, on standard error. */
void
ctl_print_restart(FILE *out, const json_t *reply, int colour)
{
	const json_t *lane;
	size_t i;

	(void)colour;
	json_array_foreach(json_object_get(reply, "lanes"), i, lane) print_moved_lane(out, lane);
}

/* " 231 (before: 220)", in some unit; "-" for what is not known. */
static void
print_compared(FILE *out, const json_t *reply, const char *key, double factor, const char *unit)
{
	const json_t *now = json_object_get(json_object_get(reply, "measured"), key);
	const json_t *before = json_object_get(json_object_get(reply, "baseline"), key);

	if (json_is_number(now))
		fprintf(out, " %.4g%s", json_number_value(now) * factor, unit);
	else
		fprintf(out, " -");
	if (json_is_number(before))
		fprintf(out, " (before: %.4g%s)", json_number_value(before) * factor, unit);
}

/* What failed is one line of its own, on standard error. */
void
ctl_print_upgrade(FILE *out, const json_t *reply, int colour)
{
	const char *warning = json_string_value(json_object_get(reply, "warning"));

	(void)colour;
	if (json_is_object(json_object_get(reply, "measured"))) {
		fprintf(out, "lane %d: cycles a packet", (int)number(reply, "canary_lane"));
		print_compared(out, reply, "cycles_per_pkt", 1, "");
		fputs(", dropped", out);
		print_compared(out, reply, "drop_ratio", 100, "%");
		putc('\n', out);
	}
	if (warning != NULL)
		fprintf(out, "warning: %s\n", warning);
	fprintf(out, "upgrade: %s: %zu lanes moved, %" JSON_INTEGER_FORMAT " packets lost\n",
		text(reply, "result"), json_array_size(json_object_get(reply, "lanes_moved")),
		number(reply, "packets_lost"));
}

void
ctl_print_drain(FILE *out, const json_t *reply, int colour)
{
	(void)colour;
	fprintf(out, "worker %s (pid %d) gives its lanes back and ends\n", text(reply, "worker"),
		(int)number(reply, "pid"));
}

void
ctl_print_clear(FILE *out, const json_t *reply, int colour)
{
	(void)colour;
	(void)reply;
	fputs("counters cleared\n", out);
}

void
ctl_print_loglevel(FILE *out, const json_t *reply, int colour)
{
	(void)colour;
	fprintf(out, "log level %s (before: %s)\n", text(reply, "level"), text(reply, "before"));
}

void
ctl_print_stop(FILE *out, const json_t *reply, int colour)
{
	(void)colour;
	fprintf(out, "primary (pid %d) stops\n", (int)number(reply, "pid"));
}

void
ctl_print_quarantine(FILE *out, const json_t *reply, int colour)
{
	const json_t *files = json_object_get(reply, "files");

	if (json_array_size(files) > 0)
		ctl_table_print(out, files, quarantine_columns, COUNT(quarantine_columns), 0,
				colour);
	fprintf(out, "%zu of at most %d files in %s\n", json_array_size(files),
		(int)number(reply, "max_files"), text(reply, "folder"));
}

void
ctl_print_version(FILE *out, const json_t *reply, int colour)
{
	(void)colour;
	fprintf(out, "holdfast-primary %s, %s, segment layout %d\n", text(reply, "version"),
		text(reply, "dpdk"), (int)number(reply, "layout_version"));
}

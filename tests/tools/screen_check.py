#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares the screens of holdfast-monitor with what it wrote as JSON of the same sample.

screen_check.py JSON DIR

JSON has an object a line, the last one is the sample; the events are those of all. DIR holds
screens as text, made with --exact and TZ=UTC and so wide that no column is missing: view-1 to
view-9, and details-TABLE-N, the details of row N of a table. Every figure of every table and of all
details must be the one of the JSON. Exit status 1 and a line for each difference, when there is one.
"""
import json
import math
import os
import re
import sys


class Differences(list):
    """Counts what was compared, and remembers what differs."""
    compared = 0

    def check(self, what, right):
        self.compared += 1
        if not right:
            self.append(what)


# --- how a value is shown: a pattern, and whether what it found is right ---


def is_text(value):
    words = (value or "-").split()
    return r"\s+".join(re.escape(word) for word in words), lambda found: True


def is_exactly(text):
    return re.escape(text), lambda found: True


def is_count(value):
    return is_exactly("-" if value is None else str(value))


def within(value, error):
    if value is None:
        return is_exactly("-")
    return r"([-+]?[0-9.]+)", lambda found: abs(float(found[0]) - value) <= error + 1e-6


def is_rate(value):
    return within(value, 0.55)  # the JSON has tenths, the screen none


def is_percent(value):
    return within(value, 0.1 if value is not None and abs(value) < 9.95 else 0.55)


def is_bool(value):
    return is_exactly("-" if value is None else "yes" if value else "no")


def is_set(value):
    parts, i = [], 0
    while i < len(value):
        k = i
        while k + 1 < len(value) and value[k + 1] == value[k] + 1:
            k += 1
        parts.append(str(value[i]) if k == i else f"{value[i]}-{value[k]}")
        i = k + 1
    return is_exactly(",".join(parts) or "-")


def is_age(value):
    if value is None:
        return is_exactly("-")
    for seconds, unit in ((1, "s"), (60, "m"), (3600, "h"), (86400, "d")):
        if value < 100 * seconds or unit == "d":
            low, high = (math.floor((value + d) / seconds) for d in (-0.002, 0.002))
            return r"([0-9]+)" + unit, lambda found: int(found[0]) in (max(low, 0), high)
    return None


def is_about(value):
    """An age that was found a little later than the sample's other times."""
    return r"([0-9]+)s", lambda found: abs(int(found[0]) - value) <= 1.1


def is_uptime(value):
    if value is None:
        return is_exactly("-")
    seconds = math.floor(value)
    if seconds < 60:
        return r"([0-9]+)s", lambda found: abs(int(found[0]) - seconds) <= 1
    return rf"{seconds // 60}m[0-9][0-9]s", lambda found: True


def is_gap(value):
    """Microseconds."""
    if value is None:
        return is_exactly("-")
    if value < 1:
        return is_exactly(f"{round(value * 1000)}ns")
    for unit, size in (("us", 1), ("ms", 1e3), ("s", 1e6)):
        if value / size < 999.5 or unit == "s":
            return r"([0-9.]+)" + unit, lambda found: abs(
                float(found[0]) - value / size) <= (0.051 if value / size < 9.95 else 0.51)
    return None


def is_clock(value):
    return is_exactly(value[11:19])


# --- what a table shows: heads, keys, kinds ---

# Of keys that have no entry: by the type of the value.
KINDS = {"lanes": is_set, "waits": is_set, "uptime_s": is_uptime, "last_gap_us": is_gap,
         "age": is_about, "idle": is_about, "longest_handover_us": is_gap, "longest_takeover_us": is_gap}


def kind_of(key, value):
    if key in KINDS:
        return KINDS[key](value)
    if re.search(r"(pps|bps|_rate|_cycles|cycles_per_pkt|pkts_per_poll)$", key) or (
            key.startswith("cycles_") and not isinstance(value, str) and value is not None):
        return is_rate(value)
    if key.endswith("_pct"):
        return is_percent(value)
    if key.endswith("_s"):
        return is_age(value)
    if isinstance(value, bool) or key in ("link_up", "standby"):
        return is_bool(value)
    if value is None or isinstance(value, int):
        return is_count(value)
    return is_text(value)


def link(row):
    if row["link_up"] is None:
        return "-"
    mbps = row["link_mbps"]
    if not row["link_up"] or not mbps:
        return "up" if row["link_up"] else "down"
    return f"{mbps // 1000}G" if mbps % 1000 == 0 else f"{mbps}M"


# {table: [(head, key)]}; a key may be a function of the row that gives a text.
TABLES = {
    "ports": [("PORT", "name"), ("LINK", link), ("RX-PPS", "rx_pps"), ("RX-BIT/S", "rx_bps"),
              ("TX-PPS", "tx_pps"), ("TX-BIT/S", "tx_bps"), ("RX-PKTS", "rx_pkts"),
              ("TX-PKTS", "tx_pkts"), ("MISSED", "rx_missed"), ("NOMBUF", "rx_nombuf"),
              ("ERRORS", lambda row: str(row["rx_errors"] + row["tx_errors"]))],
    "queues": [("PORT", "port"), ("QUEUE", "queue"), ("RX-PPS", "rx_pps"),
               ("SHARE%", "share_pct"), ("EVEN%", "deviation_pct"), ("TX-PPS", "tx_pps"),
               ("RX-PKTS", "rx_pkts"), ("TX-PKTS", "tx_pkts")],
    "lane_shares": [("LANE", "lane"), ("KIND", "kind"), ("RX-PPS", "rx_pps"),
                    ("RX-BIT/S", "rx_bps"), ("SHARE%", "share_pct"), ("EVEN%", "deviation_pct"),
                    ("RX-PKTS", "rx_pkts")],
    "io": [("IO", "io"), ("CPU", "cpu"), ("NODE", "node"), ("BUSY%", "busy_pct"),
           ("LOOPS/S", "loops_rate")],
    "lanes": [("LANE", "lane"), ("KIND", "kind"), ("OWNER", "owner"), ("PID", "owner_pid"),
              ("STATE", "state"), ("GEN", "generation"), ("PPS", "rx_pps"), ("BIT/S", "rx_bps"),
              ("BUSY%", "busy_pct"), ("CYC/P", "cycles_per_pkt"), ("ROOM", "headroom_pps"),
              ("DROPS", "drops"), ("HELD", "held"), ("HAND", "handovers"), ("TAKE", "takeovers"),
              ("GAP", "last_gap_us")],
    "load": [("LANE", "lane"), ("P/POLL", "pkts_per_poll"), ("MAX-PPS", "max_pps"),
             ("RX", "cycles_rx"), ("PLAN", "cycles_plan"), ("SAVE", "cycles_save"),
             ("APPLY", "cycles_apply"), ("TX", "cycles_tx"), ("FREE", "cycles_free"),
             ("STAGES", "cycles_stages"), ("RING", "ring_pkts"), ("PEAK", "ring_peak_pkts"),
             ("PEAK%", "ring_peak_pct"), ("HAND-MAX", "longest_handover_us"),
             ("TAKE-MAX", "longest_takeover_us"), ("HAND-GAPS", "gaps_handover"),
             ("TAKE-GAPS", "gaps_takeover")],
    "workers": [("WORKER", "name"), ("PID", "pid"), ("STATE", "state"), ("STANDBY", "standby"),
                ("LANES", "lanes"), ("WAITS", "waits"), ("CPU", "cpu"), ("NODE", "node"),
                ("UPTIME", "uptime_s"), ("RESTARTS", "restarts"), ("BEFORE", "last_exit"),
                ("VERSION", "version")],
    "flows": [("SOURCE", "src"), ("DESTINATION", "dst"), ("SPORT", "sport"), ("DPORT", "dport"),
              ("PROTO", "proto_name"), ("LN", "lane"), ("PKTS", "packets"), ("BYTES", "bytes"),
              ("PPS", "pps"), ("BIT/S", "bps"), ("AGE", "age"),
              ("IDLE", "idle")],
    "pools": [("POOL", "name"), ("NODE", "node"), ("SIZE", "size"), ("FREE", "free"),
              ("CACHED", "cached"), ("RINGS", "rings"), ("HELD", "held"), ("DRIVER", "driver"),
              ("LOST", "unaccounted"), ("USED%", "used_pct"), ("CENSUS", "census_age_s")],
    "flow_tables": [("LANE", "lane"), ("RECORDS", "capacity"), ("LIVE", "live"),
                    ("FILL%", "fill_pct"), ("INSERTED", "inserted"), ("NEW/S", "insert_rate"),
                    ("EVICTED", "evicted"), ("EVICT/S", "evict_rate"), ("EXPIRED", "expired")],
    "nodes": [("NODE", "node"), ("CPUS", "cpus"), ("MEMORY", "memory_bytes"),
              ("FREE", "free_bytes")],
    "places": [("WHAT", "kind"), ("NAME", "name"), ("BY", "runs"), ("TID", "tid"),
               ("CPU", "cpu"), ("NODE", "node"), ("ON-CPU", "cpu_now"), ("ON-NODE", "node_now"),
               ("MISMATCH", "note")],
    "events": [("TIME", lambda row: row["time"][11:19]), ("EVENT", "event"), ("LANE", "lane"),
               ("WHAT", "text")],
}

VIEWS = {2: ["ports", "lane_shares", "io"], 3: ["lanes", "load"], 4: ["workers"], 5: ["flows"],
         7: ["pools", "flow_tables"], 8: ["nodes", "places"], 9: ["events"]}

# What is on one row's details beside its own fields.
MORE_DETAILS = {"lanes": ["load", "flow_tables"]}


def shows(lines, kinds):
    """Is there a line in which these stand side by side?"""
    pattern = re.compile(r"(?:^|\s)" + r"\s+".join(k[0] for k in kinds) + r"(?=\s|$)")
    for line in lines:
        for match in pattern.finditer(line):
            groups = list(match.groups())
            right = True
            for kind in kinds:
                mine = re.compile(kind[0]).groups
                right = right and kind[1](groups[:mine])
                groups = groups[mine:]
            if right:
                return True
    return False


def cells(table, row):
    for _, key in TABLES[table]:
        if callable(key):
            yield is_text(key(row))
        else:
            yield kind_of(key, row[key])


def check_table(d, where, lines, table, rows):
    d.check(f"{where}: the heads of {table} are not there",
            shows(lines, [is_text(head) for head, _ in TABLES[table]]))
    for row in rows:
        d.check(f"{where}: no line like {table} {row}", shows(lines, list(cells(table, row))))


def check_details(d, where, lines, table, number, sample):
    for part in [table] + MORE_DETAILS.get(table, []):
        for key, value in sample[part][number].items():
            if key == "time":  # an event's, as UTC
                value = str(value)
            d.check(f"{where}: no {part}.{key} {value}",
                    shows(lines, [is_exactly(key), kind_of(key, value)]))


# --- what is no table ---


def check_overview(d, lines, s):
    t = s["totals"]
    busy = [lane["busy_pct"] for lane in s["lanes"] if lane["busy_pct"] is not None]
    for words in (
            ["rx", is_rate(t["rx_pps"]), "pps", is_rate(t["rx_bps"]), "bit/s"],
            ["tx", is_rate(t["tx_pps"]), "pps", is_rate(t["tx_bps"]), "bit/s"],
            ["flows", is_count(s["flows_live"])], ["held", is_count(t["held"])]):
        d.check(f"overview: no {words[0]}",
                shows(lines, [is_exactly(w) if isinstance(w, str) else w for w in words]))
    mean = sum(busy) / len(busy) if busy else None
    pattern, right = is_percent(mean)
    d.check(f"overview: not busy {mean}", shows(lines, [(r"busy\s+" + pattern + "%", right)]))
    pattern, right = is_rate(t["drop_pps"])
    d.check("overview: no drops", shows(lines, [(r"drops\s+" + pattern + "/s", right)]))
    for lane in s["lanes"]:
        pattern, right = is_percent(lane["busy_pct"])
        d.check(f"overview: no lane like {lane}",
                shows(lines, [is_count(lane["lane"]), (r"\S", lambda found: True),
                              is_text(lane["owner"]), is_text(lane["state"]),
                              (pattern + "%", right)]))
    check_table(d, "view 1", lines, "ports", s["ports"])
    check_table(d, "view 1", lines, "workers", s["workers"])
    check_table(d, "view 1", lines, "flows", s["flows"][:5])
    check_table(d, "view 1", lines, "events", s["events"][:5])


def check_drops(d, lines, s):
    lanes = range(len(s["lanes"]))
    for reason, packets in s["drops"].items():
        by_lane = {row["lane"]: row for row in s["drops_by_lane"] if row["reason"] == reason}
        rates = [row["pps"] for row in by_lane.values()]
        ages = [row["since_s"] for row in by_lane.values() if row["since_s"] is not None]
        words = [is_exactly(reason), is_count(packets),
                 (r"[-0-9]+", lambda found: True) if None in rates else
                 within(sum(rates), 0.55 + 0.1 * len(rates)),
                 is_age(min(ages) if ages else None)]
        words += [is_count(by_lane[lane]["packets"] if lane in by_lane else 0) for lane in lanes]
        d.check(f"view 6: no line like {reason} {packets} {by_lane}", shows(lines, words))
    for reason, packets in s["flow_skipped"].items():
        d.check(f"view 6: no {reason} {packets}",
                packets == 0 or shows(lines, [is_exactly(reason), is_count(packets)]))


def check_memory(d, lines, s):
    for row in s["hugepages"]:
        text = rf"node {row['node']} pages of \S+ .* {row['used']} of {row['pages']} used"
        d.check(f"view 7: no {row}", any(re.search(text, line) for line in lines))
    for row in s["segment"]:
        d.check(f"view 7: no {row}", shows(lines, [is_text(row["part"]), is_count(row["bytes"])]))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        samples = [json.loads(line) for line in file]
    sample, where = samples[-1], sys.argv[2]
    sample["events"] = sum((s["events"] for s in reversed(samples)), [])
    for flow in sample["flows"]:  # the screen alone has these
        flow["age"] = sample["uptime_s"] - flow["first_s"]
        flow["idle"] = sample["uptime_s"] - flow["last_s"]
    d = Differences()
    for name in sorted(os.listdir(where)):
        with open(os.path.join(where, name), encoding="utf-8") as file:
            lines = file.read().replace("\u25bc", " ").replace("\u25b2", " ").split("\n")
        kind, *words = name.split("-")
        if kind == "details":
            check_details(d, name, lines, words[0], int(words[1]), sample)
            continue
        number = int(words[0])
        if number == 1:
            check_overview(d, lines, sample)
        if number == 2:
            first = [q for q in sample["queues"] if q["port"] == sample["ports"][0]["name"]]
            check_table(d, name, lines, "queues", first)
        if number == 6:
            check_drops(d, lines, sample)
        if number == 7:
            check_memory(d, lines, sample)
        for table in VIEWS.get(number, []):
            check_table(d, name, lines, table, sample[table])
    print("\n".join(d) if d else f"{d.compared} figures and rows equal")
    return 1 if d or d.compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

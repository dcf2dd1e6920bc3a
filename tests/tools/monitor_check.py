#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what the monitor writes in one form with another, and with holdfastctl.

monitor_check.py schema SCHEMA FILE           each line of FILE is valid; prints the states seen
monitor_check.py csv JSON TABLE CSV           the rows of a table are those of the JSON
monitor_check.py ctl STATUS FLOWS EVENTS JSON figures of the JSON equal those of holdfastctl's
                                              status, flows and events
monitor_check.py metrics STATUS METRICS       figures of a scrape equal those of holdfastctl status
monitor_check.py rates STATUS JSON            rates of a stream of JSON are what its counters moved,
                                              those of its last object those of holdfastctl
monitor_check.py sane JSON                     no rate, share or age of a stream is negative or huge
monitor_check.py families METRICS DASHBOARD   each metric that the dashboard asks for was scraped
monitor_check.py columns SCHEMA JSON          the schema has the keys of the JSON, and no others

Exit status 1 and a line for each difference, when there is one.
"""

import csv
import json
import re
import sys

# Figures that move although no packet does.
MOVING = re.compile(r"(_s|_pps|_bps|_pct|_rate|_now)$|^(pps|bps|time|last|free_bytes)$")
MACHINE = ("pages", "used", "free", "surplus")  # of hugepages: those of other programs, too

PORT = {"rx_pkts": "receive_packets", "rx_bytes": "receive_bytes", "tx_pkts": "transmit_packets",
        "tx_bytes": "transmit_bytes", "rx_missed": "receive_missed", "rx_nombuf": "receive_nombuf",
        "rx_errors": "receive_errors", "tx_errors": "transmit_errors"}
LANE = {"rx_pkts": "receive_packets", "rx_bytes": "receive_bytes", "tx_pkts": "transmit_packets",
        "tx_bytes": "transmit_bytes", "undone": "undone_packets"}
POOL = ["free", "cached", "rings", "held", "driver", "unaccounted"]


def load(path, **options):
    """The JSON value in a file; of a stream, the last object."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        return json.loads(text, **options)
    except ValueError:
        return json.loads(text.strip().split("\n")[-1], **options)


class Compare:
    """Counts what was compared, and remembers what differs."""

    def __init__(self):
        self.compared = 0
        self.wrong = []

    def same(self, what, got, wanted):
        self.compared += 1
        if got != wanted:
            self.wrong.append(f"{what}: is {got!r}, should be {wanted!r}")

    def finish(self):
        if self.compared == 0:
            self.wrong.append("nothing was compared")
        print("\n".join(self.wrong) if self.wrong else f"{self.compared} figures equal")
        return 1 if self.wrong else 0


def check_schema(schema_path, path):
    import jsonschema

    schema = load(schema_path)
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    states, wrong = [], []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            value = json.loads(line)
            if value["state"] not in states:
                states.append(value["state"])
            for error in validator(schema).iter_errors(value):
                wrong.append(f"line {number}: {error.json_path}: {error.message}")
    print("\n".join(wrong[:20]) if wrong else " ".join(states))
    return 1 if wrong or not states else 0


def cell(value):
    """How CSV writes a value of JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ranges(value)
    return str(value)


def ranges(numbers):
    """[0, 2, 3] as 0,2-3."""
    parts, i = [], 0
    while i < len(numbers):
        k = i
        while k + 1 < len(numbers) and numbers[k + 1] == numbers[k] + 1:
            k += 1
        parts.append(str(numbers[i]) if k == i else f"{numbers[i]}-{numbers[k]}")
        i = k + 1
    return ",".join(parts)


def check_csv(json_path, table, csv_path):
    c = Compare()
    wanted = load(json_path, parse_float=str)
    with open(csv_path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    if table == "events":  # newest first in an object, oldest first in a stream
        rows.reverse()
    c.same("rows", len(rows), len(wanted[table]))
    for number, (row, value) in enumerate(zip(rows, wanted[table])):
        c.same("columns", list(row), ["sample_time", "instance"] + list(value))
        for key in value:
            if not MOVING.search(key) and not (table == "hugepages" and key in MACHINE):
                c.same(f"{table}[{number}].{key}", row[key], cell(value[key]))
    return c.finish()


def check_ctl(status_path, flows_path, events_path, json_path):
    c = Compare()
    status, monitor = load(status_path), load(json_path)
    for key, name in (("instance", "instance"), ("segment_state", "state"),
                      ("primary_pid", "primary_pid"), ("primary_version", "version"),
                      ("dpdk_version", "dpdk")):
        c.same(key, monitor[key], status[name])
    for kind, keys in (
            ("lanes", ["rx_pkts", "rx_bytes", "tx_pkts", "tx_bytes", "handovers", "takeovers",
                       "undone", "generation", "state", "owner_pid", "kind", "cpu", "node"]),
            ("ports", list(PORT) + ["name", "driver", "mtu", "peer", "io", "node"]),
            ("io", ["tid", "cpu", "node"]),
            ("workers", ["slot", "name", "pid", "state", "lanes", "standby", "attach_us",
                         "version"]),
            ("pools", POOL + ["name", "size", "twice", "node"])):
        c.same(f"number of {kind}", len(monitor[kind]), len(status[kind]))
        for i, (got, wanted) in enumerate(zip(monitor[kind], status[kind])):
            for key in keys:
                c.same(f"{kind}[{i}].{key}", got[key], wanted[key])
    for name, count in monitor["drops"].items():
        c.same(f"drops.{name}", count, sum(lane["drops"][name] for lane in status["lanes"]))
    for name, count in monitor["flow_skipped"].items():
        c.same(f"flow_skipped.{name}", count,
               sum(lane["flow_skipped"][name] for lane in status["lanes"]))
    compare_lanes(c, status, monitor)
    compare_ports(c, status, monitor)
    compare_flows(c, load(flows_path), monitor)
    compare_events(c, load(events_path)["events"], monitor["events"])
    return c.finish()


def compare_lanes(c, status, monitor):
    """What the two call by different names."""
    for i, (got, table, wanted) in enumerate(zip(monitor["lanes"], monitor["flow_tables"],
                                                 status["lanes"])):
        gap, kind = got["last_gap_us"], wanted["last_gap_kind"]
        c.same(f"lanes[{i}].drops", got["drops"], wanted["dropped_pkts"])
        c.same(f"lanes[{i}].held", got["held"], wanted["held_pkts"])
        c.same(f"lanes[{i}].owner", got["owner"], wanted["owner_name"])
        c.same(f"lanes[{i}].last_gap_us", None if gap is None else int(gap), wanted["last_gap_us"])
        if gap is not None:
            c.same(f"lanes[{i}].last_gap_takeover", got["last_gap_takeover"], kind == "takeover")
        load = monitor["load"][i]
        for key in ("ring_pkts", "ring_peak_pkts", "ring_size"):
            c.same(f"load[{i}].{key}", load[key], wanted[key])
        for step, cycles in wanted["step_cycles"].items():
            if cycles is not None and not step.startswith("plan"):
                c.same(f"load[{i}].{step}", round(load["cycles_" + step]), round(cycles))
        for kind in ("handover", "takeover"):
            longest = load[f"longest_{kind}_us"]
            c.same(f"load[{i}].longest_{kind}", None if longest is None else int(longest),
                   wanted["gaps"][kind]["longest_us"])
        for mine, key in (("live", "live"), ("inserted", "inserted"),
                          ("evicted", "evicted_flows"), ("expired", "expired_flows")):
            c.same(f"flow_tables[{i}].{mine}", table[mine], wanted["flows"][key])
    waits = {w["pid"]: w["waiting"] for w in status["workers"]}
    for got in monitor["workers"]:
        c.same(f"worker {got['name']} waits", got["waits"], waits.get(got["pid"]))
    pasts = {w["pid"]: w for w in status["workers"]}
    for got in monitor["workers"]:
        wanted = pasts.get(got["pid"], {})
        c.same(f"worker {got['name']} restarts", got["restarts"], wanted.get("restarts"))
        c.same(f"worker {got['name']} last exit", got["last_exit"], wanted.get("last_exit_text"))


def compare_ports(c, status, monitor):
    queues = {(q["port"], q["queue"]): q for q in monitor["queues"]}
    for got, wanted in zip(monitor["ports"], status["ports"]):
        name = wanted["name"]
        c.same(f"{name} link", {True: "up", False: "down", None: None}[got["link_up"]],
               wanted["link"])
        c.same(f"{name} link_mbps", got["link_mbps"] or None, wanted["link_mbps"])
        for way in ("rx", "tx"):
            for q, count in enumerate(wanted[way + "_queue_pkts"]):
                c.same(f"{name} queue {q} {way}", queues.get((name, q), {}).get(way + "_pkts"),
                       count)


def compare_flows(c, wanted, monitor):
    c.same("flows_live", monitor["flows_live"], wanted["totals"]["live"])
    c.same("number of flows", len(monitor["flows"]), min(10, len(wanted["flows"])))
    known = {(f["src"], f["dst"], f["sport"], f["dport"], f["proto"]): f for f in wanted["flows"]}
    for got in monitor["flows"]:
        key = (got["src"], got["dst"], got["sport"], got["dport"], got["proto"])
        flow = known.get(key, {})
        for figure in ("packets", "bytes", "lane"):
            c.same(f"flow {key} {figure}", got[figure], flow.get(figure))


def compare_events(c, wanted, got):
    """The monitor has the newest first."""
    c.same("number of events", len(got), len(wanted))
    for mine, other in zip(reversed(got), wanted):
        for key in ("seq", "time", "event", "level", "pid", "lane", "port", "value", "text"):
            c.same(f"event {other['seq']} {key}", mine[key], other[key])


SERIES = re.compile(r'^(\w+)\{(.*)\} (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def series(path):
    """{name: {labels without the instance: number}}."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = SERIES.match(line)
            if match:
                labels = tuple(sorted(p for p in LABEL.findall(match[2])
                                      if p[0] != "holdfast_instance"))
                found.setdefault(match[1], {})[labels] = float(match[3])
    return found


def check_metrics(status_path, metrics_path):
    c = Compare()
    status, found = load(status_path), series(metrics_path)

    def value(name, **labels):
        return found.get("holdfast_" + name, {}).get(tuple(sorted(labels.items())))

    c.same("up", value("up"), 1)
    for port in status["ports"]:
        for key, name in PORT.items():
            c.same(f"{port['name']} {key}", value(f"port_{name}_total", port=port["name"]),
                   port[key])
        for way, name in (("rx", "receive"), ("tx", "transmit")):
            for q, count in enumerate(port[way + "_queue_pkts"]):
                c.same(f"{port['name']} queue {q} {way}",
                       value(f"queue_{name}_packets_total", port=port["name"], queue=str(q)),
                       count)
    for lane in status["lanes"]:
        number = str(lane["id"])
        c.same(f"lane {number} flows", value("lane_flows_live", lane=number),
               lane["flows"]["live"])
        c.same(f"lane {number} ring", value("lane_ring_size_packets", lane=number),
               lane["ring_size"])
        for key, name in LANE.items():
            c.same(f"lane {number} {key}", value(f"lane_{name}_total", lane=number), lane[key])
        c.same(f"lane {number} held", value("lane_held_packets", lane=number), lane["held_pkts"])
        for reason, packets in lane["drops"].items():
            c.same(f"lane {number} {reason}",
                   value("lane_drop_packets_total", lane=number, reason=reason), packets)
        for kind in ("handover", "takeover"):
            c.same(f"lane {number} {kind}s",
                   value("lane_owner_changes_total", lane=number, kind=kind), lane[kind + "s"])
            buckets = lane["gaps"][kind]["buckets"]
            for n in range(len(buckets)):
                end = "+Inf" if n + 1 == len(buckets) else f"{2 ** n / 1e6:.7g}"
                c.same(f"lane {number} {kind}s up to {end} s",
                       value("lane_gap_seconds_bucket", lane=number, kind=kind, le=end),
                       sum(buckets[:n + 1]))
            c.same(f"lane {number} gaps of {kind}s",
                   value("lane_gap_seconds_count", lane=number, kind=kind), sum(buckets))
    for worker in status["workers"]:
        c.same(f"restarts of {worker['name']}",
               value("worker_restarts_total", slot=str(worker["slot"]), worker=worker["name"]),
               worker["restarts"])
    for pool in status["pools"]:
        for state in POOL:
            c.same(f"{pool['name']} {state}",
                   value("pool_buffers", pool=pool["name"], state=state), pool[state])
    return c.finish()


def name_of(row):
    """What tells a row from the others of its table."""
    return tuple(row.get(key) for key in ("lane", "name", "port", "queue", "reason", "src", "dst",
                                          "sport", "dport", "proto"))


# {table: {counter: (rate, times)}}; primary's I/O threads and scans of flows keep a time of their own.
RATES = {"lanes": {"rx_pkts": ("rx_pps", 1), "rx_bytes": ("rx_bps", 8), "tx_pkts": ("tx_pps", 1),
                   "tx_bytes": ("tx_bps", 8), "drops": ("drop_pps", 1)},
         "ports": {"rx_pkts": ("rx_pps", 1), "rx_bytes": ("rx_bps", 8), "tx_pkts": ("tx_pps", 1),
                   "tx_bytes": ("tx_bps", 8)},
         "queues": {"rx_pkts": ("rx_pps", 1), "tx_pkts": ("tx_pps", 1)},
         "drops_by_lane": {"packets": ("pps", 1)},
         "flow_tables": {"inserted": ("insert_rate", 1), "evicted": ("evict_rate", 1)},
         "flows": {"packets": ("pps", 1), "bytes": ("bps", 8)}}
SLACK = {"ports": 0.2, "queues": 0.2}  # counters are read up to 0.1 s before the sample


def near(got, wanted, share, rest):
    return got is not None and abs(got - wanted) <= share * abs(wanted) + rest


def check_moved(c, before, after):
    """Rates of one object times its interval are the difference of the two objects' counters."""
    seconds = after["interval_s"]
    for table, rates in RATES.items():
        known = {name_of(row): row for row in before[table]}
        for row in after[table]:
            old = known.get(name_of(row))
            for counter, (rate, times) in rates.items():
                if old is None or row[rate] is None:
                    continue
                moved = (row[counter] - old[counter]) * times
                size = 1600 * 8 if times == 8 else 1  # of one packet
                right = near(row[rate] * seconds, moved, SLACK.get(table, 0.01), 2 * size)
                c.same(f"{table} {name_of(row)} {rate} {row[rate]} for {seconds} s: "
                       f"{counter} moved by {moved}", right, True)


def check_rates(status_path, json_path):
    c = Compare()
    status = load(status_path)
    with open(json_path, encoding="utf-8") as file:
        samples = [json.loads(line) for line in file]
    for before, after in zip(samples, samples[1:]):
        check_moved(c, before, after)
    last = samples[-1]
    pairs = (("rx_pps", "pps", 0.15, 20), ("busy_pct", "busy", 0.5, 1))
    for mine, other in zip(last["lanes"], status["lanes"]):
        for key, name, share, rest in pairs:
            wanted = other[name] or 0
            c.same(f"lane {mine['lane']} {key} {mine[key]}, holdfastctl {wanted}",
                   near(mine[key] or 0, wanted, share, rest), True)
    total = sum(lane["rx_pps"] for lane in last["lanes"])
    c.same(f"totals.rx_pps {last['totals']['rx_pps']}: lanes {total}",
           near(last["totals"]["rx_pps"], total, 0.001, 1), True)
    return c.finish()


SANE = re.compile(r"(pps|bps|_rate|_pct|_s|_us)$")
MOST = {"pps": 1e6, "bps": 1e10, "pct": 100}  # what no TAP port or share exceeds


def numbers(node, key=""):
    """(key, number) of all that has a key of its own or is in a list of such."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from numbers(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from numbers(value, key)
    elif isinstance(node, (int, float)) and not isinstance(node, bool):
        yield key, node


def check_sane(json_path):
    c = Compare()
    with open(json_path, encoding="utf-8") as file:
        for n, line in enumerate(file, 1):
            for key, value in numbers(json.loads(line)):
                # What a lane could take knows no port; a share may be below an even one.
                if not SANE.search(key) or key in ("deviation_pct", "max_pps", "headroom_pps"):
                    continue
                most = MOST.get(key.rsplit("_", 1)[-1], 1e9)
                c.same(f"line {n}: {key} {value}", 0 <= value <= most, True)
    return c.finish()


def expressions(node):
    """Every query of a dashboard: of panels, variables and annotations."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "definition") and isinstance(value, str):
                yield value
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value)


def check_families(metrics_path, dashboard_path):
    """What the driver of this test cannot know has a head, but no series."""
    c = Compare()
    with open(metrics_path, encoding="utf-8") as file:
        heads = re.findall(r"^# TYPE (\w+) ", file.read(), re.MULTILINE)
    found = set(series(metrics_path)) | set(heads)
    for query in expressions(load(dashboard_path)):
        for name in re.findall(r"\bholdfast_\w+", query):
            if name != "holdfast_instance":
                c.same(f"{name} of {query!r}", name in found, True)
    return c.finish()


def check_columns(schema_path, json_path):
    c = Compare()
    schema, value = load(schema_path), load(json_path)
    c.same("keys", sorted(schema["properties"]), sorted(value))
    c.same("required keys", sorted(schema["required"]), sorted(value))
    for key, rows in value.items():
        items = schema["properties"].get(key, {}).get("items")
        if items is not None and rows:
            c.same(f"keys of {key}", sorted(items["properties"]), sorted(rows[0]))
            c.same(f"required keys of {key}", sorted(items["required"]), sorted(rows[0]))
    return c.finish()


CHECKS = {"schema": check_schema, "csv": check_csv, "ctl": check_ctl, "metrics": check_metrics,
          "families": check_families, "rates": check_rates,
          "sane": check_sane, "columns": check_columns}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    sys.exit(CHECKS[sys.argv[1]](*sys.argv[2:]))

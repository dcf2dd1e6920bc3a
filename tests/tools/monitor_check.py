#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what the monitor writes in one form with another, and with holdfastctl.

monitor_check.py schema SCHEMA FILE           each line of FILE is valid; prints the states seen
monitor_check.py csv JSON TABLE CSV           the rows of a table are those of the JSON
monitor_check.py ctl STATUS JSON              figures of the JSON equal those of holdfastctl status
monitor_check.py metrics STATUS METRICS       figures of a scrape equal those of holdfastctl status
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
MACHINE = ("used", "free")  # of hugepages: those of other programs, too

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


def check_ctl(status_path, json_path):
    c = Compare()
    status, monitor = load(status_path), load(json_path)
    c.same("primary_pid", monitor["primary_pid"], status["primary_pid"])
    for kind, keys in (
            ("lanes", ["rx_pkts", "rx_bytes", "tx_pkts", "tx_bytes", "handovers", "takeovers",
                       "undone", "generation", "state", "owner_pid", "kind"]),
            ("ports", list(PORT) + ["name", "driver", "mtu", "peer"]),
            ("pools", POOL + ["name", "size"])):
        c.same(f"number of {kind}", len(monitor[kind]), len(status[kind]))
        for i, (got, wanted) in enumerate(zip(monitor[kind], status[kind])):
            for key in keys:
                c.same(f"{kind}[{i}].{key}", got[key], wanted[key])
    for i, (got, wanted) in enumerate(zip(monitor["lanes"], status["lanes"])):
        c.same(f"lanes[{i}].drops", got["drops"], wanted["dropped_pkts"])
        c.same(f"lanes[{i}].held", got["held"], wanted["held_pkts"])
        gap = got["last_gap_us"]
        c.same(f"lanes[{i}].last_gap_us", None if gap is None else int(gap), wanted["last_gap_us"])
    for reason in monitor["drops"]:
        c.same(f"drops.{reason}", monitor["drops"][reason],
               sum(lane["drops"][reason] for lane in status["lanes"]))
    workers = {w["pid"]: w for w in status["workers"]}
    for got in monitor["workers"]:
        c.same(f"worker {got['name']}", (got["name"], got["state"]),
               (workers[got["pid"]]["name"], workers[got["pid"]]["state"]))
    c.same("number of workers", len(monitor["workers"]), len(workers))
    return c.finish()


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
    for lane in status["lanes"]:
        number = str(lane["id"])
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
    for pool in status["pools"]:
        for state in POOL:
            c.same(f"{pool['name']} {state}",
                   value("pool_buffers", pool=pool["name"], state=state), pool[state])
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
          "families": check_families, "columns": check_columns}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    sys.exit(CHECKS[sys.argv[1]](*sys.argv[2:]))

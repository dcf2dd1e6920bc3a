#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what a lane said at about 30 % load that it could do with what it did when saturated.

headroom_check.py LOOKS

LOOKS is the JSON of holdfast-monitor while the load of lane 0 changed between about 30 % and more
than it can take, every few looks. A phase of load counts when the phases of saturation before and
after it agree within 10 %: other work, or a hypervisor that moves a CPU, changes what a lane can do.
Exit status 0: at least 3 phases count, and the median of predicted / shown is within 15 % of 1;
1: it is not; 2: too few phases count, though the load did change: the machine had other work.
"""
import itertools
import json
import statistics
import sys

SATURATED, LOADED = "saturated", "loaded"


def kind_of(look):
    busy = look["lanes"][0]["busy_pct"]
    if busy is None:
        return None
    return SATURATED if busy >= 95 else LOADED if 15 <= busy <= 45 else None


def phases_of(looks):
    """[(kind, packets a second, predicted)] of the looks that lie wholly in a phase: not its ends."""
    for kind, group in itertools.groupby(looks, kind_of):
        inner = list(group)[1:-1]
        if kind is not None and inner:
            yield (kind, statistics.median(look["lanes"][0]["rx_pps"] for look in inner),
                   statistics.median(look["load"][0]["max_pps"] or 0 for look in inner))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        looks = [json.loads(line) for line in file]
    phases = list(phases_of(looks))
    ratios, loads, fulls = [], [], []
    for before, loaded, after in zip(phases, phases[1:], phases[2:]):
        if (before[0], loaded[0], after[0]) != (SATURATED, LOADED, SATURATED):
            continue
        full = (before[1] + after[1]) / 2
        if abs(before[1] - after[1]) > 0.1 * full:
            continue
        ratios.append(loaded[2] / full)
        loads.append(loaded[1] / full)
        fulls.append(full)
    loaded = sum(kind == LOADED for kind, _, _ in phases)
    print(f"{loaded} phases of load, {len(ratios)} between equal phases of saturation")
    if len(ratios) < 3:
        return 2 if loaded >= 3 else 1
    middle = statistics.median(ratios)
    print(f"at {statistics.median(loads):.0%} load {middle:.0%} ({min(ratios):.0%} to "
          f"{max(ratios):.0%}) of what saturation showed, {statistics.median(fulls) / 1e6:.1f} Mpps")
    return 0 if 0.85 <= middle <= 1.15 else 1


if __name__ == "__main__":
    sys.exit(main())

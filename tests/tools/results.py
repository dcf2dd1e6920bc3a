#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""results.py TESTLOG.json...: counts test cases in what `meson test` recorded.

A program that speaks TAP (bats, cmocka) counts case by case; one that does not counts once. A
program that failed without a failed case (a crash, a time-out) counts as one failed case more.
Prints the failed and the skipped cases, and as last line "N passed, N failed, N skipped". Exit
status 1 when a case failed, or when there was none at all.
"""
import json
import re
import sys

CASE = re.compile(r"^\s*(not ok|ok)\b\s*\d*\s*-?\s*([^#]*)(?:#\s*(\w+)\s*(.*))?$")


def read_cases(text):
  """(result, name, reason) of each TAP line."""
  for line in text.splitlines():
    match = CASE.match(line)
    if not match:
      continue
    word, name, directive, reason = match.groups()
    if (directive or "").lower() == "skip":
      yield "skipped", name.strip(), reason
    else:
      yield "passed" if word == "ok" else "failed", name.strip(), ""


def program_cases(entry):
  cases = list(read_cases(entry.get("stdout") or ""))
  result = entry["result"]
  failed = any(case[0] == "failed" for case in cases)
  if result in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS") and not failed:
    cases.append(("failed", "(program)", result.lower()))
  elif not cases:
    cases.append(("skipped" if result == "SKIP" else "passed", "(program)", ""))
  return cases


def main(paths):
  count = {"passed": 0, "failed": 0, "skipped": 0}
  for path in paths:
    build = path.split("/")[-3] if path.count("/") > 1 else path
    with open(path, encoding="utf-8") as log:
      entries = [json.loads(line) for line in log if line.strip()]
    for entry in entries:
      program = entry["name"].split(" / ")[-1]
      for result, name, reason in program_cases(entry):
        count[result] += 1
        if result != "passed":
          print(f"{result}: {build}: {program}: {name}{': ' + reason if reason else ''}")
  if not any(count.values()):
    print("no test has run")
    count["failed"] = 1
  print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
  return 1 if count["failed"] else 0


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))

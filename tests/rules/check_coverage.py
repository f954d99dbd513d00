#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every alert, at every severity, has a case that fires, one just below its threshold, one exactly at it, and one that
recovers; and every case names an alert that exists and proves what its name says.

usage: check_coverage.py --cases FOLDER RULES...
"""
import argparse
import sys

import cases


def case_messages(case, severities):
    """What a case claims in its name and does not show."""
    for kind, severity in case.kinds(severities):
        fires, quiet = case.firing(severity)
        times = list(case.expect)
        if severity not in severities:
            yield f"{case.alert}: case {case.name!r} names severity {severity}, which the alert does not have"
        elif kind == "fires" and not fires:
            yield f"{case.alert}: case {case.name!r} does not fire {severity}"
        elif kind in ("below", "at") and fires:
            yield f"{case.alert}: case {case.name!r} fires {severity}"
        elif kind == "recovers" and not (fires and times.index(fires[-1]) < len(times) - 1):
            yield f"{case.alert}: case {case.name!r} does not recover from {severity}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", required=True)
    parser.add_argument("rules", nargs="+")
    args = parser.parse_args()
    component = cases.load(args.cases)
    rules = [rule for _, rule in cases.read_rules(args.rules)]
    severities = {}
    for rule in rules:
        if "alert" in rule:
            severities.setdefault(rule["alert"], []).append(rule["labels"]["severity"])

    messages = [f"there are cases for {name}, but no such alert" for name in component.alerts if name not in severities]
    shown = {kind: 0 for kind in cases.KINDS}
    for name, levels in severities.items():
        entry = component.alerts.get(name, {"cases": []})
        proved = set()
        for case in entry["cases"]:
            messages += case_messages(case, levels)
            proved |= set(case.kinds(levels))
        for kind in cases.KINDS:
            missing = [level for level in levels if (kind, level) not in proved]
            messages += [f"{name}: no case {kind!r} for {level}" for level in missing]
            shown[kind] += len(levels) - len(missing)
    recorded = {rule["record"] for rule in rules if "record" in rule}
    tested = {record["record"] for record in component.records}
    messages += [f"recording rule {name} has no case" for name in sorted(recorded - tested)]
    messages += [f"there is a case for {name}, but no such recording rule" for name in sorted(tested - recorded)]
    print("\n".join(messages) + "\n" if messages else "", end="")
    total = sum(len(levels) for levels in severities.values())
    print(f"{len(severities)} alert names, {total} alert rules: " + ", ".join(f"{n} with {k!r}" for k, n in shown.items())
          + f"; {len(tested)} of {len(recorded)} recording rules; {len(messages)} mistakes")
    sys.exit(1 if messages else 0)


main()

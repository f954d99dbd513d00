#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs all cases against all rules with promtool.

usage: test_alerts.py --cases FOLDER RULES...
"""
import argparse
import pathlib
import sys
import tempfile

import cases


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", required=True)
    parser.add_argument("rules", nargs="+")
    args = parser.parse_args()
    component = cases.load(args.cases)
    common = component.common

    rules = cases.read_rules(args.rules)
    folder = tempfile.TemporaryDirectory()
    documents = {}
    counts = {"written": 0, "derived": 0}
    for alert, entry in component.alerts.items():
        groups = cases.test_groups(alert, entry, common)
        # An alert is tested with its own rules only, which is much faster; the quiet hosts meet all rules.
        own = cases.rule_file(pathlib.Path(folder.name) / f"{alert}.yaml", [r for _, r in rules if r.get("alert") == alert])
        for interval, document in cases.test_documents([own], groups).items():
            documents[f"{alert} (every {interval})"] = document
        counts["written"] += len(entry["cases"])
        counts["derived"] += len(groups) - len(entry["cases"])
    documents["quiet hosts"] = cases.test_document(
        args.rules, [cases.scenario_group(s, common) for s in component.scenarios])
    for interval, document in cases.test_documents(args.rules, list(cases.record_groups(component.records, common))).items():
        documents[f"recording rules (every {interval})"] = document

    results = cases.promtool(documents, folder.name)
    failed = [name for name, (passed, _) in results.items() if not passed]
    for name in failed:
        print(f"{name} failed:\n{results[name][1]}\n")
    print(f"{len(component.alerts)} alerts: {counts['written']} cases and {counts['derived']} variants of them, "
          f"{len(component.scenarios)} quiet hosts, {len(component.records)} recording rules: {len(failed)} failed")
    sys.exit(1 if failed else 0)


main()

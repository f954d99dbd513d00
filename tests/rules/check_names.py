#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every metric and label that a rule or a panel names exists on the exporters' recorded pages.

usage: check_names.py --root REPOSITORY --golden FOLDER

Metrics that no recorded page can have are listed in not-in-golden.yaml, each with its reason.
"""
import pathlib
import sys

import promql
import sources
import yaml


def added_labels(tree):
    """Labels that an expression itself gives to its series."""
    return {node.args[1].text.strip("\"'") for node in tree.walk()
            if isinstance(node, promql.Call) and node.function in ("label_replace", "label_join")}


def label_messages(where, tree, metrics):
    """Matchers and groupings that name a label which the metrics do not have."""
    for selector in promql.selectors(tree):
        for matcher in selector.matchers:
            if metrics.known(selector.metric) and matcher.label not in metrics.labels_of(selector.metric):
                yield f"{where}: {selector.metric} has no label {matcher.label}"
    for node in tree.walk():
        if isinstance(node, promql.Aggregation) and node.labels:
            inner = promql.selectors(node)
            if all(metrics.known(s.metric) for s in inner):
                offered = set().union(*(metrics.labels_of(s.metric) for s in inner), added_labels(node))
                for label in set(node.labels) - offered:
                    yield f"{where}: {node.op} {node.grouping} names {label}, which nothing in it has"


def main():
    args, metrics = sources.arguments()
    excused = yaml.safe_load((pathlib.Path(__file__).parent / "not-in-golden.yaml").read_text()) or {}
    recorded = {rule["record"] for _, group in sources.alert_groups(args.root) for rule in group["rules"] if "record" in rule}

    messages, names, count = [], set(), 0
    for where, expr, _ in sources.expressions(args.root):
        count += 1
        tree = promql.parse(expr)
        used = {selector.metric for selector in promql.selectors(tree)}
        names |= used
        messages += [f"{where}: no exporter exports {name}" for name in sorted(used)
                     if not metrics.known(name) and name not in recorded and name not in excused]
        messages += label_messages(where, tree, metrics)
    messages += [f"not-in-golden.yaml: {name} is on a recorded page, or nothing uses it"
                 for name in excused if metrics.known(name) or name not in names]
    print("\n".join(messages) + "\n" if messages else "", end="")
    print(f"{len(names)} metric names in {count} expressions, {len(excused)} of them excused, {len(messages)} mistakes")
    sys.exit(1 if messages else 0)


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every family that the exporters export is used by a panel or a rule, or listed in unused.yaml with the reason why not.

usage: check_unused.py --root REPOSITORY --golden FOLDER
"""
import pathlib
import sys

import promql
import sources
import yaml
from golden import Metrics


def listed(groups):
    """({family: how often it is listed}, messages on the groups themselves)"""
    counts, messages = {}, []
    for group in groups:
        if not group.get("why", "").endswith("."):
            messages.append(f"unused.yaml: the group of {group['families'][0]} has no sentence that says why")
        for name in group["families"]:
            counts[name] = counts.get(name, 0) + 1
    return counts, messages


def unused_messages(families, used, groups):
    """`families` on the recorded pages, those of them that are `used`, and the groups of unused.yaml."""
    counts, messages = listed(groups)
    messages += [f"{name} is used by no panel and no rule: use it, or say why not in unused.yaml"
                 for name in sorted(families - used - set(counts))]
    messages += [f"unused.yaml: {name} is used" for name in sorted(used & set(counts))]
    messages += [f"unused.yaml: {name} is on no recorded page" for name in sorted(set(counts) - families)]
    messages += [f"unused.yaml: {name} is listed twice" for name, count in counts.items() if count > 1]
    return messages


def main():
    args, metrics = sources.arguments()
    groups = yaml.safe_load((pathlib.Path(__file__).parent / "unused.yaml").read_text())
    used = {metrics.family_of(selector.metric) for _, expr, _ in sources.expressions(args.root)
            for selector in promql.selectors(promql.parse(expr))}
    families = set(Metrics(args.golden).types)  # without those of applications, which are not ours
    messages = unused_messages(families, used & families, groups)
    print("\n".join(messages) + "\n" if messages else "", end="")
    print(f"{len(families)} families, {len(used & families)} of them in panels and rules, "
          f"{sum(len(group['families']) for group in groups)} not, for {len(groups)} reasons: {len(messages)} mistakes")
    sys.exit(1 if messages else 0)


if __name__ == "__main__":
    main()

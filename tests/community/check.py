#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Public rule sets and dashboards find their metrics, and the labels that they match, on our recorded pages.

usage: check.py [--update]

Each *.yaml here but missing.yaml has the names that one of them uses. docs/community.md is the table of it: --update writes it.
"""
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "stack"))
from exposition import parse  # noqa: E402

PAGE = ROOT / "docs/community.md"
FROM_PROMETHEUS = {"up"}
# The recorded page leaves this machine's values out: what tests/e2e/test_numbers.py compares with uname(1).
NOT_RECORDED = {"node_uname_info": {"sysname", "nodename", "release", "version", "machine"}}
KINDS = {
    "conditional": "ours exports it where there is something to export; the recorded pages have no such thing",
    "lacking": "the incumbent has it, ours has not",
    "nobody": "the incumbent does not have it either",
}
HEAD = """# Community rules and dashboards on our exporters

Which metrics do public rule sets and dashboards use that were made for other exporters, and do they find them here? Made from
`tests/community/*.yaml`, which have the names that each uses and the commit that was read, and from the recorded pages in
`tests/golden/`, by `tests/community/check.py --update`; the suite `rules` checks that it is so. *Found* means the same name on a recorded
page of ours, with every label that the source matches on.
"""


def exported(exporter):
    """{name of a series: its labels} of all recorded pages of one exporter."""
    found = {name: set() for name in FROM_PROMETHEUS} | {name: set(labels) for name, labels in NOT_RECORDED.items()}
    for page in [HERE.parent / f"golden/{exporter}.prom", *sorted((HERE.parent / "golden").glob(f"{exporter}-*.prom"))]:
        for family in parse(page.read_text()).values():
            for name, labels in family.samples:
                found.setdefault(name, set()).update(label for label, _ in labels)
    return found


def sources():
    found = [yaml.safe_load(path.read_text()) for path in HERE.glob("*.yaml") if path.name != "missing.yaml"]
    return sorted(found, key=lambda source: (source["made_for"], source["title"]))


class Verdicts:
    """What became of each name of each source."""

    def __init__(self, told):
        self.kinds = {name: (kind, why) for kind, names in told["metrics"].items() for name, why in names.items()}
        self.labels = {(name, label): why for name, labels in told["labels"].items() for label, why in labels.items()}
        self.used, self.wrong, self.rows = set(), [], []

    def judge(self, source, ours):
        counts = dict.fromkeys(("found", *KINDS), 0)
        missing = []
        for name, labels in source["metrics"].items():
            if name in ours:
                counts["found"] += 1
                self.judge_labels(source, name, set(labels) - ours[name])
            elif name in self.kinds:
                counts[self.kinds[name][0]] += 1
                missing.append(name)
                self.used.add(name)
            else:
                self.wrong.append(f"{source['title']}: {name} is on no recorded page, and missing.yaml does not say why")
        self.rows.append((source, counts, missing))

    def judge_labels(self, source, name, labels):
        for label in sorted(labels):
            self.used.add((name, label))
            if (name, label) not in self.labels:
                self.wrong.append(f"{source['title']}: {name} has no label {label}, and missing.yaml does not say why")

    def stale(self):
        return [f"missing.yaml: {entry} is found, or nothing uses it" for entry in [*self.kinds, *self.labels] if entry not in self.used]


def table(titles, rows):
    return "".join("| " + " | ".join(map(str, row)) + " |\n" for row in (titles, ["---"] * len(titles), *rows))


def page(verdicts):
    parts = [HEAD]
    total = sum(len(source["metrics"]) for source, _, _ in verdicts.rows)
    found = sum(counts["found"] for _, counts, _ in verdicts.rows)
    parts.append(f"{len(verdicts.rows)} sources use {total} names in all; {found} of them are found.\n")
    rows = [(source["title"], f"{source['made_for']}; {source['repository']}", source["licence"], len(source["metrics"]),
             *counts.values()) for source, counts, _ in verdicts.rows]
    parts.append(table(("source", "made for; where it is", "licence", "names", "found", *KINDS), rows))
    for kind, meaning in KINDS.items():
        names = sorted(name for name in verdicts.used if name in verdicts.kinds and verdicts.kinds[name][0] == kind)
        rows = [(f"`{name}`", verdicts.kinds[name][1], ", ".join(source["title"] for source, _, missing in verdicts.rows if name in missing))
                for name in names]
        parts.append(f"## {kind.capitalize()}: {meaning}\n\n" + (table(("name", "why", "used by"), rows) if rows else "None.\n"))
    rows = [(f"`{name}`", f"`{label}`", why) for (name, label), why in verdicts.labels.items()]
    parts.append("## Labels that are matched and not there\n\n" + table(("name", "label", "why"), rows))
    rows = [(source["title"], source["tried"]["queries"], source["tried"]["with_data"], source["tried"]["why"])
            for source, _, _ in verdicts.rows if "tried" in source]
    parts.append("## Their queries, run by hand\n\nAgainst a Prometheus that had scraped our exporters for a minute (a virtual machine, one PostgreSQL, "
                 "PgBouncer, Redis and\nMemcached), with every variable set to all. No test repeats this.\n\n"
                 + table(("dashboard", "queries", "with data", "why not the others"), rows))
    return "\n".join(parts)


def main(update):
    verdicts = Verdicts(yaml.safe_load((HERE / "missing.yaml").read_text()))
    pages = {}
    for source in sources():
        exporter = source["exporter"]
        pages[exporter] = pages.get(exporter) or exported(exporter)
        verdicts.judge(source, pages[exporter])
    messages = verdicts.wrong + verdicts.stale()
    text = page(verdicts)
    if update and not messages:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        messages.append("docs/community.md is not what this run finds; see --update")
    print("\n".join(messages) + "\n" if messages else "", end="")
    for source, counts, _ in verdicts.rows:
        print(f"{source['title']}: {len(source['metrics'])} names, " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    print(f"{len(verdicts.rows)} sources, {len(messages)} mistakes")
    return 1 if messages or not verdicts.rows else 0


if __name__ == "__main__":
    sys.exit(main("--update" in sys.argv[1:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Style and sense of the alert and recording rules, and a runbook page for each alert.

usage: lint_alerts.py --root REPOSITORY --golden FOLDER
"""
import pathlib
import re
import subprocess
import sys

import promql
import sources
from golden import ON_COUNTERS, ON_GAUGES

SEVERITIES = ("critical", "warning", "info")
ANNOTATIONS = ("summary", "description", "runbook_url", "dashboard_url")
HEADINGS = ("## Meaning", "## Impact", "## Diagnosis", "## Mitigation")
LONGEST_SCRAPE_INTERVAL = 60
SHORTEST_PAGING_FOR = 120


def name_messages(rule, component):
    name = rule["alert"]
    prefix = "".join(word.capitalize() for word in component.split("-"))
    if not re.fullmatch(r"([A-Z]+[a-z0-9]+)+", name) or len(name) > 40:
        yield "the name is not CamelCase or is longer than 40 characters"
    if not name.startswith(prefix):
        yield f"the name does not start with {prefix}"
    if rule["labels"].get("severity") not in SEVERITIES:
        yield f"severity is not one of {', '.join(SEVERITIES)}"
    if rule["labels"].get("component") != component:
        yield f"the label component is not {component}"
    if any("{{" in value for value in rule["labels"].values()):
        yield "a label is a template: the alert would change its identity while it fires"


def annotation_messages(rule):
    annotations = rule["annotations"]
    for key in ANNOTATIONS:
        if not annotations.get(key):
            yield f"no {key}"
    if not re.fullmatch(r"[A-Z][^{}]+\.", annotations.get("summary", "")):
        yield "the summary is not a fixed sentence with a capital and a full stop"
    if "{{" not in annotations.get("description", "") or not annotations.get("description", "").endswith("."):
        yield "the description names nothing of the alert, or has no full stop"
    if rule["alert"] not in annotations.get("runbook_url", ""):
        yield "runbook_url does not lead to the alert's own page"


def label_messages(rule, tree, metrics):
    kept = promql.result_labels(tree, metrics.labels_of)
    for label in ("job", "instance"):
        if label not in kept:
            yield f"the label {label} is lost"
    if all(metrics.known(s.metric) for s in promql.selectors(tree)):
        text = " ".join(rule["annotations"].values())
        for label in sorted(set(re.findall(r"\$labels\.(\w+)", text)) - kept):
            yield f"a text uses $labels.{label}, which the expression does not keep"


def expression_messages(tree, metrics):
    for node in tree.walk():
        if isinstance(node, promql.Call):
            for selector in [arg for arg in node.args if isinstance(arg, promql.Selector) and arg.range]:
                kind = metrics.type_of(selector.metric)
                if node.function in ON_COUNTERS and kind == "gauge":
                    yield f"{node.function}() of the gauge {selector.metric}"
                if node.function in ON_GAUGES and kind == "counter":
                    yield f"{node.function}() of the counter {selector.metric}"
                if promql.seconds(selector.range) < 4 * LONGEST_SCRAPE_INTERVAL:
                    yield f"[{selector.range}] of {selector.metric} is shorter than four scrapes"
        if isinstance(node, promql.Selector):
            if metrics.type_of(node.metric) == "counter" and not node.range and not only_counted(node, tree):
                yield f"the counter {node.metric} is used without rate() or increase()"
            for matcher in node.matchers:
                value = matcher.value.strip('"')
                if matcher.op in ("=~", "!~") and not re.search(r"[.*+?|()\[\]]", value):
                    yield f"{matcher} needs no regular expression"
            # A recorded series is of certain jobs already, and an alert of certain components.
            wanted = "component" if node.metric == "ALERTS" else "job"
            if ":" not in node.metric and not any(matcher.label == wanted for matcher in node.matchers):
                yield f"{node.metric} is not restricted to a job"


def only_counted(selector, tree):
    """count() over a counter's series does not look at its value."""
    return any(isinstance(node, promql.Aggregation) and node.op in ("count", "group") and selector in node.args
               for node in tree.walk())


def alert_messages(rule, component, metrics):
    tree = promql.parse(rule["expr"])
    yield from name_messages(rule, component)
    yield from annotation_messages(rule)
    yield from label_messages(rule, tree, metrics)
    yield from expression_messages(tree, metrics)
    if not any(isinstance(node, promql.Binary) and node.op in promql.COMPARISONS for node in tree.walk()):
        yield "nothing is compared: it would always fire"
    if rule["labels"].get("severity") == "critical" and promql.seconds(rule.get("for", "0s")) < SHORTEST_PAGING_FOR:
        yield "it calls somebody after less than two minutes"
    if any(isinstance(node, promql.Call) and node.function.startswith("absent") for node in tree.walk()) \
            and promql.seconds(rule.get("for", "0s")) < 600:
        yield "absent() needs a `for` of ten minutes or more"


def recorded_labels(name):
    """The labels that the level of a recorded series promises: what is of an instance is of a job, too."""
    level = set(name.partition(":")[0].split("_"))
    return level | {"job"} if "instance" in level else level


def record_messages(rule, metrics):
    if not re.fullmatch(r"[a-z_]+:[a-z]\w+:[a-z0-9_]+", rule["record"]):
        yield "the name is not level:metric:operations"
    tree = promql.parse(rule["expr"])
    yield from expression_messages(tree, metrics)
    kept = promql.result_labels(tree, lambda name: recorded_labels(name) if ":" in name else metrics.labels_of(name))
    for label in sorted(recorded_labels(rule["record"]) - kept, reverse=True):
        yield f"{label} is lost, which is in the name's level"



def group_messages(groups):
    names = [group["name"] for _, group in groups]
    for file, group in groups:
        if len(group["name"]) > 40 or names.count(group["name"]) > 1:
            yield f"{file}: the group name {group['name']} is longer than 40 characters or used twice"
        if len(group["rules"]) > 20:
            yield f"{file}: group {group['name']} has more than 20 rules"
    rules = [rule for _, group in groups for rule in group["rules"] if "alert" in rule]
    keys = [(rule["alert"], rule["labels"]["severity"]) for rule in rules]
    yield from {f"{name} {severity} exists twice" for name, severity in keys if keys.count((name, severity)) > 1}
    for name in {rule["alert"] for rule in rules}:
        if len({rule["annotations"]["summary"] for rule in rules if rule["alert"] == name}) > 1:
            yield f"{name} has another summary for each severity"


def runbook_messages(folder, alerts):
    pages = {path.stem: path for path in folder.glob("*.md")}
    for name in sorted(set(alerts) - set(pages)):
        yield f"{name} has no page in docs/runbooks"
    for name in sorted(set(pages) - set(alerts)):
        yield f"docs/runbooks/{name}.md belongs to no alert"
    for name in sorted(set(pages) & set(alerts)):
        lines = pages[name].read_text().splitlines()
        headings = tuple(line for line in lines if line.startswith("#") and not line.startswith("###"))
        code = False
        outside = []
        for line in lines:  # a comment in a shell example starts like a heading
            code = not code if line.startswith("```") else code
            outside += [] if code else [line]
        headings = tuple(line for line in outside if re.match(r"##? ", line))
        if headings != (f"# {name}",) + HEADINGS:
            yield f"docs/runbooks/{name}.md: the headings are not # {name}, {', '.join(HEADINGS)}"
        for part in re.split(r"^## ", "\n".join(outside), flags=re.MULTILINE)[1:]:
            if not part.partition("\n")[2].strip():
                yield f"docs/runbooks/{name}.md: {part.split()[0]} is empty"
        if not any(line.startswith("```") for line in lines):
            yield f"docs/runbooks/{name}.md shows no command"


def promtool_messages(root):
    paths = sorted(map(str, pathlib.Path(root, "alerts").glob("*.rules.yaml")))
    run = subprocess.run(["promtool", "check", "rules", "--lint=all", "--lint-fatal", *paths], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    return [f"promtool check rules: {run.stdout}"] if run.returncode else []


def main():
    args, metrics = sources.arguments()
    groups = sources.alert_groups(args.root)

    messages = promtool_messages(args.root) + list(group_messages(groups))
    alerts, records = [], []
    for file, group in groups:
        component = file.split(".")[0]
        for rule in group["rules"]:
            if "alert" in rule:
                alerts.append(rule["alert"])
                found = alert_messages(rule, component, metrics)
                where = f"{rule['alert']} ({rule['labels'].get('severity')})"
            else:
                records.append(rule["record"])
                found, where = record_messages(rule, metrics), rule["record"]
            messages += [f"{where}: {message}" for message in found]
    messages += runbook_messages(pathlib.Path(args.root, "docs", "runbooks"), set(alerts))
    print("\n".join(messages) + "\n" if messages else "", end="")
    print(f"{len(alerts)} alert rules with {len(set(alerts))} names and runbook pages, {len(records)} recording rules, "
          f"{len(groups)} groups, accepted by promtool: {len(messages)} mistakes")
    sys.exit(1 if messages or not alerts else 0)


if __name__ == "__main__":
    main()

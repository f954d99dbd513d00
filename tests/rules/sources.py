# SPDX-License-Identifier: Apache-2.0
"""Reads the generated rules and dashboards for the checks."""
import argparse
import json
import pathlib

import promql
import yaml
from golden import Metrics


def arguments():
    """(the command line's --root and --golden, the metrics on the recorded pages)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True)
    parser.add_argument("--golden", required=True)
    args = parser.parse_args()
    return args, Metrics(args.golden, pathlib.Path(args.root, "tests", "fixtures", "application"))


def alert_groups(root):
    """[(file name, group)] of all rule files in alerts/."""
    return [(path.name, group) for path in sorted(pathlib.Path(root, "alerts").glob("*.rules.yaml"))
            for group in yaml.safe_load(path.read_text())["groups"]]


def dashboards(root):
    """{file name: dashboard}."""
    return {path.name: json.loads(path.read_text()) for path in sorted(pathlib.Path(root, "dashboards").glob("*.json"))}


def expressions(root):
    """(where it stands, expression as Prometheus gets it, legend or None) of every rule, panel and annotation."""
    for _, group in alert_groups(root):
        for rule in group["rules"]:
            yield f"rule {rule.get('alert') or rule['record']}", rule["expr"], None
    for name, dashboard in dashboards(root).items():
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                yield (f"{name}: panel {panel['title']!r} {target['refId']}",
                       promql.without_grafana_variables(target["expr"]), target["legendFormat"])
        for annotation in dashboard["annotations"]["list"]:
            yield (f"{name}: annotation {annotation['name']!r}", promql.without_grafana_variables(annotation["expr"]),
                   annotation["titleFormat"])

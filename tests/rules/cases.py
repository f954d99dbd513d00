# SPDX-License-Identifier: Apache-2.0
"""Reads the alert cases in cases/<component>/ and writes them as promtool unit tests. See README.md for the format."""
import pathlib
import re
import subprocess
from dataclasses import dataclass

import promql
import yaml

SEVERITIES = ("critical", "warning", "info")
KINDS = ("fires", "below", "at", "recovers")


@dataclass
class Case:
    """One story about one alert: series go in, and at some times some alerts fire."""
    alert: str
    name: str
    series: dict  # series as written -> values
    expect: dict  # time -> list of {severity: description, label: value ...}
    interval: str = "1m"

    def firing(self, severity):
        """Times (in order) at which this severity is expected to fire, and at which it is not."""
        fires = [time for time, alerts in self.expect.items() if any(severity in a for a in alerts)]
        return fires, [time for time in self.expect if time not in fires]

    def all_quiet(self):
        return not any(self.expect.values())

    def kinds(self, severities):
        """(kind, severity) pairs that the name claims: "fires, at critical" means fires for every severity."""
        for tag in self.name.split(":")[0].split(","):
            words = tag.split()
            if words and words[0] in KINDS:
                yield from [(words[0], s) for s in (words[1:] or severities)]


@dataclass
class Scenario:
    """A host on which nothing may fire."""
    name: str
    series: dict
    times: list
    interval: str


@dataclass
class Component:
    """Everything in cases/<component>/."""
    common: dict
    alerts: dict  # alert name -> {"summary", "dashboard" where it is not the component's usual one, "cases"}
    scenarios: list
    records: list


def read_strings(path):
    """YAML in which every scalar is text: 0x20 is a series of zeros here, not the number 32."""
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


def load(folder):
    folder = pathlib.Path(folder)
    common = read_strings(folder / "common.yaml")
    component = Component(common, {}, [], [])
    for path in sorted(folder.glob("*.yaml")):
        document = read_strings(path)
        if path.name in ("common.yaml", "equivalent.yaml"):
            continue
        if path.name == "quiet-hosts.yaml":
            component.scenarios = [Scenario(**item) for item in document]
            continue
        if path.name == "recording.yaml":
            component.records = document
            continue
        for name, entry in document.items():
            if name in component.alerts:
                raise ValueError(f"{path}: {name} has cases in two files")
            cases = [Case(name, item["case"], item["series"],
                          {str(time): alerts or [] for time, alerts in item["expect"].items()},
                          item.get("interval", "1m")) for item in entry["cases"]]
            component.alerts[name] = {**entry, "cases": cases}
    return component


def read_rules(paths):
    """[(group name, rule)] of all rule files."""
    return [(group["name"], rule) for path in paths for group in yaml.safe_load(pathlib.Path(path).read_text())["groups"]
            for rule in group["rules"]]


def series_text(written, changes, defaults):
    """A series with the default labels added and some labels changed."""
    selector = promql.parse(written)
    labels = {**defaults, **{m.label: m.value.strip('"') for m in selector.matchers}, **changes}
    return selector.metric + "{%s}" % ",".join(f'{k}="{v}"' for k, v in sorted(labels.items()))


def expand_values(text):
    """The value notation as one word a sample: "1+2x2 _" is ["1", "3", "5", "_"]."""
    words = []
    for item in text.split():
        match = re.fullmatch(r"(-?[\d.]+)([+-][\d.]+)?x(\d+)", item)
        if match:
            start, step, count = float(match[1]), float(match[2] or 0), int(match[3])
            words += [repr(start + step * i) for i in range(count + 1)]
        elif re.fullmatch(r"_x\d+", item):
            words += ["_"] * int(item[2:])
        else:
            words.append(item)
    return words


def with_gap(text, index):
    """The same values with one scrape missing."""
    words = expand_values(text)
    if index < len(words):
        words[index] = "_"
    return " ".join(words)


def input_series(series, common, changes=None):
    """promtool's input_series, with the decoys: copies that the rules must not look at."""
    rows = {}
    for written, values in series.items():
        metric = promql.parse(written).metric
        variants = [{}] + [d["set"] for d in common["decoys"] if re.fullmatch(d.get("metrics", ".*"), metric)]
        for decoy in variants:
            rows.setdefault(series_text(written, {**(changes or {}), **decoy}, common["labels"]), str(values))
    return [{"series": name, "values": values} for name, values in rows.items()]


def expected_alert(alert, entry, wanted, common):
    """`entry` has what all of an alert's cases share, `wanted` is one alert of a case. A label that is empty is absent."""
    severity = next(s for s in SEVERITIES if s in wanted)
    labels = {**common["labels"], "component": common["component"], "severity": severity,
              **{k: v for k, v in wanted.items() if k != severity}}
    dashboard_url = entry.get("dashboard_url", common["dashboard_url"]).replace("DASHBOARD", entry.get("dashboard", common.get("dashboard", "")))
    for word in ("job", "instance", "target"):
        dashboard_url = dashboard_url.replace(word.upper(), labels.get(word, "").replace(":", "%3A"))
    return {"exp_labels": {name: value for name, value in labels.items() if value != ""},
            "exp_annotations": {"summary": entry["summary"], "description": wanted[severity],
                                "runbook_url": common["runbook_url"] % alert, "dashboard_url": dashboard_url}}


def group_for(case, entry, common, name, series, expect=None):
    tests = [{"eval_time": time, "alertname": case.alert,
              "exp_alerts": [expected_alert(case.alert, entry, wanted, common) for wanted in alerts]}
             for time, alerts in (expect or case.expect).items()]
    return {"name": f"{case.alert}: {name}", "interval": case.interval, "input_series": series, "alert_rule_test": tests}


def minutes(duration):
    return int(promql.seconds(duration) // 60)


def test_groups(alert, entry, common):
    """All test groups of an alert: each case as it is written, and the variants that follow from it."""
    groups = []
    quiet_below = next((c for c in entry["cases"] if "below" in c.name and c.all_quiet()), None)
    for case in entry["cases"]:
        series = input_series(case.series, common)
        groups.append(group_for(case, entry, common, case.name, series))
        fires = [time for time, alerts in case.expect.items() if alerts]
        if "fires" not in case.name or not fires:
            continue
        if quiet_below and quiet_below.interval == case.interval:
            other = input_series(quiet_below.series, common, {"instance": "host-b:9100"})
            groups.append(group_for(case, entry, common, case.name + " (a second host is well)", series + other))
        if case.interval == "1m":
            index = minutes(fires[0]) - 1  # the alert is pending there
            holes = [{"series": row["series"], "values": with_gap(row["values"], index)} for row in series]
            so_far = {time: alerts for time, alerts in case.expect.items() if minutes(time) <= minutes(fires[0])}
            groups.append(group_for(case, entry, common, case.name + " (one scrape is missing)", holes, so_far))
        length = max(len(expand_values(str(v))) for v in case.series.values()) * promql.seconds(case.interval)
        gone = [{"series": row["series"], "values": " ".join(expand_values(row["values"]) + ["stale"])} for row in series]
        groups.append(group_for(case, entry, common, case.name + " (then the target is gone)", gone,
                                {f"{int(length // 60) + 60}m": []}))
    nothing = Case(alert, "no series at all", {}, {"0m": [], "2h": []})
    groups.append(group_for(nothing, entry, common, nothing.name, []))
    return groups


def scenario_group(scenario, common):
    """Nothing fires, of all alerts in the rule files."""
    return {"name": f"quiet host: {scenario.name}", "interval": scenario.interval,
            "input_series": input_series(scenario.series, {**common, "decoys": []}),
            "promql_expr_test": [{"expr": 'ALERTS{alertstate="firing"}', "eval_time": time, "exp_samples": []}
                                 for time in scenario.times]}


def record_groups(records, common):
    common = {**common, "decoys": [d for d in common["decoys"] if "alerts_only" not in d]}
    for item in records:
        yield {"name": f"{item['record']}: {item['case']}", "interval": item.get("interval", "1m"),
               "input_series": input_series(item["series"], common),
               "promql_expr_test": [{"expr": item["record"], "eval_time": item["at"], "exp_samples": [
                   {"labels": series_text(item["record"] + sample["labels"], {}, common["labels"]), "value": float(sample["value"])}
                   for sample in item["samples"]]}]}


def test_document(rule_files, groups, interval="1m"):
    return {"rule_files": [str(path) for path in rule_files], "evaluation_interval": interval, "tests": groups}


def test_documents(rule_files, groups):
    """One document for each sample interval, with the rules evaluated as often as there are samples."""
    by_interval = {}
    for group in groups:
        by_interval.setdefault(group["interval"], []).append(group)
    return {interval: test_document(rule_files, some, interval) for interval, some in by_interval.items()}


def rule_file(path, rules):
    """Writes some rules as a rule file of one group."""
    path.write_text(yaml.safe_dump({"groups": [{"name": "tested", "rules": rules}]}))
    return path


def promtool(documents, folder):
    """Runs promtool once over named test documents. Returns {name: (passed, output)}."""
    folder = pathlib.Path(folder)
    paths = {}
    for name, document in documents.items():
        path = folder / f"{len(paths)}.test.yaml"
        path.write_text(yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False, width=1000))
        paths[str(path)] = name
    run = subprocess.run(["promtool", "test", "rules", *paths], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    parts = re.split(r"^Unit Testing:\s+(\S+)\n", run.stdout, flags=re.MULTILINE)
    results = {paths[path]: (text.strip().startswith("SUCCESS"), text.strip())
               for path, text in zip(parts[1::2], parts[2::2])}
    if len(results) != len(paths):
        raise RuntimeError(f"promtool did not run every test: {run.stdout[-4000:]}")
    return results

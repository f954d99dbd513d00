#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks of this folder find what they are there to find, and the mixin can be used as its users do.

usage: test_checks.py REPOSITORY
"""
import copy
import json
import pathlib
import subprocess
import sys
import unittest

import cases
import lint_alerts
import lint_dashboards
import mutants
import promql
from golden import Metrics

ROOT = pathlib.Path(sys.argv[1]).resolve()


class KnownMetrics(Metrics):
    """Golden pages of this test."""

    def __init__(self):
        self.types = {"a_total": "counter", "g": "gauge"}
        self.labels = {"a_total": {"device"}, "g": {"mountpoint"}}


def rule(**changes):
    good = {"alert": "SystemThing", "expr": 'rate(a_total{job="x"}[5m]) > 1', "for": "5m",
            "labels": {"severity": "critical", "component": "system"},
            "annotations": {"summary": "It is bad.", "description": "{{ $labels.device }} is bad.",
                            "runbook_url": "https://x/SystemThing.md", "dashboard_url": "/d/x"}}
    return {**good, **changes}


def jsonnet(code):
    return subprocess.run(["jsonnet", "-J", str(ROOT / "jsonnet"), "-e", code], capture_output=True, text=True)


class Promql(unittest.TestCase):
    def test_text_and_tree(self):
        for text in ('(sum by (a, b) (rate(x{c=~"d|e",f!="g"}[5m])) > 0.5)',
                     "((a unless ignoring (state) (b == 1)) or on () vector(0))",
                     "(a * on (job) group_left (x) b offset 5m)", "abs((-a))", "(time() - x)"):
            self.assertEqual(str(promql.parse(text)), text)
        self.assertEqual(str(promql.parse("1 - 2 - 3 * 4 ^ 5 > bool 6")), "(((1 - 2) - (3 * (4 ^ 5))) > bool 6)")
        self.assertEqual(str(promql.parse("a or b and c unless d")), "(a or ((b and c) unless d))")
        self.assertEqual(str(promql.parse("sum(a) by (b)")), "sum by (b) (a)")

    def test_refuses(self):
        for text in ("a >", "a{b=", "sum(", "a b", "a }", "a[5m"):
            with self.assertRaises(ValueError, msg=text):
                promql.parse(text)

    def test_labels(self):
        def labels(text):
            return promql.result_labels(promql.parse(text), lambda metric: {"job", "device", "mode"})
        self.assertEqual(labels("sum by (job) (a)"), {"job"})
        self.assertEqual(labels("avg without (mode) (rate(a[5m]))"), {"job", "device"})
        self.assertEqual(labels("sum(a) > 1"), set())
        self.assertEqual(labels("a / on (job) b"), {"job"})
        self.assertEqual(labels("a - ignoring (mode) b"), {"job", "device"})
        self.assertEqual(labels("a and on (job) b"), {"job", "device", "mode"})
        self.assertEqual(labels('label_replace(sum by (job) (a), "x", "$1", "job", "(.+)")'), {"job", "x"})
        self.assertEqual(labels('label_join(a, "x", " ", "job", "mode")'), {"job", "device", "mode", "x"})

    def test_durations(self):
        self.assertEqual(promql.seconds("1h30m"), 5400)


class Values(unittest.TestCase):
    def test_notation(self):
        self.assertEqual(cases.expand_values("1+2x2 _x2 5 0x1 -3-1x1 stale"),
                         ["1.0", "3.0", "5.0", "_", "_", "5", "0.0", "0.0", "-3.0", "-4.0", "stale"])
        self.assertEqual(cases.with_gap("1x3", 1), "1.0 _ 1.0 1.0")

    def test_zeros_are_no_hexadecimal_number(self):
        folder = ROOT / "tests" / "rules" / "cases" / "system"
        self.assertIn("0x10", cases.load(folder).alerts["SystemExporterDown"]["cases"][0].series["up"])


class Mutants(unittest.TestCase):
    def test_all_kinds(self):
        names = {name for name, _ in mutants.mutants(
            rule(expr='sum by (a) (rate(x_total{job="j",b="c"}[5m])) > 2 unless y{job="j"} == 1',
                 keep_firing_for="5m"), 'job="j"')}
        for wanted in ("drop for", "for x3", "drop keep_firing_for", "severity warning", "> becomes <", "> becomes >=",
                       "2 x0.5", "2 x2", "== becomes !=", "x_total[5m] x4", "drop label a from (a)",
                       'drop the selector job="j"', 'drop b="c"'):
            self.assertIn(wanted, names)
        self.assertTrue(any(name.startswith("keep only") for name in names))

    def test_each_differs_from_the_rule(self):
        original = rule(expr="a > 1 and b < 2 or c == 0")
        plain = {**original, "expr": str(promql.parse(original["expr"]))}
        made = [json.dumps(mutant, sort_keys=True) for _, mutant in mutants.mutants(original, "")]
        self.assertEqual(len(set(made)), len(made))
        self.assertNotIn(json.dumps(plain, sort_keys=True), made)


class AlertStyle(unittest.TestCase):
    def messages(self, **changes):
        return " / ".join(lint_alerts.alert_messages(rule(**changes), "system", KnownMetrics()))

    def test_good(self):
        self.assertEqual(self.messages(), "")

    def test_bad(self):
        annotations = rule()["annotations"]
        for changes, wanted in (
                ({"alert": "System_thing"}, "CamelCase"),
                ({"alert": "CacheThing"}, "start with System"),
                ({"labels": {"severity": "page", "component": "system"}}, "severity"),
                ({"labels": {"severity": "warning", "component": "cache"}}, "component"),
                ({"annotations": {**annotations, "summary": "it is {{ $value }}"}}, "fixed sentence"),
                ({"annotations": {**annotations, "description": "Bad."}}, "names nothing"),
                ({"annotations": {**annotations, "runbook_url": "https://x/"}}, "own page"),
                ({"expr": 'sum by (job, instance) (rate(a_total{job="x"}[5m])) > 1'}, "$labels.device"),
                ({"expr": 'max by (device) (rate(a_total{job="x"}[5m])) > 1'}, "the label job is lost"),
                ({"expr": 'rate(a_total{job="x"}[5m])'}, "nothing is compared"),
                ({"expr": 'rate(a_total{job="x"}[1m]) > 1'}, "shorter than four"),
                ({"expr": 'a_total{job="x"} > 1'}, "without rate()"),
                ({"expr": 'rate(g{job="x"}[5m]) > 1'}, "of the gauge"),
                ({"expr": 'deriv(a_total{job="x"}[5m]) > 1'}, "of the counter"),
                ({"expr": 'rate(a_total{job=~"x"}[5m]) > 1'}, "no regular expression"),
                ({"expr": "rate(a_total[5m]) > 1"}, "not restricted to a job"),
                ({"for": "1m"}, "less than two minutes")):
            self.assertIn(wanted, self.messages(**changes), changes)


class DashboardStyle(unittest.TestCase):
    def setUp(self):
        self.good = json.loads((ROOT / "dashboards" / "system.json").read_text())
        self.metrics = KnownMetrics()

    def test_bad_dashboards(self):
        for key, value in (("uid", "x"), ("schemaVersion", 42), ("editable", True), ("id", 3), ("__inputs", []), ("tags", [])):
            self.assertEqual(len(list(lint_dashboards.dashboard_messages({**self.good, key: value}, 1))),
                             2 if key == "tags" else 1, key)
        self.assertTrue(list(lint_dashboards.dashboard_messages(self.good, 300000)))

    def test_bad_variables(self):
        for index in range(3):
            variables = copy.deepcopy(self.good["templating"]["list"])
            del variables[index]
            self.assertTrue(list(lint_dashboards.variable_messages(variables)))
        variables = copy.deepcopy(self.good["templating"]["list"])
        variables[1]["query"]["query"] = "label_values(up{, job)"
        with self.assertRaises(ValueError):
            list(lint_dashboards.variable_messages(variables))

    def test_bad_layout(self):
        for change in ({"id": 1}, {"title": "Uptime"}, {"gridPos": {"x": 20, "y": 900, "w": 8, "h": 2}},
                       {"gridPos": self.good["panels"][1]["gridPos"]}):
            panels = copy.deepcopy(self.good["panels"])
            panels[-1].update(change)
            self.assertTrue(list(lint_dashboards.layout_messages(panels)), change)

    def test_bad_panels(self):
        good = self.good["panels"][1]
        self.assertEqual(list(lint_dashboards.panel_messages(good)), [])
        for change in ({"type": "graph"}, {"description": ""}, {"fieldConfig": {"defaults": {"unit": "megabyte"}}},
                       {"datasource": {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}}, {"targets": []}):
            self.assertTrue(list(lint_dashboards.panel_messages({**good, **change})), change)

    def test_bad_queries(self):
        sel = 'job=~"$job",instance=~"$instance"'
        good = "rate(a_total{%s}[$__rate_interval])" % sel
        self.assertEqual(list(lint_dashboards.query_messages(good, "{{device}}", self.metrics)), [])
        for expr, legend, wanted in (
                ("g", "x", "restricted"), (f"a_total{{{sel}}}", "x", "raw"), (good.replace("$__rate_interval", "5m"), "x", "instead of"),
                (good.replace("a_total", "g"), "x", "gauge"), (good, "", "no legend"), (good, "{{mode}}", "mode"),
                (f"sum by (job) ({good})", "{{device}}", "device")):
            self.assertIn(wanted, " ".join(lint_dashboards.query_messages(expr, legend, self.metrics)), expr)
        self.assertTrue(lint_dashboards.promtool_messages([("x", "sum(rate(a[5m])", "x")]))
        self.assertEqual(lint_dashboards.promtool_messages([("x", "sum(rate(a[5m]))", "x")]), [])


class Mixin(unittest.TestCase):
    def test_missing_parts_fail_the_build(self):
        use = "local a = import 'lib/alerts.libsonnet'; a.warning { %s }"
        whole = "alert: 'X', expr: 'up == 0', annotations+: { summary: 'S.', description: 'D' }"
        self.assertEqual(jsonnet(use % whole).returncode, 0)
        for missing in ("alert: 'X', ", "expr: 'up == 0', ", "summary: 'S.', ", "description: 'D'"):
            self.assertNotEqual(jsonnet(use % whole.replace(missing, "")).returncode, 0, missing)
        panel = "local g = import 'lib/grafana.libsonnet'; g.stat('T', %s, %s, [['up', %s]])"
        self.assertEqual(jsonnet(panel % ("'D.'", "'none'", "'L'")).returncode, 0)
        for values in (("''", "'none'", "'L'"), ("'D.'", "'nothing'", "'L'"), ("'D.'", "'none'", "''")):
            self.assertNotEqual(jsonnet(panel % values).returncode, 0, values)

    def test_users_can_change_the_configuration(self):
        done = jsonnet("""local m = (import 'mixin.libsonnet') + { _config+:: {
            runbookURLPattern: 'https://example.org/%s', cache+: { selector: 'job="mine"' },
            postgres+: { selector: 'job="mine"' }, system+: { selector: 'job="mine"' } } };
            m.prometheusAlerts + { records: m.prometheusRules, boards: std.objectFieldsAll(m.grafanaDashboards) }""")
        self.assertEqual(done.returncode, 0, done.stderr)
        made = json.loads(done.stdout)
        self.assertEqual(made["boards"], ["cache-overview.json", "cache-redis.json", "postgres-performance.json",
                                          "postgres-pool.json", "system.json"])
        rules = [r for group in made["groups"] + made["records"]["groups"] for r in group["rules"]]
        self.assertTrue(all('job="mine"' in r["expr"] and "job=~" not in r["expr"] for r in rules))
        down = next(r for r in rules if r.get("alert") == "SystemExporterDown")
        self.assertEqual(down["annotations"]["runbook_url"], "https://example.org/SystemExporterDown")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)

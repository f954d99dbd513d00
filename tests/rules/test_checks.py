#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks of this folder find what they are there to find, and the mixin can be used as its users do.

usage: test_checks.py REPOSITORY
"""
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import cases
import check_runbooks
import check_unused
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


class RecordStyle(unittest.TestCase):
    def messages(self, name, expr):
        return " / ".join(lint_alerts.record_messages({"record": name, "expr": expr}, KnownMetrics()))

    def test_labels_are_those_of_the_level(self):
        self.assertEqual(self.messages("instance_device:aa:rate5m", 'rate(a_total{job="x"}[5m])'), "")
        self.assertEqual(self.messages("component:aa:min", "min by (component) (component_instance:aa:or_down)"), "")
        for name, expr, wanted in (
                ("instance_device:aa:rate5m", 'sum without (device) (rate(a_total{job="x"}[5m]))', "device is lost"),
                ("instance:aa:rate5m", 'sum by (instance) (rate(a_total{job="x"}[5m]))', "job is lost"),
                ("component:aa:min", "min(component_instance:aa:or_down)", "component is lost"),
                ("component:aa:count", "count by (component) (ALERTS)", "not restricted to a job"),
                ("a", "up", "level:metric:operations")):
            self.assertIn(wanted, self.messages(name, expr), name)


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

    def test_pictures(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a-dark.png", "b-light.png"):
                pathlib.Path(folder, name).touch()
            self.assertEqual(len(list(lint_dashboards.picture_messages(folder, ["a.json"]))), 2)
            pathlib.Path(folder, "b-light.png").rename(pathlib.Path(folder, "a-light.png"))
            self.assertEqual(list(lint_dashboards.picture_messages(folder, ["a.json"])), [])

    def test_bad_links_and_annotations(self):
        overview = json.loads((ROOT / "dashboards" / "overview.json").read_text())
        variables = {"binnacle-system": {"job", "instance"}, "binnacle-overview": {"job"}}
        good = {**self.good, "panels": [{"title": "T", "options": {"links": [{
            "url": "/d/binnacle-system?${__url_time_range}&${datasource:queryparam}&var-job=x"}]}}]}
        self.assertEqual(list(lint_dashboards.link_messages(good, variables)), [])
        for old, new, wanted in (("binnacle-system", "binnacle-gone", "does not exist"), ("var-job", "var-pool", "variable pool"),
                                 ("${__url_time_range}&", "", "loses the time range"), ("&${datasource:queryparam}", "", "data source"),
                                 ("binnacle-system", "${__value.raw}", "does not exist")):
            bad = json.loads(json.dumps(good).replace(old, new)) | {"uid": good["uid"]}
            self.assertIn(wanted, " ".join(lint_dashboards.link_messages(bad, variables)), new)
        self.assertEqual(len(list(lint_dashboards.link_messages({**good, "links": []}, variables))), 2)
        self.assertEqual(len(list(lint_dashboards.link_messages({**overview, "panels": [], "links": []}, variables))), 1)

        sel = 'job=~"$job",instance=~"$instance"'
        panel = {"targets": [{"expr": "g{%s}" % sel}], "links": [{"url": "/d/x?var-job=${__field.labels.job}"}]}
        self.assertEqual(list(lint_dashboards.link_label_messages(panel, self.metrics)), [])
        for expr in ("sum(g{%s})" % sel, "sum by (instance) (g{%s}) or on () vector(0)" % sel):
            self.assertTrue(list(lint_dashboards.link_label_messages({**panel, "targets": [{"expr": expr}]}, self.metrics)))
        self.assertTrue(list(lint_dashboards.link_label_messages(
            {**panel, "links": [{"url": "/d/x?var-job=${__data.fields.job}"}],
             "transformations": [{"id": "organize", "options": {"excludeByName": {"job": True}}}]}, self.metrics)))

        annotations = self.good["annotations"]["list"]
        self.assertEqual(list(lint_dashboards.annotation_messages(annotations)), [])
        for annotation in annotations[-2:]:
            self.assertEqual(len(list(lint_dashboards.annotation_messages([a for a in annotations if a is not annotation]))), 1)

    def test_exemplars_are_of_histograms_of_applications(self):
        self.assertTrue(lint_dashboards.traced("histogram_quantile(0.9, sum by (le) (rate(http_seconds_bucket[$__rate_interval])))"))
        self.assertFalse(lint_dashboards.traced("rate(http_seconds_count[5m])"))
        self.assertFalse(lint_dashboards.traced("rate(aigw_request_duration_seconds_bucket[5m])"))

    def test_bad_queries(self):
        sel = 'job=~"$job",instance=~"$instance"'
        good = "rate(a_total{%s}[$__rate_interval])" % sel
        self.assertEqual(list(lint_dashboards.query_messages(good, "{{device}}", self.metrics)), [])
        for expr, legend, wanted in (
                ("g", "x", "restricted"), (f"a_total{{{sel}}}", "x", "raw"), (good.replace("$__rate_interval", "5m"), "x", "instead of"),
                (good.replace("a_total", "g"), "x", "gauge"),
                (f"max_over_time(a_total{{{sel}}}[$__rate_interval])", "x", "of the counter"), (good, "", "no legend"), (good, "{{mode}}", "mode"),
                (f"sum by (job) ({good})", "{{device}}", "device")):
            self.assertIn(wanted, " ".join(lint_dashboards.query_messages(expr, legend, self.metrics)), expr)
        self.assertTrue(lint_dashboards.promtool_messages([("x", "sum(rate(a[5m])", "x")]))
        self.assertEqual(lint_dashboards.promtool_messages([("x", "sum(rate(a[5m]))", "x")]), [])


class Runbooks(unittest.TestCase):
    KNOWN = {"node_load1", "node_cpu_seconds_total"}

    def of(self, command, component="system"):
        page = check_runbooks.Page("SystemThing", f"```\n{command}\n```\n", component, self.KNOWN, {"node_cpu"},
                                   'node_cpu_seconds_total{mode="idle"} 5\nnode_load1 2\n')
        return list(page.messages())

    def test_what_is_right_passes(self):
        for command in ("curl -s http://HOST:9100/metrics | grep node_load1", "SELECT 1;", "df -h / | sort -n | tail",
                        "curl -s http://HOST:9100/metrics | grep 'node_cpu.*mode=\"MODE\"'", 'for p in a b; do echo "$(cat $p)"; done',
                        "curl -s http://HOST:9100/metrics | grep -E 'node_(cpu|load)'", "ls -l \\\n  /tmp"):
            self.assertEqual(self.of(command), [], command)

    def test_what_is_wrong_is_found(self):
        for command in ("curl -s http://HOST:9100/metrics | grep node_loadd", "curl -s http://HOST:9121/metrics", "curl -s http://HOST:9100/nothing",
                        "dff -h /", "df -h | sorrt", "echo 'open", "curl -s http://HOST:9100/metrics | grep 'node_cpu.*state=\"MODE\"'",
                        "echo node_gone_total"):
            self.assertNotEqual(self.of(command), [], command)

    def test_flags_and_keys(self):
        self.assertEqual(list(check_runbooks.flag_messages("x", "`--no-collector.info` --collector.NAME", 'add("info")')), [])
        self.assertEqual(len(list(check_runbooks.flag_messages("x", "`--collector.gone`", 'add("info")'))), 1)
        self.assertEqual(list(check_runbooks.config_messages("x", "raise `a` in the mixin's config.", "a: 1")), [])
        self.assertEqual(len(list(check_runbooks.config_messages("x", "raise `b` in the\nmixin's config.", "a: 1"))), 1)


class Unused(unittest.TestCase):
    def messages(self, families, used, *groups):
        return " / ".join(check_unused.unused_messages(set(families), set(used), list(groups)))

    def test_messages(self):
        group = {"why": "It is rare.", "families": ["b"]}
        self.assertEqual(self.messages("ab", "a", group), "")
        for families, used, groups, wanted in (
                ("abc", "a", [group], "c is used by no panel"), ("ab", "ab", [group], "b is used"),
                ("a", "a", [group], "b is on no recorded page"), ("ab", "a", [group, group], "b is listed twice"),
                ("ab", "a", [{"families": ["b"]}], "no sentence")):
            self.assertIn(wanted, self.messages(families, used, *groups))


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
        sections = ("aiGateway", "application", "cache", "circuitBreaker", "postgres", "system")
        selectors = " ".join("%s+: { selector: 'job=\"mine\"' }," % section for section in sections)
        done = jsonnet("""local m = (import 'mixin.libsonnet') + { _config+:: {
            runbookURLPattern: 'https://example.org/%%s', dashboardURLPattern: 'https://grafana/d/%%s', %s } };
            m.prometheusAlerts + { records: m.prometheusRules, boards: m.grafanaDashboards }""" % selectors)
        self.assertEqual(done.returncode, 0, done.stderr)
        made = json.loads(done.stdout)
        self.assertEqual(sorted(made["boards"]), sorted(path.name for path in (ROOT / "dashboards").glob("*.json")))
        rules = [r for group in made["groups"] + made["records"]["groups"] for r in group["rules"]]
        for selector in [s for r in rules for s in promql.selectors(promql.parse(r["expr"]))]:
            # What is recorded is of these jobs already, and alerts are chosen by component.
            if ":" not in selector.metric and selector.metric != "ALERTS":
                self.assertEqual([str(m) for m in selector.matchers if m.label == "job"], ['job="mine"'], selector)
        down = next(r for r in rules if r.get("alert") == "SystemExporterDown")
        self.assertEqual(down["annotations"]["runbook_url"], "https://example.org/SystemExporterDown")
        links = lint_dashboards.urls(made["boards"]["overview.json"]["panels"])
        self.assertTrue(any(link.startswith("https://grafana/d/binnacle-system?") for link in links))

    def test_each_key_of_the_configuration_has_a_comment(self):
        self.assertEqual(unexplained((ROOT / "jsonnet" / "config.libsonnet").read_text()), [])

    def test_keys_without_a_comment_are_found(self):
        planted = ["{", "  _config+:: {", "    // What it is.", "    a: 1,", "    b: 2,", "", "    c: 3,", "",
                   "    // ---- d ----", "    d: {", "      e: 4,", "      // What they are.", "      f: 5,", "      g: 6,", "    },",
                   "", "    // ---- h ----", "    // What it is for.", "    h: {", "      i: 7,", "    },", "  },", "}"]
        self.assertEqual(unexplained("\n".join(planted)), ["c", "e"])

    def test_jsonnet_bundler_can_install_it(self):
        file = json.loads((ROOT / "jsonnet" / "jsonnetfile.json").read_text())
        self.assertEqual(file, {"version": 1, "dependencies": [], "legacyImports": False})
        for path in (ROOT / "jsonnet").rglob("*.libsonnet"):
            for name in re.findall(r"import(?:str)? '([^']+)'", path.read_text()):
                target = (path.parent / name).resolve()
                self.assertTrue(target.is_file() and ROOT / "jsonnet" in target.parents, f"{path}: {name}")


def unexplained(text):
    """Keys of a configuration, and of its sections, that neither a comment nor their section's own comment explains."""
    found, explained, section_explained = [], "", False
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            explained = ""
        elif indent in (4, 6) and line.strip().startswith("//"):
            title = re.fullmatch(r"\s*// ---- .+ ----", line)
            explained = explained or "title" if title else "text"
        elif indent in (4, 6) and (key := re.match(r"\s*'?([\w-]+)'?\+?:", line)):
            if not explained and not (indent == 6 and section_explained):
                found.append(key[1])
            if line.endswith("{") and indent == 4:
                section_explained, explained = explained == "text", ""
    return found


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)

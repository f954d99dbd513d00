#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Form and sense of the dashboards: what Grafana needs to load them anywhere, and what people need to read them.

usage: lint_dashboards.py --root REPOSITORY --golden FOLDER
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import promql
import sources
import yaml
from golden import ON_COUNTERS, ON_GAUGES

PANEL_TYPES = ("timeseries", "stat", "gauge", "bargauge", "state-timeline", "table")
# Of Grafana's unit ids, those that our panels use.
UNITS = ("none", "short", "percentunit", "bytes", "Bps", "s", "ops", "pps", "cps", "currencyUSD", "string")
OVERVIEW = "binnacle-overview"
# Our exporters have no traces to lead to; an application's histograms may.
NO_TRACES = ("node_", "namedprocess_", "pg_", "pgbouncer_", "cache_", "redis_", "memcached_", "circuit_breaker_", "aigw_")
MOST_BYTES = 262144  # kubectl apply stores the object in an annotation of this size


def dashboard_messages(dashboard, size):
    uid = dashboard.get("uid", "")
    if not 8 <= len(uid) <= 40 or not re.fullmatch(r"[a-z0-9-]+", uid):
        yield f"uid {uid!r} is not 8 to 40 small letters, digits and hyphens"
    for key, wanted in (("schemaVersion", 39), ("editable", False)):
        if dashboard.get(key) != wanted:
            yield f"{key} is not {wanted}"
    for key in ("title", "description", "tags", "time", "refresh", "timezone"):
        if not dashboard.get(key):
            yield f"no {key}"
    for key in ("id", "version", "__inputs", "__requires", "iteration"):
        if dashboard.get(key) is not None:
            yield f"{key} must not be there"
    if size > MOST_BYTES:
        yield f"{size} bytes are more than {MOST_BYTES}"
    for link in dashboard.get("links", []):
        if link["type"] == "dashboards" and not set(link["tags"]) <= set(dashboard["tags"]):
            yield f"a link looks for the tags {link['tags']}, which this dashboard itself does not have"


def urls(value):
    """The addresses of all links in a part of a dashboard."""
    if isinstance(value, list):
        return [url for item in value for url in urls(item)]
    if isinstance(value, dict):
        return [value.get("url")] * ("url" in value) + [url for item in value.values() for url in urls(item)]
    return []


def link_messages(dashboard, variables_of):
    """`variables_of` has the names of the variables of each dashboard, by its uid."""
    if dashboard["uid"] != OVERVIEW and not any(f"/d/{OVERVIEW}?" in link.get("url", "") for link in dashboard["links"]):
        yield "no link to the Overview"
    if not any(link["type"] == "dashboards" and link["includeVars"] and link["keepTime"] for link in dashboard["links"]):
        yield "no links to the other dashboards that keep time and variables"
    for panel in dashboard["panels"]:
        # A column may hold the uid that its link leads to, with a text in its place.
        texts = {uid for mappings in values_of(panel, "mappings") for mapping in mappings for uid in mapping["options"]}
        for url in urls(panel):
            match = re.search(r"/d/([^?]+)\?(.*)", url)
            if not match:
                continue
            uids = {uid for uid in texts if uid.startswith("binnacle-")} if match[1] == "${__value.raw}" else {match[1]}
            known = [variables_of[uid] for uid in uids if uid in variables_of]
            if not uids or len(known) < len(uids):
                yield f"panel {panel['title']!r} has a link to a dashboard that does not exist: {url}"
            for name in re.findall(r"var-(\w+)=", match[2]):
                if not any(name in names for names in known):
                    yield f"panel {panel['title']!r} sets the variable {name}, which {', '.join(sorted(uids))} does not have"
            if "${__url_time_range}" not in match[2] or "${datasource:queryparam}" not in match[2]:
                yield f"panel {panel['title']!r} has a link that loses the time range or the data source: {url}"


def link_label_messages(panel, metrics):
    """Labels that links take from the row or the line that is clicked, and that the queries do not give."""
    offered = []
    for target in panel.get("targets", []):
        tree = promql.parse(promql.without_grafana_variables(target["expr"]))
        # What stands in a table that would be empty is no row to follow.
        while isinstance(tree, promql.Binary) and (tree.op, tree.matching, tree.labels) == ("or", "on", []):
            tree = tree.left
        offered.append(promql.result_labels(tree, metrics.labels_of))
    for url in urls(panel):
        for where, label in re.findall(r"\$\{__(data\.fields|field\.labels)\.(\w+)\}", url):
            # A row of a table is of all queries, a line of one of them.
            if label not in (set.union(*offered) if where == "data.fields" else set.intersection(*offered)):
                yield f"a link takes the label {label}, which the queries do not give"
            excluded = [change["options"]["excludeByName"] for change in panel.get("transformations", []) if change["id"] == "organize"]
            if where == "data.fields" and any(label in names for names in excluded):
                yield f"a link takes the column {label}, which is left out"


def values_of(value, key):
    """What stands behind a key, or as the value of a property with that id, anywhere in a part of a dashboard."""
    if isinstance(value, list):
        return [found for item in value for found in values_of(item, key)]
    if isinstance(value, dict):
        own = [value.get(key)] * (key in value) + [value.get("value")] * (value.get("id") == key)
        return own + [found for item in value.values() for found in values_of(item, key)]
    return []


def annotation_messages(annotations):
    for what, pattern in (("restarts of processes", r"changes\(process_start_time_seconds\{.*\}\[\$__rate_interval\]\) > 0"),
                          ("firing alerts", r'ALERTS\{.*(component|alertname)=.*alertstate="firing".*\}')):
        if not any(re.fullmatch(pattern, annotation["expr"]) and annotation["enable"] for annotation in annotations):
            yield f"no annotation shows {what}"


def variable_messages(variables):
    found = {variable["name"]: variable for variable in variables}
    source = found.get("datasource", {})
    if (source.get("type"), source.get("query"), source.get("label")) != ("datasource", "prometheus", "Data source"):
        yield "no variable `datasource` with the label `Data source`"
    # `up`, process_* and the like are of other jobs too: All jobs must be all of this exporter's, and no others.
    for name, label, all_value in (("job", "Job", None), ("instance", "Instance", ".+")):
        variable = found.get(name, {})
        wanted = {"type": "query", "label": label, "multi": True, "includeAll": True, "allValue": all_value, "refresh": 2}
        for key, value in wanted.items():
            if variable.get(key) != value:
                yield f"variable {name}: {key} is not {value!r}"
        query = variable.get("query", {}).get("query", "")
        match = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
        if not match or match[2] != name or not isinstance(promql.parse(match[1]), promql.Selector):
            yield f"variable {name}: {query!r} is not label_values(selector, {name})"
        if variable.get("datasource", {}).get("uid") != "${datasource}":
            yield f"variable {name} does not use the data source variable"


def layout_messages(panels):
    ids = [panel["id"] for panel in panels]
    if len(set(ids)) != len(ids):
        yield "a panel id is used twice"
    titles = [panel["title"] for panel in panels]
    yield from {f"two panels have the title {title!r}" for title in titles if titles.count(title) > 1}
    taken = {}
    for panel in panels:
        grid = panel["gridPos"]
        if grid["x"] < 0 or grid["x"] + grid["w"] > 24 or min(grid["w"], grid["h"]) < 1:
            yield f"panel {panel['title']!r} does not fit into 24 columns"
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                if (x, y) in taken:
                    yield f"panels {taken[x, y]!r} and {panel['title']!r} overlap"
                    return
                taken[x, y] = panel["title"]


def panel_messages(panel):
    if panel["type"] not in PANEL_TYPES:
        yield f"the type {panel['type']} is not one of {', '.join(PANEL_TYPES)}"
    if not re.fullmatch(r"[A-Z].+\.", panel.get("description", ""), re.DOTALL):
        yield "the description is not a sentence"
    if panel.get("fieldConfig", {}).get("defaults", {}).get("unit") not in UNITS:
        yield "the unit is missing or unknown"
    if panel.get("datasource") != {"type": "prometheus", "uid": "${datasource}"}:
        yield "it does not use the data source variable"
    targets = panel.get("targets", [])
    if not targets:
        yield "it has no query"
    if len({target["refId"] for target in targets}) != len(targets):
        yield "two queries have the same refId"
    for target in targets:
        if target.get("datasource") != panel.get("datasource"):
            yield f"query {target['refId']} uses another data source"
        if target.get("exemplar") and not traced(target["expr"]):
            yield f"query {target['refId']} asks for exemplars, and is not of a histogram that may have them"
        if target.get("instant") == target.get("range"):
            yield f"query {target['refId']} is not either instant or a range"


def traced(expr):
    names = [selector.metric for selector in promql.selectors(promql.parse(promql.without_grafana_variables(expr)))]
    return all(name.endswith("_bucket") and not name.startswith(NO_TRACES) for name in names)


def query_messages(expr, legend, metrics):
    """`expr` as it stands in the dashboard, with Grafana's variables."""
    tree = promql.parse(promql.without_grafana_variables(expr))
    for selector in promql.selectors(tree):
        matchers = [str(matcher) for matcher in selector.matchers]
        # What is of a whole job has no instance.
        for wanted, other in (('job=~"$job"', ""), ('instance=~"$instance"', 'instance=~"$instance|"')):
            if wanted not in matchers and other not in matchers:
                yield f"{selector.metric} is not restricted by {wanted}"
    for function, window in re.findall(r"\b(rate|irate|increase)\([^()\[]*\[([^\]]+)\]", re.sub(r'"[^"]*"', '""', expr)):
        # $__range: in a table of what happened in the time shown. Budgets are by the day, whatever is shown.
        if window not in ("$__rate_interval", "$__range") and "_usd_total" not in expr:
            yield f"{function}() over {window} instead of $__rate_interval"
    for node in tree.walk():
        if isinstance(node, promql.Selector) and metrics.type_of(node.metric) == "counter":
            counted = any(isinstance(p, promql.Aggregation) and p.op == "count" and node in p.args for p in tree.walk())
            if not node.range and not counted:
                yield f"the counter {node.metric} is shown raw"
        if isinstance(node, promql.Call):
            for selector in [arg for arg in node.args if isinstance(arg, promql.Selector)]:
                kind = metrics.type_of(selector.metric)
                if (node.function in ON_COUNTERS and kind == "gauge") or (node.function in ON_GAUGES and kind == "counter"):
                    yield f"{node.function}() of the {kind} {selector.metric}"
    if not legend:
        yield "it has no legend"
    if all(metrics.known(s.metric) for s in promql.selectors(tree)):
        kept = promql.result_labels(tree, metrics.labels_of)
        for label in sorted(set(re.findall(r"{{\s*(\w+)\s*}}", legend)) - kept):
            yield f"the legend shows {label}, which the query does not keep"


def picture_messages(folder, dashboards):
    """Each dashboard has its two pictures, which the README shows, and no picture is of a dashboard that is gone."""
    wanted = {f"{pathlib.Path(name).stem}-{theme}.png" for name in dashboards for theme in ("dark", "light")}
    found = {path.name for path in pathlib.Path(folder).glob("*.png")}
    yield from (f"docs/pictures/{name} is missing: see tests/render/README.md" for name in sorted(wanted - found))
    yield from (f"docs/pictures/{name} is of no dashboard" for name in sorted(found - wanted))


def promtool_messages(expressions):
    """Every expression of a panel as a rule, so that promtool parses it."""
    rules = [{"record": f"check:panel:{number}", "expr": expr} for number, (_, expr, _) in enumerate(expressions)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "panels.yaml")
        path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
        run = subprocess.run(["promtool", "check", "rules", str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return [f"promtool does not accept a query: {run.stdout}"] if run.returncode else []


def main():
    args, metrics = sources.arguments()
    dashboards = sources.dashboards(args.root)

    messages, panels, queries = [], 0, 0
    for key in ("uid", "title"):
        values = [dashboard[key] for dashboard in dashboards.values()]
        messages += {f"the {key} {value!r} is used twice" for value in values if values.count(value) > 1}
    variables_of = {dashboard["uid"]: {variable["name"] for variable in dashboard["templating"]["list"]}
                    for dashboard in dashboards.values()}
    for name, dashboard in dashboards.items():
        found = list(dashboard_messages(dashboard, pathlib.Path(args.root, "dashboards", name).stat().st_size))
        found += variable_messages(dashboard["templating"]["list"])
        found += layout_messages(dashboard["panels"])
        found += link_messages(dashboard, variables_of)
        found += annotation_messages(dashboard["annotations"]["list"])
        for panel in [panel for panel in dashboard["panels"] if panel["type"] != "row"]:
            panels += 1
            found += [f"panel {panel['title']!r}: {message}"
                      for message in [*panel_messages(panel), *link_label_messages(panel, metrics)]]
            for target in panel.get("targets", []):
                queries += 1
                found += [f"panel {panel['title']!r} {target['refId']}: {message}"
                          for message in query_messages(target["expr"], target["legendFormat"], metrics)]
        for annotation in dashboard["annotations"]["list"]:
            queries += 1
            found += [f"annotation {annotation['name']!r}: {message}"
                      for message in query_messages(annotation["expr"], annotation["titleFormat"], metrics)]
        messages += [f"{name}: {message}" for message in found]
    messages += picture_messages(pathlib.Path(args.root, "docs", "pictures"), dashboards)
    messages += promtool_messages([e for e in sources.expressions(args.root) if not e[0].startswith("rule ")])
    print("\n".join(messages) + "\n" if messages else "", end="")
    print(f"{len(dashboards)} dashboards, {panels} panels, {queries} queries: {len(messages)} mistakes")
    sys.exit(1 if messages or not panels else 0)


if __name__ == "__main__":
    main()

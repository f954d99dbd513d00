# SPDX-License-Identifier: Apache-2.0
"""Defects planted in a small dashboard, each with what the checks must say of it."""

import copy
import json

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
SELECTOR = '{job=~"$job",instance=~"$instance"}'
THRESHOLDS = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 80}]}
WIDTH, HEIGHT = 12, 6  # of a panel, on the grid


def target(expr, legend, **more):
    return {"refId": "A", "expr": expr, "legendFormat": legend, "datasource": SOURCE, "instant": False, "range": True,
            "format": "time_series", "editorMode": "code", **more}


def panel(kind, targets, unit="s", options=None, **more):
    return {"type": kind, "description": "What it shows.", "datasource": SOURCE, "targets": targets,
            "options": options or {}, "fieldConfig": {"defaults": {"unit": unit, "thresholds": THRESHOLDS}, "overrides": []},
            **more}


def sound_panels():
    """One of each type, without a defect."""
    instant = {"instant": True, "range": False}
    return {
        "timeseries": panel("timeseries", [target("node_scrape_collector_duration_seconds" + SELECTOR,
                                                  "{{instance}} {{collector}}")]),
        "stat": panel("stat", [target(f"min(process_resident_memory_bytes{SELECTOR})", "memory")], "bytes"),
        "gauge": panel("gauge", [target(f"max(up{SELECTOR})", "up", **instant)], "percentunit"),
        "bargauge": panel("bargauge", [target("scrape_duration_seconds" + SELECTOR, "{{instance}}", **instant)], "s",
                          {"displayMode": "basic", "orientation": "horizontal"}),
        "state-timeline": panel("state-timeline", [target("up" + SELECTOR, "{{instance}}")], "none",
                                {"mergeValues": True, "rowHeight": 0.9, "showValue": "never"}),
        "table": panel("table", [target("up" + SELECTOR, "", **instant, format="table")], "none", transformations=[
            {"id": "organize", "options": {"excludeByName": {"Time": True, "__name__": True},
                                           "renameByName": {"instance": "Instance", "job": "Job", "Value": "Up"}}}]),
    }


def set_in(kind, path, value):
    """A panel of that type with one value of its JSON replaced; None takes it out."""
    changed = copy.deepcopy(sound_panels()[kind])
    *parents, last = path.split("/")
    place = changed
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
    last = int(last) if isinstance(place, list) else last
    if value is None:
        del place[last]
    else:
        place[last] = value
    return changed


def override(name, value):
    return [{"matcher": {"id": "byName", "options": "Up"}, "properties": [{"id": name, "value": value}]}]


EXPR, LEGEND, UNIT = "targets/0/expr", "targets/0/legendFormat", "fieldConfig/defaults/unit"
STEPS = "fieldConfig/defaults/thresholds/steps"

# What is wrong: the panel, and a part of what the page or the verdict must say.
DRAWN = {
    "metric that does not exist": (set_in("timeseries", EXPR, "node_nonexistent" + SELECTOR), "no data"),
    "only NaN": (set_in("timeseries", EXPR, f"0 * up{SELECTOR} / 0"), "no data"),
    "expression that does not parse": (set_in("timeseries", EXPR, "sum(up"), "query A: "),
    "unknown variable": (set_in("timeseries", EXPR, 'up{job=~"$jobs"}'), "$jobs is not a variable"),
    "legend with a lost label": (set_in("timeseries", LEGEND, "{{instance}} {{kollector}}"), "uses the label kollector"),
    "legend that is empty": (set_in("timeseries", LEGEND, "{{kollector}}"), "is empty"),
    "legend without its label": (set_in("timeseries", LEGEND, "{{instance}}"), "have the same name"),
    "unit that does not exist": (set_in("timeseries", UNIT, "percentunt"), 'unknown unit "percentunt"'),
    "no unit": (set_in("stat", UNIT, None), "has no unit"),
    "axis without labels": (set_in("timeseries", "fieldConfig/defaults/custom/axisPlacement", "hidden"),
                            "no axis label carries the unit"),
    "invisible lines": (set_in("timeseries", "fieldConfig/defaults/custom/hideFrom",
                               {"viz": True, "legend": False, "tooltip": False}), "no line is visible"),
    "invisible blocks": (set_in("state-timeline", "fieldConfig/defaults/custom", {"hideFrom": {
        "viz": True, "legend": False, "tooltip": False}}), "no block is visible"),
    "timeline without its label": (set_in("state-timeline", EXPR, "node_scrape_collector_success" + SELECTOR),
                                   "have the same name"),
    "color that does not exist": (set_in("gauge", STEPS + "/0/color", "rouge"), 'unknown color "rouge"'),
    "thresholds in disorder": (set_in("stat", STEPS, THRESHOLDS["steps"][:1] + [{"color": "red", "value": 9},
                                                                               {"color": "blue", "value": 3}]),
                               "thresholds do not rise"),
    "unknown transformation": (set_in("table", "transformations", [{"id": "organise", "options": {}}]),
                               'unknown transformation "organise"'),
    "unknown reducer": (set_in("stat", "options/reduceOptions", {"calcs": ["latest"], "fields": "", "values": False}),
                        'unknown reducer "latest"'),
    "unknown property in an override": (set_in("table", "fieldConfig/overrides", override("custom.colour", "red")),
                                        'unknown property "custom.colour"'),
    "column that is empty": (panel("table", [
        target("up" + SELECTOR, "", instant=True, range=False, format="table"),
        target(f"0 * up{SELECTOR} / 0", "", refId="B", instant=True, range=False, format="table"),
    ], "none", transformations=[{"id": "merge", "options": {}}]), 'column "Value #B" is empty'),
    "columns that do not fit": (set_in("table", EXPR, "node_uname_info" + SELECTOR), "columns do not fit"),
    "title that is cut": (set_in("stat", "title", "A title that is far too long for the width of this panel" * 3),
                         "the title is cut"),
    "type that is not supported": (set_in("timeseries", "type", "heatmap"), "of type heatmap is not supported"),
    "repeated panel": (set_in("timeseries", "repeat", "instance"), "a repeated panel is not supported"),
}

# What the type check must refuse.
TYPED = {
    "misspelt field option": set_in("timeseries", "fieldConfig/defaults/custom/showPoint", "never"),
    "misspelt option": set_in("stat", "options/colourMode", "value"),
    "value that an option does not have": set_in("timeseries", "options/legend/placement", "under"),
    "value that a field option does not have": set_in("timeseries", "fieldConfig/defaults/custom/drawStyle", "lines"),
    "misspelt standard option": set_in("stat", "fieldConfig/defaults/decimal", 1),
    "unknown property in an override": set_in("table", "fieldConfig/overrides", override("custom.colour", "red")),
    "misspelt option of a timeline": set_in("state-timeline", "options/mergeValue", True),
    "wrong value in an override": set_in("table", "fieldConfig/overrides", override("custom.align", "middle")),
    "unknown matcher": set_in("table", "fieldConfig/overrides", [{"matcher": {"id": "byTitle", "options": "Up"},
                                                                  "properties": []}]),
    "unknown transformation": set_in("table", "transformations", [{"id": "organise", "options": {}}]),
    "wrong option of a transformation": set_in("table", "transformations/0/options", {"exclude": {"Time": True}}),
    "type of panel that is gone": set_in("timeseries", "type", "graph"),
    "no description": set_in("stat", "description", None),
    "no unit": set_in("stat", UNIT, None),
    "no queries": set_in("stat", "targets", []),
    "fixed data source": set_in("stat", "targets/0/datasource", {"type": "prometheus", "uid": "PBFA97CFB590B2093"}),
    "unknown format": set_in("stat", "targets/0/format", "timeseries"),
}


def variable(name, query, **more):
    return {"type": "query", "name": name, "label": name.title(), "datasource": SOURCE, "query": query, "refresh": 2,
            "multi": True, "includeAll": True, **more}


def dashboard(panels):
    """A dashboard of panels by title, below one another."""
    placed = [{"id": i, "title": title, "gridPos": {"x": 0, "y": i * HEIGHT, "w": WIDTH, "h": HEIGHT}, **one}
              for i, (title, one) in enumerate(panels.items(), 1)]
    return {
        "title": "Planted", "uid": "planted-defects", "description": "For the checks.", "schemaVersion": 39, "editable": False,
        "refresh": "30s", "tags": [], "annotations": {"list": []}, "panels": placed,
        "templating": {"list": [{"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus"},
                                variable("job", "label_values(node_exporter_build_info, job)"),
                                variable("instance", 'label_values(node_exporter_build_info{job=~"$job"}, instance)', allValue=".+")]},
    }


def with_broken_frame():
    """The sound panels in a dashboard whose own parts are wrong."""
    broken = dashboard(sound_panels())
    broken["templating"]["list"].append(variable("zone", "label_values(up, zone)"))
    broken["annotations"]["list"].append({"name": "restarts", "expr": "changes(up[1m]"})
    broken["panels"][1]["id"] = broken["panels"][0]["id"]
    broken["panels"][2]["gridPos"]["x"] = 20
    broken["panels"][4]["gridPos"]["y"] -= 1
    return broken


FRAME = ["variable zone has no values", "annotation restarts: ", "have the same id", "does not fit the grid", "overlap"]


def missed_in(problems, expected):
    """Those of {title: part of a message} that no problem of that panel says."""
    return [title for title, part in expected.items()
            if not any(f'"{title}"' in problem and part in problem for problem in problems)]


def draw_all(draw, judge):
    """Draws the planted defects with `draw(dashboard)`. Returns (how many there are, what was wrong with the checks)."""
    def problems_of(json):
        judged = judge()
        judged.add("fixtures", draw(json))
        judged.finish()
        return judged.problems

    wrong = [f"the sound panels are refused: {problem}" for problem in problems_of(dashboard(sound_panels()))]
    problems = problems_of(dashboard({title: one for title, (one, _) in DRAWN.items()}))
    # A title of its own is itself the defect.
    titles = {title: one.get("title", title) for title, (one, _) in DRAWN.items()}
    expected = {titles[title]: part for title, (_, part) in DRAWN.items()}
    wrong += [f"not found: {title}" for title in missed_in(problems, expected)]
    frame = problems_of(with_broken_frame())
    wrong += [f"not found: {part}" for part in FRAME if not any(part in problem for problem in frame)]
    return len(DRAWN) + len(FRAME), wrong


def check_types(check, path):
    """Runs `check(file)`, which returns (whether all is well, output), on planted defects. Returns as draw_all."""
    def run(json_dashboard):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(json_dashboard, file)
        return check(path)

    good, output = run(dashboard(sound_panels()))
    wrong = [] if good else [f"the sound panels are refused: {output}"]
    output = run(dashboard(TYPED))[1]
    wrong += [f"not found: {title}" for title in missed_in(output.splitlines(), dict.fromkeys(TYPED, ""))]
    return len(TYPED), wrong


def check_verdict(make_judge):
    """The rules about empty panels, on reports made by hand. Returns as draw_all."""
    def report(values, no_value=None):
        return {"problems": [], "panels": [{"title": "A", "type": "stat", "problems": [], "values": [], "noValue": no_value,
                                            "queries": [{"refId": "A", "expr": "up", "series": 1, "values": values}]}]}

    def problems(entries, **reports):
        judge = make_judge([{"dashboard": "planted", "panel": "A", "reason": "r", **entry} for entry in entries])
        for host, (values, no_value) in reports.items():
            judge.add(host, report(values, no_value))
        judge.finish()
        return len(judge.problems)

    full, empty, explained = (1, None), (0, None), (0, "why")
    live, fixtures = [{"host": "live"}], [{"host": "fixtures"}]
    cases = {
        "data everywhere": problems([], live=full, fixtures=full) == 0,
        "empty and not listed": problems([], live=explained, fixtures=full) == 1,
        "empty, listed and explained": problems(live, live=explained, fixtures=full) == 0,
        "empty, listed and not explained": problems(live, live=empty, fixtures=full) == 1,
        "listed for a live host and full": problems(live, live=full, fixtures=full) == 0,
        "listed for the fixtures and full": problems(fixtures, live=full, fixtures=full) == 1,
        "listed and gone": problems([{"host": "live", "panel": "B"}], live=full, fixtures=full) == 1,
    }
    return len(cases), [f"wrong verdict: {name}" for name, right in cases.items() if not right]

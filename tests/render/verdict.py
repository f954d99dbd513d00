# SPDX-License-Identifier: Apache-2.0
"""Judges what the page reports: which panels may be empty, on which host, and why."""

import json
import os

ALLOWED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "allowed_empty.json")

# A panel that is empty on a live host may be full on another; the fixtures are the same everywhere.
DETERMINISTIC = "fixtures"


def load_allowed(path=ALLOWED):
    with open(path, encoding="utf-8") as file:
        entries = json.load(file)
    for entry in entries:
        if not {"dashboard", "panel", "host", "reason"} <= set(entry) <= {"dashboard", "panel", "host", "query", "reason"}:
            raise ValueError(f"{path}: an entry has other keys: {entry}")
    return entries


def has_data(panel):
    return panel["type"] == "text" or any(query["values"] for query in panel["queries"])


class Judge:
    """Collects the reports of one dashboard, one for each host, and for all hosts together."""

    def __init__(self, dashboard, allowed):
        self.dashboard = dashboard
        self.allowed = [entry for entry in allowed if entry["dashboard"] == dashboard]
        self.used = set()
        self.problems = []
        self.titles = []
        self.full = set()  # titles of panels with data on some host
        self.full_queries = set()  # (title, refId)
        self.queries = {}  # (title, refId) -> expr

    def _allowed(self, title, host, query=None):
        for i, entry in enumerate(self.allowed):
            if (entry["panel"], entry["host"], entry.get("query")) == (title, host, query):
                self.used.add(i)
                return entry["reason"]
        return None

    def _problem(self, place, text):
        self.problems.append(f"{self.dashboard}, {place}: {text}")

    def add(self, host, report):
        """Judges one drawing; returns a line for each panel."""
        for problem in report["problems"]:
            self._problem(host, problem)
        self.titles = [panel["title"] for panel in report["panels"]]
        return [self._add_panel(host, panel) for panel in report["panels"]]

    def _add_panel(self, host, panel):
        title, problems = panel["title"], list(panel["problems"])
        for query in panel["queries"]:
            self.queries[(title, query["refId"])] = query["expr"]
            if query["values"]:
                self.full_queries.add((title, query["refId"]))
        state, note = "ok", ", ".join(panel["values"][:3])
        if has_data(panel):
            self.full.add(title)
        else:
            reason = self._allowed(title, host)
            state, note = "empty", reason
            if reason is None:
                problems.append("no data" + (f' (it says "{panel["noValue"]}")' if panel.get("noValue") else ""))
            elif not panel.get("noValue"):
                problems.append("no data, and no noValue text that says why")
        for problem in problems:
            self._problem(f'{host}, "{title}"', problem)
        series = sum(query["series"] for query in panel["queries"])
        text = "; ".join(problems) if problems else note
        return f"{'FAIL' if problems else state:<5}  {host:<8}  {panel['type']:<10}  {title:<32}  {series:>3} series  {text}"

    def finish(self):
        """Judges what only all the drawings together show."""
        for (title, ref_id), expr in self.queries.items():
            if (title, ref_id) not in self.full_queries and title in self.full and not self._allowed(title, "every", ref_id):
                self._problem(f'"{title}"', f"query {ref_id} has data on no host: {expr}")
        for i, entry in enumerate(self.allowed):
            if i in self.used or (entry["host"] != DETERMINISTIC and entry["panel"] in self.titles):
                continue
            self._problem(f'"{entry["panel"]}"', f"allowed_empty.json lists it for {entry['host']}, and it has data or is gone")

    def summary(self):
        return f"{self.dashboard}: {len(self.titles)} panels, {len(self.full)} with data"

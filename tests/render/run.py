#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws every generated dashboard with Grafana's components in headless Chromium, and proves that every panel has data.

Each component's exporter runs under a real Prometheus (hosts.py). Exit codes: 0 all well, 1 not, 77 nothing was tried,
since the npm packages are not installed.
"""

import argparse
import contextlib
import functools
import glob
import hashlib
import json
import os
import shutil
import signal
import sys

import defects
import hosts
from browser import Browser
from load import Load
from page import HERE, PageServer, build, run_node
from processes import Stack, StackError
from verdict import Judge, load_allowed

SKIPPED = 77
WIDTH = 1400  # pixels
PLANTED_WIDTH = 1000
THEMES = ("dark", "light")
NEEDED = {"node": "nodejs", "chromium": "chromium", "prometheus": "prometheus"}
# Where a build has the exporters, and the variables that may name them instead.
EXPORTERS = {"system": ("exporters/system/system-exporter", "BINNACLE_SYSTEM_EXPORTER"),
             "cache": ("exporters/cache/cache-exporter", "BINNACLE_CACHE_EXPORTER"),
             "circuit": ("exporters/circuit-breaker/circuit-breaker-exporter", "BINNACLE_CIRCUIT_BREAKER_EXPORTER"),
             "postgres": ("exporters/postgres-pool/postgres-pool-exporter", "BINNACLE_POSTGRES_POOL_EXPORTER"),
             "ai": ("exporters/ai-gateway/ai-gateway-exporter", "BINNACLE_AI_GATEWAY_EXPORTER")}

# The stages that dashboards of several need, beside that of the system exporter.
DRAWN_FROM = {"overview": ("cache", "circuit", "postgres", "ai"), "slo": ("ai", "application"),
              "capacity": ("cache", "postgres", "ai", "application")}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", help="the build folder with the exporters; else these variables name them: "
                                        + ", ".join(variable for _, variable in EXPORTERS.values()))
    parser.add_argument("--types", action="store_true",
                        help="check the types of the dashboards instead; needs neither servers nor browser")
    parser.add_argument("--screenshot", metavar="DIR", help="write DASHBOARD-THEME.png there")
    parser.add_argument("--screenshot-size", metavar="WxH", default=f"{WIDTH}x0", help="in pixels; height 0 is all of it")
    parser.add_argument("--draw-only", action="store_true", help="take screenshots and prove nothing")
    parser.add_argument("--record", type=int, default=0, metavar="SECONDS", help="record for at least so long")
    parser.add_argument("--load", action="store_true", help="give this host some work meanwhile, for a livelier picture")
    parser.add_argument("dashboards", nargs="*", help="files; all of dashboards/ where none is named")
    return parser.parse_args()


def check_needed():
    missing = [f"{command} (Debian package {package})" for command, package in NEEDED.items() if not shutil.which(command)]
    if missing:
        raise StackError("not installed: " + ", ".join(missing))


def is_installed():
    """Whether there are npm packages at all; that they are not those of the lock file is an error."""
    if not os.path.isdir(os.path.join(HERE, "node_modules")):
        return False
    wanted = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        with open(os.path.join(HERE, name), "rb") as file:
            wanted.update(file.read())
    stamp = os.path.join(HERE, "node_modules/.installed")
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read().strip() == wanted.hexdigest():
                return True
    raise StackError("the npm packages are not those of package-lock.json: run tests/render/install")


def read(files):
    """{name of the dashboard: its JSON}"""
    dashboards = {}
    for path in files:
        with open(path, encoding="utf-8") as file:
            dashboards[os.path.splitext(os.path.basename(path))[0]] = json.load(file)
    return dashboards


class Drawing:
    """What every drawing of one run has in common."""

    def __init__(self, browser, prometheus, time_range):
        self.browser = browser
        self.common = {"prometheus": prometheus, "scrapeInterval": hosts.SCRAPE_INTERVAL,
                       "from": time_range[0], "to": time_range[1]}
        self.height = 0  # pixels, of the last drawing

    def draw(self, dashboard, variables, theme="dark", width=WIDTH):
        """The page's report; what the browser complained about is among its problems."""
        request = {**self.common, "dashboard": dashboard, "variables": variables, "theme": theme, "width": width}
        self.height = self.browser.run("dashboardHeight", request)
        self.browser.resize(width, self.height)
        report = self.browser.run("drawDashboard", request)
        report["problems"] += self.browser.complaints()
        return report


def exporter(arguments, stage):
    """The path of a stage's exporter."""
    path, variable = EXPORTERS[stage]
    binary = os.path.join(arguments.build, path) if arguments.build else os.environ.get(variable, "")
    if not os.access(binary, os.X_OK):
        raise StackError(f"no {os.path.basename(path)}: --build or {variable} must say where it is")
    return os.path.abspath(binary)


def start_stages(arguments, stack, ends, dashboards):
    """What the dashboards are drawn from. The system exporter always runs: the planted defects are in its series."""
    stages = [hosts.start_system(stack, exporter(arguments, "system"))]
    breakers = functools.partial(hosts.start_breakers, ends=ends)
    for stage, start in (("cache", hosts.start_cache), ("circuit", breakers), ("postgres", hosts.start_postgres),
                         ("ai", hosts.start_gateways)):
        if any(needs(name, stage) for name in dashboards):
            stages.append(start(stack, exporter(arguments, stage)))
    if any(needs(name, "application") for name in dashboards):
        stages.append(hosts.start_application(stack))
    return stages + hosts.across() + [hosts.overview(stages)]


def needs(dashboard, stage):
    return dashboard.startswith(stage) or stage in DRAWN_FROM.get(dashboard, ())


def stage_of(stages, dashboard):
    found = [stage for stage in stages if stage.is_for(dashboard)]
    if not found:
        raise StackError(f"no stage is for the dashboard {dashboard}")
    return found[0]


def check_types(files):
    """The type check of the dashboards, and of planted defects. Returns the problems."""
    good, output = run_node("check_types.mjs", *files)
    print(output)
    with Stack() as stack:
        count, wrong = defects.check_types(lambda file: run_node("check_types.mjs", file), stack.path("planted.json"))
    print(f"planted defects: {count}, {count - len(wrong)} found")
    return wrong + ([] if good else ["types: see above"])


def check_checks(drawing):
    """Plants defects and sees whether they are found. Returns the problems."""
    def judge(entries=()):
        return Judge("planted", entries)

    drawn, wrong = defects.draw_all(lambda dashboard: drawing.draw(dashboard, {}, width=PLANTED_WIDTH), judge)
    judged, more = defects.check_verdict(judge)
    wrong += more
    print(f"planted defects: {drawn + judged}, {drawn + judged - len(wrong)} found")
    return wrong


def prove(drawing, dashboards, stages):
    """Draws and judges every dashboard. Returns the problems."""
    problems, summaries = [], []
    allowed = load_allowed()
    for name, dashboard in dashboards.items():
        judge = Judge(name, allowed)
        for host, variables in stage_of(stages, name).drawings_of(name).items():
            for line in judge.add(host, drawing.draw(dashboard, variables)):
                print(line, flush=True)
        judge.add("light", drawing.draw(dashboard, {}, "light"))
        judge.finish()
        problems += judge.problems
        summaries.append(judge.summary())
    print("\n".join(["", *summaries]))
    return problems


def take_screenshots(drawing, dashboards, stages, folder, size):
    width, height = (int(number) for number in size.split("x"))
    os.makedirs(folder, exist_ok=True)
    for name, dashboard in dashboards.items():
        stage = stage_of(stages, name)
        for theme in THEMES:
            drawing.draw(dashboard, stage.drawings[stage.screenshot], theme, width)
            file = os.path.join(folder, f"{name}-{theme}.png")
            drawing.browser.screenshot(file, width, height or drawing.height)
            print(f"{file}: {os.path.getsize(file) // 1024} KiB")


def run(arguments, files):
    if arguments.types:
        return check_types(files)
    check_needed()
    dashboards = read(files)
    with Stack() as stack, contextlib.ExitStack() as ends:
        bundle = stack.path("page")
        stages = start_stages(arguments, stack, ends, dashboards)
        prometheus = hosts.start_prometheus(stack, stages)
        build(bundle)
        with Load(arguments.load):
            time_range = hosts.record(prometheus, [host for stage in stages for host in stage.targets], arguments.record)
        with PageServer(bundle) as server, Browser(stack) as browser:
            browser.open(server.url)
            drawing = Drawing(browser, prometheus, time_range)
            problems = [] if arguments.draw_only else prove(drawing, dashboards, stages) + check_checks(drawing)
            if arguments.screenshot:
                take_screenshots(drawing, dashboards, stages, arguments.screenshot, arguments.screenshot_size)
    return problems


def main():
    arguments = parse_arguments()
    files = [os.path.abspath(path) for path in arguments.dashboards] or sorted(
        glob.glob(os.path.join(hosts.ROOT, "dashboards/*.json")))
    def stop(*_):
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        if not is_installed():
            print("skipped: the npm packages are not installed; tests/render/install does that")
            return SKIPPED
        problems = run(arguments, files)
    except KeyboardInterrupt:
        print("render: stopped", file=sys.stderr)
        return 1
    except StackError as error:
        print(f"render: {error}", file=sys.stderr)
        return 1
    for problem in problems:
        print("FAIL  " + problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

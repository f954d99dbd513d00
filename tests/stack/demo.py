# SPDX-License-Identifier: Apache-2.0
"""./binnacle demo: every exporter, and a small simulated service (application.py), under a real Prometheus and
Alertmanager on loopback, and a table of what they say.

An exporter joins by a file exporters/NAME/demo.py with a function start(stack, build) that starts it, and its backends,
and returns {job: base URL}. Where it has SHOWS = {what: PromQL for one number}, the table has these numbers too, and
they must be there. Where it has HONOR_LABELS = True, its series keep a label `instance` of their own.
"""

import argparse
import glob
import importlib.util
import os
import signal
import sys
import time
import urllib.parse

import application
from processes import Stack, StackError, query, request, wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INTERVAL = "2s"
REFRESH = 2  # seconds
COLUMNS = ("TARGET", "UP", "SERIES", "SCRAPE", "HEALTH", "FIRING", "URL")


def load_demo(path):
    spec = importlib.util.spec_from_file_location("demo_" + os.path.basename(os.path.dirname(path)).replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def host_port(url):
    return urllib.parse.urlsplit(url).netloc


def wait_until_evaluated(prometheus):
    """Until each target was scraped and each rule evaluated; a rule that cannot be evaluated is an error."""

    def scraped():
        targets = request(prometheus + "/api/v1/targets").json()["data"]["activeTargets"]
        return targets and all(target["health"] != "unknown" for target in targets)

    def evaluated():
        rules = [rule for group in request(prometheus + "/api/v1/rules").json()["data"]["groups"]
                 for rule in group["rules"]]
        broken = [f"{rule['name']}: {rule['lastError']}" for rule in rules if rule.get("lastError")]
        if broken:
            raise StackError("a rule cannot be evaluated: " + "; ".join(broken))
        return rules and all(rule["health"] == "ok" for rule in rules)

    wait_for(scraped, "Prometheus has scraped every target")
    wait_for(evaluated, "Prometheus has evaluated every rule")


def by_instance(prometheus, expression):
    return {labels.get("instance"): value for labels, value in query(prometheus, expression)}


def rows(prometheus, targets):
    up = by_instance(prometheus, "up")
    series = by_instance(prometheus, "scrape_samples_scraped")
    duration = by_instance(prometheus, "scrape_duration_seconds")
    health = by_instance(prometheus, '{__name__=~".+_health_score"}')
    firing = by_instance(prometheus, 'count by (instance) (ALERTS{alertstate="firing"})')
    for job, url in targets.items():
        instance = host_port(url)
        is_up = up.get(instance) == 1
        yield (job, "yes" if is_up else "NO",
               f"{series[instance]:.0f}" if is_up else "-",
               f"{duration[instance] * 1000:.1f} ms" if is_up else "-",
               f"{health[instance]:.0f}/100" if instance in health else "unknown",
               f"{firing.get(instance, 0):.0f}", url + "/metrics")


def table(all_rows):
    lines = [COLUMNS, *all_rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def firing_alerts(prometheus):
    return [f"  {labels['severity']:<8}  {labels['alertname']}  {labels.get('instance', '')}"
            for labels, _ in query(prometheus, 'ALERTS{alertstate="firing"}')]


def number(prometheus, expression):
    """The expression's value, or None."""
    found = query(prometheus, expression)
    return found[0][1] if found else None


def shown(prometheus, shows):
    values = {what: number(prometheus, expression) for what, expression in shows.items()}
    return "".join(f"  {'none' if value is None else format(value, '.0f'):>6}  {what}\n" for what, value in values.items())


def page(prometheus, alertmanager, targets, shows):
    text = table(rows(prometheus, targets)) + "\n\n"
    text += shown(prometheus, shows) + "\n" if shows else ""
    alerts = firing_alerts(prometheus)
    text += "Firing alerts:\n" + "\n".join(alerts) + "\n\n" if alerts else "No alert fires.\n\n"
    return text + f"Prometheus    {prometheus}\nAlertmanager  {alertmanager}\n"


def keep_live(stack, prometheus, alertmanager, targets, shows):
    while True:
        for process in stack.processes:
            process.check_alive()
        text = page(prometheus, alertmanager, targets, shows)
        clear = "\033[H\033[2J" if sys.stdout.isatty() else ""
        print(f"{clear}Binnacle demo, {time.strftime('%H:%M:%S')}; Ctrl-C ends it.\n\n{text}", flush=True)
        time.sleep(REFRESH)


def run(build, once):
    with Stack() as stack:
        targets, shows, honor_labels = {}, {}, []
        for path in sorted(glob.glob(os.path.join(ROOT, "exporters/*/demo.py"))):
            demo = load_demo(path)
            jobs = demo.start(stack, build)
            targets.update(jobs)
            honor_labels += jobs if getattr(demo, "HONOR_LABELS", False) else []
            shows.update(getattr(demo, "SHOWS", {}))
        targets[application.JOB] = "http://" + application.start(stack, seeds=(1,))[0]
        alertmanager = stack.start_alertmanager(os.path.join(ROOT, "alerts/alertmanager.yml"))[1]
        rules = sorted(glob.glob(os.path.join(ROOT, "alerts/*.rules.yaml")))
        prometheus = stack.start_prometheus({job: [host_port(url)] for job, url in targets.items()}, rules,
                                            host_port(alertmanager), INTERVAL, honor_labels)[1]
        wait_until_evaluated(prometheus)
        if not once:
            keep_live(stack, prometheus, alertmanager, targets, shows)
        for what, expression in shows.items():
            wait_for(lambda expression=expression: number(prometheus, expression), what)
        print(page(prometheus, alertmanager, targets, shows), end="")
        down = [job for job, url in targets.items() if by_instance(prometheus, "up").get(host_port(url)) != 1]
        if down:
            raise StackError("not up: " + ", ".join(down))


def main():
    parser = argparse.ArgumentParser(description="Runs the exporters under Prometheus and Alertmanager on loopback.")
    parser.add_argument("--build", default="build", help="the build folder")
    parser.add_argument("--once", action="store_true", help="print the table once and exit")
    arguments = parser.parse_args()

    def stop(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        run(os.path.abspath(arguments.build), arguments.once)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    except StackError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

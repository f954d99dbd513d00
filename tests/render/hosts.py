# SPDX-License-Identifier: Apache-2.0
"""The exporter on this host and on the fixtures, and the Prometheus that scrapes both."""

import glob
import json
import os
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests/golden"), os.path.join(ROOT, "tests/stack")]
import fixture  # noqa: E402
from processes import StackError, answers, free_port, query, request, wait_for  # noqa: E402

LIVE, FIXTURES = "live", "fixtures"
JOB = "system"
# A group for each name of a program.
GROUPS = "process_names: [{name: '{{.Comm}}', cmdline: ['.+']}]\n"

# Long enough for the exporter's deadline, which is half a second less, on a machine that builds meanwhile.
SCRAPE_INTERVAL = 5  # seconds
# How long every target must have answered before anything is drawn; a rate over four scrapes fits in twice.
STEADY = 40  # seconds
LIMIT = 600  # seconds


def start_exporters(stack, binary):
    """{name of the host: host:port}"""
    config = "--config.file=" + stack.write("exporter.yml", GROUPS)
    flags = {
        LIVE: [config, "--collector.processes", "--collector.textfile.directory=" + textfiles(stack)],
        FIXTURES: [config, *fixture.SHARED_FLAGS],
    }
    return {host: urllib.parse.urlsplit(stack.start_exporter(binary, *extra, name=host)[1]).netloc
            for host, extra in flags.items()}


def textfiles(stack):
    """A folder with a textfile that repeats a series of the exporter's, so that there is something to drop."""
    os.mkdir(stack.path("textfiles"))
    stack.write("textfiles/load.prom", "# HELP node_load1 Load.\n# TYPE node_load1 gauge\nnode_load1 1\n")
    return stack.path("textfiles")


def start_prometheus(stack, hosts):
    """Debian's Prometheus with the alerts and recording rules loaded; each target's instance is its host's name."""
    config = {
        "global": {"scrape_interval": f"{SCRAPE_INTERVAL}s", "scrape_timeout": f"{SCRAPE_INTERVAL}s",
                   "evaluation_interval": f"{SCRAPE_INTERVAL}s"},
        "rule_files": sorted(glob.glob(os.path.join(ROOT, "alerts/*.rules.yaml"))),
        "scrape_configs": [{"job_name": JOB, "static_configs": [
            {"targets": [address], "labels": {"instance": host}} for host, address in hosts.items()]}],
    }
    port = free_port()
    process = stack.start("prometheus", [
        "prometheus", f"--config.file={stack.write('prometheus.yml', json.dumps(config))}",
        f"--storage.tsdb.path={stack.path('tsdb')}", f"--web.listen-address=127.0.0.1:{port}"])
    url = f"http://127.0.0.1:{port}"
    process.wait_until(lambda: answers(url + "/-/ready"), "ready")
    return url


def unsteady(url, hosts):
    """Who, lately, has not answered every scrape, and which collectors did not do the same each time."""
    scrapes = {labels["instance"]: count for labels, count in query(url, f"count_over_time(up[{STEADY}s])")}
    up = {labels["instance"]: value for labels, value in query(url, f"min_over_time(up[{STEADY}s])")}
    changing = query(url, f"max_over_time(node_scrape_collector_success[{STEADY}s])"
                          f" != min_over_time(node_scrape_collector_success[{STEADY}s])")
    enough = STEADY // SCRAPE_INTERVAL - 1
    return ([host for host in hosts if up.get(host) != 1 or scrapes.get(host, 0) < enough] +
            [f"{labels['instance']} {labels['collector']}" for labels, _ in changing])


def broken_rules(url):
    """Rules that Prometheus cannot evaluate, or None while some have not been tried."""
    groups = request(url + "/api/v1/rules").json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    if any(rule["health"] == "unknown" for rule in rules):
        return None
    return [f"{rule['name']}: {rule['lastError']}" for rule in rules if rule["health"] != "ok"]


def record(url, hosts, seconds=0):
    """Waits until there is enough to draw, and at least so long. Returns the time range in milliseconds."""
    started = time.monotonic()
    try:
        wait_for(lambda: time.monotonic() > started + seconds and not unsteady(url, hosts),
                 "every target answers every scrape", LIMIT + seconds, SCRAPE_INTERVAL / 2)
    except StackError as error:
        raise StackError(f"{error}; not steady: {', '.join(unsteady(url, hosts))}") from error
    end = time.time()
    begin = min(value for _, value in query(url, "min_over_time(timestamp(up)[1h:1s])"))
    if seconds:
        begin = max(begin, end - seconds)
    wait_for(lambda: broken_rules(url) is not None, "every rule has been evaluated", LIMIT)
    broken = broken_rules(url)
    if broken:
        raise StackError("rules that cannot be evaluated: " + "; ".join(broken))
    return int(begin * 1000), int(end * 1000)

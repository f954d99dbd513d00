# SPDX-License-Identifier: Apache-2.0
"""What is drawn: the exporters with what they watch, and the Prometheus that scrapes them all.

A stage is what the dashboards of one component are drawn from. The system exporter runs on this host and on the
fixtures; the cache and the postgres-pool exporter watch a small shop's servers, and one of them alone; the
circuit-breaker exporter watches that shop's breakers; the AI gateways serve clients from simulated providers. The
Overview is drawn from all of them.
"""

import dataclasses
import glob
import json
import os
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests/golden"), os.path.join(ROOT, "tests/stack")]
import application  # noqa: E402
import caches  # noqa: E402
from breakers import TWICE as TWICE_PUSHED, Breakers  # noqa: E402
import fixture  # noqa: E402
import gateway_render  # noqa: E402
from orders import PRIMARY, Orders  # noqa: E402
from processes import StackError, answers, free_port, query, request, wait_for  # noqa: E402

LIVE, FIXTURES = "live", "fixtures"
SEVERAL, SINGLE = "several", "single"  # by the number of servers
# All hosts together are chosen by name, or by All.
TOGETHER, ALL = "together", "All"
# A group for each name of a program.
GROUPS = "process_names: [{name: '{{.Comm}}', cmdline: ['.+']}]\n"
# Its rows are one series: all but the first are dropped, so that there is something to show.
TWICE = {"name": "twice", "sql": "SELECT i AS value FROM generate_series(1, 2) i", "metrics": [{"column": "value"}]}

# Long enough for the exporter's deadline, which is half a second less, on a machine that builds meanwhile.
SCRAPE_INTERVAL = 5  # seconds
# How long every target must have answered before anything is drawn; a rate over four scrapes fits in twice.
STEADY = 40  # seconds
LIMIT = 600  # seconds


@dataclasses.dataclass
class Stage:
    """`prefix` of the names of its dashboards, the job, {instance: host:port}, and {drawing: chosen variables}.

    `only` has the drawings of a dashboard that is not drawn in every way.
    """
    prefix: str
    job: str
    targets: dict
    drawings: dict
    screenshot: str  # the drawing of which pictures are taken
    only: dict = dataclasses.field(default_factory=dict)
    honor_labels: bool = False

    def is_for(self, dashboard):
        return dashboard.startswith(self.prefix)

    def drawings_of(self, dashboard):
        wanted = self.only.get(dashboard, self.drawings)
        return {name: variables for name, variables in self.drawings.items() if name in wanted}


def address_of(stack, binary, name, *flags, env=None):
    return urllib.parse.urlsplit(stack.start_exporter(binary, *flags, name=name, env=env)[1]).netloc


def start_system(stack, binary):
    config = "--config.file=" + stack.write("exporter.yml", GROUPS)
    flags = {
        LIVE: [config, "--collector.processes", "--collector.textfile.directory=" + textfiles(stack)],
        FIXTURES: [config, *fixture.SHARED_FLAGS],
    }
    job = "system"
    targets = {host: address_of(stack, binary, host, *extra) for host, extra in flags.items()}
    alone = {host: {"job": [job], "instance": [host]} for host in targets}
    return Stage("system", job, targets, {**alone, TOGETHER: {"instance": list(targets)}, ALL: {}}, LIVE)


def textfiles(stack):
    """A folder with a textfile that repeats a series of the exporter's, so that there is something to drop."""
    os.mkdir(stack.path("textfiles"))
    stack.write("textfiles/load.prom", "# HELP node_load1 Load.\n# TYPE node_load1 gauge\nnode_load1 1\n")
    return stack.path("textfiles")


def start_postgres(stack, binary):
    shop = Orders(stack, queries=[TWICE])
    shop.start_load()
    shop.start_trouble()
    job = "postgres-pool"
    targets = {
        SEVERAL: address_of(stack, binary, SEVERAL, "--config.file=" + shop.config),
        # One server by environment, as postgres_exporter's users have it: its series have no label `target`.
        SINGLE: address_of(stack, binary, SINGLE, env={"DATA_SOURCE_NAME": shop.primary.dsn(dbname="orders")}),
    }
    return Stage("postgres", job, targets, {
        SEVERAL: {"job": [job], "instance": [SEVERAL]}, PRIMARY: {"job": [job], "instance": [SEVERAL], "target": [PRIMARY]},
        SINGLE: {"job": [job], "instance": [SINGLE]}, ALL: {}}, SEVERAL, only={"postgres-pool": [SEVERAL, ALL]})


def start_cache(stack, binary):
    shop = caches.Caches(stack)
    shop.start_load()
    job, flag = "cache", "--collector.clients"
    targets = {
        SEVERAL: address_of(stack, binary, SEVERAL, "--config.file=" + shop.config, flag),
        # One Redis by flags, as redis_exporter's users have it: its series have no label `target`.
        SINGLE: address_of(stack, binary, SINGLE, *shop.single, flag),
    }
    return Stage("cache", job, targets, {
        SEVERAL: {"job": [job], "instance": [SEVERAL]},
        caches.PRIMARY: {"job": [job], "instance": [SEVERAL], "target": [caches.PRIMARY]},
        SINGLE: {"job": [job], "instance": [SINGLE]}, ALL: {}}, SEVERAL, only={"cache-overview": [SEVERAL, ALL]})


def start_breakers(stack, binary, ends):
    """`ends` is an ExitStack that ends before the stack does."""
    shop = ends.enter_context(Breakers(stack, [TWICE_PUSHED]))
    shop.start_load()
    job = "circuit-breaker"
    targets = {SEVERAL: address_of(stack, binary, SEVERAL, "--config.file=" + shop.config)}
    # Breakers have instances of their own, so that a drawing of one instance is one of few breakers.
    return Stage("circuit", job, targets, {SEVERAL: {"job": [job]}, ALL: {}}, SEVERAL, honor_labels=True)


def start_gateways(stack, binary):
    gateways = gateway_render.start_gateways(stack, binary)
    job = "ai-gateway"
    targets = {name: urllib.parse.urlsplit(gateway.url).netloc for name, gateway in gateways.items()}
    return Stage("ai-", job, targets, {**{name: {"job": [job], "instance": [name]} for name in targets}, ALL: {}},
                 gateway_render.SEVERAL)


def start_application(stack):
    """Two instances of a small simulated service."""
    targets = dict(zip(("shop-a", "shop-b"), application.start(stack)))
    job = application.JOB
    return Stage("application", job, targets, {**{name: {"job": [job], "instance": [name]} for name in targets}, ALL: {}}, ALL)


def across():
    """What the dashboards of service levels and of capacity are drawn from: several of the other stages."""
    return [Stage(name, "", {}, {ALL: {}}, ALL) for name in ("slo", "capacity")]


def overview(stages):
    """What the Overview is drawn from: all the other stages, and one of them as if the others were not deployed."""
    alone = stages[0].job
    return Stage("overview", "", {}, {ALL: {}, alone: {"job": [alone]}}, ALL)


def start_prometheus(stack, stages):
    """Debian's Prometheus with the alerts and recording rules loaded; each target's instance is its host's name."""
    config = {
        "global": {"scrape_interval": f"{SCRAPE_INTERVAL}s", "scrape_timeout": f"{SCRAPE_INTERVAL}s",
                   "evaluation_interval": f"{SCRAPE_INTERVAL}s"},
        "rule_files": sorted(glob.glob(os.path.join(ROOT, "alerts/*.rules.yaml"))),
        "scrape_configs": [{"job_name": stage.job, "honor_labels": stage.honor_labels, "static_configs": [
            {"targets": [address], "labels": {"instance": host}} for host, address in stage.targets.items()]}
            for stage in stages if stage.targets],
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
    collectors = f'{{__name__=~".+_scrape_collector_success"}}[{STEADY}s]'
    changing = query(url, f"max_over_time({collectors}) != min_over_time({collectors})")
    enough = STEADY // SCRAPE_INTERVAL - 1
    return ([host for host in hosts if up.get(host) != 1 or scrapes.get(host, 0) < enough] +
            [f"{labels['instance']} {labels.get('target', '')} {labels['collector']}" for labels, _ in changing])


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

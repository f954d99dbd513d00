# SPDX-License-Identifier: Apache-2.0
"""What each exporter takes as what it watches grows: CPU a scrape, memory, series, size of the page. The table of docs/operations.md.

sizes.py BUILD [--scrapes N]. On servers of its own; nothing here passes or fails.
"""

import argparse
import gzip
import json
import os
import socket
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../stack"), HERE]
from measure import cpu_seconds, status_kib  # noqa: E402
from memcached import start_memcached  # noqa: E402
from postgres import MONITOR, start_pgbouncer, start_postgres  # noqa: E402
from processes import Stack, StackError, free_port, request, wait_for  # noqa: E402
from redis import start_redis  # noqa: E402

SERVERS = 10
MODELS = 50
BREAKERS = (10, 1000)
WARM_UP = 5


def page_of(url):
    wanted = urllib.request.Request(url + "/metrics", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(wanted, timeout=60) as answer:
        return answer.read()


def measure(what, exporter, scrapes):
    process, url = exporter
    for _ in range(WARM_UP):
        page_of(url)
    before = cpu_seconds(process.pid)
    for _ in range(scrapes):
        page = page_of(url)
    cpu = (cpu_seconds(process.pid) - before) / scrapes
    text = gzip.decompress(page).decode()
    series = sum(1 for line in text.splitlines() if line and not line.startswith("#"))
    print(f"{what:36} {cpu * 1000:8.2f} ms {status_kib(process.pid, 'VmHWM') / 1024:8.1f} MiB {series:8} {len(text) / 1024:8.0f} KiB "
          f"{len(page) / 1024:6.0f} KiB", flush=True)


class Sizes:
    def __init__(self, stack, build, scrapes):
        self.stack, self.build, self.scrapes = stack, build, scrapes

    def one(self, what, exporter, *flags):
        binary = f"{self.build}/exporters/{exporter}/{exporter}-exporter"
        started = self.stack.start_exporter(binary, *flags)
        measure(what, started, self.scrapes)
        started[0].stop()

    def config(self, name, value):
        return "--config.file=" + self.stack.write(name, json.dumps(value))  # JSON is YAML

    def postgres(self):
        postgres = start_postgres(self.stack, settings={"shared_preload_libraries": "pg_stat_statements"})
        postgres.sql.rows("CREATE EXTENSION pg_stat_statements")
        bouncer = start_pgbouncer(self.stack, postgres)
        self.one("postgres-pool, one PostgreSQL", "postgres-pool", f"--postgres.dsn={postgres.dsn()}")
        self.one("postgres-pool, one PgBouncer", "postgres-pool", f"--pgbouncer.dsn={bouncer.dsn()}")
        secret = self.stack.write("password", MONITOR[1] + "\n")
        dsn = f"host=127.0.0.1 port={postgres.port} dbname=postgres sslmode=disable"
        self.one(f"postgres-pool, {SERVERS} PostgreSQLs", "postgres-pool", self.config("postgres.yml", {
            "targets": [{"name": f"t{number}", "dsn": dsn, "credentials": "monitor"} for number in range(SERVERS)],
            "credentials": {"monitor": {"username": MONITOR[0], "password_file": secret}}}))

    def caches(self):
        servers = [start_redis(self.stack, name=f"redis-{number}") for number in range(SERVERS)]
        servers[0].fill(1000)
        self.one("cache, one Redis", "cache", f"--redis.addr={servers[0].address}")
        self.one(f"cache, {SERVERS} Redis", "cache", *(f"--redis.addr={server.address}" for server in servers))
        self.one("cache, one Memcached", "cache", f"--memcached.address=127.0.0.1:{start_memcached(self.stack).port}")

    def breakers(self, count):
        port = free_port()
        flags = [f"--statsd.listen=127.0.0.1:{port}"]
        process, url = self.stack.start_exporter(f"{self.build}/exporters/circuit-breaker/circuit-breaker-exporter", *flags)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(count):
                tags = f"breaker:b{number},service:shop"
                lines = f"circuit_breaker.calls:1|c|#{tags},outcome:success\ncircuit_breaker.state:1|g|#{tags},state:closed"
                sender.sendto(lines.encode(), ("127.0.0.1", port))
                time.sleep(0.0005)
        wait_for(lambda: f'breaker="b{count - 1}"' in request(url + "/metrics").text, "the last breaker")
        measure(f"circuit-breaker, {count} over StatsD", (process, url), self.scrapes)
        process.stop()

    def gateway(self, count):
        models = [{"name": f"model-{number}", "targets": [{"upstream": "gpu"}]} for number in range(count)]
        upstreams = [{"name": "gpu", "url": f"http://127.0.0.1:{free_port()}"}]
        self.one(f"ai-gateway, models: {count}", "ai-gateway", self.config("gateway.yml", {"upstreams": upstreams, "models": models}),
                 f"--proxy.listen-address=127.0.0.1:{free_port()}")

    def all(self):
        print(f"{'':36} {'CPU/scrape':>11} {'peak':>12} {'series':>8} {'page':>12} {'gzip':>10}")
        self.one("system", "system")
        self.postgres()
        self.caches()
        for count in BREAKERS:
            self.breakers(count)
        for count in (1, MODELS):
            self.gateway(count)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=os.path.abspath, help="a build folder with all exporters")
    parser.add_argument("--scrapes", type=int, default=100, help="scrapes of each (default: %(default)s)")
    options = parser.parse_args()
    try:
        with Stack() as stack:
            Sizes(stack, options.build, options.scrapes).all()
    except (StackError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

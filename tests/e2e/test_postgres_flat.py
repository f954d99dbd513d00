# SPDX-License-Identifier: Apache-2.0
"""10,000 scrapes, and 100 restarts of PostgreSQL and of PgBouncer under them, leave nothing behind."""

import functools

from helpers import PROMETHEUS_ACCEPT, at_rest, show, status_kib
from postgres_helpers import scrape_all_well, servers_fixture, sessions, start
from scrapers import Scrapers

__all__ = ["servers_fixture"]

# Until then each of the server's threads has touched its stack, and the allocator has its pools.
WARM_UP, WARM_UP_RESTARTS = 6000, 40
SCRAPES, RESTARTS = 10_000, 100
PAUSE = 0.01  # seconds between two requests of a client, so that the servers have time to restart
PROMETHEUS = {"Accept": PROMETHEUS_ACCEPT, "Accept-Encoding": "gzip"}
# As different clients ask: everything, a target, a part; text, OpenMetrics, gzipped or not; and what is refused.
REQUESTS = [("/metrics/server", {}), ("/metrics", PROMETHEUS), ("/metrics?collect[]=pools", PROMETHEUS),
            ("/metrics?collect[]=version&collect[]=server", {}), ("/probe?target={pgbouncer}", {}),
            ("/metrics?collect[]=server", PROMETHEUS), ("/health/detailed", {}), ("/metrics/pools", {}),
            ("/metrics?collect[]=x", {}), ("/metrics/server", PROMETHEUS), ("/", {}), ("/metrics/pools", PROMETHEUS)]
EXPECTED = {"/metrics?collect[]=x": 400}


def test_ten_thousand_scrapes_and_a_hundred_restarts(postgres_pool_binary, stack, servers):
    process, url = start(stack, postgres_pool_binary, servers.postgres.dsn(), servers.pgbouncer.dsn())
    pool = f"127.0.0.1:{servers.pgbouncer.port}/pgbouncer"
    requests = [(path.format(pgbouncer=pool), headers) for path, headers in REQUESTS]

    def again_and_again(server, times):
        for _ in range(times):
            server.restart()

    def jobs(times):
        return [functools.partial(again_and_again, server, times) for server in (servers.postgres, servers.pgbouncer)]

    def look(what):
        """Both connected, nothing under way."""
        scrape_all_well(url)
        files, threads = at_rest(process)
        found = {"files": files, "threads": threads, "resident": status_kib(process.pid, "VmRSS")}
        show(f"{what}: {len(files)} open files, {threads} threads, {found['resident']} KiB resident "
             f"({status_kib(process.pid, 'RssAnon')} KiB own), peak {status_kib(process.pid, 'VmHWM')} KiB")
        return found
    Scrapers(url, requests, WARM_UP, EXPECTED, PAUSE).run(jobs(WARM_UP_RESTARTS))
    before = look(f"after {WARM_UP} scrapes and {WARM_UP_RESTARTS} restarts")
    scrapers = Scrapers(url, requests, SCRAPES, EXPECTED, PAUSE)
    took = scrapers.run(jobs(RESTARTS))
    after = look(f"after {scrapers.asked} more scrapes and {RESTARTS} more restarts of each server, in {took:.0f} s")
    assert scrapers.asked >= SCRAPES
    assert len(after["files"]) == len(before["files"]), (before["files"], after["files"])
    assert after["threads"] == before["threads"]
    assert after["resident"] - before["resident"] < 1024 + before["resident"] * 0.02
    assert sessions(servers) == 1 and servers.pgbouncer.console_clients() == 1
    lines = process.log_text().splitlines()
    assert len(lines) < 40 * (WARM_UP_RESTARTS + RESTARTS), lines[-20:]

# SPDX-License-Identifier: Apache-2.0
"""10,000 scrapes, and 100 restarts of PostgreSQL and of PgBouncer under them, leave nothing behind."""

import concurrent.futures
import http.client
import threading
import time
import urllib.parse

from helpers import PROMETHEUS_ACCEPT, at_rest, open_files, show, status_kib, thread_count
from postgres_helpers import scrape_all_well, servers_fixture, sessions, start
from processes import wait_for

__all__ = ["servers_fixture"]

# Until then each of the server's threads has touched its stack, and the allocator has its pools.
WARM_UP, WARM_UP_RESTARTS = 6000, 40
SCRAPES, RESTARTS = 10_000, 100
CLIENTS = 4
PAUSE = 0.01  # seconds between two requests of a client, so that the servers have time to restart
PROMETHEUS = {"Accept": PROMETHEUS_ACCEPT, "Accept-Encoding": "gzip"}
# As different clients ask: everything, a target, a part; text, OpenMetrics, gzipped or not; and what is refused.
REQUESTS = [("/metrics/server", {}), ("/metrics", PROMETHEUS), ("/metrics?collect[]=pools", PROMETHEUS),
            ("/metrics?collect[]=version&collect[]=server", {}), ("/probe?target={pgbouncer}", {}),
            ("/metrics?collect[]=server", PROMETHEUS), ("/health/detailed", {}), ("/metrics/pools", {}),
            ("/metrics?collect[]=x", {}), ("/metrics/server", PROMETHEUS), ("/", {}), ("/metrics/pools", PROMETHEUS)]
EXPECTED = {"/metrics?collect[]=x": 400}


class Scrapers:
    """Clients that ask in turns until they asked often enough and `busy` has ended."""

    def __init__(self, url, names, least):
        parts = urllib.parse.urlsplit(url)
        self.address, self.names, self.least = (parts.hostname, parts.port), names, least
        self.busy, self.asked, self.failures = threading.Event(), 0, []
        self._count = threading.Lock()

    def _more(self):
        with self._count:
            self.asked += 1
            return self.asked - 1 if self.asked <= self.least or self.busy.is_set() else None

    def _client(self):
        while (number := self._more()) is not None:
            path, headers = REQUESTS[number % len(REQUESTS)]
            connection = http.client.HTTPConnection(*self.address, timeout=60)
            try:
                connection.request("GET", path.format(**self.names), headers=headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != EXPECTED.get(path, 200):
                    self.failures.append((path, answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append((path, repr(error)))
            finally:
                connection.close()
            time.sleep(PAUSE)

    def run(self, job):
        """Runs `job` meanwhile. Returns the seconds that it all took."""
        began, clients = time.monotonic(), [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        self.busy.set()
        for client in clients:
            client.start()
        try:
            job()
        finally:
            self.busy.clear()
            for client in clients:
                client.join()
        assert not self.failures, self.failures[:5]
        return time.monotonic() - began


def test_ten_thousand_scrapes_and_a_hundred_restarts(postgres_pool_binary, stack, servers):
    process, url = start(stack, postgres_pool_binary, servers.postgres.dsn(), servers.pgbouncer.dsn())
    names = {"pgbouncer": f"127.0.0.1:{servers.pgbouncer.port}/pgbouncer"}

    def restart(times):
        def again_and_again(server):
            for _ in range(times):
                server.restart()

        def job():
            with concurrent.futures.ThreadPoolExecutor() as pool:
                for done in [pool.submit(again_and_again, server) for server in (servers.postgres, servers.pgbouncer)]:
                    done.result()
        return job

    def look(what):
        """Both connected, nothing under way."""
        scrape_all_well(url)
        files, threads = at_rest(process)
        found = {"files": files, "threads": threads, "resident": status_kib(process.pid, "VmRSS")}
        show(f"{what}: {len(files)} open files, {threads} threads, {found['resident']} KiB resident "
             f"({status_kib(process.pid, 'RssAnon')} KiB own), peak {status_kib(process.pid, 'VmHWM')} KiB")
        return found
    Scrapers(url, names, WARM_UP).run(restart(WARM_UP_RESTARTS))
    before = look(f"after {WARM_UP} scrapes and {WARM_UP_RESTARTS} restarts")
    scrapers = Scrapers(url, names, SCRAPES)
    took = scrapers.run(restart(RESTARTS))
    after = look(f"after {scrapers.asked - CLIENTS} more scrapes and {RESTARTS} more restarts of each server, in {took:.0f} s")
    assert scrapers.asked >= SCRAPES
    assert len(after["files"]) == len(before["files"]), (before["files"], after["files"])
    assert after["threads"] == before["threads"]
    assert after["resident"] - before["resident"] < 1024 + before["resident"] * 0.02
    assert sessions(servers) == 1 and servers.pgbouncer.console_clients() == 1
    lines = process.log_text().splitlines()
    assert len(lines) < 40 * (WARM_UP_RESTARTS + RESTARTS), lines[-20:]

# SPDX-License-Identifier: Apache-2.0
"""Servers that are unreachable, answer half or are huge, many scrapers of broken ones, and 10,000 scrapes with 100 restarts of
each: every scrape is answered in time, the first one after is whole, and nothing is left behind."""

import contextlib
import functools
import os
import socket
import threading

import pytest
from helpers import PROMETHEUS_ACCEPT, at_rest, scrape, show, status_kib
from memcached import start_memcached
from postgres_helpers import MostConnections, at_once, timed_scrape
from processes import wait_for
from redis import start_redis
from scrapers import Scrapers

TIMEOUT = 2.0  # what the scrapes' header says, in seconds
LONG_TIMEOUT = 20.0  # for scrapes that are to be whole however busy this machine is
SCRAPERS = 20
BROKEN_SCRAPES = 2  # the first meets a kept connection that breaks, the second must connect anew


class Backend:
    """A kind of server: how it is started, and which flag and families it has."""

    def __init__(self, kind, start, flag):
        self.kind, self.start, self.flag = kind, start, flag

    def exporter(self, stack, binary, port):
        return stack.start_exporter(binary, f"{self.flag}=127.0.0.1:{port}", f"--web.max-requests={SCRAPERS + 10}")


BACKENDS = [Backend("redis", start_redis, "--redis.addr"), Backend("memcached", start_memcached, "--memcached.address")]


@pytest.fixture(name="backend", params=BACKENDS, ids=lambda backend: backend.kind)
def backend_fixture(request):  # pylint: disable=redefined-outer-name
    return request.param


def failed(page):
    return {labels["collector"] for labels, value in page.of("cache_scrape_collector_success") if value == 0}


def check_down(backend, url, scrapers):
    """Scrapes of a broken server: in time, and down. Returns the slowest's seconds."""
    slowest = 0
    for _ in range(BROKEN_SCRAPES):
        seconds, pages = at_once(url, scrapers, TIMEOUT)
        assert seconds < TIMEOUT, f"answered after {seconds:.2f} s, the header said {TIMEOUT} s"
        for page in pages:
            assert page.value(f"{backend.kind}_up") == 0, page.text
            assert failed(page)
        slowest = max(slowest, seconds)
    return slowest


def check_back(backend, url, scrapers):
    _, pages = at_once(url, scrapers, LONG_TIMEOUT)
    for page in pages:
        assert page.value(f"{backend.kind}_up") == 1, page.text
        assert not failed(page), page.text


# unreachable

@contextlib.contextmanager
def black_hole(port):
    """A port that answers no SYN: of a listener whose queue is full the kernel drops them."""
    with contextlib.ExitStack() as all_sockets:
        listener = all_sockets.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(0)
        while True:
            client = all_sockets.enter_context(socket.socket())
            client.settimeout(1)
            try:
                client.connect(("127.0.0.1", port))
            except TimeoutError:
                break
        yield


@pytest.mark.parametrize("scrapers", [1, SCRAPERS])
def test_a_black_hole(cache_binary, stack, backend, scrapers):
    """A host that has gone, as the network has it: no answer to anything. Then the server is there."""
    server = backend.start(stack)
    process, url = backend.exporter(stack, cache_binary, server.port)
    check_back(backend, url, 1)
    server.kill()
    with black_hole(server.port), MostConnections(process.pid, server.port) as connections:
        slowest = check_down(backend, url, scrapers)
    assert connections.most <= 1
    server.start()
    check_back(backend, url, scrapers)
    show(f"black hole, {scrapers} scrapers of {backend.kind}: slowest {slowest:.2f} s of {TIMEOUT} s")


# answers that break off

class HalfWire:
    """Passes bytes between the exporter and a server. Of what the server says it passes on as many bytes of each connection
    as `most` says, then nothing."""

    def __init__(self, port):
        self.server, self.most = port, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.server), timeout=60)
                for source, sink, spoils in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self.copy, args=(source, sink, spoils), daemon=True).start()

    def copy(self, source, sink, spoils):
        passed = 0  # since it breaks off
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if spoils and self.most is not None:
                    data = data[:self.most - passed]
                    passed += len(data)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


# In the midst of the first answer, to PING or version; in the midst of INFO, or of stats.
@pytest.mark.parametrize("passed", [3, 1000])
@pytest.mark.parametrize("scrapers", [1, SCRAPERS])
def test_half_an_answer_and_then_silence(cache_binary, stack, backend, scrapers, passed):
    with HalfWire(backend.start(stack).port) as wire:
        _, url = backend.exporter(stack, cache_binary, wire.port)
        check_back(backend, url, 1)
        wire.most = passed
        slowest = check_down(backend, url, scrapers)
        wire.most = None
        check_back(backend, url, scrapers)
    show(f"{passed} bytes and no more, {scrapers} scrapers of {backend.kind}: slowest {slowest:.2f} s of {TIMEOUT} s")


@pytest.mark.parametrize("fault", ["frozen", "killed"])
def test_many_scrapers_of_a_broken_memcached(cache_binary, stack, fault):
    backend = BACKENDS[1]
    server = backend.start(stack)
    process, url = backend.exporter(stack, cache_binary, server.port)
    check_back(backend, url, 1)
    with MostConnections(process.pid, server.port) as connections:
        if fault == "frozen":
            with server.frozen():
                slowest = check_down(backend, url, SCRAPERS)
        else:
            server.kill()
            slowest = check_down(backend, url, SCRAPERS)
            server.start()
        check_back(backend, url, SCRAPERS)
    assert connections.most <= 1
    show(f"memcached {fault}, {SCRAPERS} scrapers: slowest {slowest:.2f} s of {TIMEOUT} s")


# huge

KEYS, VALUE = 250_000, 4096  # more than 1 GB


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(url, *pids, scrapes=50):
    """CPU seconds a scrape of each process."""
    before = [cpu_seconds(pid) for pid in pids]
    for _ in range(scrapes):
        scrape(url)
    return [(cpu_seconds(pid) - then) / scrapes for pid, then in zip(pids, before)]


def busy_with(server, *words):
    """A thread that runs a long command, once the server is at it."""
    thread = threading.Thread(target=server.cli, args=words)
    thread.start()
    return thread


def test_a_huge_server(cache_binary, stack):
    """1 GB of keys: a scrape asks for nothing that grows with them; and while the server is away for seconds it ends in time."""
    backend = BACKENDS[0]
    server = start_redis(stack)
    process, url = backend.exporter(stack, cache_binary, server.port)
    pids = (process.pid, server.process.pid)
    for _ in range(5):
        scrape(url)
    empty = cost(url, *pids)
    server.cli("DEBUG", "POPULATE", KEYS, "key", VALUE)
    full = cost(url, *pids)
    page = scrape(url)
    assert page.value("redis_memory_used_bytes") > 2**30
    assert page.value("redis_db_keys", db="db0") == KEYS
    show("CPU a scrape, exporter and server: " + ", ".join(
        f"{what} {ours * 1e3:.2f} and {its * 1e3:.2f} ms" for what, (ours, its) in (("empty", empty), ("1 GB", full))))
    # 250,000 keys looked at would take the server some 100 ms; this leaves room for a clock of 10 ms ticks.
    assert full[1] < empty[1] + 0.005
    slowest = 0.0
    for words in (("DEBUG", "SLEEP", 5), ("BGSAVE",), ("FLUSHALL", "SYNC")):
        thread = busy_with(server, *words)
        while True:
            alive = thread.is_alive()
            seconds, page = timed_scrape(url, timeout=TIMEOUT)
            assert seconds < TIMEOUT, words
            assert page.value("redis_up") in (0, 1)
            slowest = max(slowest, seconds)
            if not alive:
                break
        thread.join()
        check_back(backend, url, 1)
    show(f"while it slept, saved and flushed: slowest {slowest:.2f} s of {TIMEOUT} s")
    wait_for(lambda: server.info("persistence")["rdb_bgsave_in_progress"] == "0", "the snapshot to end")
    assert scrape(url).value("redis_db_keys", db="db0") == 0


# 10,000 scrapes, 100 restarts

# By the end of the warm-up each thread has touched its stack, and the allocator has its pools.
WARM_UP, WARM_UP_RESTARTS = 8000, 30
SCRAPES, RESTARTS = 10_000, 100
PROMETHEUS = {"Accept": PROMETHEUS_ACCEPT, "Accept-Encoding": "gzip"}
REQUESTS = [("/metrics", PROMETHEUS), ("/metrics/ping", {}), ("/metrics?collect[]=memcached", PROMETHEUS), ("/probe?target=r", {}),
            ("/metrics?collect[]=info", PROMETHEUS), ("/health/detailed", {}), ("/probe?target=m", PROMETHEUS),
            ("/metrics?collect[]=slowlog&collect[]=memcached_slabs", {}), ("/metrics?collect[]=x", {}), ("/", {})]
EXPECTED = {"/metrics?collect[]=x": 400}


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def restart(server, times):
    """SIGKILL and again, without redis-cli's own CPU."""
    for _ in range(times):
        server.kill()
        server.process = server.stack.start(server.name, server.command())
        wait_for(functools.partial(listens, server.port), f"{server.name} to listen")


def test_ten_thousand_scrapes_and_a_hundred_restarts(cache_binary, stack):
    servers = [start_redis(stack, {"io-threads": 1}), start_memcached(stack, "-t", "1")]
    redis, memcached = servers
    config = stack.write("config.yml", (f"targets:\n- {{name: r, address: '{redis.address}'}}\n"
                                        f"- {{name: m, kind: memcached, address: '127.0.0.1:{memcached.port}'}}\n"))
    process, url = stack.start_exporter(cache_binary, f"--config.file={config}")

    def look(what):
        """Both up, nothing under way."""
        page = scrape(url)
        assert page.value("redis_up", target="r") == 1 and page.value("memcached_up", target="m") == 1
        files, threads = at_rest(process)
        found = {"files": files, "threads": threads, "resident": status_kib(process.pid, "VmRSS")}
        show(f"{what}: {len(files)} open files, {threads} threads, {found['resident']} KiB resident "
             f"({status_kib(process.pid, 'RssAnon')} KiB own)")
        return found

    def jobs(times):
        return [functools.partial(restart, server, times) for server in servers]
    Scrapers(url, REQUESTS, WARM_UP, EXPECTED).run(jobs(WARM_UP_RESTARTS))
    before = look(f"after {WARM_UP} requests and {WARM_UP_RESTARTS} restarts")
    scrapers = Scrapers(url, REQUESTS, SCRAPES, EXPECTED)
    took = scrapers.run(jobs(RESTARTS))
    after = look(f"after {scrapers.asked} more and {RESTARTS} more restarts of each server, in {took:.0f} s")
    assert scrapers.asked >= SCRAPES
    assert len(after["files"]) == len(before["files"]), (before["files"], after["files"])
    assert after["threads"] == before["threads"]
    assert after["resident"] - before["resident"] < 1024 + before["resident"] * 0.02
    assert redis.cli("CLIENT", "LIST").count("name=cache-exporter") == 1
    assert len(process.log_text().splitlines()) < 40 * (WARM_UP_RESTARTS + RESTARTS)

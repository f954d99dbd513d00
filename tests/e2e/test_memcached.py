# SPDX-License-Identifier: Apache-2.0
"""Memcached's numbers against its own `stats`, and servers that hang, die, are full, trickle and answer half."""

import contextlib
import os
import socket
import threading
import time

import pytest
from helpers import scrape
from memcached import start_memcached
from processes import Stack, free_port, wait_for

TIMEOUT = 2.0  # what the scrapes' header says, in seconds
LONG_TIMEOUT = 30
HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
SCRAPERS = 50
COLLECTORS = {"memcached", "memcached_settings", "memcached_items", "memcached_slabs"}


def start(stack, cache_binary, port, *flags):
    return stack.start_exporter(cache_binary, f"--memcached.address=127.0.0.1:{port}", *flags)


def timed_scrape(url, timeout=TIMEOUT):
    began = time.monotonic()
    page = scrape(url, headers={HEADER: str(timeout)}, timeout=60)
    return time.monotonic() - began, page


def up(page):
    return page.value("memcached_up")


def succeeded(page):
    return {labels["collector"] for labels, value in page.of("cache_scrape_collector_success") if value == 1}


def check_down(url):
    """A scrape inside its deadline that says the server is down, and has no number of it."""
    seconds, page = timed_scrape(url)
    assert seconds < TIMEOUT, page.text
    assert up(page) == 0
    assert not succeeded(page) & COLLECTORS
    assert page.of("memcached_uptime_seconds") == []
    return seconds


def check_back(url):
    """The first scrape after is whole."""
    _, page = timed_scrape(url, LONG_TIMEOUT)
    assert up(page) == 1, page.text
    assert COLLECTORS <= succeeded(page)
    return page


def show(text):
    print("\n" + text, end="", flush=True)


# numbers

@pytest.fixture(scope="module", name="busy")
def busy_fixture():
    """A server of 8 MiB that has had to evict, with hits and misses of every command."""
    with Stack() as stack:
        server = start_memcached(stack, "-m", "8")
        with server.client() as client:
            for number in range(300):
                assert client.set(f"k{number}", "x" * number * 400) == "STORED"
            for number in range(320):
                client.get(f"k{number}")
            client.set("n", "5")
            for command in ("incr n 2", "decr n 1", "incr none 1", "decr none 1", "touch n 0", "touch none 0", "delete none",
                            "delete n", "ms meta 1"):
                client.send(command + "\r\n" + ("v\r\n" if command.startswith("ms") else ""))
                client.line()
            client.send("gets meta\r\n")
            unique = client.line().split()[4]
            assert [client.line(), client.line()] == ["v", "END"]
            client.send(f"cas meta 0 0 1 {unique}\r\nw\r\n")
            assert client.line() == "STORED"
            client.send(f"cas meta 0 0 1 {unique}\r\nw\r\n")
            assert client.line() == "EXISTS"
            client.send("cas none 0 0 1 1\r\nw\r\n")
            assert client.line() == "NOT_FOUND"
            assert client.set("big", "x" * 2_000_000).startswith("SERVER_ERROR")
            yield server, client, stack


STATS = {
    "memcached_current_bytes": "bytes", "memcached_limit_bytes": "limit_maxbytes", "memcached_current_items": "curr_items",
    "memcached_items_total": "total_items", "memcached_items_evicted_total": "evictions",
    "memcached_items_reclaimed_total": "reclaimed", "memcached_item_too_large_total": "store_too_large",
    "memcached_item_no_memory_total": "store_no_memory", "memcached_direct_reclaims_total": "direct_reclaims",
    "memcached_current_connections": "curr_connections", "memcached_connections_total": "total_connections",
    "memcached_connections_rejected_total": "rejected_connections", "memcached_connections_yielded_total": "conn_yields",
    "memcached_connections_listener_disabled_total": "listen_disabled_num", "memcached_accepting_connections": "accepting_conns",
    "memcached_lru_crawler_moves_to_cold_total": "moves_to_cold", "memcached_items_evicted_unfetched_total": "evicted_unfetched",
    "memcached_items_evicted_active_total": "evicted_active", "memcached_threads": "threads", "memcached_hash_bytes": "hash_bytes",
    "memcached_meta_commands_total": "cmd_meta", "memcached_slab_page_pool_pages": "slab_global_page_pool",
}
SETTINGS = {"memcached_max_connections": "maxconns", "memcached_item_max_bytes": "item_size_max",
            "memcached_lru_crawler_hot_percent": "hot_lru_pct", "memcached_lru_crawler_warm_max_factor": "warm_max_factor"}
ITEMS = {"memcached_slab_current_items": "number", "memcached_slab_items_evicted_total": "evicted",
         "memcached_slab_mem_requested_bytes": "mem_requested", "memcached_slab_cold_items": "number_cold"}
SLABS = {"memcached_slab_chunk_size_bytes": "chunk_size", "memcached_slab_current_pages": "total_pages",
         "memcached_slab_chunks_used": "used_chunks", "memcached_slab_chunks_free": "free_chunks"}


def expected_numbers(client):
    """{(metric, labels): value} as the server itself says just now."""
    server, settings = client.stats(), client.stats("settings")
    items, slabs = client.stats("items"), client.stats("slabs")
    found = {(metric, ()): float(server[name]) for metric, name in STATS.items()}
    found |= {(metric, ()): float(settings[name]) for metric, name in SETTINGS.items()}
    for name, value in items.items():
        _, slab, stat = name.split(":")
        found |= {(metric, (("slab", slab),)): float(value) for metric, one in ITEMS.items() if one == stat}
    for name, value in slabs.items():
        slab, _, stat = name.partition(":")
        found |= {(metric, (("slab", slab),)): float(value) for metric, one in SLABS.items() if one == stat}
    found["memcached_malloced_bytes", ()] = float(slabs["total_malloced"])
    found["memcached_slab_classes", ()] = float(slabs["active_slabs"])
    found["memcached_memory_left_bytes", ()] = float(server["limit_maxbytes"]) - float(server["bytes"])
    found["memcached_version", (("version", server["version"]),)] = 1
    for command in ("get", "delete", "incr", "decr", "cas", "touch"):
        for status, word in (("hit", "hits"), ("miss", "misses")):
            found["memcached_commands_total", (("command", command), ("status", status))] = float(server[f"{command}_{word}"])
    cas = sum(float(server[f"cas_{word}"]) for word in ("hits", "misses", "badval"))
    found["memcached_commands_total", (("command", "cas"), ("status", "badval"))] = float(server["cas_badval"])
    found["memcached_commands_total", (("command", "set"), ("status", "hit"))] = float(server["cmd_set"]) - cas
    return found


def test_numbers_are_those_of_stats(cache_binary, busy):
    server, client, stack = busy
    process, url = start(stack, cache_binary, server.port)
    try:
        timed_scrape(url, LONG_TIMEOUT)  # opens its connection
        for _ in range(20):  # the server's own threads go on moving items: until nothing moved around a scrape
            before = expected_numbers(client)
            _, page = timed_scrape(url, LONG_TIMEOUT)
            after = expected_numbers(client)
            seen = {(name, tuple(sorted(dict(labels).items()))): value for (name, labels), value in page.samples.items()}
            wrong = {key: (value, seen.get(key)) for key, value in before.items()
                     if after.get(key) == value and seen.get(key) != value}
            assert wrong == {}
            if before == after:
                break
        assert before == after
        assert before["memcached_items_evicted_total", ()] > 0
        assert before["memcached_item_too_large_total", ()] == 1
        assert before["memcached_commands_total", (("command", "cas"), ("status", "badval"))] == 1
        assert len({labels["slab"] for labels, _ in page.of("memcached_slab_chunks_used")}) > 5
        show(f"{len(before)} numbers equal to `stats`; {len(page.of('memcached_slab_current_items'))} slab classes")
    finally:
        process.stop()


def test_many_scrapers_use_one_connection(cache_binary, busy):
    server, client, stack = busy
    process, url = start(stack, cache_binary, server.port, "--web.max-requests=0")
    try:
        before = int(client.stats()["total_connections"])
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(timed_scrape(url, LONG_TIMEOUT)[1])) for _ in range(SCRAPERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == SCRAPERS and all(up(page) == 1 for page in answers)
        assert int(client.stats()["total_connections"]) - before == 1
    finally:
        process.stop()


# servers that fail

def test_a_stopped_server(cache_binary, stack):
    server = start_memcached(stack)
    _, url = start(stack, cache_binary, server.port)
    check_back(url)
    with server.frozen():
        slowest = max(check_down(url) for _ in range(2))
    check_back(url)
    show(f"SIGSTOP: slowest {slowest:.2f} s of {TIMEOUT} s")


def test_a_killed_server(cache_binary, stack):
    server = start_memcached(stack)
    process, url = start(stack, cache_binary, server.port)
    check_back(url)
    server.kill()
    for _ in range(2):
        check_down(url)
    assert "cannot connect" in process.log_text() or "refused" in process.log_text()
    server.start()
    page = check_back(url)
    server.restart()
    assert check_back(url).value("memcached_connect_duration_seconds_count") > page.value("memcached_connect_duration_seconds_count")


@contextlib.contextmanager
def all_connections_taken(server):
    taken = []
    try:
        def full():
            one = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            one.settimeout(2)
            one.sendall(b"version\r\n")
            try:
                answer = one.recv(100)
            except (OSError, TimeoutError):
                answer = b""
            if not answer.startswith(b"VERSION"):
                one.close()
                return True
            taken.append(one)
            return False
        wait_for(full, "no connection to be left", interval=0)
        yield len(taken)
    finally:
        for one in taken:
            one.close()


@pytest.mark.parametrize("options", [(), ("-o", "no_maxconns_fast")], ids=["refuses", "lets-wait"])
def test_a_full_server(cache_binary, stack, options):
    server = start_memcached(stack, "-c", "30", *options)
    process, url = start(stack, cache_binary, server.port)
    with all_connections_taken(server) as taken:
        slowest = max(check_down(url) for _ in range(2))
        if not options:
            assert "Too many open connections" in process.log_text()
    # It takes the next connection once its own threads have seen that the old ones are gone.
    wait_for(server.answers, "a connection to be free")
    page = check_back(url)
    if not options:
        assert page.value("memcached_connections_rejected_total") >= 2
    else:
        assert page.value("memcached_connections_listener_disabled_total") >= 1
    show(f"full with {taken} connections ({' '.join(options) or 'maxconns_fast'}): slowest {slowest:.2f} s of {TIMEOUT} s")


class Wire:
    """Passes bytes between the exporter and a Memcached, and can spoil what comes back."""

    def __init__(self, port):
        self.server, self.mode, self.stop = port, "well", False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.1)
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop = True
        for thread in self.threads:
            thread.join()
        self.listener.close()

    def accept(self):
        while not self.stop:
            with contextlib.suppress(TimeoutError):
                near, _ = self.listener.accept()
                self.threads.append(threading.Thread(target=self.serve, args=(near,)))
                self.threads[-1].start()

    def serve(self, near):
        with near, socket.create_connection(("127.0.0.1", self.server), timeout=30) as far, contextlib.suppress(OSError):
            near.settimeout(0.1)
            far.settimeout(0.1)
            while not self.stop:
                with contextlib.suppress(TimeoutError):
                    data = near.recv(65536)
                    if not data:
                        return
                    if self.mode == "resets":
                        return
                    far.sendall(data)
                with contextlib.suppress(TimeoutError):
                    self.pass_back(near, far.recv(65536))

    def pass_back(self, near, data):
        if self.mode == "well":
            near.sendall(data)
        elif self.mode == "half":
            near.sendall(data[:len(data) // 2])
        elif self.mode == "garbage":
            near.sendall(bytes(byte ^ 0x80 for byte in data))
        elif self.mode == "trickles":
            for byte in data:
                if self.stop or self.mode != "trickles":
                    return
                near.sendall(bytes([byte]))
                time.sleep(0.5)


@pytest.mark.parametrize("mode", ["silent", "half", "trickles", "garbage", "resets"])
def test_the_wire_breaks_and_comes_back(cache_binary, stack, mode):
    server = start_memcached(stack)
    with Wire(server.port) as wire:
        process, url = start(stack, cache_binary, wire.port)
        check_back(url)
        wire.mode = mode
        slowest = max(check_down(url) for _ in range(2))
        wire.mode = "well"
        check_back(url)
        check_back(url)
        process.check_alive()
    show(f"wire {mode}: slowest {slowest:.2f} s of {TIMEOUT} s")


def test_an_endless_reply_is_cut_off(cache_binary, stack):
    """A server that answers without end costs neither memory nor the scrape."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def flood():
            with contextlib.suppress(OSError):
                near, _ = listener.accept()
                with near:
                    while True:
                        near.sendall(b"x" * 65536)
        threading.Thread(target=flood, daemon=True).start()
        process, url = start(stack, cache_binary, listener.getsockname()[1])
        check_down(url)
        assert "longer than 4 MiB" in process.log_text()


def test_a_server_that_wants_a_login(cache_binary, stack):
    users = stack.write("users", "reader:secret-hunter2\n")
    os.chmod(stack.folder, 0o755)
    port = free_port()
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    server = stack.start("memcached", ["memcached", "-l", "127.0.0.1", "-p", str(port), "-Y", users, *user])

    def listens():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return True
        except OSError:
            return False
    server.wait_until(listens, "connections taken")
    process, url = start(stack, cache_binary, port)
    check_down(url)
    assert "wants a login" in process.log_text()


def test_one_hung_server_leaves_the_other(cache_binary, stack):
    well, hung = start_memcached(stack, name="well"), start_memcached(stack, name="hung")
    _, url = stack.start_exporter(cache_binary, "--config.file=" + stack.write("config.yml", (
        f"targets:\n- {{name: well, kind: memcached, address: '127.0.0.1:{well.port}'}}\n"
        f"- {{name: hung, kind: memcached, address: '127.0.0.1:{hung.port}'}}\n")))
    with hung.frozen():
        seconds, page = timed_scrape(url)
        assert seconds < TIMEOUT
        assert page.value("memcached_up", target="well") == 1 and page.value("memcached_up", target="hung") == 0
        assert page.value("memcached_current_items", target="well") == 0
    _, page = timed_scrape(url, LONG_TIMEOUT)
    assert page.value("memcached_up", target="hung") == 1

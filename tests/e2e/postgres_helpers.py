# SPDX-License-Identifier: Apache-2.0
"""What the tests of the postgres-pool exporter share: its servers, scrapes in numbers, and a wire that can be broken."""

import contextlib
import os
import re
import select
import signal
import socket
import struct
import threading
import time

import pytest
from helpers import Metrics, open_files, scrape
from postgres import send, start_pgbouncer, start_postgres
from processes import Stack, request

TIMEOUT = 2.0  # what the scrapes' header says, in seconds
HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
SCRAPERS = 50
APPLICATION_NAME = "postgres-pool-exporter"
UP = {"postgres": "pg_up", "pgbouncer": "pgbouncer_up"}
UP_COLLECTOR = {"postgres": "server", "pgbouncer": "version"}


class Servers:
    def __init__(self, stack):
        self.postgres = start_postgres(stack, settings={"log_connections": "on"})
        self.pgbouncer = start_pgbouncer(stack, self.postgres)


@pytest.fixture(scope="module", name="servers")
def servers_fixture():
    with Stack() as stack:
        yield Servers(stack)


def start(stack, postgres_pool_binary, *dsns, flags=(), env=None):
    """The exporter with these servers, by environment as its users would. Returns (process, base URL)."""
    return stack.start_exporter(postgres_pool_binary, *flags, env={"DATA_SOURCE_NAME": ",".join(dsns), **(env or {})})


# scrapes

def timed_scrape(url, path="/metrics", timeout=TIMEOUT):
    """(seconds, page) of one scrape that says how long it may take."""
    began = time.monotonic()
    page = scrape(url, path, headers={HEADER: str(timeout)})
    return time.monotonic() - began, page


def at_once(url, count, timeout=TIMEOUT):
    """`count` scrapes at the same moment. Returns (the slowest's seconds, the pages, each but once)."""
    ready, answers = threading.Barrier(count), []

    def one():
        ready.wait()
        began = time.monotonic()
        try:
            answer = request(url + "/metrics", headers={HEADER: str(timeout)}, timeout=60)
        except OSError as error:
            answer = error
        answers.append((time.monotonic() - began, answer))
    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _, answer in answers:
        assert not isinstance(answer, Exception), answer
        assert answer.status == 200, answer.text[:200]
    return max(seconds for seconds, _ in answers), [Metrics(text) for text in {answer.text for _, answer in answers}]


def states(page):
    """{collector: state} of a page of one target."""
    return {labels["collector"]: labels["state"] for labels, value in page.of("pg_scrape_collector_state") if value == 1}


def failed(page):
    """The collectors that a page says failed or timed out."""
    return {labels["collector"] for labels, value in page.of("pg_scrape_collector_success") if value == 0}


def unlike(page, expected):
    """{collector: its state} of those that ended otherwise than `expected` says."""
    return {name: state for name, state in states(page).items() if state != expected.get(name, state)}


# what the exporter and its servers do

def connections(pid, port):
    """The sockets with which a process is connected, or is connecting, to a TCP port of this host."""
    own = {match[1] for match in (re.match(r"socket:\[(\d+)\]", name) for name in open_files(pid).values()) if match}
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return {row[9] for row in rows
            if row[9] in own and int(row[2].rpartition(":")[2], 16) == port and row[3] in ("01", "02")}


class MostConnections:
    """While it is open, looks again and again how many connections to a port a process has; `most` is the largest.

    The kernel's list is no snapshot: what counts is in two in a row.
    """

    def __init__(self, pid, port):
        self.pid, self.port, self.most, self.looks = pid, port, 0, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self):
        before = set()
        while not self._ended.wait(0.01):
            now = connections(self.pid, self.port)
            self.most = max(self.most, len(before & now))
            self.looks += 1
            before = now

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def sessions(servers, where="true"):
    """How many sessions the exporter has in PostgreSQL that meet a condition."""
    return int(servers.postgres.sql.value(
        f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{APPLICATION_NAME}' AND {where}"))


def kill(server):
    """SIGKILL to a server and all that it started."""
    send(server.process.pids(), signal.SIGKILL)
    server.process.process.wait()
    server.stack.processes.remove(server.process)


# a wire that can be broken

class Wire:
    """Stands between the exporter and a server. It passes on what both say, until `mode` says otherwise.

    Of what the server says, `silent` passes on nothing, `trickles` a byte a second, and `resets` the first few bytes
    before the connection is reset.
    """

    def __init__(self, server):
        self.server, self.mode = server, "passes"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._ended = threading.Event()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @contextlib.contextmanager
    def broken(self, mode):
        self.mode = mode
        try:
            yield
        finally:
            self.mode = "passes"

    def dsn(self):
        return self.server.dsn().replace(f"port={self.server.port} ", f"port={self.port} ")

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        """One thread a connection, since a socket that another thread reads would not be reset by closing it."""
        with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", self.server.port)) as upstream:
            slow, next_byte = b"", 0.0
            while not self._ended.is_set():
                ready = select.select([client, upstream], [], [], 0.05)[0]
                for source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is client:
                        upstream.sendall(data)
                    elif self.mode == "passes":
                        client.sendall(data)
                    elif self.mode == "resets":
                        client.sendall(data[:10])
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return
                    elif self.mode == "trickles":
                        slow += data
                if slow and time.monotonic() >= next_byte:
                    client.sendall(slow[:1])
                    slow, next_byte = slow[1:], time.monotonic() + 1


class RawSession:
    """A session over PostgreSQL's unix socket, for its slot alone: no program, no query."""

    def __init__(self, postgres, user):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(os.path.join(postgres.folder, f".s.PGSQL.{postgres.port}"))
        body = struct.pack("!i", 196608) + f"user\0{user}\0database\0postgres\0\0".encode()
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        answer = b""
        while not answer.endswith(b"Z\0\0\0\x05I"):
            part = self.socket.recv(4096)
            if not part or answer.startswith(b"E"):
                self.socket.close()
                raise ConnectionError(answer.decode("utf-8", "replace"))
            answer += part

    def close(self):
        self.socket.close()


@contextlib.contextmanager
def all_slots_taken(postgres, user):
    """Takes every connection that PostgreSQL has for users without privileges."""
    taken = []
    try:
        with contextlib.suppress(ConnectionError):
            while len(taken) < 1000:
                taken.append(RawSession(postgres, user))
        assert 0 < len(taken) < 1000, f"{len(taken)} slots could be taken"
        yield len(taken)
    finally:
        for session in taken:
            session.close()


def scrape_all_well(url):
    """One scrape whose targets are all up."""
    _, page = timed_scrape(url, timeout=10)
    found = page.of("pg_up") + page.of("pgbouncer_up")
    assert found and all(value == 1 for _, value in found), found
    return page

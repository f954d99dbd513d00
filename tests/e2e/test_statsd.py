# SPDX-License-Identifier: Apache-2.0
"""Ordinary StatsD clients send, and their numbers arrive exactly; floods are counted and leave the heap flat."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import time

import pytest
from helpers import show, status_kib
from processes import request, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = os.path.join(HERE, "statsd-clients")
CONFIG = """
statsd:
  listen: ["127.0.0.1:0", "unixgram://{unix}"]
  unmapped: keep
  series_cap: 2000
  mappings:
  - {{match: cache.requests, name: cache_requests_total, tags: [cache, tier, result]}}
  - {{match: cache.evictions, name: cache_evictions_total}}
  - {{match: cache.operation, name: cache_operation_duration_seconds, tags: [cache, tier], buckets: [0.005, 0.01, 0.1]}}
  - {{match: cache.load, name: cache_load_seconds, buckets: [100, 1000]}}
  - {{match: cache.size, name: cache_size_bytes, tags: [tier]}}
  - {{match: "py.*.hits", name: py_hits_total, labels: {{cache: $1}}}}
"""


class Exporter:
    """The least exporter with a StatsD listener."""

    def __init__(self, stack, config=CONFIG):
        binary = os.environ.get("BINNACLE_STATSD_EXPORTER", "")
        assert os.access(binary, os.X_OK), "BINNACLE_STATSD_EXPORTER must name the statsd-exporter binary"
        self.unix = stack.path("statsd.sock")
        path = stack.write("statsd.yml", config.format(unix=self.unix))
        self.process, self.url = stack.start_exporter(binary, f"--config.file={path}")
        self.port = int(re.search(r"udp://127\.0\.0\.1:(\d+)", self.process.log_text())[1])

    def page(self):
        """Each series, its labels in the page's order, to its value."""
        lines = request(self.url + "/metrics").text.splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}

    def wait_for(self, name, value):
        """The page on which the series has this value. It never has more."""
        def arrived():
            page = self.page()
            assert page.get(name, 0) <= value, (name, page[name])
            return page if page.get(name, 0) == value else None
        return wait_for(arrived, f"{name} is {value}")

    def send(self, packets):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", self.port))
            for packet in packets:
                client.send(packet)


@pytest.fixture(name="exporter")
def exporter_fixture(stack):
    return Exporter(stack)


def lost(page):
    """What of a page tells of a loss, and is not 0."""
    kinds = ("kernel_drops", "parse_errors", "values_lost", "oversized", "receive_errors", "clamped")
    return {name: value for name, value in page.items() if value and any(f"statsd_{kind}" in name for kind in kinds)}


def run_node(client, port):
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("there is no node or npm: install nodejs and npm")
    subprocess.run([os.path.join(CLIENTS, "install")], check=True)
    done = subprocess.run(["node", os.path.join(CLIENTS, "send.js"), client, str(port)], capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def test_hot_shots(exporter):
    run_node("hot-shots", exporter.port)
    page = exporter.wait_for('test_statsd_lines_total{type="event"}', 1)
    assert page['cache_requests_total{cache="users",result="hit",tier="l1"}'] == 4000
    assert page['cache_requests_total{cache="users",result="miss",tier="l1"}'] == 1000
    assert page['cache_evictions_total{cache="users",client="hot-shots"}'] == 10000
    bucket = 'cache_operation_duration_seconds_bucket{cache="users",le="%s"}'
    assert [page[bucket % bound] for bound in ("0.005", "0.01", "0.1", "+Inf")] == [2500, 2500, 5000, 5000]
    assert abs(page['cache_operation_duration_seconds_sum{cache="users"}'] - 110) < 1e-9
    assert page['cache_load_seconds_sum{cache="users",client="hot-shots"}'] == 250
    assert page["cache_size_bytes"] == 1234567
    assert page['users{client="hot-shots"}'] == 3
    assert page['test_statsd_lines_total{type="service_check"}'] == 1
    assert not lost(page)
    packets = page['test_statsd_packets_total{listener="127.0.0.1:0"}']
    show(f"hot-shots: 15007 lines in {packets:.0f} packets")
    assert packets < 2000


def test_node_statsd(exporter):
    run_node("node-statsd", exporter.port)
    page = exporter.wait_for('test_statsd_lines_total{type="metric"}', 1002)
    assert page['cache_requests_total{cache="users",result="hit",tier="l2"}'] == 400
    assert page['cache_requests_total{cache="users",result="miss",tier="l2"}'] == 100
    assert page['cache_operation_duration_seconds_count{cache="users",tier="l2"}'] == 500
    assert page['cache_size_bytes{tier="l2"}'] == 99
    assert page['users{client="node-statsd"}'] == 1
    assert not lost(page)


def test_python_statsd(exporter):
    statsd = pytest.importorskip("statsd", reason="install python3-statsd")
    client = statsd.StatsClient("127.0.0.1", exporter.port, prefix="py")
    for _ in range(1000):
        client.incr("users.hits")
    with client.pipeline() as pipe:
        for i in range(1000):
            pipe.incr("carts.hits", 3)
            pipe.timing("took", i)
    client.gauge("temperature", 20)
    client.gauge("temperature", 5, delta=True)
    client.gauge("temperature", -2, delta=True)
    client.gauge("below", -7)  # sends 0 first, then -7
    client.set("people", "x")
    client.set("people", "y")
    page = exporter.wait_for("py_people", 2)
    assert page['py_hits_total{cache="users"}'] == 1000
    assert page['py_hits_total{cache="carts"}'] == 3000
    assert page["py_took_count"] == 1000
    assert abs(page["py_took_sum"] - 499.5) < 1e-6
    assert page["py_temperature"] == 23
    assert page["py_below"] == -7
    assert not lost(page)


def test_aiodogstatsd(exporter):
    aiodogstatsd = pytest.importorskip("aiodogstatsd", reason="install python3-aiodogstatsd")

    async def send():
        async with aiodogstatsd.Client(host="127.0.0.1", port=exporter.port, namespace="aio", constant_tags={"env": "t"}) as client:
            for i in range(1000):
                client.increment("jobs", tags={"kind": "a" if i % 4 else "b"})
            client.increment("sampled", value=1, sample_rate=1)
            client.timing("took", value=30)
            client.histogram("size", value=3)
            client.distribution("spread", value=4.5)
            client.gauge("level", value=12.5)
    asyncio.run(send())
    page = exporter.wait_for('test_statsd_lines_total{type="metric"}', 1005)
    assert page['aio_jobs{env="t",kind="a"}'] == 750
    assert page['aio_jobs{env="t",kind="b"}'] == 250
    assert page['aio_sampled{env="t"}'] == 1
    assert page['aio_took_sum{env="t"}'] == 0.03
    assert page['aio_size_sum{env="t"}'] == 3
    assert page['aio_spread_sum{env="t"}'] == 4.5
    assert page['aio_level{env="t"}'] == 12.5
    assert not lost(page)


def test_unix_socket_and_a_clean_stop(exporter):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.connect(exporter.unix)
        for _ in range(1000):
            client.send(b"jobs:1|c\njobs:2|c")
    assert not lost(exporter.wait_for("jobs", 3000))
    assert exporter.process.stop() == 0
    assert not os.path.exists(exporter.unix)


def test_every_packet_is_there_or_counted_as_lost(stack):
    """A stopped process cannot read: what its socket does not hold, the kernel counts."""
    exporter = Exporter(stack, CONFIG.replace("unmapped: keep", "unmapped: keep\n  receive_buffer: 65536"))
    os.kill(exporter.process.pid, 19)  # SIGSTOP
    exporter.send([b"jobs:1|c"] * 5000)
    os.kill(exporter.process.pid, 18)  # SIGCONT
    packets, drops = (f'test_statsd_{name}{{listener="127.0.0.1:0"}}' for name in ("packets_total", "kernel_drops_total"))

    def all_accounted_for():
        page = exporter.page()
        return page if page[packets] + page.get(drops, 0) == 5000 else None
    page = wait_for(all_accounted_for, "packets read and dropped are those sent")
    show(f"of 5000 packets {page[packets]:.0f} read, {page[drops]:.0f} dropped by the kernel")
    assert page[drops] > 0
    assert page["jobs"] == page[packets] > 0


def test_a_flood_of_random_names_and_tags_leaves_the_heap_flat(exporter):
    """The first flood fills the store to its cap; the others find no room, are counted, and take no memory."""
    sent = 0

    def flood(first, packets):
        nonlocal sent
        for start in range(first, first + packets):
            lines = [f"noise{start}.x{i}:{i}|{kind}|#tag{start}{i}:value{start * i},env:e" for i in range(10) for kind in ("c", "ms", "g", "s")]
            exporter.send(["\n".join(lines).encode()])
            sent += len(lines)
            if start % 100 == 0:
                time.sleep(0.005)
    sizes = []
    for number in range(4):
        flood(number * 2000, 2000)
        page = exporter.wait_for('test_statsd_lines_total{type="metric"}', sent)
        exporter.page()
        sizes.append(status_kib(exporter.process.pid, "RssAnon"))
    assert page["test_statsd_series"] == page["test_statsd_series_limit"] == 2000
    full = page['test_statsd_values_lost_total{reason="series_cap"}']
    conflicts = page['test_statsd_values_lost_total{reason="conflict"}']
    assert full + conflicts + 2000 == sent
    show(f"{sent} lines of random names: own memory {sizes} KiB, {full:.0f} values over the cap")
    assert sizes[-1] - sizes[0] < 1024, sizes
    # What is known goes on.
    known = next(name for name in page if name.startswith("noise0_x1{"))
    exporter.send([b"noise0.x1:5|c|#tag01:value0,env:e"])
    exporter.wait_for(known, page[known] + 5)

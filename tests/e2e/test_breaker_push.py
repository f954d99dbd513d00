# SPDX-License-Identifier: Apache-2.0
"""Applications tell of their breakers over DogStatsD: states, transitions and calls arrive exactly as they were."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import node_app
import pytest
from helpers import scrape, show
from processes import free_port, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "../../examples/circuit-breaker")
EDGES = {("closed", "open"): 1, ("open", "half_open"): 2, ("half_open", "open"): 1, ("half_open", "closed"): 1,
         ("open", "closed"): 0}
STATES = ("closed", "open", "half_open", "forced_open", "disabled", "metrics_only", "unknown")
QUANTILES = {"50": 0.5, "95": 0.95, "99": 0.99}


class Exporter:
    """The exporter, with a listener on a port of its own choice, or on a given one."""

    def __init__(self, stack, port=0, name=None):
        binary = os.environ.get("BINNACLE_CIRCUIT_BREAKER_EXPORTER", "")
        assert os.access(binary, os.X_OK), "BINNACLE_CIRCUIT_BREAKER_EXPORTER must name the exporter's binary"
        self.process, self.url = stack.start_exporter(binary, f"--statsd.listen=127.0.0.1:{port}", name=name)
        self.port = int(re.search(r"udp://127\.0\.0\.1:(\d+)", self.process.log_text())[1])

    def page(self):
        return scrape(self.url)

    def send(self, *packets):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for packet in packets:
                client.sendto(packet if isinstance(packet, bytes) else packet.encode(), ("127.0.0.1", self.port))

    def wait_for(self, condition, what):
        """The first page for which `condition` holds."""
        def arrived():
            page = self.page()
            return page if condition(page) else None
        return wait_for(arrived, what)


class Breaker:
    """What a page says of one breaker."""

    def __init__(self, page, breaker, instance=None):
        self.page, self.labels = page, {"source": "push", "breaker": breaker}
        if instance:
            self.labels["instance"] = instance

    def get(self, name, **labels):
        return self.page.get("circuit_breaker_" + name, **self.labels, **labels)

    def state(self):
        on = [state for state in STATES if self.get("state", state=state) == 1]
        assert len(on) <= 1, on
        return on[0] if on else None

    def calls(self):
        """{result: calls}, of those that there were."""
        mine = self.labels.items()
        return {labels["result"]: value for labels, value in self.page.of("circuit_breaker_calls_total")
                if value and mine <= labels.items()}

    def transitions(self):
        mine = self.labels.items()
        return {(labels["from"], labels["to"]): value
                for labels, value in self.page.of("circuit_breaker_transitions_total") if mine <= labels.items()}


@pytest.fixture(name="exporter")
def exporter_fixture(stack):
    return Exporter(stack)


def assert_nothing_lost(page):
    malformed = page.of("circuit_breaker_push_malformed_total")
    assert len(malformed) == 6 and not any(value for _, value in malformed), malformed
    for kind in ("kernel_drops_total", "parse_errors_total", "oversized_packets_total"):
        lost = [(labels, value) for labels, value in page.of("circuit_breaker_statsd_" + kind) if value]
        assert not lost, (kind, lost)


def assert_went_around(breaker):
    """It was closed, open, half open, open, half open, and is closed."""
    assert breaker.state() == "closed"
    assert breaker.transitions() == EDGES
    ago = time.time() - breaker.get("last_transition_timestamp_seconds")
    assert -1 < ago < 600, ago
    for state in ("open", "half_open", "closed"):
        assert breaker.get("state_seconds_total", state=state) > 0, state


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def skip_without_node():
    why = node_app.missing()
    if why:
        pytest.skip(why)
    node_app.install()


def test_opossum_with_hot_shots(exporter):
    """What opossum's callers saw is what the exporter shows."""
    skip_without_node()
    seen = json.loads(run("node", os.path.join(HERE, "breaker_driver.mjs"), str(exporter.port)))
    calls = seen["payments"]["calls"]
    assert set(calls) == {"success", "failure", "rejected", "timeout"}
    page = exporter.wait_for(lambda page: Breaker(page, "payments", "driver").calls() == calls, f"all of {calls}")
    payments = Breaker(page, "payments", "driver")
    assert_went_around(payments)
    assert payments.get("failure_ratio_threshold") == 0.5
    assert payments.get("minimum_calls") == 10

    # opossum measures what our own clock measures around it, both in whole milliseconds, the latter with the caller's wait.
    own = sorted(seen["payments"]["ms"])
    assert payments.get("call_duration_seconds_count") == len(own)
    total = payments.get("call_duration_seconds_sum")
    assert sum(own) * 0.7 / 1000 <= total <= (sum(own) + 2 * len(own)) / 1000, (total, sum(own))
    figures = []
    for name, part in QUANTILES.items():
        shown = payments.get("call_duration_percentile_seconds", percentile=name)
        # Of 300 calls a percentile is one or another of its neighbours, by how one counts.
        low, high = (own[min(max(int((part + by) * len(own)), 0), len(own) - 1)] / 1000 for by in (-0.01, 0.01))
        figures.append(f"p{name}: {shown * 1000:.1f} ms, the callers' {low * 1000:.0f} to {high * 1000:.0f} ms")
        assert low * 0.5 - 0.003 <= shown <= high * 1.1 + 0.003, figures
    failed = calls["failure"] + calls["timeout"]
    assert payments.get("failure_ratio") == pytest.approx(failed / (failed + calls["success"]))
    show(f"opossum: {calls}", *figures)

    shelves = Breaker(page, "shelves", "driver-2")
    assert shelves.calls() == seen["stock"]["calls"] == {"success": 2, "ignored": 2, "rejected": 3}
    assert shelves.state() == "unknown", "it is reported no more"
    orders = Breaker(page, "orders", "driver")
    assert orders.state() == "disabled" and not orders.calls()
    assert_nothing_lost(page)


def test_application_of_the_node_example(stack, exporter):
    skip_without_node()
    assert node_app.start_node(stack, f"127.0.0.1:{exporter.port}")

    def both(page):
        return all(Breaker(page, name, "shop-1").calls().get("success", 0) > 20 for name in ("payments", "stock"))
    page = exporter.wait_for(both, "calls through both breakers")
    assert Breaker(page, "payments", "shop-1").state() == "closed"
    assert_nothing_lost(page)


def check_example(exporter, output):
    calls = json.loads(output)
    page = exporter.wait_for(lambda page: Breaker(page, "payments", "example").calls() == calls, f"all of {calls}")
    breaker = Breaker(page, "payments", "example")
    assert_went_around(breaker)
    assert calls["success"] == 200 and calls["failure"] == 6 and calls["rejected"] > 20
    assert breaker.get("minimum_calls") == 5
    assert breaker.get("call_duration_seconds_count") == 206
    assert breaker.get("call_duration_seconds_sum") >= 206 * 0.002
    assert breaker.get("call_duration_percentile_seconds", percentile="50") >= 0.0018
    assert_nothing_lost(page)


def test_python_example(exporter):
    check_example(exporter, run(sys.executable, "-B", os.path.join(EXAMPLES, "python/example.py"), f"127.0.0.1:{exporter.port}"))


@pytest.mark.parametrize("compiler", ["g++", "clang++-16"])
def test_cpp_example(exporter, stack, compiler):
    """Compiled as its README says, with any warning an error."""
    if not shutil.which(compiler):
        pytest.skip(f"there is no {compiler}: install it")
    program = stack.path("example")
    run(compiler, "-std=c++17", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-pthread",
        os.path.join(EXAMPLES, "cpp/example.cpp"), "-o", program)
    check_example(exporter, run(program, "127.0.0.1", str(exporter.port)))


RESENDING = """
import sys, time
from breaker_reporter import BreakerReporter
reporter = BreakerReporter("127.0.0.1", int(sys.argv[1]), resend_seconds=0.4)
reporter.state("pay", "half_open")
reporter.setting("pay", "failure_ratio_threshold", 0.25)
time.sleep(3600)
"""


def test_an_exporter_that_is_started_later_learns_the_state(stack):
    port = free_port()
    stack.start("reporter", [sys.executable, "-B", "-c", RESENDING, str(port)],
                env={"PYTHONPATH": os.path.join(EXAMPLES, "python")})
    for name in ("first", "second"):
        exporter = Exporter(stack, port, name)
        page = exporter.wait_for(lambda page: Breaker(page, "pay").get("failure_ratio_threshold") == 0.25, "the setting")
        assert Breaker(page, "pay").state() == "half_open"
        assert exporter.process.stop() == 0
        stack.processes.remove(exporter.process)


def test_what_cannot_be_taken_is_counted_by_why(exporter):
    wrong = {
        "unknown_name": ["circuit_breaker.opened:1|c|#breaker:b", "_sc|circuit_breaker.health|0|#breaker:b"],
        "no_breaker": ["circuit_breaker.calls:1|c", "_sc|circuit_breaker.state|0"],
        "wrong_type": ["circuit_breaker.call:1|c|#breaker:b", "circuit_breaker.state:1|g|#breaker:b"],
        "bad_value": ["circuit_breaker.call:-1|ms|#breaker:b", "circuit_breaker.failure_ratio_threshold:50|g|#breaker:b"],
        "unknown_result": ["circuit_breaker.call:1|ms|#breaker:b,result:ok"],
        "unknown_state": ["_sc|circuit_breaker.state|0|#breaker:b,state:ajar"],
    }
    for lines in wrong.values():
        exporter.send("\n".join(lines))
    # Any bytes may be a name; the page stays readable.
    exporter.send(b"circuit_breaker.calls:3|c|#breaker:\xff\"\\x\xc3\xa9,result:rejected", "circuit_breaker.calls:1|c|#breaker:last")
    page = exporter.wait_for(lambda page: Breaker(page, "last").calls() == {"success": 1}, "the last line")
    for reason, lines in wrong.items():
        assert page.value("circuit_breaker_push_malformed_total", reason=reason) == len(lines), reason
    odd = Breaker(page, '\ufffd\\"\\\\xé')  # as it is escaped on the page
    assert odd.calls() == {"rejected": 3} and odd.state() == "unknown"
    breakers = {labels["breaker"] for labels, _ in page.of("circuit_breaker_state")}
    assert breakers == {"last", odd.labels["breaker"]}


def test_ten_thousand_calls_a_second_all_arrive(stack, exporter):
    """10,000 calls a second from two threads of a C++ application all arrive; what telling costs is printed."""
    source = os.path.join(HERE, "../bench/breaker_reporter_bench.cpp")
    program = stack.path("bench")
    run("g++", "-std=c++20", "-O2", "-pthread", "-I", os.path.join(EXAMPLES, "cpp"), source, "-o", program)
    calls, dropped, mean, median, *_ = map(int, run(program, "127.0.0.1", str(exporter.port), "2", "20000", "10000").split())
    show(f"a call of the reporter: {mean} ns in the mean, {median} ns the median, {dropped} of {calls} lines dropped")

    def told(page):
        return sum(value for _, value in page.of("circuit_breaker_calls_total")) == calls - dropped
    exporter.wait_for(told, "all calls")
    assert dropped == 0

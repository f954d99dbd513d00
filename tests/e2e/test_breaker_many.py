# SPDX-License-Identifier: Apache-2.0
"""10,000 breakers by push and by JSON, random names without end, breakers that go away, and patterns of those that are wanted:
memory and scrape time are printed, and what is beyond the bounds is counted."""

import json
import random
import re
import socket
import time

from breaker_helpers import number, start, states, wait_for_page
from helpers import scrape, show, status_kib
from processes import request, wait_for
from replay import Replay

MANY = 10_000
ROUNDS = 5  # scrapes that are timed


class Pusher:
    """Sends to the exporter's listener, no faster than it reads."""

    def __init__(self, process):
        self.port = int(re.search(r"udp://127\.0\.0\.1:(\d+)", process.log_text())[1])
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", self.port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, lines, a_packet=25):
        lines = list(lines)
        for at in range(0, len(lines), a_packet):
            self.socket.send("\n".join(lines[at:at + a_packet]).encode())
            if at // a_packet % 100 == 99:
                time.sleep(0.01)


def start_pushed(stack, binary, **breakers):
    return start(stack, binary, {"breakers": breakers, "statsd": {"listen": ["127.0.0.1:0"]}})


def breakers_of(url, source):
    return int(number(scrape(url, "/metrics/sources"), "circuit_breaker_source_breakers", source))


def nothing_lost(page):
    for name in ("circuit_breaker_observation_gaps_total", "circuit_breaker_dropped_breakers_total"):
        assert all(value == 0 for _, value in page.of(name)), page.of(name)
    assert all(value == 0 for _, value in page.of("circuit_breaker_statsd_kernel_drops_total"))


def cost_of_scrapes(process, url):
    """Prints what scrapes of many breakers take. Returns the last page's text."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        text = request(url + "/metrics", timeout=120).text
        seconds.append(time.monotonic() - began)
    series = sum(not line.startswith("#") for line in text.splitlines())
    show(f"{MANY} breakers: {series} series, {len(text) / 1e6:.1f} MB a page, scrapes {min(seconds) * 1e3:.0f} to "
         f"{max(seconds) * 1e3:.0f} ms; resident {status_kib(process.pid, 'VmRSS') / 1024:.0f} MiB, "
         f"at most {status_kib(process.pid, 'VmHWM') / 1024:.0f} MiB")
    return text


def test_many_by_json(stack, circuit_breaker_binary):
    states_of = ("closed", "open", "half_open")
    body = json.dumps({"breakers": [{"name": f"breaker-{i}", "state": states_of[i % 3], "failure_ratio": i % 100 / 100,
                                     "calls": {"success": i, "failure": 1}} for i in range(MANY)]})
    with Replay({"/breakers": body}) as server:
        sources = [{"name": "many", "kind": "json", "url": server.url + "/breakers", "interval": "1s", "timeout": "30s"}]
        process, url = start(stack, circuit_breaker_binary, {"sources": sources})
        empty = status_kib(process.pid, "VmRSS")
        wait_for(lambda: breakers_of(url, "many") == MANY, "all breakers")
        show(f"empty: resident {empty / 1024:.1f} MiB; {MANY} breakers before the first scrape: "
             f"{status_kib(process.pid, 'VmRSS') / 1024:.0f} MiB; a page of {len(body) / 1e6:.1f} MB is polled each second")
        cost_of_scrapes(process, url)
        page = scrape(url, timeout=120)
        nothing_lost(page)
        found = states(page, "many")
        assert found == {(f"breaker-{i}", ""): states_of[i % 3] for i in range(MANY)}


def test_many_by_push(stack, circuit_breaker_binary):
    """Each with a state, calls and durations: a histogram and a window each."""
    process, url = start_pushed(stack, circuit_breaker_binary)
    with Pusher(process) as push:
        push.send(f"_sc|circuit_breaker.state|{i % 3}|#breaker:b{i}" for i in range(MANY))
        push.send(f"circuit_breaker.call:{i % 90 + 1}|ms|#breaker:b{i}" for i in range(MANY))

        def calls():
            page = scrape(url, timeout=120)
            return sum(value for labels, value in page.of("circuit_breaker_calls_total") if labels["result"] == "success")
        wait_for(lambda: calls() == MANY, "all calls", limit=240)
    cost_of_scrapes(process, url)
    page = scrape(url, timeout=120)
    nothing_lost(page)
    names = {0: "closed", 1: "half_open", 2: "open"}
    assert states(page, "push") == {(f"b{i}", ""): names[i % 3] for i in range(MANY)}


def test_random_names_without_end(stack, circuit_breaker_binary):
    """100,000 names at a cap of 1,000: memory stays flat, what found no place is counted, and what is known goes on."""
    most, flood = 1000, 20_000
    process, url = start_pushed(stack, circuit_breaker_binary, max=most)
    with Pusher(process) as push:
        push.send([f"_sc|circuit_breaker.state|0|#breaker:known-{i}" for i in range(10)])
        wait_for(lambda: breakers_of(url, "push") == 10, "the first breakers")
        sizes, sent = [], 10
        for _ in range(5):
            push.send(f"_sc|circuit_breaker.state|2|#breaker:{random.randbytes(12).hex()}" for _ in range(flood))
            sent += flood
            wait_for(lambda sent=sent: checks_seen(url) == sent, "all packets read")
            scrape(url, timeout=120)
            sizes.append(status_kib(process.pid, "RssAnon"))
        page = scrape(url, timeout=120)
        assert number(page, "circuit_breaker_source_breakers", "push") == most
        assert number(page, "circuit_breaker_dropped_breakers_total", "push") == sent - most
        assert len(states(page, "push")) == most
        show(f"{sent} random names at a cap of {most}: own memory {sizes} KiB")
        assert sizes[-1] - sizes[0] < 2048, sizes
        push.send(["_sc|circuit_breaker.state|2|#breaker:known-3"])
        wait_for_page(url, lambda page: states(page, "push")[("known-3", "")] == "open", "a known breaker goes on")


def checks_seen(url):
    page = scrape(url, "/metrics/statsd")
    return page.value("circuit_breaker_statsd_lines_total", type="service_check")


def test_the_cap_is_for_all_sources_together(stack, circuit_breaker_binary):
    body = json.dumps({"breakers": [{"name": f"b{i}", "state": "closed"} for i in range(30)]})
    with Replay({"/breakers": body}) as server:
        sources = [{"name": name, "kind": "json", "url": server.url + "/breakers", "interval": "100ms"} for name in ("a", "b")]
        _, url = start(stack, circuit_breaker_binary, {"sources": sources, "breakers": {"max": 40}})

        def full(page):
            return sum(value for _, value in page.of("circuit_breaker_source_breakers")) == 40
        page = wait_for_page(url, full, "40 of 60 breakers")
        dropped = sum(value for _, value in page.of("circuit_breaker_dropped_breakers_total"))
        assert dropped > 0
        assert all(labels["source"] in ("a", "b") for labels, _ in page.of("circuit_breaker_source_up"))


def test_breakers_that_disappear_are_unknown_and_then_go(stack, circuit_breaker_binary):
    there = ["stays", "goes"]
    pages = {"/breakers": lambda _: json.dumps({"breakers": [{"name": name, "state": "open"} for name in there]})}
    with Replay(pages) as server:
        sources = [{"name": "jobs", "kind": "json", "url": server.url + "/breakers", "interval": "100ms"}]
        process, url = start(stack, circuit_breaker_binary, {"sources": sources, "breakers": {"ttl": "2s"},
                                                             "statsd": {"listen": ["127.0.0.1:0"]}})
        with Pusher(process) as push:
            push.send(["_sc|circuit_breaker.state|2|#breaker:pushed"])
            wait_for_page(url, lambda page: states(page, "jobs") == {("stays", ""): "open", ("goes", ""): "open"}, "both")
            there.remove("goes")
            wait_for_page(url, lambda page: states(page, "jobs").get(("goes", "")) == "unknown", "it is unknown")
            gone = wait_for_page(url, lambda page: not states(page, "push") and len(states(page, "jobs")) == 1, "they go")
        assert states(gone, "jobs") == {("stays", ""): "open"}
        assert number(gone, "circuit_breaker_removed_breakers_total", "jobs") == 1
        assert number(gone, "circuit_breaker_removed_breakers_total", "push") == 1
        assert not [labels for labels, _ in gone.of("circuit_breaker_transitions_total") if labels["breaker"] == "goes"]
        there.append("goes")
        wait_for_page(url, lambda page: states(page, "jobs").get(("goes", "")) == "open", "it comes back")


def test_include_and_exclude(stack, circuit_breaker_binary):
    names = ["pay", "pay-eu", "pay-test", "mail", "xpay"]
    body = json.dumps({"breakers": [{"name": name, "state": "closed"} for name in names]})
    with Replay({"/breakers": body}) as server:
        sources = [{"name": "jobs", "kind": "json", "url": server.url + "/breakers", "interval": "100ms"}]
        config = {"sources": sources, "breakers": {"include": ["pay.*", "m.*l"], "exclude": [".*-test"]}}
        process, url = start(stack, circuit_breaker_binary, config)
        page = scrape(url)
        assert {name for name, _ in states(page, "jobs")} == {"pay", "pay-eu", "mail"}
        assert number(page, "circuit_breaker_dropped_breakers_total", "jobs") == 0
        # A reload takes away what is not wanted any more, and lets in what is.
        stack.write("breakers.yml", json.dumps({**config, "breakers": {"exclude": ["pay.*"]}}))
        assert request(url + "/-/reload", method="POST").status == 200
        wait_for_page(url, lambda page: {name for name, _ in states(page, "jobs")} == {"mail", "xpay"}, "the other patterns")
        assert process.process.poll() is None


def test_names_of_any_bytes_are_labels_in_order(stack, circuit_breaker_binary):
    """Quotes, line ends, controls, bytes that are no UTF-8, and names of a megabyte."""
    names = ['a"b', "line\nend", "back\\slash", "\x00\x07", "ünïcödé", "x" * 1_000_000, "é" * 150]
    body = json.dumps({"breakers": [{"name": name, "state": "closed", "instance": name} for name in names]})
    with Replay({"/breakers": body}) as server:
        process, url = start(stack, circuit_breaker_binary, {
            "sources": [{"name": "jobs", "kind": "json", "url": server.url + "/breakers", "interval": "100ms"}],
            "statsd": {"listen": ["127.0.0.1:0"]}})
        with Pusher(process) as push:
            push.socket.send(b"_sc|circuit_breaker.state|2|#breaker:\xff\xfe\xc3(x")
            page = wait_for_page(url, lambda page: states(page, "push"), "the pushed one")
        assert breakers_of(url, "jobs") == len(names)
        raw = request(url + "/metrics").body
        raw.decode("utf-8")
        labels = [labels for labels, value in page.of("circuit_breaker_state") if value == 1]
        assert len(labels) == len(names) + 1
        assert all(len(one["breaker"].encode()) <= 2 * 200 for one in labels)

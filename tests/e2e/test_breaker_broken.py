# SPDX-License-Identifier: Apache-2.0
"""Sources that hang, trickle, restart, talk garbage, break off, never end, or want to know who we are: each is down and says
why, its breakers are unknown and have no transition, the others go on, no scrape waits, and all is well once the source is."""

import contextlib
import itertools
import json
import os
import time

import pytest
from breaker_helpers import HEADER, TIMEOUT, failures, is_up, number, start, states, transitions, wait_for_page
from broken_wire import HAPROXY, HTTP, HUGE, REDIS, Wire
from helpers import open_files, scrape, show, status_kib, thread_count
from processes import Stack, wait_for
from redis import start_redis
from replay import Events, LineServer, Replay

POLLS = {"interval": "150ms", "timeout": "3s"}
LONG_POLLS = {"interval": "150ms", "timeout": "20s"}
SILENCE = "2s"  # of a stream: longer than it takes a slow one from byte to byte
WATCHED = 1.0  # seconds of scrapes while a source is broken
MORE_MEMORY = 40 << 10  # KiB that a reply of 100 MB may cost

CSV = ("# pxname,svname,status,type,check_status,chkfail,chkdown,lastchg,downtime,check_rise,check_fall,check_health,\n"
       "shop,web1,UP,2,L7OK,0,0,100,0,2,3,4,\nshop,web2,DOWN,2,HANA,4,1,5,5,2,3,0,\n\n")
BREAKERS = json.dumps({"breakers": [{"name": "mail", "state": "closed"}, {"name": "sms", "state": "open"}]})
CIRCUITS = json.dumps({"circuitBreakers": {
    name: {"failureRate": "-1.0%", "slowCallRate": "-1.0%", "failureRateThreshold": "50.0%", "slowCallRateThreshold": "100.0%",
           "bufferedCalls": 0, "failedCalls": 0, "slowCalls": 0, "slowFailedCalls": 0, "notPermittedCalls": 0, "state": state}
    for name, state in (("prices", "CLOSED"), ("stock", "HALF_OPEN"))}})
ENVOY_STATS = json.dumps({"stats": [{"name": "cluster.pay.circuit_breakers.default." + gauge, "value": 0}
                                    for gauge in ("cx_open", "rq_open", "rq_pending_open", "rq_retry_open", "cx_pool_open")]})
ENVOY_CLUSTERS = json.dumps({"cluster_statuses": [
    {"name": "pay", "circuit_breakers": {"thresholds": [{"max_connections": 1024}]}, "host_statuses": []}]})
COMMANDS = "".join("data: " + json.dumps({
    "type": "HystrixCommand", "name": name, "group": "shop", "isCircuitBreakerOpen": is_open, "errorCount": 1, "requestCount": 10,
    "reportingHosts": 1}) + "\n\n" for name, is_open in (("GetUser", False), ("GetCart", True)))
GOBREAKER = json.dumps({"state": 0, "generation": 1, "age": 0, "counts": {}, "buckets": [],
                        "start": "2026-01-01T00:00:00Z", "expiry": "0001-01-01T00:00:00Z"})

# {kind of source: what its wire speaks, and its keys of the config when it is at a port}.
KINDS = {
    "haproxy": (HAPROXY, lambda port: {"address": f"127.0.0.1:{port}"}),
    "haproxy-page": (HTTP, lambda port: {"url": f"http://127.0.0.1:{port}/haproxy"}),
    "redis": (REDIS, lambda port: {"address": f"127.0.0.1:{port}"}),
    "resilience4j": (HTTP, lambda port: {"url": f"http://127.0.0.1:{port}"}),
    "envoy": (HTTP, lambda port: {"url": f"http://127.0.0.1:{port}"}),
    "hystrix": (HTTP, lambda port: {"url": f"http://127.0.0.1:{port}/hystrix.stream", "silence": SILENCE}),
    "json": (HTTP, lambda port: {"url": f"http://127.0.0.1:{port}/breakers"}),
}
# What is wrong, and the reasons that the failures may have. How much of an answer came before it broke is chance.
FAULTS = {
    "hung": {"timeout"},
    "slow": {"timeout"},
    "restarted": {"unreachable"},
    "garbage": {"bad_reply", "unreachable"},
    "truncated": {"bad_reply", "unreachable"},
    "huge": {"too_large", "timeout"},  # a busy machine may not take that much in time
    "denied": {"unauthorized"},
    "reset": {"unreachable"},
    "closed": {"unreachable", "bad_reply"},
}
# HAProxy's socket has no users: what it says to a level that may too little is no table. Redis' protocol says beforehand how
# long a reply will be, and that much is none of Redis'.
OTHERWISE = {("haproxy", "denied"): {"bad_reply", "refused", "unauthorized"}, ("redis", "huge"): {"too_large", "bad_reply", "timeout"}}


class Sources:
    """One healthy server of each kind, each behind a wire, and the exporter that reads them all."""

    def __init__(self, stack, circuit_breaker_binary, open_servers, polls=None):
        self.replay = open_servers.enter_context(Replay({
            "/actuator/circuitbreakers": CIRCUITS, "/actuator/circuitbreakerevents": '{"circuitBreakerEvents": []}',
            "/stats": ENVOY_STATS, "/clusters": ENVOY_CLUSTERS, "/hystrix.stream": Events(lambda: COMMANDS + "ping: \n\n", 0.05),
            "/breakers": BREAKERS, "/haproxy;csv": CSV, "/witness": self.witness()}))
        self.redis = start_redis(stack)
        self.redis.cli("SET", "gobreaker:state:ledger", GOBREAKER)
        self.redis.cli("SET", "pybreaker:state", "open")
        haproxy = open_servers.enter_context(LineServer(lambda _: CSV))
        ports = {"haproxy": haproxy.port, "redis": self.redis.port}
        self.wires = {name: open_servers.enter_context(Wire(ports.get(name, self.replay.port), protocol))
                      for name, (protocol, _) in KINDS.items()}
        listed = [{"name": name, "kind": name.partition("-")[0], **keys(self.wires[name].port), **(polls or POLLS)}
                  for name, (_, keys) in KINDS.items()]
        listed.append({"name": "witness", "kind": "json", "url": self.replay.url + "/witness", "interval": "100ms"})
        self.process, self.url = start(stack, circuit_breaker_binary, {"sources": listed})
        wait_for_page(self.url, lambda page: all(is_up(page, name) for name in KINDS), "all sources up")
        self.healthy = {name: states(self.scrape(), name) for name in KINDS}
        for name, breakers in self.healthy.items():
            assert breakers and "unknown" not in breakers.values(), (name, breakers)

    @staticmethod
    def witness():
        """Counts how often it was asked."""
        calls = itertools.count(1)
        return lambda _: json.dumps({"breakers": [{"name": "w", "state": "closed", "calls": {"success": next(calls)}}]})

    def scrape(self):
        """A scrape for which no collector took longer than its deadline; the slowest of all is kept. How long it takes from
        here says little while this process plays all the servers."""
        began = time.monotonic()
        page = scrape(self.url, headers={HEADER: str(TIMEOUT)})
        self.slowest = max(getattr(self, "slowest", 0), time.monotonic() - began)
        for collector in ("breakers", "sources", "statsd"):
            assert page.value("circuit_breaker_scrape_collector_state", collector=collector, state="timeout") == 0
            assert page.value("circuit_breaker_scrape_collector_duration_seconds", collector=collector) < TIMEOUT
        return page

    def broken(self, name, fault):
        return self.wires[name].gone() if fault == "restarted" else self.wires[name].broken(fault)


@pytest.fixture(scope="module", name="sources")
def sources_fixture(circuit_breaker_binary):
    with Stack() as stack, contextlib.ExitStack() as open_servers:
        yield Sources(stack, circuit_breaker_binary, open_servers)


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def check_broken(sources, names, fault):
    """While the sources are broken: what the page must say of them and of the others."""
    before = sources.scrape()
    others = set(KINDS) - set(names)
    with contextlib.ExitStack() as faults:
        for name in names:
            faults.enter_context(sources.broken(name, fault))
        for name in names:
            expected = reasons(name, fault)
            wait_for(lambda name=name, expected=expected: new_failures(sources.scrape(), before, name) & expected,
                     f"{name} to fail by {expected}")
        first = sources.scrape()
        began, cpu = time.monotonic(), cpu_seconds(sources.process)
        while time.monotonic() - began < WATCHED:
            page = sources.scrape()
            for name in names:
                assert not is_up(page, name), (name, failures(page, name))
                assert set(states(page, name).values()) == {"unknown"}, name
                assert transitions(page, name) == transitions(before, name), name
            for name in others:
                assert is_up(page, name), (name, failures(page, name))
                assert states(page, name) == sources.healthy[name]
            time.sleep(0.05)
        share = (cpu_seconds(sources.process) - cpu) / (time.monotonic() - began)
        last = wait_for_page(sources.url, lambda page: calls_seen(page) > calls_seen(first), "the witness to go on")
        assert is_up(last, "witness")
    back = wait_for_page(sources.url, lambda page: all(is_up(page, name) and states(page, name) == sources.healthy[name] for name in KINDS),
                         "all sources up again, and all breakers as they were")
    for name in KINDS:
        assert transitions(back, name) == transitions(before, name), name
    return share


def reasons(name, fault):
    """Those that such a failure may have."""
    return OTHERWISE.get((name, fault), FAULTS[fault])


def new_failures(page, before, name):
    earlier = failures(before, name)
    return {reason for reason, count in failures(page, name).items() if count > earlier.get(reason, 0)}


def calls_seen(page):
    return page.value("circuit_breaker_calls_total", source="witness", breaker="w", result="success")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", KINDS)
def test_a_source_breaks_and_comes_back(sources, name, fault):
    share = check_broken(sources, [name], fault)
    if fault != "huge":  # which is work
        assert share < 0.5, f"{share:.0%} of a core: it spins"


@pytest.mark.parametrize("fault", FAULTS)
def test_all_break_at_once(sources, fault):
    sources.slowest = 0
    memory = status_kib(sources.process.pid, "VmHWM")
    share = check_broken(sources, list(KINDS), fault)
    more = status_kib(sources.process.pid, "VmHWM") - memory
    show(f"all {fault}: slowest scrape {sources.slowest * 1e3:.0f} ms, {share:.0%} of a core, peak memory +{more} KiB")


@pytest.mark.parametrize("name", KINDS)
def test_a_reply_of_100_megabytes_costs_little_memory(stack, circuit_breaker_binary, name):
    """A fresh process, whose peak nothing has raised yet."""
    with contextlib.ExitStack() as open_servers:
        sources = Sources(stack, circuit_breaker_binary, open_servers, LONG_POLLS)
        peak = status_kib(sources.process.pid, "VmHWM")
        with sources.broken(name, "huge"):
            expected = reasons(name, "huge") - {"timeout"}
            wait_for(lambda: sum(failures(sources.scrape(), name).get(reason, 0) for reason in expected) >= 5, "huge replies")
        more = status_kib(sources.process.pid, "VmHWM") - peak
        taken = sources.wires[name].huge_bytes
        show(f"{name}: of {HUGE >> 20} MB it took at most {taken >> 20} MB in all, peak memory +{more} KiB")
        assert more < MORE_MEMORY


def test_breakers_and_connections_are_not_left_behind(sources):
    """After all of that: as many threads and open files as before it."""
    wait_for_page(sources.url, lambda page: all(is_up(page, name) for name in KINDS), "all sources up")
    files, threads = most_files(sources.process), thread_count(sources.process.pid)
    with contextlib.ExitStack() as faults:
        for name in KINDS:
            faults.enter_context(sources.broken(name, "reset"))
        wait_for(lambda: not any(is_up(sources.scrape(), name) for name in KINDS), "all sources down")
    wait_for_page(sources.url, lambda page: all(is_up(page, name) for name in KINDS), "all sources up")

    wait_for(lambda: most_files(sources.process) <= files and thread_count(sources.process.pid) == threads,
             f"{files} open files and {threads} threads")


def most_files(process):
    """Polls open and close sockets all the time."""
    counts = []
    for _ in range(20):
        counts.append(len(open_files(process.pid)))
        time.sleep(0.1)
    return max(counts)


def test_the_first_scrape_waits_for_a_hung_source_but_not_beyond_its_deadline(stack, circuit_breaker_binary):
    with Replay({"/breakers": BREAKERS}) as server, Wire(server.port, HTTP) as wire, wire.broken("hung"):
        sources = [{"name": "hung", "kind": "json", "url": f"http://{wire.address}/breakers", "timeout": "60s"},
                   {"name": "well", "kind": "json", "url": server.url + "/breakers"}]
        _, url = start(stack, circuit_breaker_binary, {"sources": sources})
        began = time.monotonic()
        page = scrape(url, headers={HEADER: str(TIMEOUT)})
        seconds = time.monotonic() - began
        assert seconds < TIMEOUT
        assert is_up(page, "well") and not is_up(page, "hung")
        assert states(page, "well") == {("mail", ""): "closed", ("sms", ""): "open"}
        show(f"first scrape beside a source that hangs: {seconds:.2f} s of {TIMEOUT} s")


def test_a_state_that_changed_while_the_source_was_down_is_one_transition(stack, circuit_breaker_binary):
    page_of = {"state": "closed"}
    with Replay({"/breakers": lambda _: json.dumps({"breakers": [{"name": "mail", **page_of}]})}) as server, \
            Wire(server.port, HTTP) as wire:
        sources = [{"name": "jobs", "kind": "json", "url": f"http://{wire.address}/breakers", **POLLS}]
        _, url = start(stack, circuit_breaker_binary, {"sources": sources})
        wait_for_page(url, lambda page: is_up(page, "jobs"), "up")
        with wire.gone():
            wait_for_page(url, lambda page: set(states(page, "jobs").values()) == {"unknown"}, "unknown")
            page_of["state"] = "open"
        back = wait_for_page(url, lambda page: is_up(page, "jobs"), "up again")
        assert transitions(back, "jobs") == {("mail", "", "closed", "open"): 1}
        assert number(back, "circuit_breaker_source_breakers", "jobs") == 1

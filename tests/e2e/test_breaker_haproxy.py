# SPDX-License-Identifier: Apache-2.0
"""A real HAProxy as a circuit breaker: tripped by requests that fail, taken out by checks and by hand, restarted, stopped,
read over each of its sockets and its page. What the exporter makes of it is compared with what HAProxy itself says."""

import contextlib
import time

import pytest
from breaker_helpers import HEADER, TIMEOUT, failures, is_up, number, start, states, transitions, wait_for_page
from haproxy import PASSWORD, USER, WebServer, breaker_backend, start_haproxy
from helpers import run_exporter, scrape, show
from processes import request, wait_for

CHECKS = "check inter 200ms fall 2"
WEB1 = {"source": "edge", "breaker": "shop", "instance": "web1"}
CYCLES = 3
SCRAPE_INTERVAL = 15  # seconds, Prometheus' usual one
LONG = 120  # seconds; for waiting only


class Shop:
    """HAProxy before two servers: web1, which the tests make fail, and web2, which is always well."""

    def __init__(self, stack, servers):
        self.stack = stack
        self.web1, self.web2 = servers.enter_context(WebServer()), servers.enter_context(WebServer())
        first, second = self.web1.port, self.web2.port
        self.haproxy = start_haproxy(stack, {
            "shop": breaker_backend(web1=first),
            "quick": ["option httpchk GET /health", f"server web1 127.0.0.1:{first} {CHECKS} rise 1"],
            "well": [f"server web2 127.0.0.1:{second} {CHECKS} rise 2", f"server plain 127.0.0.1:{second}"],
        })

    def source(self, **more):
        return {"name": "edge", "kind": "haproxy", "address": self.haproxy.socket, "interval": "500ms", **more}

    def cycle(self):
        return self.haproxy.cycle("shop", "web1", self.web1)


@pytest.fixture(name="shop")
def shop_fixture(stack):
    with contextlib.ExitStack() as servers:
        yield Shop(stack, servers)


def polls(page):
    return number(page, "circuit_breaker_source_polls_total", "edge")


def poll_again(url):
    """The first page after a poll that began after now."""
    now = polls(scrape(url))
    return wait_for_page(url, lambda page: polls(page) >= now + 2 and is_up(page, "edge"), "two more polls")


def moves(page, instance="web1", breaker="shop"):
    """{"closed>open": how often}, of one breaker, those that were."""
    return {f"{came}>{went}": count for (name, server, came, went), count in transitions(page, "edge").items()
            if (name, server) == (breaker, instance)}


def state(page, instance="web1", breaker="shop"):
    return states(page, "edge").get((breaker, instance))


def wait_for_state(url, expected, instance="web1", breaker="shop"):
    return wait_for_page(url, lambda page: state(page, instance, breaker) == expected, f"{breaker}/{instance} {expected}")


def seconds_in(page, *names):
    return sum(page.get("circuit_breaker_state_seconds_total", **WEB1, state=name) or 0 for name in names)


@pytest.mark.parametrize("interval", ["500ms", "15s"])
def test_whole_cycles_between_two_scrapes(circuit_breaker_binary, stack, shop, interval):
    """Be they between two polls or not."""
    _, url = start(stack, circuit_breaker_binary, {"sources": [shop.source(interval=interval)]})
    wait_for_state(url, "closed")
    first = scrape(url)
    began = time.monotonic()
    assert moves(first) == {}
    for change in ("closed>open", "open>half_open", "half_open>open", "half_open>closed", "open>closed"):
        came, went = change.split(">")
        assert first.value("circuit_breaker_transitions_total", **WEB1, **{"from": came, "to": went}) == 0
    cycles = [shop.cycle() for _ in range(CYCLES)]
    ended = polls(first) + 2 if interval == "15s" else 0
    time.sleep(max(0, began + SCRAPE_INTERVAL - time.monotonic()))
    last = wait_for_page(url, lambda page: polls(page) >= ended, "a poll after the cycles") if ended else poll_again(url)
    took = time.monotonic() - began

    assert moves(last) == {"closed>open": CYCLES, "open>half_open": CYCLES, "half_open>closed": CYCLES}
    assert state(last) == "closed"
    assert number(last, "circuit_breaker_observation_gaps_total", "edge") == 0
    told = seconds_in(last, "open", "half_open") - seconds_in(first, "open", "half_open")
    truth = sum(down for _, down in cycles)
    # HAProxy's seconds are whole, so that each cycle may be wrong by one.
    assert abs(told - truth) < CYCLES, f"{told} s down, of {truth} s"
    every = seconds_in(last, "closed", "open", "half_open") - seconds_in(first, "closed", "open", "half_open")
    assert abs(every - took) < took / 2
    when = last.value("circuit_breaker_last_transition_timestamp_seconds", **WEB1)
    assert time.time() - took - 1 < when < time.time()
    show(f"polled each {interval}: {CYCLES} cycles, the longest {max(whole for whole, _ in cycles):.2f} s; "
         f"{truth:.2f} s down, told as {told:.2f} s")


def test_calls_equal_what_haproxy_counts(circuit_breaker_binary, stack, shop):
    _, url = start(stack, circuit_breaker_binary, {"sources": [shop.source()]})
    wait_for_state(url, "closed")
    for _ in range(20):
        assert shop.haproxy.get("/shop/") == 200
    shop.cycle()
    page = poll_again(url)
    row = shop.haproxy.servers()["shop/web1"]
    good = page.value("circuit_breaker_calls_total", **WEB1, result="success")
    assert good == int(row["hrsp_2xx"]) == shop.web1.answers[200] == 20
    bad = page.value("circuit_breaker_calls_total", **WEB1, result="failure")
    assert bad == int(row["hrsp_5xx"]) == shop.web1.answers[500] >= 4
    # Nobody knows them, so that they are not there, as is what no request was made to.
    for result in ("timeout", "slow", "ignored", "rejected"):
        assert page.get("circuit_breaker_calls_total", **WEB1, result=result) is None
    assert page.get("circuit_breaker_failure_ratio", **WEB1) is None


def test_each_state_is_seen_while_it_lasts(circuit_breaker_binary, stack, shop):
    """And only servers with checks are breakers."""
    _, url = start(stack, circuit_breaker_binary, {"sources": [shop.source(interval="50ms")]})
    page = wait_for_state(url, "closed")
    assert set(states(page, "edge")) == {("shop", "web1"), ("quick", "web1"), ("well", "web2")}
    shop.web1.ill = True
    page = wait_for_state(url, "open")
    assert state(page, breaker="well", instance="web2") == "closed"
    wait_for_state(url, "open", breaker="quick")
    shop.web1.ill = False
    wait_for_state(url, "closed")
    page = wait_for_state(url, "closed", breaker="quick")
    assert moves(page) == {"closed>open": 1, "open>half_open": 1, "half_open>closed": 1}
    # Where one check brings it back, it is never half-open.
    assert moves(page, breaker="quick") == {"closed>open": 1, "open>closed": 1}
    for seen in ("open", "half_open"):
        assert page.value("circuit_breaker_state_seconds_total", **WEB1, state=seen) > 0


def test_what_an_operator_does(circuit_breaker_binary, stack, shop):
    _, url = start(stack, circuit_breaker_binary, {"sources": [shop.source(interval="100ms")]})
    wait_for_state(url, "closed")
    for round_number, command in enumerate(("maint", "drain"), 1):
        shop.haproxy.command(f"set server shop/web1 state {command}")
        wait_for_state(url, "forced_open")
        shop.haproxy.command("set server shop/web1 state ready")
        page = wait_for_state(url, "closed")
        assert moves(page) == {"closed>forced_open": round_number, "forced_open>closed": round_number}


def test_out_by_hand_between_two_polls_is_no_opening(circuit_breaker_binary, stack, shop):
    """chkdown counts it as it counts the others."""
    _, url = start(stack, circuit_breaker_binary, {"sources": [shop.source(interval="10s")]})
    page = wait_for_state(url, "closed")
    shop.haproxy.command("set server shop/web1 state maint")
    shop.haproxy.command("set server shop/web1 state ready")
    assert shop.haproxy.servers()["shop/web1"]["chkdown"] == "1"
    page = wait_for_page(url, lambda again: polls(again) > polls(page), "the next poll")
    assert moves(page) == {"closed>forced_open": 1, "forced_open>closed": 1}


def test_a_restart_makes_up_no_transition(circuit_breaker_binary, stack, shop):
    _, url = start(stack, circuit_breaker_binary, {"sources": [shop.source(interval="100ms")]})
    wait_for_state(url, "closed")
    shop.cycle()
    before = poll_again(url)
    shop.haproxy.kill()
    page = wait_for_page(url, lambda page: not is_up(page, "edge"), "the source down")
    assert set(states(page, "edge").values()) == {"unknown"}
    assert set(failures(page, "edge")) <= {"unreachable"}
    shop.haproxy.start()
    # Its servers are up and down at its start, before their first checks: those that it counts are no news.
    after = wait_for_page(url, lambda page: is_up(page, "edge") and state(page) == "closed", "the source up")
    assert moves(after) == moves(before)
    assert number(after, "circuit_breaker_observation_gaps_total", "edge") == 1
    assert after.value("circuit_breaker_calls_total", **WEB1, result="failure") == 0


def test_a_stopped_haproxy_holds_up_nobody(circuit_breaker_binary, stack, shop):
    with WebServer() as other_web:
        other = start_haproxy(stack, {"mail": breaker_backend(m1=other_web.port)}, name="other")
        sources = [shop.source(interval="100ms", timeout="300ms"),
                   {"name": "other", "kind": "haproxy", "address": other.socket, "interval": "100ms"}]
        _, url = start(stack, circuit_breaker_binary, {"sources": sources})
        wait_for_state(url, "closed")
        shop.cycle()
        before = moves(poll_again(url))
        with shop.haproxy.frozen():
            page = wait_for_page(url, lambda page: not is_up(page, "edge"), "the source down")
            assert set(states(page, "edge").values()) == {"unknown"}
            seen, slowest = number(page, "circuit_breaker_source_polls_total", "other"), 0
            other.cycle("mail", "m1", other_web)
            deadline = time.monotonic() + LONG
            while number(page, "circuit_breaker_source_polls_total", "other") < seen + 5 and time.monotonic() < deadline:
                began = time.monotonic()
                page = scrape(url, headers={HEADER: str(TIMEOUT)})
                slowest = max(slowest, time.monotonic() - began)
                assert slowest < TIMEOUT and is_up(page, "other") and not is_up(page, "edge")
            opened = transitions(page, "other")
            assert opened[("mail", "m1", "closed", "open")] == 1
        page = wait_for_page(url, lambda page: is_up(page, "edge"), "the source up")
        assert set(failures(page, "edge")) == {"timeout"}
        assert moves(wait_for_state(url, "closed")) == before
        show(f"the slowest scrape while one HAProxy was stopped: {slowest:.3f} s")


def test_sockets_and_page_tell_the_same(circuit_breaker_binary, stack, shop):
    password = stack.write("password", PASSWORD)
    config = {"credentials": {"page": {"username": USER, "password_file": password}}, "sources": [
        {"name": "unix", "kind": "haproxy", "address": "unix://" + shop.haproxy.socket, "interval": "100ms"},
        {"name": "tcp", "kind": "haproxy", "address": f"127.0.0.1:{shop.haproxy.stats_port}", "interval": "100ms"},
        {"name": "page", "kind": "haproxy", "url": shop.haproxy.page, "credentials": "page", "interval": "100ms"}]}
    _, url = start(stack, circuit_breaker_binary, config)
    shop.haproxy.command("set server well/web2 state maint")
    expected = {("shop", "web1"): "closed", ("quick", "web1"): "closed", ("well", "web2"): "forced_open"}
    for name in ("unix", "tcp", "page"):
        page = wait_for_page(url, lambda page, name=name: states(page, name) == expected, f"{name} to tell all")
        assert number(page, "circuit_breaker_source_breakers", name) == 3


def test_a_page_that_wants_another_password(circuit_breaker_binary, stack, shop):
    password = stack.write("password", "wrong-secret")
    source = {"name": "edge", "kind": "haproxy", "url": shop.haproxy.page, "interval": "100ms"}
    config = {"credentials": {"page": {"username": USER, "password_file": password}},
              "sources": [{**source, "credentials": "page"}]}
    process, url = start(stack, circuit_breaker_binary, config, "--log.level=debug")
    page = wait_for_page(url, lambda page: failures(page, "edge"), "a failure")
    assert set(failures(page, "edge")) == {"unauthorized"} and not is_up(page, "edge")
    assert not states(page, "edge")
    stack.write("password", PASSWORD)
    page = wait_for_state(url, "closed")
    told = process.log_text() + page.text + request(url + "/health/detailed").text + request(url + "/").text
    assert "wrong-secret" not in told and PASSWORD not in told


def test_a_flag_is_enough(circuit_breaker_binary, shop):
    code, page, errors = run_exporter(circuit_breaker_binary, f"--source.haproxy={shop.haproxy.socket}", "--once")
    assert code == 0, errors
    assert 'circuit_breaker_state{source="haproxy",breaker="shop",instance="web1",state="closed"} 1' in page
    assert wait_for(lambda: shop.haproxy.status("shop/web1") == "UP", "HAProxy to be as before")

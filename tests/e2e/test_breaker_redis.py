# SPDX-License-Identifier: Apache-2.0
"""Breakers that a real Redis holds, in the formats of gobreaker and pybreaker; and Redis stopped, restarted, and saying no."""

import datetime
import json
import os
import time

import pytest
from breaker_helpers import failures, is_up, number, start, states, transitions, wait_for_page
from helpers import scrape, show
from processes import wait_for
from redis import Redis, start_redis

CLOSED, HALF_OPEN, OPEN = 0, 1, 2  # as gobreaker numbers them
LONG = 3600  # seconds


def go_time(seconds_from_now):
    """As Go's JSON has it, in another zone than UTC."""
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    return (datetime.datetime.now(zone) + datetime.timedelta(seconds=seconds_from_now)).isoformat()


def gobreaker(state, generation, started=0.0, expires=None, successes=0, failed=0):
    """What gobreaker holds of a breaker."""
    counts = {"Requests": successes + failed, "TotalSuccesses": successes, "TotalFailures": failed, "TotalExclusions": 0,
              "ConsecutiveSuccesses": 0, "ConsecutiveFailures": failed}
    return json.dumps({"state": state, "generation": generation, "age": 0, "counts": counts, "buckets": [counts],
                       "start": go_time(started), "expiry": "0001-01-01T00:00:00Z" if expires is None else go_time(expires)})


def set_gobreaker(server, name, *state, **more):
    server.cli("SET", f"gobreaker:state:{name}", gobreaker(*state, **more))


def set_pybreaker(server, namespace, state, failed=0, opened=None):
    prefix = f"{namespace}:pybreaker" if namespace else "pybreaker"
    server.cli("MSET", f"{prefix}:state", state, f"{prefix}:fail_counter", failed, f"{prefix}:success_counter", 0,
               *([f"{prefix}:opened_at", int(opened)] if opened else []))


def source(server, **more):
    return {"name": "shared", "kind": "redis", "address": server.address, "interval": "100ms", **more}


def start_on(stack, binary, *sources):
    _, url = start(stack, binary, {"sources": list(sources)})
    return url


def state_of(page, breaker):
    return states(page, "shared").get((breaker, ""))


def wait_for_state(url, breaker, state):
    return wait_for_page(url, lambda page: state_of(page, breaker) == state, f"{breaker} {state}")


def of(page, name, breaker, **labels):
    """The value of a breaker's series, or None."""
    wanted = {"source": "shared", "breaker": breaker, **labels}
    found = [value for seen, value in page.of(name) if {**seen, **wanted} == seen]
    assert len(found) <= 1, (name, wanted, found)
    return found[0] if found else None


def poll_again(url):
    """The first page after a poll that began after now."""
    polls = number(scrape(url), "circuit_breaker_source_polls_total", "shared")
    return wait_for_page(url, lambda page: number(page, "circuit_breaker_source_polls_total", "shared") >= polls + 2,
                         "two more polls")


@pytest.fixture(name="server")
def server_fixture(stack):
    return start_redis(stack)


def test_both_formats_are_read(circuit_breaker_binary, stack, server):
    set_gobreaker(server, "pay", CLOSED, 1, started=-LONG, successes=30, failed=10)
    set_gobreaker(server, "stock:eu", OPEN, 4, started=-20, expires=LONG)
    set_gobreaker(server, "ship", HALF_OPEN, 3)
    set_pybreaker(server, "orders", "open", failed=5, opened=time.time() - 30)
    set_pybreaker(server, "", "half-open")
    server.cli("SET", "gobreaker:mutex:pay", "x")
    server.fill(500)
    began = time.time()
    page = wait_for_state(start_on(stack, circuit_breaker_binary, source(server)), "pay", "closed")
    assert states(page, "shared") == {("pay", ""): "closed", ("stock:eu", ""): "open", ("ship", ""): "half_open",
                                      ("orders", ""): "open", ("pybreaker", ""): "half_open"}
    assert is_up(page, "shared") and not transitions(page, "shared")
    assert of(page, "circuit_breaker_failure_ratio", "pay") == 0.25
    assert of(page, "circuit_breaker_window_calls", "pay") == 40
    assert of(page, "circuit_breaker_calls_total", "pay", result="failure") == 0  # those before the exporter are history
    assert of(page, "circuit_breaker_failure_ratio", "ship") is None
    assert of(page, "circuit_breaker_consecutive_failures", "orders") == 5
    assert of(page, "circuit_breaker_half_open_pending", "stock:eu") == 0
    assert of(page, "circuit_breaker_half_open_pending", "orders") is None  # nobody knows its reset timeout
    since = of(page, "circuit_breaker_last_transition_timestamp_seconds", "stock:eu")
    assert began - 25 < since <= began - 15


def test_what_happens_between_two_polls_is_counted(circuit_breaker_binary, stack, server):
    set_gobreaker(server, "pay", CLOSED, 1, started=-LONG, successes=5)
    set_pybreaker(server, "orders", "closed", opened=time.time() - LONG)
    url = start_on(stack, circuit_breaker_binary, source(server))
    wait_for_state(url, "pay", "closed")
    wait_for_state(url, "orders", "closed")
    # A whole cycle in one write, as a slow call's is, and one that only its time tells of.
    set_gobreaker(server, "pay", CLOSED, 4, successes=7)
    set_pybreaker(server, "orders", "closed", opened=time.time())
    page = wait_for_page(url, lambda page: ("pay", "", "closed", "open") in transitions(page, "shared")
                         and ("orders", "", "closed", "open") in transitions(page, "shared"), "both openings")
    assert transitions(page, "shared") == {
        ("pay", "", "closed", "open"): 1, ("pay", "", "open", "half_open"): 1, ("pay", "", "half_open", "closed"): 1,
        ("orders", "", "closed", "open"): 1, ("orders", "", "open", "closed"): 1}
    assert state_of(page, "pay") == state_of(page, "orders") == "closed"
    # The call that opened it, the call that closed it, and those of the new generation.
    assert of(page, "circuit_breaker_calls_total", "pay", result="failure") == 1
    assert of(page, "circuit_breaker_calls_total", "pay", result="success") == 8
    assert number(page, "circuit_breaker_observation_gaps_total", "shared") == 0
    set_gobreaker(server, "pay", CLOSED, 500, successes=1)
    page = wait_for_page(url, lambda page: number(page, "circuit_breaker_observation_gaps_total", "shared") == 1, "a gap")
    assert transitions(page, "shared")[("pay", "", "closed", "open")] == 1


def test_an_expired_open_breaker_is_half_open_pending(circuit_breaker_binary, stack, server):
    set_gobreaker(server, "pay", OPEN, 2, started=-5, expires=2)
    set_pybreaker(server, "orders", "open", failed=5, opened=time.time() - 5)
    url = start_on(stack, circuit_breaker_binary, source(server, pybreaker_reset_timeout="7s"))
    wait_for_state(url, "pay", "half_open")
    page = wait_for_state(url, "orders", "half_open")
    for breaker in ("pay", "orders"):
        assert of(page, "circuit_breaker_half_open_pending", breaker) == 1
        assert transitions(page, "shared")[(breaker, "", "open", "half_open")] == 1
    # A probe that fails opens it again; one that succeeds closes it.
    set_gobreaker(server, "pay", OPEN, 4, expires=LONG)
    set_pybreaker(server, "orders", "closed", opened=time.time() - 12)
    page = wait_for_state(url, "pay", "open")
    assert transitions(page, "shared")[("pay", "", "half_open", "open")] == 1
    assert of(page, "circuit_breaker_half_open_pending", "pay") == 0
    page = wait_for_state(url, "orders", "closed")
    assert transitions(page, "shared")[("orders", "", "half_open", "closed")] == 1


def test_breakers_come_and_go(circuit_breaker_binary, stack, server):
    server.fill(30_000)  # more keys than are looked at in one poll
    set_gobreaker(server, "first", CLOSED, 1)
    url = start_on(stack, circuit_breaker_binary, source(server))
    wait_for_state(url, "first", "closed")
    set_gobreaker(server, "second", OPEN, 2, expires=LONG)
    page = wait_for_state(url, "second", "open")
    assert number(page, "circuit_breaker_source_breakers", "shared") == 2
    server.cli("DEL", "gobreaker:state:first")
    page = wait_for_state(url, "first", "unknown")
    assert state_of(page, "second") == "open" and not transitions(page, "shared")


def test_bad_keys_hide_no_other(circuit_breaker_binary, stack, server):
    server.cli("RPUSH", "gobreaker:state:list", "x")
    server.cli("SET", "gobreaker:state:text", "{\"state\":")
    server.cli("SET", "gobreaker:state:empty", "")
    server.cli("HSET", "orders:pybreaker:state", "a", "b")
    server.cli("SET", "stock:pybreaker:state", "nonsense")
    set_gobreaker(server, "pay", CLOSED, 1)
    page = wait_for_state(start_on(stack, circuit_breaker_binary, source(server)), "pay", "closed")
    assert {state for (name, _), state in states(page, "shared").items() if name != "pay"} == {"unknown"}
    assert len(states(page, "shared")) == 6 and is_up(page, "shared")


def test_a_database_and_names(circuit_breaker_binary, stack, server):
    server.cli("-n", 3, "SET", "gobreaker:state:pay", gobreaker(OPEN, 2, expires=LONG))
    server.cli("-n", 3, "SET", "gobreaker:state:other", gobreaker(CLOSED, 1))
    set_gobreaker(server, "elsewhere", CLOSED, 1)
    url = start_on(stack, circuit_breaker_binary, source(server, database=3, gobreaker=["pay", "absent"], pybreaker=[]))
    page = wait_for_state(url, "pay", "open")
    assert states(page, "shared") == {("pay", ""): "open"}
    assert "cmdstat_scan" not in server.info("commandstats")


def test_users(circuit_breaker_binary, stack):
    server = start_redis(stack, password="hunter2-of-the-default-user")
    set_gobreaker(server, "pay", CLOSED, 1)
    server.cli("ACL", "SETUSER", "names", "on", ">hunter2", "~gobreaker:state:*", "+get", "+select")
    server.cli("ACL", "SETUSER", "scans", "on", ">hunter2", "~gobreaker:state:pay", "+get", "+scan")
    set_gobreaker(server, "secret", CLOSED, 1)
    secret = stack.write("password", "hunter2\n")
    config = {
        "credentials": {user: {"username": user, "password_file": secret} for user in ("names", "scans", "nobody")},
        "sources": [
            {**source(server), "name": "no password"},
            {**source(server), "name": "wrong user", "credentials": "nobody"},
            {**source(server), "name": "no scan", "credentials": "names"},
            {**source(server), "name": "names", "credentials": "names", "gobreaker": ["pay"], "pybreaker": []},
            {**source(server), "name": "one key", "credentials": "scans", "pybreaker": []},
        ]}
    process, url = start(stack, circuit_breaker_binary, config)
    page = wait_for_page(url, lambda page: states(page, "one key") and states(page, "names"), "what may be read")
    for name in ("no password", "wrong user", "no scan"):
        page = wait_for_page(url, lambda page, name=name: failures(page, name), f"failures of {name!r}")
        assert set(failures(page, name)) == {"unauthorized"} and not is_up(page, name)
    assert states(page, "names") == {("pay", ""): "closed"}
    assert states(page, "one key") == {("pay", ""): "closed", ("secret", ""): "unknown"}
    assert "hunter2" not in process.log_text() and "hunter2" not in page.text
    with open(f"/proc/{process.pid}/cmdline", encoding="utf-8") as file:
        assert "hunter2" not in file.read()


def test_a_password_in_the_flags_url_is_not_told(circuit_breaker_binary, stack):
    server = start_redis(stack, password="hunter2")
    set_gobreaker(server, "pay", CLOSED, 1)
    process, url = stack.start_exporter(circuit_breaker_binary, env={
        **os.environ, "CIRCUIT_BREAKER_EXPORTER_SOURCE_REDIS": f"redis://:hunter2@{server.address}/0"})
    page = wait_for_page(url, lambda page: states(page, "redis"), "the breaker")
    assert states(page, "redis") == {("pay", ""): "closed"}
    assert "hunter2" not in process.log_text() and "hunter2" not in page.text


def test_redis_hung_killed_and_restarted(circuit_breaker_binary, stack, server):
    other = Redis(stack, name="other").start()
    set_gobreaker(server, "pay", OPEN, 2, expires=LONG)
    set_gobreaker(other, "well", CLOSED, 1)
    url = start_on(stack, circuit_breaker_binary, source(server, timeout="500ms"), {**source(other), "name": "other"})
    wait_for_state(url, "pay", "open")

    def gone(reason):
        page = wait_for_page(url, lambda page: not is_up(page, "shared") and reason in failures(page, "shared"), reason)
        assert state_of(page, "pay") == "unknown"
        assert is_up(page, "other") and states(page, "other") == {("well", ""): "closed"}

    with server.frozen():
        gone("timeout")
    wait_for_state(url, "pay", "open")
    with server.killed():
        gone("unreachable")
    set_gobreaker(server, "pay", CLOSED, 4)
    page = wait_for_state(url, "pay", "closed")
    # Nobody saw how it went there while the server was away, but it was open, and is closed now.
    assert is_up(page, "shared")
    assert sum(count for (name, *_), count in transitions(page, "shared").items() if name == "pay") >= 1
    assert not transitions(page, "other")


def test_thousands_of_breakers(circuit_breaker_binary, stack, server):
    many = 5000
    server.cli("EVAL", "for i = 1, tonumber(ARGV[1]) do redis.call('SET', 'gobreaker:state:b' .. i, ARGV[2]) end", 0, many,
               gobreaker(CLOSED, 1, started=-LONG))
    url = start_on(stack, circuit_breaker_binary, source(server, interval="1s"))
    page = wait_for(lambda: (page := scrape(url)) and number(page, "circuit_breaker_source_breakers", "shared") == many
                    and page, "all breakers")
    assert is_up(page, "shared")
    page = poll_again(url)
    took = number(page, "circuit_breaker_source_poll_duration_seconds_sum", "shared")
    polls = number(page, "circuit_breaker_source_poll_duration_seconds_count", "shared")
    show(f"{many} breakers: {took / polls * 1000:.0f} ms a poll over {polls:.0f} polls")

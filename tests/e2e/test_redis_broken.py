# SPDX-License-Identifier: Apache-2.0
"""Redis servers that hang, die, refuse, load, are full, trickle and answer half: every scrape is answered in time and says
what failed, and the first scrape after is whole again, over one connection."""

import contextlib
import socket

import pytest
from helpers import scrape, show
from postgres_helpers import SCRAPERS, TIMEOUT, MostConnections, Wire, at_once, timed_scrape
from processes import request, wait_for
from redis import Redis, start_redis
from redis_helpers import failed, start, states


LONG_TIMEOUT = 10.0  # for scrapes that are to be whole however busy this machine is
ROUNDS = 2           # the first meets a kept connection that breaks, the second must connect anew
FLAGS = [f"--web.max-requests={SCRAPERS + 10}"]


def check_broken(url, scrapers=1):
    """Scrapes of a broken server: in time, and down. Returns the slowest's seconds."""
    slowest = 0
    for _ in range(ROUNDS):
        seconds, pages = at_once(url, scrapers, TIMEOUT)
        assert seconds < TIMEOUT, f"answered after {seconds:.2f} s, the header said {TIMEOUT} s"
        for page in pages:
            assert page.value("redis_up") == 0, page.text
            assert "ping" in failed(page)
        slowest = max(slowest, seconds)
    return slowest


def check_back(url, healthy, scrapers=1):
    """The first scrapes after the fault are whole."""
    seconds, pages = at_once(url, scrapers, LONG_TIMEOUT)
    for page in pages:
        assert page.value("redis_up") == 1, page.text
        assert states(page) == healthy
    return seconds


def healthy_states(url):
    page = timed_scrape(url, timeout=LONG_TIMEOUT)[1]
    assert not failed(page), states(page)
    return states(page)


def own_connections(server):
    """How many connections of ours the server has."""
    return server.cli("CLIENT", "LIST").count("name=cache-exporter")


@pytest.mark.parametrize("scrapers", [1, SCRAPERS])
@pytest.mark.parametrize("fault", ["frozen", "killed"])
def test_a_server_breaks_and_comes_back(cache_binary, stack, fault, scrapers):
    server = start_redis(stack)
    process, url = start(stack, cache_binary, server.address, *FLAGS)
    healthy = healthy_states(url)
    with MostConnections(process.pid, server.port) as connections:
        with getattr(server, fault)():
            slowest = check_broken(url, scrapers)
        back = check_back(url, healthy, scrapers)
    assert connections.most <= 1 and connections.looks > 0
    wait_for(lambda: own_connections(server) == 1, "one connection to be left")
    show(f"{fault}, {scrapers} scrapers: slowest {slowest:.2f} s of {TIMEOUT} s, first after {back:.3f} s")


@pytest.mark.parametrize("scrapers", [1, SCRAPERS])
@pytest.mark.parametrize("mode", ["silent", "trickles", "resets"])
def test_the_wire_breaks_and_comes_back(cache_binary, stack, mode, scrapers):
    server = start_redis(stack)
    with Wire(server) as wire:
        process, url = start(stack, cache_binary, f"127.0.0.1:{wire.port}", *FLAGS)
        healthy = healthy_states(url)
        with MostConnections(process.pid, wire.port) as connections:
            with wire.broken(mode):
                slowest = check_broken(url, scrapers)
            back = check_back(url, healthy, scrapers)
        assert connections.most <= 1 and connections.looks > 0
        show(f"wire {mode}, {scrapers} scrapers: slowest {slowest:.2f} s of {TIMEOUT} s, first after {back:.3f} s")


def test_many_scrapers_share_one_connection(cache_binary, stack):
    server = start_redis(stack)
    process, url = start(stack, cache_binary, server.address, *FLAGS)
    healthy = healthy_states(url)
    with MostConnections(process.pid, server.port) as connections:
        for _ in range(5):
            check_back(url, healthy, SCRAPERS)
    assert connections.most == 1
    assert own_connections(server) == 1


def test_a_server_that_loads_is_down_and_tells_how_far_it_is(cache_binary, stack):
    server = Redis(stack, {"loading-process-events-interval-bytes": 1024, "appendonly": "no"}).start()
    server.fill(20_000)
    server.cli("SAVE")
    _, url = start(stack, cache_binary, server.address)
    healthy = healthy_states(url)
    server.kill()
    server.options["key-load-delay"] = 2000  # microseconds a key: 40 s in all
    server.start(wait=False)
    server.process.wait_until(lambda: server.try_cli("PING").startswith("LOADING"), "to load")
    for _ in range(ROUNDS):
        seconds, page = timed_scrape(url)
        assert seconds < TIMEOUT
        assert page.value("redis_up") == 0
        assert page.value("redis_loading_dump_file") == 1
        assert page.value("redis_loading_total_bytes") > 0
    server.kill()
    del server.options["key-load-delay"]
    server.start()
    check_back(url, healthy)


def test_a_server_that_runs_a_script_without_end_is_down(cache_binary, stack):
    server = start_redis(stack, {"busy-reply-threshold": 100})
    _, url = start(stack, cache_binary, server.address)
    healthy = healthy_states(url)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"EVAL 'while true do end' 0\r\n")
        wait_for(lambda: server.try_cli("PING").startswith("BUSY"), "the script to run")
        check_broken(url)
        server.cli("SCRIPT", "KILL")
        wait_for(lambda: server.try_cli("PING") == "PONG", "the script to end")
    check_back(url, healthy)


def test_a_full_server_is_down_until_there_is_room(cache_binary, stack):
    server = start_redis(stack, {"maxclients": 5})
    _, url = start(stack, cache_binary, server.address, "--log.level=debug")
    healthy = healthy_states(url)
    rejected = scrape(url).value("redis_rejected_connections_total")
    with contextlib.ExitStack() as clients:
        while True:
            client = clients.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            try:
                client.sendall(b"PING\r\n")
                if b"PONG" not in client.recv(100):
                    break
            except ConnectionError:
                break
            # The first of them ends our own connection, and takes its place.
            client.sendall(b"CLIENT LIST\r\n")
            lines = client.recv(65536).decode().split("\n")
            for line in lines:
                if "name=cache-exporter" in line:
                    client.sendall(f"CLIENT KILL ID {line.split('id=')[1].split()[0]}\r\n".encode())
                    client.recv(100)
        check_broken(url)
        answer = request(url + "/health/detailed").text
        assert "max number of clients reached" in answer
    wait_for(lambda: server.try_cli("PING") == "PONG", "room")
    check_back(url, healthy)
    assert scrape(url).value("redis_rejected_connections_total") > rejected


def test_a_wrong_password_is_down_and_never_told(cache_binary, stack):
    server = start_redis(stack, password="right-secret")
    file = stack.write("password", "wrong-secret\n")
    process, url = start(stack, cache_binary, server.address, "--log.level=debug", env={"REDIS_PASSWORD_FILE": file})
    check_broken(url)
    detailed = request(url + "/health/detailed").text
    assert "refused user or password" in detailed
    stack.write("password", "right-secret\n")
    wait_for(lambda: scrape(url).value("redis_up") == 1, "the new password to be read")
    page = scrape(url)
    assert not failed(page)
    assert page.value("redis_auth_duration_seconds_count") >= 1
    told = process.log_text() + detailed + page.text + request(url + "/").text
    assert "right-secret" not in told and "wrong-secret" not in told


def test_no_password_where_one_is_wanted(cache_binary, stack):
    server = start_redis(stack, password="right-secret")
    _, url = start(stack, cache_binary, server.address)
    check_broken(url)
    assert "NOAUTH" in request(url + "/health/detailed").text


def test_a_user_who_may_do_little(cache_binary, stack):
    """What is forbidden is not applicable, and asked for once: servers log each refusal."""
    server = start_redis(stack)
    server.cli("ACL", "SETUSER", "little", "on", ">s3cret", "+info", "+ping", "+client|setname")
    file = stack.write("password", "s3cret")
    _, url = start(stack, cache_binary, server.address, "--redis.user=little", f"--redis.password-file={file}")
    for _ in range(4):
        page = scrape(url)
        assert page.value("redis_up") == 1
        assert not failed(page)
    found = states(page)
    for collector in ("redis_config", "latency", "latency_histogram", "slowlog"):
        assert found[collector] == "not_applicable", found
    assert found["info"] == found["commandstats"] == "ok"
    lines = server.cli("ACL", "LOG").split("\n")
    refusals = sum(int(lines[at + 1]) for at, line in enumerate(lines) if line == "count")
    assert 4 <= refusals <= 20, lines


def test_a_unix_socket(cache_binary, stack):
    path = stack.path("redis.sock")
    start_redis(stack, {"unixsocket": path})
    _, url = start(stack, cache_binary, f"unix://{path}")
    healthy_states(url)

# SPDX-License-Identifier: Apache-2.0
"""Servers that hang, die, refuse and lose their tongue: every scrape is answered in time and says what failed, nothing
is left behind on the server, and the first scrape after is whole again."""

import contextlib
import re

import pytest
from helpers import run_exporter, show
from postgres import APPLICATION, MONITOR
from postgres_helpers import (SCRAPERS, TIMEOUT, UP, UP_COLLECTOR, MostConnections, Wire, all_slots_taken, at_once,
                              failed, kill, servers_fixture, sessions, start, states, timed_scrape,
                              unlike)
from processes import request, wait_for

__all__ = ["servers_fixture"]

# Prometheus' own, for scrapes that are to be whole however busy this machine is.
LONG_TIMEOUT = 10.0
ROUNDS = 2  # the first meets a kept connection that breaks, the second must connect anew


def check_whole(page, healthy):
    """All is as it was before the fault."""
    assert not failed(page), unlike(page, healthy)
    assert unlike(page, healthy) == {}


def healthy_states(url):
    """{collector: state} of a scrape that is whole."""
    page = timed_scrape(url, timeout=LONG_TIMEOUT)[1]
    assert not failed(page), states(page)
    return states(page)


def check_broken(url, server, scrapers, timeout=TIMEOUT):
    """Scrapes of a broken server: in time, down, and the collector named that says so. Returns the slowest's seconds."""
    slowest = 0
    for _ in range(ROUNDS):
        seconds, pages = at_once(url, scrapers, timeout)
        assert seconds < timeout, f"answered after {seconds:.2f} s, the header said {timeout} s"
        for page in pages:
            assert page.value(UP[server]) == 0, page.text
            assert UP_COLLECTOR[server] in failed(page)
        slowest = max(slowest, seconds)
    return slowest


def check_back(url, server, scrapers, healthy):
    """The first scrapes after the fault are whole. Returns the seconds that they took."""
    seconds, pages = at_once(url, scrapers, LONG_TIMEOUT)
    for page in pages:
        assert page.value(UP[server]) == 1, page.text
        check_whole(page, healthy)
    return seconds


def own_sessions(servers, server):
    """How many sessions of ours the server has."""
    return sessions(servers) if server == "postgres" else servers.pgbouncer.console_clients()


def check_one_session_left(servers, server):
    wait_for(lambda: own_sessions(servers, server) == 1, "only the new session to be left on the server")
    if server == "postgres":
        assert sessions(servers, "(state, xact_start IS NULL) IS DISTINCT FROM ('idle', true)") == 0


@contextlib.contextmanager
def frozen(server):
    with server.process.frozen():
        yield


@contextlib.contextmanager
def killed(server):
    kill(server)
    try:
        yield
    finally:
        server.start()


FAULTS = {"frozen": frozen, "killed": killed}
FLAGS = [f"--web.max-requests={SCRAPERS + 10}"]


@pytest.mark.parametrize("scrapers", [1, SCRAPERS])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", UP)
def test_a_server_breaks_and_comes_back(postgres_pool_binary, stack, servers, name, fault, scrapers):
    server = getattr(servers, name)
    process, url = start(stack, postgres_pool_binary, server.dsn(), flags=FLAGS)
    healthy = healthy_states(url)
    with MostConnections(process.pid, server.port) as connections:
        with FAULTS[fault](server):
            slowest = check_broken(url, name, scrapers)
        back = check_back(url, name, scrapers, healthy)
    assert connections.most <= 1 and connections.looks > 0
    check_one_session_left(servers, name)
    show(f"{name} {fault}, {scrapers} scrapers: slowest {slowest:.2f} s of {TIMEOUT} s, first after {back:.3f} s, "
         f"at most {connections.most} connection")


@pytest.mark.parametrize("scrapers", [1, SCRAPERS])
@pytest.mark.parametrize("mode", ["silent", "trickles", "resets"])
@pytest.mark.parametrize("name", UP)
def test_the_wire_breaks_and_comes_back(postgres_pool_binary, stack, servers, name, mode, scrapers):
    with Wire(getattr(servers, name)) as wire:
        process, url = start(stack, postgres_pool_binary, wire.dsn(), flags=FLAGS)
        healthy = healthy_states(url)
        with MostConnections(process.pid, wire.port) as connections:
            with wire.broken(mode):
                slowest = check_broken(url, name, scrapers)
                # The server itself is well, and asked while the wire is broken: what was begun has been ended.
                wait_for(lambda: own_sessions(servers, name) == 0, "the abandoned sessions to end")
            back = check_back(url, name, scrapers, healthy)
        assert connections.most <= 1 and connections.looks > 0
        check_one_session_left(servers, name)
        show(f"{name}, wire {mode}, {scrapers} scrapers: slowest {slowest:.2f} s of {TIMEOUT} s, first after {back:.3f} s, "
             f"at most {connections.most} connection")


@pytest.mark.parametrize("scrapers", [1, SCRAPERS])
@pytest.mark.parametrize("name", UP)
def test_a_restarted_server_is_read_by_the_first_scrape(postgres_pool_binary, stack, servers, name, scrapers):
    server = getattr(servers, name)
    _, url = start(stack, postgres_pool_binary, server.dsn(), flags=FLAGS)
    healthy = healthy_states(url)
    server.restart()
    check_back(url, name, scrapers, healthy)
    check_one_session_left(servers, name)


def test_one_hung_target_leaves_the_other(postgres_pool_binary, stack, servers):
    _, url = start(stack, postgres_pool_binary, servers.postgres.dsn(), servers.pgbouncer.dsn())
    postgres = f"127.0.0.1:{servers.postgres.port}/postgres"
    pgbouncer = f"127.0.0.1:{servers.pgbouncer.port}/pgbouncer"
    with servers.postgres.process.frozen():
        seconds, page = timed_scrape(url)
        assert seconds < TIMEOUT
        assert page.value("pg_up", target=postgres) == 0
        assert page.value("pgbouncer_up", target=pgbouncer) == 1
        assert page.of("pgbouncer_pools_client_active_connections")
    assert timed_scrape(url, timeout=LONG_TIMEOUT)[1].value("pg_up", target=postgres) == 1
    _, probe = timed_scrape(url, f"/probe?target={pgbouncer}", LONG_TIMEOUT)
    assert probe.value("pgbouncer_up", target=pgbouncer) == 1 and not probe.of("pg_up")


# locks

@contextlib.contextmanager
def locked(postgres, table, dbname=None):
    holder = postgres.sql.session(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'locked';", dbname)
    try:
        assert holder.stdout.readline().strip() == "locked"
        yield
    finally:
        holder.communicate("ROLLBACK;\n", timeout=30)


@pytest.mark.parametrize("table", ["pg_database", "pg_class", "pg_namespace", "pg_authid", "pg_inherits"])
def test_a_locked_catalog_fails_those_who_read_it(postgres_pool_binary, stack, servers, table):
    process, url = start(stack, postgres_pool_binary, servers.postgres.dsn())
    healthy = healthy_states(url)
    with locked(servers.postgres, table):
        for scrapers in (1, SCRAPERS // 2):
            seconds, pages = at_once(url, scrapers, LONG_TIMEOUT)
            assert seconds < LONG_TIMEOUT
            for page in pages:
                assert page.value("pg_up") == 1
                others = {name: state for name, state in unlike(page, healthy).items() if state != "failed"}
                assert others == {}, page.text
        # One waits for --postgres.lock-timeout (500 ms), the others do not wait as long for what is locked all the same.
        assert sum(value for _, value in page.of("pg_scrape_collector_duration_seconds")) < LONG_TIMEOUT / 2
    failing = sorted(failed(pages[0]))
    log = process.log_text()
    assert ("lock timeout (SQLSTATE 55P03)" in log) == bool(failing)
    check_whole(timed_scrape(url, timeout=LONG_TIMEOUT)[1], healthy)
    check_one_session_left(servers, "postgres")
    show(f"{table} locked: {seconds:.2f} s, fails {', '.join(failing) or 'none'}; {len(healthy) - len(failing)} others work")
    if table == "pg_database":
        assert "database" in failing


def backends(postgres):
    """How many of PostgreSQL's processes serve a client, logged in or not."""
    count = 0
    for pid in postgres.process.pids()[1:]:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            count += f" {MONITOR[0]} " in file.read()
    return count


def test_a_lock_that_no_login_passes_takes_one_slot_only(postgres_pool_binary, stack, servers):
    """A login waits for a lock on pg_database on the server, where nothing ends it when its client goes."""
    with locked(servers.postgres, "pg_database"):
        _, url = start(stack, postgres_pool_binary, servers.postgres.dsn())
        for _ in range(4):
            seconds, page = timed_scrape(url)
            assert seconds < TIMEOUT and page.value("pg_up") == 0
        assert backends(servers.postgres) == 1
    assert timed_scrape(url, timeout=LONG_TIMEOUT)[1].value("pg_up") == 1
    wait_for(lambda: backends(servers.postgres) == 1, "one session of ours")


# servers that refuse

def test_no_connection_is_left(postgres_pool_binary, stack, servers):
    _, kept = start(stack, postgres_pool_binary, servers.postgres.dsn(), flags=FLAGS)
    process, late = start(stack, postgres_pool_binary, servers.postgres.dsn(), flags=FLAGS)
    healthy = healthy_states(kept)
    with all_slots_taken(servers.postgres, APPLICATION[0]) as taken:
        check_whole(timed_scrape(kept, timeout=LONG_TIMEOUT)[1], healthy)  # who is connected stays so
        for scrapers in (1, SCRAPERS):
            check_broken(late, "postgres", scrapers)
    wait_for(lambda: sessions(servers) == 1, "the slots to be free again")
    check_back(late, "postgres", 1, healthy)
    assert re.search("level=warn .*error=.*(remaining connection slots are reserved|too many clients)", process.log_text())
    show(f"{taken} connections taken, none left")


@pytest.mark.parametrize("name", UP)
def test_a_wrong_password_is_told_once_and_never_shown(postgres_pool_binary, stack, servers, name):
    server = getattr(servers, name)
    refused = "FATAL:  password authentication failed" if name == "postgres" else "pooler error: SASL authentication failed"
    before = server.process.log_text().count(refused)
    process, url = start(stack, postgres_pool_binary, server.dsn((MONITOR[0], "wr0ng-hunter2")), flags=FLAGS)
    check_broken(url, name, 1, LONG_TIMEOUT)
    # One line for all collectors that fail of it, not one a scrape; and one try to log in a scrape, not one a collector.
    assert len(re.findall("level=warn .*error=.*authentication failed", process.log_text())) == 1
    assert server.process.log_text().count(refused) - before == ROUNDS
    check_broken(url, name, SCRAPERS, LONG_TIMEOUT)
    assert "hunter2" not in everything_said(process, url)


def test_a_role_without_rights_tells_no_zeros(postgres_pool_binary, stack, servers):
    """What such a role may not see is absent: it is never 0 where a monitor reads another value."""
    sql = servers.postgres.sql
    sql.rows("DROP ROLE IF EXISTS visitor; CREATE ROLE visitor LOGIN PASSWORD 'visitor-secret'")
    idle = sql.session("BEGIN; SELECT 'in transaction';", dbname="orders")  # something to be blind to
    try:
        assert idle.stdout.readline().strip() == "in transaction"
        _, monitor = start(stack, postgres_pool_binary, servers.postgres.dsn())
        process, visitor = start(stack, postgres_pool_binary, servers.postgres.dsn(("visitor", "visitor-secret")))

        def lies():
            """Zeros of the visitor's that are none for the monitor, whose own readings agree around it."""
            before, seen, after = (timed_scrape(url, timeout=LONG_TIMEOUT)[1] for url in (monitor, visitor, monitor))
            assert seen.value("pg_up") == 1
            return seen, sorted(
                f"{name}{dict(labels)}" for (name, labels), value in seen.samples.items()
                if value == 0 and before.samples.get((name, labels)) == after.samples.get((name, labels)) not in (0, None)
                and not name.startswith(("process_", "pg_scrape_", "pg_health_")))
        seen, found = lies()
        if found:  # of counters that move just now none is zero twice
            found = sorted(set(found) & set(lies()[1]))
        assert found == []
    finally:
        idle.communicate("ROLLBACK;\n", timeout=30)
    told = {state: sorted(name for name, one in states(seen).items() if one == state) for state in set(states(seen).values())}
    for name in told.get("failed", []):
        assert re.search(rf"level=warn .*collector=\S*{name}", process.log_text())
    show("a role without rights: " + "; ".join(f"{state}: {', '.join(names)}" for state, names in sorted(told.items())))


# secrets

SPECIAL = "p@ss:w/o?r#d=%41 '\\\"&,;hunter2 ü"  # each of them means something to some reader of connection strings


def everything_said(process, url):
    """All that an exporter shows to anybody."""
    with open(f"/proc/{process.pid}/cmdline", encoding="utf-8") as file:
        said = [file.read()]
    for path in ("/metrics", "/health/detailed", "/health", "/", "/metrics?collect[]=x", "/probe?target=x", "/nowhere"):
        said.append(request(url + path).text)
    said.append(request(url + "/-/reload", method="POST").text)
    return "\n".join([*said, process.log_text()])


def by_uri(stack, dsn, password):
    quoted = "".join(f"%{byte:02X}" for byte in password.encode())
    return (), {"DATA_SOURCE_NAME": f"postgresql://special:{quoted}@127.0.0.1:{dsn['port']}/postgres?sslmode=disable"}


def keywords(dsn, password):
    quoted = password.replace("\\", "\\\\").replace("'", "\\'")
    return f"host=127.0.0.1 port={dsn['port']} dbname=postgres sslmode=disable user=special password='{quoted}'"


def by_keywords(stack, dsn, password):
    return (), {"DATA_SOURCE_NAME": keywords(dsn, password)}


def by_dsn_file(stack, dsn, password):
    return (), {"DATA_SOURCE_NAME_FILE": stack.write("dsn", keywords(dsn, password) + "\n")}


def by_parts(stack, dsn, password):
    return (), {"DATA_SOURCE_URI": f"127.0.0.1:{dsn['port']}/postgres?sslmode=disable", "DATA_SOURCE_USER": "special",
                "DATA_SOURCE_PASS": password}


def by_parts_file(stack, dsn, password):
    return (), {"DATA_SOURCE_URI": f"127.0.0.1:{dsn['port']}/postgres?sslmode=disable", "DATA_SOURCE_USER": "special",
                "DATA_SOURCE_PASS_FILE": stack.write("password", password + "\n")}


def config(stack, dsn, secret):
    return (f"--config.file={stack.path('config.yml')}",), stack.write(
        "config.yml", f"targets: [{{name: it, kind: postgres, dsn: host=127.0.0.1 port={dsn['port']} dbname=postgres sslmode=disable, "
        f"credentials: its}}]\ncredentials: {{its: {{username: special, {secret}}}}}\n")


def by_config_file(stack, dsn, password):
    return config(stack, dsn, f"password_file: {stack.write('password', password)}")[0], {}


def by_config_env(stack, dsn, password):
    return config(stack, dsn, "password_env: ITS_PASSWORD")[0], {"ITS_PASSWORD": password}


WAYS = {way.__name__: way for way in
        (by_uri, by_keywords, by_dsn_file, by_parts, by_parts_file, by_config_file, by_config_env)}


@pytest.mark.parametrize("way", WAYS)
def test_a_password_reaches_the_server_and_nobody_else(postgres_pool_binary, stack, servers, way):
    literal = SPECIAL.replace("'", "''")
    servers.postgres.sql.rows(f"DROP ROLE IF EXISTS special; CREATE ROLE special LOGIN IN ROLE pg_monitor PASSWORD '{literal}'")
    for password, up in ((SPECIAL, 1), ("wrong" + SPECIAL, 0)):
        flags, env = WAYS[way](stack, {"port": servers.postgres.port}, password)
        process, url = stack.start_exporter(postgres_pool_binary, "--log.level=debug", *flags, env=env)
        page = timed_scrape(url, timeout=LONG_TIMEOUT)[1]
        assert [value for _, value in page.of("pg_up")] == [up], process.log_text()
        said = everything_said(process, url)
        assert "hunter2" not in said and "p@ss" not in said and "%70%40" not in said
        process.stop()


@pytest.mark.parametrize("dsn", ["host=h password='hunter2", "postgresql://u:hunter2%zz@h/d", "hunter2", "password=hunter2 x",
                                 "host=h hunter2=1"])
def test_a_malformed_connection_string_is_not_repeated(postgres_pool_binary, dsn):
    code, out, err = run_exporter(postgres_pool_binary, "--config.check", env={"DATA_SOURCE_NAME": dsn})
    assert code == 1 and "DATA_SOURCE_NAME" in err and "hunter2" not in out + err

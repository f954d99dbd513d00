# SPDX-License-Identifier: Apache-2.0
"""PgBouncer's numbers against its own console, waits forced by a full pool, and the checkout probe."""

import contextlib
import time

import pytest
from helpers import scrape
from postgres import ADMIN, APPLICATION, MONITOR, start_pgbouncer, start_postgres
from processes import Stack, request, wait_for

TARGET = "pool"
POOL = {"target": TARGET, "database": "orders", "user": APPLICATION[0]}
PROBE = "postgres-pool-exporter checkout"  # its application_name


@pytest.fixture(scope="module", name="postgres")
def postgres_fixture():
    with Stack() as stack:
        yield start_postgres(stack)


class Console:
    """One psql that stays on PgBouncer's console, so that looking changes no number."""

    def __init__(self, pool):
        self.process = pool.sql.session(r"\pset tuples_only off" + "\n" + r"\pset footer off")

    def show(self, what):
        """SHOW's rows as dicts by column."""
        self.process.stdin.write(f"SHOW {what};\n\\echo end\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline().rstrip("\n")) != "end":
            assert line or self.process.poll() is None, "psql has ended"
            lines.append(line.split("\t"))
        return [dict(zip(lines[0], row)) for row in lines[1:]]

    def pool(self):
        """The row of SHOW POOLS that the application's clients are in."""
        rows = [row for row in self.show("POOLS") if (row["database"], row["user"]) == ("orders", APPLICATION[0])]
        return rows[0] if rows else {}

    def waiting(self):
        return int(self.pool().get("cl_waiting", 0))

    def probes(self):
        """The connections of the checkout probe."""
        return [row for row in self.show("CLIENTS") if row["application_name"] == PROBE]


@contextlib.contextmanager
def opened(pool):
    console = Console(pool)
    try:
        yield console
    finally:
        console.process.communicate(timeout=30)


def longest_wait(row):
    return float(row["maxwait"]) + float(row["maxwait_us"]) * 1e-6


def session(pool, sql, role=APPLICATION):
    """A client of the pool `orders`."""
    return pool.sql.session(sql, dbname="orders", user=role[0], password=role[1])


@contextlib.contextmanager
def full(pool, console):
    """A pool of one server connection, which somebody holds. End it early by calling what this yields."""
    holder = session(pool, "BEGIN; SELECT 'held';")
    assert holder.stdout.readline().strip() == "held"
    ended = []

    def release():
        if not ended:
            ended.append(holder.communicate("COMMIT;\n", timeout=30))
    try:
        wait_for(lambda: console.pool().get("sv_active") == "1", "the only server connection to be taken")
        yield release
    finally:
        release()


def start(stack, postgres_pool_binary, dsn, checkout=None, kind="pgbouncer", role=APPLICATION, flags=()):
    """The exporter with one target by its config. Returns (process, base URL)."""
    words = dict(word.split("=", 1) for word in dsn.split())
    password = words.pop("password")
    lines = [f"targets:\n  - name: {TARGET}\n    kind: {kind}\n    credentials: own",
             "    dsn: " + " ".join(f"{key}={value}" for key, value in words.items())]
    if checkout is not None:
        database = "database: orders, credentials: app, "
        lines.append(f"    checkout: {{{database}{checkout}}}")
    lines.append(f"credentials:\n  own: {{password_file: {stack.write('own', password)}}}")
    lines.append(f"  app: {{username: {role[0]}, password_file: {stack.write('app', role[1])}}}\n")
    return stack.start_exporter(postgres_pool_binary, f"--config.file={stack.write('config.yml', chr(10).join(lines))}", *flags)


class Checkout:
    """The checkout probe's numbers of one page."""

    def __init__(self, page):
        self.page = page

    def sum(self, phase):
        return self.page.value("pg_pool_checkout_duration_seconds_sum", target=TARGET, phase=phase)

    def count(self, phase):
        return self.page.value("pg_pool_checkout_duration_seconds_count", target=TARGET, phase=phase)

    def above(self, phase, bound):
        """How many took longer than a bound of the ladder."""
        return self.count(phase) - self.page.value(
            "pg_pool_checkout_duration_seconds_bucket", target=TARGET, phase=phase, le=bound)

    @property
    def attempts(self):
        return self.page.value("pg_pool_checkout_attempts_total", target=TARGET)

    @property
    def errors(self):
        """{class: count} of those that happened."""
        return {labels["sqlstate_class"]: value for labels, value in self.page.of("pg_pool_checkout_errors_total") if value}

    @property
    def last_success(self):
        return self.page.get("pg_pool_checkout_last_success_timestamp_seconds", target=TARGET)


def checkouts(url):
    return Checkout(scrape(url, "/metrics/checkout"))


def more_checkouts(url, count=1):
    """The numbers when `count` more checkouts are over."""
    before = checkouts(url).attempts

    def enough():
        now = checkouts(url)
        return now if now.attempts >= before + count else None
    return wait_for(enough, f"{count} checkouts")


# numbers

STATS = {
    "xact_count": ("sql_transactions_pooled_total", 1), "query_count": ("queries_pooled_total", 1),
    "bytes_received": ("received_bytes_total", 1), "bytes_sent": ("sent_bytes_total", 1),
    "xact_time": ("server_in_transaction_seconds_total", 1e-6), "query_time": ("queries_duration_seconds_total", 1e-6),
    "wait_time": ("client_wait_seconds_total", 1e-6)}
LISTS = {
    "databases": "databases", "users": "users", "pools": "pools", "free_clients": "free_clients",
    "used_clients": "used_clients", "login_clients": "login_clients", "free_servers": "free_servers",
    "used_servers": "used_servers", "dns_names": "cached_dns_names", "dns_zones": "cached_dns_zones",
    "dns_queries": "in_flight_dns_queries", "dns_pending": "pending_dns_queries"}
CONFIG = {
    "max_client_conn": "max_client_connections", "default_pool_size": "default_pool_size",
    "min_pool_size": "min_pool_size", "reserve_pool_size": "reserve_pool_size",
    "max_db_connections": "max_db_connections", "max_user_connections": "max_user_connections",
    "query_wait_timeout": "query_wait_timeout_seconds", "query_timeout": "query_timeout_seconds",
    "server_lifetime": "server_lifetime_seconds", "server_idle_timeout": "server_idle_timeout_seconds"}
UNLIMITED = {"max_db_connections", "max_user_connections", "query_timeout"}  # these are 0 unless a test sets them


def of_database(page, column, row):
    """The value that a row of SHOW DATABASES has on a page, or None."""
    labels = {"target": TARGET, **{name: row[name] for name in ("name", "host", "port", "database", "force_user", "pool_mode")}}
    return page.samples.get((f"pgbouncer_databases_{column}", frozenset(labels.items())))


def test_numbers_are_the_consoles(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres, settings={"default_pool_size": 3, "max_db_connections": 7})
    session(pool, "SELECT generate_series(1, 100); BEGIN; SELECT pg_sleep(0.1); COMMIT;").communicate(timeout=30)
    client = session(pool, "BEGIN; SELECT 'here';")
    assert client.stdout.readline().strip() == "here"
    _, url = start(stack, postgres_pool_binary, pool.dsn())
    scrape(url)  # its own console connection counts from now on
    with opened(pool) as console:
        before = {what: console.show(what) for what in ("STATS_TOTALS", "LISTS", "DATABASES", "USERS", "CONFIG", "MEM", "CLIENTS", "SERVERS")}
        page = scrape(url)
        assert page.value("pgbouncer_up", target=TARGET) == 1
        [stats] = [row for row in before["STATS_TOTALS"] if row["database"] == "orders"]
        for column, (name, scale) in STATS.items():
            value = page.value(f"pgbouncer_stats_totals_{name}", target=TARGET, database="orders")
            assert value == pytest.approx(float(stats[column]) * scale) and (value > 0 or column == "wait_time"), column
        for row in before["LISTS"]:
            if row["list"] in LISTS:
                assert page.value("pgbouncer_" + LISTS[row["list"]], target=TARGET) == float(row["items"]), row
        for row in before["DATABASES"]:
            for column in ("pool_size", "current_connections", "min_pool_size", "paused", "disabled"):
                assert of_database(page, column, row) == float(row[column]), row
            assert of_database(page, "reserve_pool", row) == float(row.get("reserve_pool", row.get("reserve_pool_size")))
            assert of_database(page, "max_connections", row) == (float(row["max_connections"]) or None), row
        config = {row["key"]: row["value"] for row in before["CONFIG"]}
        for key, name in CONFIG.items():
            value = page.get(f"pgbouncer_config_{name}", target=TARGET)
            assert value == (None if key in UNLIMITED and config[key] == "0" else float(config[key])), key
        assert page.value("pgbouncer_config_max_db_connections", target=TARGET) == 7
        assert page.get("pgbouncer_config_max_user_connections", target=TARGET) is None
        assert page.value("pgbouncer_config_info", target=TARGET, pool_mode=config["pool_mode"]) == 1
        for row in before["MEM"]:
            assert page.value("pgbouncer_memory_allocated_bytes", target=TARGET, cache=row["name"]) == float(row["memtotal"]), row
            assert page.value("pgbouncer_memory_used_bytes", target=TARGET, cache=row["name"]) == float(row["used"]) * float(row["size"])
        for what in ("CLIENTS", "SERVERS"):
            counts = {}
            for row in before[what]:
                key = (row["database"], row["user"], row["state"])
                counts[key] = counts.get(key, 0) + 1
            name = f"pgbouncer_{what.lower()[:-1]}_connections"
            assert {(labels["database"], labels["user"], labels["state"]): value for labels, value in page.of(name)} == counts
            assert not any("application_name" in labels for labels, _ in page.of(name))
        assert page.value("pgbouncer_pools_server_max_connections", **POOL) == 3
    client.communicate("COMMIT;\n", timeout=30)


def test_a_stats_login_is_enough(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres)
    pages = []
    for role in (MONITOR, ADMIN):
        _, url = start(stack, postgres_pool_binary, pool.dsn(role))
        page = scrape(url)
        pages.append(page)
        states = {labels["collector"]: labels["state"] for labels, value in page.of("pg_scrape_collector_state") if value}
        version = tuple(int(part) for part in pool.sql.value("SHOW VERSION").split()[-1].split(".")[:2])
        known = {"state": "ok" if version >= (1, 19) else "not_applicable"}
        assert states == {**{name: "ok" for name in states}, **known}
        assert len(states) == 11
    names = [{name for name, _ in page.samples if name.startswith("pgbouncer_")} for page in pages]
    assert names[0] == names[1]
    process, url = start(stack, postgres_pool_binary, pool.dsn(APPLICATION))  # no user of the console
    assert scrape(url).value("pgbouncer_up", target=TARGET) == 0
    assert APPLICATION[1] not in process.log_text()


def test_clients_by_application_on_request(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres)
    client = session(pool, "SELECT 'here';")
    assert client.stdout.readline().strip() == "here"
    _, url = start(stack, postgres_pool_binary, pool.dsn(), flags=["--pgbouncer.clients-by-application"])
    page = scrape(url)
    [state] = [labels["state"] for labels, _ in page.of("pgbouncer_client_connections") if labels["user"] == APPLICATION[0]]
    assert page.value("pgbouncer_client_connections", **POOL, state=state, application_name="test") == 1
    client.communicate(timeout=30)


# waits

def test_a_short_wait_is_seen_by_the_pool_and_by_the_checkout(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres, settings={"default_pool_size": 1})
    _, url = start(stack, postgres_pool_binary, pool.dsn(), "interval: 100ms, timeout: 60s")
    before = more_checkouts(url, 2)
    assert before.errors == {} and before.count("total") >= 2 and before.last_success == pytest.approx(time.time(), abs=60)
    with opened(pool) as console:
        with full(pool, console) as release:
            # The only client of the queue is the probe. It shall wait for at least 300 ms, and less than a second if
            # the machine is quick enough.
            wait_for(lambda: console.waiting() == 1 and longest_wait(console.pool()) > 0.3, "a wait of 300 ms", interval=0.01)
            least = longest_wait(console.pool())
            page = scrape(url)
            most = longest_wait(console.pool())
            seen = page.value("pgbouncer_pools_client_maxwait_seconds", **POOL)
            assert least < seen < most
            assert page.value("pgbouncer_pools_client_waiting_connections", **POOL) == 1
            assert len(console.probes()) == 1, "checkouts pile up"
            during = checkouts(url)
            release()
        after = more_checkouts(url)
        assert after.errors == {}
        # Other checkouts of that time took little: the wait is in its phase, and in no other.
        assert after.sum("wait") - during.sum("wait") >= seen
        assert after.above("wait", "0.25") - during.above("wait", "0.25") == 1
        assert after.above("total", "0.25") - during.above("total", "0.25") == 1
        assert after.sum("query") - during.sum("query") < seen
        assert after.sum("total") == pytest.approx(sum(after.sum(phase) for phase in ("connect", "wait", "query")), rel=0.05)


def test_health_names_the_full_pool(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres, settings={"default_pool_size": 1, "query_wait_timeout": 60})
    _, url = start(stack, postgres_pool_binary, pool.dsn())

    def checks():
        scrape(url)
        return request(url + "/health/detailed").json()["checks"]
    with opened(pool) as console:
        with full(pool, console):
            [saturation] = checks()["pool_saturation"]
            assert (saturation["observedValue"], saturation["healthStatus"]) == (1, "degraded")
            assert saturation["componentId"] == f"orders/{APPLICATION[0]}"
            waiters = [session(pool, "SELECT 1;") for _ in range(4)]
            wait_for(lambda: console.waiting() == 4, "four clients in the queue")
            found = checks()
            assert found["pool_queue"][0]["observedValue"] == 4 and found["pool_queue"][0]["healthStatus"] == "unhealthy"
            wait = found["pool_wait_seconds"][0]["observedValue"]
            assert 0 < wait < longest_wait(console.pool())
            assert found["pool_wait_ratio"][0]["observedValue"] == pytest.approx(wait / 60, abs=0.01)
        for waiter in waiters:
            waiter.communicate(timeout=30)
        wait_for(lambda: console.pool().get("sv_active") == "0", "the pool to be free")
        found = checks()
        assert found["pool_saturation"][0]["observedValue"] == 0 and found["pool_queue"][0]["observedValue"] == 0


def test_a_paused_database(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres)
    process, url = start(stack, postgres_pool_binary, pool.dsn(), "interval: 100ms, timeout: 2s")
    before = more_checkouts(url)
    assert before.errors == {}
    pool.sql.rows("PAUSE orders")
    during = wait_for(lambda: (now := checkouts(url)).errors.get("timeout", 0) >= 2 and now, "checkouts to time out")
    page = scrape(url)
    with opened(pool) as console:
        # PgBouncer would not notice that a client of its queue has gone: the one that is there stays.
        assert len(console.probes()) == 1 and console.waiting() == 1
    assert {labels["name"]: value for labels, value in page.of("pgbouncer_databases_paused")} == {"orders": 1, "postgres": 0, "pgbouncer": 0}
    assert page.value("pgbouncer_up", target=TARGET) == 1
    assert set(during.errors) == {"timeout"}
    # Those that ran out of time are in the histogram: a paused pool does not look fast.
    assert during.above("total", "1") >= during.errors["timeout"]
    assert during.count("total") == during.attempts
    pool.sql.rows("RESUME orders")
    after = wait_for(lambda: (now := checkouts(url)).last_success > during.last_success and now, "a checkout to succeed again")
    assert set(after.errors) == {"timeout"}
    assert process.log_text().count("checkout failed") == 1
    assert process.log_text().count("checkouts succeed again") == 1


# errors

@pytest.mark.parametrize("kind", ["pgbouncer", "postgres"])
def test_a_wrong_password_of_a_checkout(postgres_pool_binary, stack, postgres, kind):
    server = start_pgbouncer(stack, postgres) if kind == "pgbouncer" else postgres
    process, url = start(stack, postgres_pool_binary, server.dsn(), "interval: 100ms", kind, (APPLICATION[0], "wr0ng-hunter2"))
    now = more_checkouts(url, 2)
    # PgBouncer 1.18 says 08P01, PostgreSQL and newer PgBouncers 28P01.
    assert sum(now.errors.values()) == now.attempts and set(now.errors) <= ({"28"} if kind == "postgres" else {"08", "28"})
    assert now.count("total") == 0 and now.last_success is None
    assert scrape(url).value("pg_up" if kind == "postgres" else "pgbouncer_up", target=TARGET) == 1
    assert "authentication failed" in process.log_text() and "hunter2" not in process.log_text()


def test_a_checkout_that_the_pool_gives_up(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres, settings={"default_pool_size": 1, "query_wait_timeout": 1})
    process, url = start(stack, postgres_pool_binary, pool.dsn(), "interval: 100ms, timeout: 60s")
    assert more_checkouts(url).errors == {}
    with opened(pool) as console, full(pool, console):
        now = wait_for(lambda: (now := checkouts(url)).errors and now, "a checkout to be given up")
        assert set(now.errors) <= {"08", "57"}
        assert now.above("wait", "0.5") == sum(now.errors.values())
        assert "query_wait_timeout" in process.log_text()


def test_a_server_that_is_gone_and_comes_back(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres)
    _, url = start(stack, postgres_pool_binary, pool.dsn(), "interval: 100ms, timeout: 2s")
    assert more_checkouts(url).errors == {}
    pool.process.stop()
    down = wait_for(lambda: (now := checkouts(url)).errors.get("08", 0) >= 2 and now, "checkouts to be refused")
    assert set(down.errors) == {"08"}
    pool.restart()
    assert wait_for(lambda: (now := checkouts(url)).last_success > down.last_success and now, "a checkout to succeed again")


def test_a_hung_pool_does_not_hide_its_checkouts(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres)
    _, url = start(stack, postgres_pool_binary, pool.dsn(), "interval: 100ms, timeout: 300ms")
    assert more_checkouts(url).errors == {}
    with pool.process.frozen():
        wait_for(lambda: checkouts(url).errors.get("timeout", 0) >= 1, "a checkout to time out")
        page = scrape(url, headers={"X-Prometheus-Scrape-Timeout-Seconds": "2"})
        assert page.value("pgbouncer_up", target=TARGET) == 0
        assert Checkout(page).errors.get("timeout", 0) >= 1
    wait_for(lambda: scrape(url).get("pgbouncer_up", target=TARGET) == 1, "the pool to be read again")


# kinds of pool

@pytest.mark.parametrize("mode", ["session", "transaction", "statement"])
def test_checkouts_in_each_pool_mode(postgres_pool_binary, stack, postgres, mode):
    pool = start_pgbouncer(stack, postgres, settings={"pool_mode": mode})
    _, url = start(stack, postgres_pool_binary, pool.dsn(), "interval: 100ms")
    now = more_checkouts(url, 3)
    assert now.errors == {}
    assert [now.count(phase) for phase in ("connect", "wait", "query", "total")] == [now.attempts] * 4
    with opened(pool) as console:
        assert len(console.probes()) <= 1
        # The server connection is used again and again, not thrown away.
        row = console.pool()
        assert sum(int(row[state]) for state in ("sv_idle", "sv_used", "sv_active", "sv_tested", "sv_login")) == 1


def test_checkouts_of_a_postgres(postgres_pool_binary, stack, postgres):
    process, url = start(stack, postgres_pool_binary, postgres.dsn(), "interval: 100ms", "postgres")
    now = more_checkouts(url, 3)
    assert now.errors == {} and now.count("connect") == now.attempts
    assert postgres.sessions(PROBE) <= 1
    assert process.stop() == 0
    wait_for(lambda: postgres.sessions(PROBE) == 0, "the probe's session to end")


def test_the_exporter_stops_while_a_checkout_waits(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres, settings={"default_pool_size": 1})
    process, url = start(stack, postgres_pool_binary, pool.dsn(), "interval: 100ms, timeout: 1h")
    more_checkouts(url)
    with opened(pool) as console, full(pool, console):
        wait_for(lambda: console.waiting() == 1, "the probe to wait")
        assert process.stop() == 0


def test_checkouts_end_with_their_section(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres)
    _, url = start(stack, postgres_pool_binary, pool.dsn(), "interval: 100ms")
    more_checkouts(url)
    with open(stack.path("config.yml"), encoding="utf-8") as file:
        lines = [line for line in file if "checkout:" not in line]
    stack.write("config.yml", "".join(lines))
    assert request(url + "/-/reload", method="POST").status == 200
    page = scrape(url)
    assert page.value("pgbouncer_up", target=TARGET) == 1 and not page.of("pg_pool_checkout_attempts_total")
    with opened(pool) as console:
        wait_for(lambda: not console.probes(), "the probe's connection to go")

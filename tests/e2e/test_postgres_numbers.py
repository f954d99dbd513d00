# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's numbers are psql's: each is compared with what psql reads right before and right after the scrape."""

import contextlib
import functools
import time

import postgres_readings as readings
import pytest
from helpers import scrape, show
from postgres import APPLICATION, MONITOR, start_postgres
from processes import Stack, wait_for
from replica import start_replica
from test_numbers import equal

ROUNDS = 100
FLAGS = ["--postgres.keep=0s", "--collector.settings.all", "--collector.long_running_transactions",
         "--collector.database_wraparound", "--collector.stat_user_indexes", "--collector.stat_statements"]
EXCLUSIVE_LOCKS = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'items'::regclass"


def add_data(sql):
    """Tables with dead rows, TOAST, indexes and vacuums, roles and databases with limits, and statements."""
    for statement in (
            "CREATE EXTENSION pg_stat_statements",
            f"CREATE SCHEMA shop AUTHORIZATION {APPLICATION[0]}",
            "CREATE TABLE items (id int PRIMARY KEY, note text) WITH (autovacuum_enabled = false)",
            "INSERT INTO items SELECT i, repeat(md5(i::text), 200) FROM generate_series(1, 2000) i",
            "UPDATE items SET note = 'short' WHERE id % 4 = 0", "DELETE FROM items WHERE id % 3 = 0",
            "SELECT count(*) FROM items WHERE id = 7", "CREATE TABLE bare (x int)",
            "CREATE TABLE vacuumed AS SELECT generate_series(1, 100) AS x", "VACUUM vacuumed", "ANALYZE vacuumed",
            "CREATE TABLE parted (x int) PARTITION BY RANGE (x); CREATE TABLE parted_1 PARTITION OF parted DEFAULT; ANALYZE parted",
            f"ALTER ROLE {APPLICATION[0]} CONNECTION LIMIT 7", "ALTER DATABASE orders CONNECTION LIMIT 9",
            "SELECT pg_create_physical_replication_slot('unused')", "SELECT pg_create_physical_replication_slot('kept', true)",
            "SELECT pg_create_logical_replication_slot('cdc', 'test_decoding')"):
        sql.rows(statement)
    sql.rows(f"SET ROLE {APPLICATION[0]}; CREATE TABLE shop.carts AS SELECT generate_series(1, 300) AS id; SELECT count(*) FROM shop.carts;")


class Servers:
    def __init__(self, stack):
        self.primary = start_postgres(stack, settings={
            "wal_level": "logical", "shared_preload_libraries": "pg_stat_statements", "track_io_timing": "on", "max_wal_size": "2GB",
            "archive_mode": "on", "archive_command": "exit 1", "autovacuum_naptime": "1h", "max_slot_wal_keep_size": "1GB"})
        add_data(self.primary.sql)
        self.replica = start_replica(stack, self.primary)
        self.primary.sql.rows("CREATE TABLE written (x int)")
        wait_for(lambda: self.replica.sql.value("SELECT pg_last_xact_replay_timestamp() IS NOT NULL") == "t", "a replayed transaction")


@pytest.fixture(scope="module", name="servers")
def servers_fixture():
    with Stack() as stack:
        yield Servers(stack)


def start(stack, postgres_pool_binary, dsn, *flags):
    _, url = stack.start_exporter(postgres_pool_binary, *flags, env={"DATA_SOURCE_NAME": dsn})
    return url


@pytest.fixture(scope="module", name="url")
def url_fixture(module_stack, postgres_pool_binary, servers):
    return start(module_stack, postgres_pool_binary, servers.primary.dsn(), *FLAGS)


@pytest.fixture(scope="module", name="replica_url")
def replica_url_fixture(module_stack, postgres_pool_binary, servers):
    return start(module_stack, postgres_pool_binary, servers.replica.dsn(), *FLAGS)


def between(low, value, high):
    low, high = sorted((low, high))
    return low <= value <= high or equal(value, low) or equal(value, high)


def prove(url, collector, read, only=lambda labels: True):
    """Reads, scrapes and reads again until each value has once stood between its two readings, and the exporter has
    just the series of a reading, no more and no fewer. Returns (number of series, rounds)."""
    unproven, same_series, last = None, False, None
    for round_number in range(1, ROUNDS + 1):
        before, page, after = read(), scrape(url, f"/metrics/{collector}"), read()
        names = {name for name, _ in before}
        ours = {key for key in page.samples if key[0] in names and only(dict(key[1]))}
        known = before.keys() & after.keys() & ours
        if before.keys() == after.keys():
            same_series = same_series or ours == before.keys()
            last = list(ours ^ before.keys())
        unproven = set(known) if unproven is None else unproven & known
        unproven -= {key for key in known if between(before[key], page.samples[key], after[key])}
        if not unproven and same_series:
            assert known, f"{collector}: there is nothing to compare"
            return len(known), round_number
    details = [(key, before.get(key), page.samples.get(key), after.get(key)) for key in list(unproven)[:5]]
    raise AssertionError(f"{collector}: never between two readings: {details}; series of one side only: {last[:5]}")


READ_AT_REST = ("stat_activity", "locks", "database_conflicts", "background", "stat_replication", "replication_slots", "wal", "roles",
                "database_size", "database_wraparound", "long_running_transactions", "settings", "stat_user_tables", "stat_user_indexes")
# postgres_exporter's collectors and their like; what nobody else has is tested elsewhere.
COLLECTORS = {"server", "database", "replication", "stat_progress_vacuum", "stat_io", "stat_statements", *READ_AT_REST}


@pytest.mark.parametrize("collector", READ_AT_REST)
def test_values_stand_between_two_readings(servers, url, collector):
    with contextlib.ExitStack() as sessions:
        for statement in ("BEGIN; SELECT 1;", "BEGIN; LOCK TABLE bare IN SHARE MODE;", ""):
            sessions.enter_context(servers.primary.sql.session(statement))
        wait_for(lambda: servers.primary.sql.value("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
                                                   " AND backend_type = 'client backend'") == "2", "two idle transactions")
        proven, rounds = prove(url, collector, functools.partial(getattr(readings, collector), servers.primary.sql))
    show(f"{collector}: {proven} values in {rounds} rounds")


def test_replication_of_a_primary_and_of_a_replica(servers, url, replica_url):
    for where, sql, read in ((url, servers.primary.sql, readings.replication_of_primary),
                             (replica_url, servers.replica.sql, readings.replication_of_replica)):
        proven, rounds = prove(where, "replication", functools.partial(read, sql))
        show(f"{read.__name__}: {proven} values in {rounds} rounds")
    assert scrape(replica_url).value("pg_replication_is_replica") == 1


def test_every_collector_answers_on_a_replica(servers, replica_url):
    page = scrape(replica_url)
    states = {labels["collector"]: labels["state"] for labels, value in page.of("pg_scrape_collector_state")
              if value == 1 and labels["collector"] in COLLECTORS}
    assert states.keys() == COLLECTORS
    older = int(servers.replica.sql.value("SHOW server_version_num")) < 160000
    # The replica does not preload pg_stat_statements, and pg_stat_io is of PostgreSQL 16.
    not_here = {"stat_statements", "stat_io"} if older else {"stat_statements"}
    assert {name: state for name, state in states.items() if state != "ok"} == dict.fromkeys(not_here, "not_applicable")
    assert page.value("pg_up") == 1


def test_a_replica_that_lags(servers, replica_url):
    primary, replica = servers.primary.sql, servers.replica
    replica.pause()
    try:
        primary.rows("INSERT INTO written SELECT generate_series(1, 1000)")
        wait_for(lambda: int(replica.sql.value("SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())")) > 0,
                 "WAL that is received and not replayed")
        first = scrape(replica_url)
        assert first.value("pg_replication_replay_paused") == 1
        assert first.value("pg_replication_replay_lag_bytes") > 1000
        proven, _ = prove(replica_url, "replication", functools.partial(readings.replication_of_replica, replica.sql))
        later = scrape(replica_url).value("pg_replication_lag_seconds")
        assert later > first.value("pg_replication_lag_seconds") > 0
        show(f"lag {later:.3f} s, {first.value('pg_replication_replay_lag_bytes'):.0f} bytes; {proven} values")
    finally:
        replica.resume()
    wait_for(lambda: scrape(replica_url).get("pg_replication_lag_seconds") == 0, "the lag to be 0 again")


def test_a_replica_that_is_cut_off_says_so_though_its_lag_is_0(servers, replica_url):
    assert scrape(replica_url).value("pg_replication_wal_receiver_streaming") == 1
    with servers.replica.cut_off():
        wait_for(lambda: scrape(replica_url).get("pg_replication_wal_receiver_streaming") == 0, "streaming to end")
        page = scrape(replica_url)
        assert page.value("pg_replication_lag_seconds") == 0
        assert not page.of("pg_stat_wal_receiver_flushed_lsn")
    wait_for(lambda: scrape(replica_url).get("pg_replication_wal_receiver_streaming") == 1, "streaming to begin again")


def test_statements_of_pg_stat_statements(servers, url):
    only_app = functools.partial(readings.stat_statements, servers.primary.sql)
    proven, rounds = prove(url, "stat_statements", only_app, lambda labels: labels["user"] == APPLICATION[0])
    show(f"stat_statements: {proven} values in {rounds} rounds")
    page = scrape(url)
    assert page.of("pg_stat_statements_calls_total") and "shop.carts" not in page.text.lower().replace('relname="carts"', "")


def test_without_pg_stat_statements_the_collector_does_not_apply(stack, postgres_pool_binary, servers):
    page = scrape(start(stack, postgres_pool_binary, servers.primary.dsn(dbname="orders"), *FLAGS))
    assert page.get("pg_scrape_collector_state", collector="stat_statements", state="not_applicable") == 1
    assert page.value("pg_scrape_collector_success", collector="stat_statements") == 1


def test_a_vacuum_under_way(servers, url):
    sql = servers.primary.sql
    sql.rows("CREATE TABLE slow AS SELECT i, md5(i::text) AS t FROM generate_series(1, 20000) i; DELETE FROM slow;")
    vacuum = sql.session("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1; VACUUM slow;")
    try:
        wait_for(lambda: sql.rows("SELECT 1 FROM pg_stat_progress_vacuum WHERE heap_blks_scanned > 0"), "the vacuum to scan")
        proven, _ = prove(url, "stat_progress_vacuum", functools.partial(readings.stat_progress_vacuum, sql))
        page = scrape(url)
        assert page.value("pg_stat_progress_vacuum_phase", datname="postgres", relname="slow", phase="scanning heap") == 1
        show(f"stat_progress_vacuum: {proven} values")
    finally:
        sql.rows("SELECT pg_cancel_backend(pid) FROM pg_stat_progress_vacuum")
        vacuum.communicate(timeout=60)
    assert not scrape(url).of("pg_stat_progress_vacuum_phase")


def sizes(page):
    return {labels["relname"]: value for labels, value in page.of("pg_stat_user_tables_table_size_bytes")}


@pytest.mark.parametrize("locked", ["LOCK TABLE items IN ACCESS EXCLUSIVE MODE", "DROP INDEX items_pkey_2"])
def test_a_table_that_is_locked_costs_its_size_only(servers, url, locked):
    sql = servers.primary.sql
    sql.rows("CREATE INDEX IF NOT EXISTS items_pkey_2 ON items (id)")
    began = time.monotonic()
    before = sizes(scrape(url))
    usual = time.monotonic() - began
    with sql.session(f"BEGIN; {locked};") as holder:
        wait_for(lambda: sql.value(EXCLUSIVE_LOCKS) == "1", "the table to be locked")
        began = time.monotonic()
        page = scrape(url)
        took = time.monotonic() - began
        assert page.get("pg_scrape_collector_state", collector="stat_user_tables", state="ok") == 1
        assert set(before) - set(sizes(page)) == {"items"}
        assert len(page.of("pg_stat_user_tables_n_dead_tup")) >= len(before)
        holder.communicate("ROLLBACK;\n", timeout=60)
    show(f"{took:.3f} s with the table locked, {usual:.3f} s without")
    assert "items" in sizes(scrape(url))


def test_the_top_tables_are_a_stable_set(stack, postgres_pool_binary, servers):
    sql = servers.primary.sql
    for name, rows in (("big", 9000), ("middle", 8000), ("little", 1)):
        sql.rows(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} AS SELECT i, repeat('x', 900) AS t FROM generate_series(1, {rows}) i; ANALYZE {name}",
                 dbname="orders")
    url = start(stack, postgres_pool_binary, servers.primary.dsn(dbname="orders"), "--collector.stat_user_tables.limit=2")

    def tables():
        return {labels["relname"] for labels, _ in scrape(url).of("pg_stat_user_tables_seq_scan")}
    assert tables() == {"big", "middle"}
    grow = "INSERT INTO little SELECT i, repeat('x', 900) FROM generate_series(1, {}) i; ANALYZE little"
    sql.rows(grow.format(12000), dbname="orders")  # larger than both, and not twice as large
    assert tables() == {"big", "middle"}
    sql.rows(grow.format(24000), dbname="orders")
    assert tables() == {"little", "big"}


def test_what_is_kept_is_asked_for_again_only_after_its_time(stack, postgres_pool_binary, servers):
    sql = servers.primary.sql
    kept = start(stack, postgres_pool_binary, servers.primary.dsn(), "--postgres.keep=1h")
    fresh = start(stack, postgres_pool_binary, servers.primary.dsn(), "--postgres.keep=0s")

    def limits(url):
        return scrape(url).value("pg_roles_connection_limit", rolname=MONITOR[0])
    sql.rows(f"ALTER ROLE {MONITOR[0]} CONNECTION LIMIT 20")
    assert (limits(kept), limits(fresh)) == (20, 20)
    sql.rows(f"ALTER ROLE {MONITOR[0]} CONNECTION LIMIT 21")
    assert (limits(kept), limits(fresh)) == (20, 21)
    with servers.primary.process.frozen():
        page = scrape(kept, headers={"X-Prometheus-Scrape-Timeout-Seconds": "2"})
        assert not page.of("pg_roles_connection_limit")  # what is kept does not hide that the server is gone
        assert page.value("pg_up") == 0
    assert limits(kept) == 20


def test_application_names_are_labels_only_where_wanted(stack, postgres_pool_binary, servers):
    plain = start(stack, postgres_pool_binary, servers.primary.dsn())
    named = start(stack, postgres_pool_binary, servers.primary.dsn(), "--collector.stat_activity.application-name")
    with servers.primary.sql.session("SELECT 1;"):
        wait_for(lambda: servers.primary.sessions("test") >= 1, "the session")
        assert {labels["application_name"] for labels, _ in scrape(plain).of("pg_stat_activity_count")} == {""}
        assert {"", "test"} <= {labels["application_name"] for labels, _ in scrape(named).of("pg_stat_activity_count")}


def test_a_role_without_rights_loses_what_it_may_not_see_and_no_more(stack, postgres_pool_binary, servers):
    sql = servers.primary.sql
    sql.rows("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
    page = scrape(start(stack, postgres_pool_binary, servers.primary.dsn(role=APPLICATION), *FLAGS))
    failed = {labels["collector"] for labels, value in page.of("pg_scrape_collector_success") if value == 0}
    assert failed & COLLECTORS == {"wal", "stat_activity", "long_running_transactions"}
    assert page.value("pg_up") == 1
    sized = {labels["datname"] for labels, _ in page.of("pg_database_size_bytes")}
    assert sized == {"postgres", "orders", "template0"}
    sql.rows("GRANT CONNECT ON DATABASE template1 TO PUBLIC")

# SPDX-License-Identifier: Apache-2.0
"""The postgres-pool exporter against real servers: right numbers, and sessions that cost and leave little."""

import re

import pytest
from helpers import Metrics, scrape, show
from postgres import APPLICATION, MONITOR, start_pgbouncer
from postgres_helpers import (APPLICATION_NAME, SCRAPERS, MostConnections, at_once, servers_fixture, start,
                              timed_scrape)
from processes import request, wait_for

__all__ = ["servers_fixture"]


# numbers

DATABASE_COLUMNS = {
    "numbackends": "pg_stat_database_numbackends", "xact_rollback": "pg_stat_database_xact_rollback",
    "tup_inserted": "pg_stat_database_tup_inserted", "tup_updated": "pg_stat_database_tup_updated",
    "tup_deleted": "pg_stat_database_tup_deleted", "conflicts": "pg_stat_database_conflicts",
    "temp_files": "pg_stat_database_temp_files", "temp_bytes": "pg_stat_database_temp_bytes",
    "deadlocks": "pg_stat_database_deadlocks", "sessions": "pg_stat_database_sessions_total",
    "sessions_killed": "pg_stat_database_sessions_killed_total", "xact_commit": "pg_stat_database_xact_commit",
    "blks_read": "pg_stat_database_blks_read", "blks_hit": "pg_stat_database_blks_hit",
    "tup_returned": "pg_stat_database_tup_returned", "tup_fetched": "pg_stat_database_tup_fetched"}


def database_row(sql, name):
    [row] = sql.rows(f"SELECT * FROM pg_stat_database WHERE datname = '{name}'", header=True)
    return row


def test_database_numbers_are_psqls(postgres_pool_binary, stack, servers):
    sql = servers.postgres.sql
    sql.rows("CREATE TABLE items AS SELECT generate_series(1, 500) AS id; DELETE FROM items WHERE id % 2 = 0;", dbname="orders")
    _, url = start(stack, postgres_pool_binary, servers.postgres.dsn())

    def same_before_and_after():
        # Nobody is connected to `orders`, but autovacuum may come by: then once more.
        before, page, after = database_row(sql, "orders"), scrape(url), database_row(sql, "orders")
        return (before, page) if before == after else None
    row, page = wait_for(same_before_and_after, "pg_stat_database to stand still", interval=0.5)
    labels = {"datid": row["datid"], "datname": "orders"}
    for column, metric in DATABASE_COLUMNS.items():
        assert page.value(metric, **labels) == float(row[column]), column
    assert page.value("pg_stat_database_tup_deleted", **labels) == 250
    assert page.value("pg_stat_database_session_time_seconds_total", **labels) == pytest.approx(float(row["session_time"]) / 1000)
    assert all(labels["datname"] for labels, _ in page.of("pg_stat_database_numbackends"))


def test_server_facts_are_psqls(postgres_pool_binary, stack, servers):
    sql = servers.postgres.sql
    _, url = start(stack, postgres_pool_binary, servers.postgres.dsn())
    page = scrape(url)
    assert page.value("pg_up") == 1
    assert page.value("pg_static", version=sql.value("SELECT version()"),
                      short_version=sql.value("SHOW server_version").split()[0] + ".0") == 1
    assert page.value("pg_postmaster_start_time_seconds") == pytest.approx(
        float(sql.value("SELECT extract(epoch FROM pg_postmaster_start_time())")), abs=1e-3)
    assert page.value("pg_replication_is_replica") == 0


POOL_COLUMNS = {
    "cl_active": "client_active", "cl_waiting": "client_waiting", "cl_active_cancel_req": "client_active_cancel",
    "cl_waiting_cancel_req": "client_waiting_cancel", "sv_active": "server_active",
    "sv_active_cancel": "server_active_cancel", "sv_being_canceled": "server_being_canceled",
    "sv_idle": "server_idle", "sv_used": "server_used", "sv_tested": "server_testing", "sv_login": "server_login"}


def test_pool_numbers_are_the_consoles(postgres_pool_binary, stack, servers):
    pool = start_pgbouncer(stack, servers.postgres, "small", {"default_pool_size": 1})
    pool_of_app = ("orders", APPLICATION[0])
    _, url = start(stack, postgres_pool_binary, pool.dsn())

    def app(sql):
        return pool.sql.session(sql, dbname="orders", user=APPLICATION[0], password=APPLICATION[1])
    holder = app("BEGIN; SELECT 1;")
    wait_for(lambda: pool.pools().get(pool_of_app, {}).get("sv_active") == "1", "the only server connection to be taken")
    waiter = app("SELECT 2;")
    wait_for(lambda: pool.pools()[pool_of_app]["cl_waiting"] == "1", "a client in the queue")
    began = float(pool.pools()[pool_of_app]["maxwait_us"]) * 1e-6 + float(pool.pools()[pool_of_app]["maxwait"])

    page = scrape(url)
    row = pool.pools()[pool_of_app]
    labels = {"database": pool_of_app[0], "user": pool_of_app[1]}
    for column, name in POOL_COLUMNS.items():
        assert page.value(f"pgbouncer_pools_{name}_connections", **labels) == float(row[column]), column
    waited = page.value("pgbouncer_pools_client_maxwait_seconds", **labels)
    assert began < waited < float(row["maxwait"]) + float(row["maxwait_us"]) * 1e-6
    assert waited != int(waited)
    version = pool.sql.value("SHOW VERSION")
    assert page.value("pgbouncer_version_info", version=version) == 1
    assert page.value("pgbouncer_up") == 1
    for session in (holder, waiter):
        session.communicate("COMMIT;\n", timeout=30)


# sessions of our own

def test_our_sessions_statements_are_few_and_leave_nothing_open(postgres_pool_binary, stack, servers):
    sql, name = servers.postgres.sql, APPLICATION_NAME
    sql.rows(f"ALTER ROLE {MONITOR[0]} SET log_statement = 'all'")
    try:
        _, url = start(stack, postgres_pool_binary, servers.postgres.dsn())
        timed_scrape(url)
        before = len(servers.postgres.process.log_text())
        for _ in range(3):
            _, page = timed_scrape(url)
        statements = re.findall(rf"{name}@postgres LOG:  statement: \s*(\w+)", servers.postgres.process.log_text()[before:])
    finally:
        sql.rows(f"ALTER ROLE {MONITOR[0]} RESET log_statement")
    assert set(statements) <= {"SELECT", "WITH", "PREPARE", "EXECUTE"}
    assert 3 <= len(statements) <= 3 * len(page.of("pg_scrape_collector_success"))
    show(f"{len(statements) / 3:.1f} statements a scrape, {len(page.of('pg_scrape_collector_success'))} collectors")
    [[state, xact]] = sql.rows(f"SELECT state, xact_start IS NULL FROM pg_stat_activity WHERE application_name = '{name}'")
    assert (state, xact) == ("idle", "t")


def test_our_session_is_bounded_and_reads_only(postgres_pool_binary, stack, servers):
    """What our session itself says that it is set to."""
    config = stack.write("config.yml", """
queries:
  - name: own
    sql: SELECT name, setting, 1 AS set FROM pg_settings
    labels: [name, setting]
    metrics: [{column: set}]
""")
    _, url = start(stack, postgres_pool_binary, servers.postgres.dsn(), flags=[f"--config.file={config}"])
    page = timed_scrape(url, "/metrics/custom_queries", timeout=10)[1]
    own = {labels["name"]: labels["setting"] for labels, _ in page.of("own_set")}
    assert own["application_name"] == APPLICATION_NAME
    assert 0 < int(own["statement_timeout"]) <= 10_000
    assert own["lock_timeout"] == "500"
    assert int(own["idle_in_transaction_session_timeout"]) > 0
    assert own["default_transaction_read_only"] == own["transaction_read_only"] == "on"


@pytest.mark.parametrize("settings", [{}, {"ignore_startup_parameters": "options,extra_float_digits"}], ids=["refused", "ignored"])
def test_postgres_behind_pgbouncer(postgres_pool_binary, stack, servers, settings):
    pool = start_pgbouncer(stack, servers.postgres, "front", {"default_pool_size": 1, **settings})
    process, url = start(stack, postgres_pool_binary, pool.dsn(dbname="postgres"))
    page = scrape(url)
    assert page.value("pg_up") == 1 and page.of("pg_stat_database_xact_commit")
    assert "a pooler stands in front" in process.log_text()
    # The pool's one server connection serves others next: nothing of ours may stay with it.
    for setting, expected in (("default_transaction_read_only", "off"), ("statement_timeout", "0"), ("lock_timeout", "0")):
        session = pool.sql.session(f"SHOW {setting};", dbname="postgres", user=MONITOR[0], password=MONITOR[1])
        out, _ = session.communicate(timeout=30)
        assert out.strip() == expected, setting
    assert scrape(url).value("pg_up") == 1


def test_fifty_scrapers_use_one_connection(postgres_pool_binary, stack, servers):
    process, url = start(stack, postgres_pool_binary, servers.postgres.dsn(), servers.pgbouncer.dsn(),
                         flags=[f"--web.max-requests={SCRAPERS + 10}"])
    log = servers.postgres.process.log_text
    before = log().count("connection authorized: user=" + MONITOR[0])
    with MostConnections(process.pid, servers.postgres.port) as direct, MostConnections(process.pid, servers.pgbouncer.port) as pooled:
        for _ in range(5):
            _, pages = at_once(url, SCRAPERS, timeout=10)
            assert all("pg_stat_database_numbackends{" in page.text for page in pages)
            assert servers.postgres.sessions() == 1
            assert servers.pgbouncer.console_clients() == 1
    assert (direct.most, pooled.most) == (1, 1)
    assert log().count("connection authorized: user=" + MONITOR[0]) - before == 1


def test_metrics_parse(postgres_pool_binary, stack, servers):
    _, url = start(stack, postgres_pool_binary, servers.postgres.dsn(), servers.pgbouncer.dsn())
    answer = request(url + "/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.status == 200 and answer.text.endswith("# EOF\n")
    assert Metrics(request(url + "/metrics").text).of("pg_exporter_build_info")

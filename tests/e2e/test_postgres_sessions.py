# SPDX-License-Identifier: Apache-2.0
"""What nobody else exports of PostgreSQL: saturation, blocking, ages, vacuum, partitions, slow and custom queries.

Each number is compared with what psql says right before and right after the scrape.
"""

import contextlib
import json

import pytest
from helpers import scrape
from postgres import APPLICATION, MONITOR, start_pgbouncer, start_postgres
from processes import Stack, request, wait_for

ORDERS = {"datname": "orders"}
ITEMS = {**ORDERS, "schemaname": "public", "relname": "items"}
WAIT_COUNT = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture(scope="module", name="postgres")
def postgres_fixture():
    with Stack() as stack:
        server = start_postgres(stack, settings={
            "shared_preload_libraries": "pg_stat_statements", "track_commit_timestamp": "on",
            "max_prepared_transactions": 5, "autovacuum": "off", "deadlock_timeout": "1h"})
        server.sql.dbname = "orders"
        server.sql.rows("CREATE EXTENSION pg_stat_statements;"
                        "CREATE TABLE items AS SELECT i AS id, repeat('x', 100) AS text FROM generate_series(1, 40000) i;"
                        f"CREATE UNIQUE INDEX ON items (id); GRANT ALL ON items TO {APPLICATION[0]};")
        yield server


def start(stack, postgres_pool_binary, server, *flags, dsn=None):
    _, url = stack.start_exporter(postgres_pool_binary, "--postgres.keep-tables=0s", *flags,
                                  env={"DATA_SOURCE_NAME": dsn or server.dsn(dbname="orders")})
    return url


@pytest.fixture(scope="module", name="url")
def url_fixture(postgres_pool_binary, module_stack, postgres):
    return start(module_stack, postgres_pool_binary, postgres)


@contextlib.contextmanager
def sessions(postgres, *scripts, role=APPLICATION):
    """A psql for each script, which runs it and stays."""
    opened = [postgres.sql.session(script, dbname="orders", user=role[0], password=role[1]) for script in scripts]
    try:
        yield opened
    finally:
        # A server does not notice that the client of a running statement is gone.
        postgres.sql.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test'"
                          " AND pid <> pg_backend_pid()")
        for session in opened:
            session.kill()
            session.communicate()
        wait_for(lambda: postgres.sessions("test") == 1, "the test's sessions to end")  # psql itself is one


def between(postgres, url, path, sql, read):
    """What `read` takes from a page stands between psql's answers before and after."""
    before = float(postgres.sql.value(sql))
    page = scrape(url, path)
    after = float(postgres.sql.value(sql))
    low, high = sorted((before, after))
    value = read(page)
    assert low - 1e-6 <= value <= high + 1e-6, (low, value, high)
    return page


# saturation

def test_connections_at_their_limit(postgres, url):
    postgres.sql.rows(f"ALTER ROLE {APPLICATION[0]} CONNECTION LIMIT 3; ALTER DATABASE orders CONNECTION LIMIT 20")
    try:
        with sessions(postgres, *["SELECT 1;"] * 3):
            wait_for(lambda: postgres.sessions("test") == 4, "three sessions")
            scrape(url)  # so that its own connection is there
            [[used, in_orders]] = [map(float, row) for row in postgres.sql.rows(
                "SELECT count(*), count(*) FILTER (WHERE datname = 'orders') FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND query NOT LIKE '%application_name%'")]
            # A psql that asked before takes a moment to go.
            page = wait_for(lambda: (page := scrape(url, "/metrics/saturation")).value("pg_connections_used") == used and page,
                            "as many connections as psql saw beside its own")
    finally:
        postgres.sql.rows(f"ALTER ROLE {APPLICATION[0]} CONNECTION LIMIT -1; ALTER DATABASE orders CONNECTION LIMIT -1")
    assert used >= 4
    assert page.value("pg_connections_limit") == 50
    assert page.value("pg_connections_reserved", reserved_for="superuser") == 3
    assert page.value("pg_connections_left") == 50 - 3 - used
    assert page.value("pg_connections_database_used", **ORDERS) == in_orders
    assert page.value("pg_connections_database_left", **ORDERS) == 20 - in_orders
    assert page.of("pg_connections_database_limit") == [(ORDERS, 20)]
    app = {"rolname": APPLICATION[0]}
    assert page.value("pg_connections_role_used", **app) == 3
    assert page.value("pg_connections_role_limit", **app) == 3
    assert page.value("pg_connections_role_left", **app) == 0
    assert page.value("pg_connections_role_used", rolname=MONITOR[0]) == 1
    assert page.get("pg_connections_role_limit", rolname=MONITOR[0]) is None


def hold_connection(server):
    """A session that has answered; None when it was refused, as while an earlier psql still takes the last slot."""
    session = server.sql.session("SELECT 1;", dbname="orders", user=APPLICATION[0])
    if session.stdout.readline().strip() == "1":
        return session
    session.communicate(timeout=30)
    return None


def test_all_connections_taken(postgres_pool_binary, stack):
    server = start_postgres(stack, settings={"max_connections": 6})
    url = start(stack, postgres_pool_binary, server)
    scrape(url)
    held = [wait_for(lambda: hold_connection(server), "a connection") for _ in range(2)]
    page = wait_for(lambda: (page := scrape(url)).value("pg_connections_used") == 3 and page, "psql to be gone")
    assert page.value("pg_connections_left") == 0
    checks = json.loads(request(url + "/health/detailed").text)["checks"]
    [check] = [check for name, listed in checks.items() if name.startswith("connections_used_ratio") for check in listed]
    assert check["observedValue"] == 1 and check["status"] == "fail"
    for session in held:
        session.communicate(timeout=30)


# blocking

CHAIN = ("BEGIN; UPDATE items SET text = 'a' WHERE id = 1;",
         "BEGIN; UPDATE items SET text = 'b' WHERE id = 2; UPDATE items SET text = 'b' WHERE id = 1;",
         "BEGIN; UPDATE items SET text = 'c' WHERE id = 3; UPDATE items SET text = 'c' WHERE id = 2;",
         "BEGIN; UPDATE items SET text = 'd' WHERE id = 3;")


def test_a_chain_of_locks_three_deep(postgres, url):
    app = {"dbname": "orders", "user": APPLICATION[0], "password": APPLICATION[1]}
    held = []
    try:
        for waiting, script in enumerate(CHAIN):
            held.append(postgres.sql.session(script, **app))
            if waiting == 0:
                wait_for(lambda: postgres.sql.value("SELECT count(*) FROM pg_stat_activity WHERE state ="
                                                    " 'idle in transaction'") == "1", "the first lock")
            wait_for(lambda: postgres.sql.value(WAIT_COUNT) == str(waiting), f"{waiting} waiting sessions")
        page = between(postgres, url, "/metrics/blocking",
                       "SELECT extract(epoch FROM clock_timestamp() - min(waitstart)) FROM pg_locks WHERE NOT granted",
                       lambda page: page.value("pg_blocking_longest_wait_seconds", **ORDERS))
        assert page.value("pg_blocked_sessions", **ORDERS) == 3
        assert page.value("pg_blocking_roots", **ORDERS) == 1
        assert page.value("pg_blocking_chain_depth", **ORDERS) == 3
        for granted, name in ((True, "granted"), (False, "waiting")):
            rows = postgres.sql.rows("SELECT mode, count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE datname ="
                                     f" 'orders' AND pid <> pg_backend_pid() AND granted = {granted} GROUP BY mode")
            ours = {labels["mode"]: value for labels, value in page.of(f"pg_locks_{name}")
                    if labels["datname"] == "orders" and value}
            assert ours == {mode: float(count) for mode, count in rows} and ours, name
    finally:
        for session in held:
            session.communicate("ROLLBACK;\n", timeout=60)
    page = scrape(url, "/metrics/blocking")
    for name in ("pg_blocked_sessions", "pg_blocking_roots", "pg_blocking_chain_depth", "pg_blocking_longest_wait_seconds"):
        assert page.value(name, **ORDERS) == 0


def test_a_prepared_transaction_blocks(postgres, url):
    with sessions(postgres, "BEGIN; UPDATE items SET text = 'p' WHERE id = 9; PREPARE TRANSACTION 'forgotten';"):
        wait_for(lambda: postgres.sql.value("SELECT count(*) FROM pg_prepared_xacts") == "1", "a prepared transaction")
        with sessions_inside(postgres, "UPDATE items SET text = 'w' WHERE id = 9;"):
            wait_for(lambda: postgres.sql.value(WAIT_COUNT) == "1", "a waiting session")
            page = between(postgres, url, "/metrics", "SELECT extract(epoch FROM clock_timestamp() - min(prepared)) FROM"
                           " pg_prepared_xacts", lambda page: page.value("pg_prepared_transactions_oldest_seconds", **ORDERS))
            assert page.value("pg_prepared_transactions", **ORDERS) == 1
            assert page.value("pg_prepared_transactions", datname="postgres") == 0
            assert page.value("pg_blocked_sessions", **ORDERS) == 1
            assert page.value("pg_blocking_roots", **ORDERS) == 1
            assert page.value("pg_blocking_chain_depth", **ORDERS) == 1
            postgres.sql.rows("ROLLBACK PREPARED 'forgotten'")


@contextlib.contextmanager
def sessions_inside(postgres, script):
    """One more session, ended by itself."""
    session = postgres.sql.session(script, dbname="orders", user=APPLICATION[0], password=APPLICATION[1])
    try:
        yield
    finally:
        session.communicate(timeout=60)


# ages

def test_an_idle_transaction_and_a_long_statement(postgres, url):
    def longest(column, condition):
        return (f"SELECT coalesce(extract(epoch FROM clock_timestamp() - min({column})), 0) FROM pg_stat_activity"
                f" WHERE application_name = 'test' AND pid <> pg_backend_pid() AND {condition}")
    idle, active = "state = 'idle in transaction'", "state = 'active'"
    with sessions(postgres, "BEGIN; SELECT 1;", "SELECT pg_sleep(600);"):
        wait_for(lambda: all(float(postgres.sql.value(longest(column, state))) > 1 for column, state in
                             (("state_change", idle), ("query_start", active))), "ages past one second")
        between(postgres, url, "/metrics/age", longest("state_change", idle),
                lambda page: page.value("pg_age_longest_idle_in_transaction_seconds", **ORDERS))
        between(postgres, url, "/metrics/age", longest("query_start", active),
                lambda page: page.value("pg_age_longest_query_seconds", **ORDERS))
        page = between(postgres, url, "/metrics/age", longest("xact_start", "true"),
                       lambda page: page.value("pg_age_longest_transaction_seconds", **ORDERS))
    for activity, bound, count in (("transaction", "0", 2), ("transaction", "1", 2), ("query", "1", 1),
                                   ("idle_in_transaction", "1", 1), ("transaction", "3600", 0)):
        assert page.value("pg_age_sessions", **ORDERS, activity=activity, at_least_seconds=bound) == count, activity
    assert page.value("pg_age_longest_transaction_seconds", datname="postgres") == 0
    page = scrape(url, "/metrics/age")
    assert page.value("pg_age_longest_idle_in_transaction_seconds", **ORDERS) == 0
    assert page.value("pg_age_sessions", **ORDERS, activity="transaction", at_least_seconds="0") == 0


def test_headroom_of_ids(postgres, url):
    for datname in ("orders", "template0"):
        for metric, age, setting in (
                ("pg_xid_headroom_ratio", "age(datfrozenxid)", "autovacuum_freeze_max_age"),
                ("pg_multixact_headroom_ratio", "mxid_age(datminmxid)", "autovacuum_multixact_freeze_max_age")):
            for limit, value in ((setting, f"current_setting('{setting}')::float8"), ("wraparound", "2 ^ 31")):
                between(postgres, url, "/metrics/age",
                        f"SELECT 1 - {age} / ({value}) FROM pg_database WHERE datname = '{datname}'",
                        lambda page, labels={"datname": datname, "limit": limit}, name=metric: page.value(name, **labels))


# tables

def test_a_table_overdue_by_its_own_thresholds(postgres, url):
    sql = postgres.sql
    assert scrape(url, "/metrics/vacuum").value("pg_vacuum_overdue_tables", **ORDERS, reason="freeze") == 0
    sql.rows("CREATE TABLE own (id int) WITH (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0.5);"
             "INSERT INTO own SELECT generate_series(1, 1000)")
    sql.rows("VACUUM ANALYZE own")
    before = scrape(url, "/metrics/vacuum")
    sql.rows("DELETE FROM own WHERE id <= 600; CREATE TABLE off (id int) WITH (autovacuum_enabled = off)")
    dead = wait_for(lambda: float(sql.value("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'own'")),
                    "the deleted rows in the statistics")
    page = scrape(url, "/metrics/vacuum")
    labels = {**ORDERS, "schemaname": "public", "relname": "own", "reason": "dead_rows"}
    assert dead == 600 and page.value("pg_vacuum_table_overdue_ratio", **labels) == pytest.approx(dead / (10 + 0.5 * 1000))
    assert before.get("pg_vacuum_table_overdue_ratio", **labels) is None
    reason = {**ORDERS, "reason": "dead_rows"}
    assert (page.value("pg_vacuum_overdue_tables", **reason) - before.value("pg_vacuum_overdue_tables", **reason)) == 1
    assert page.value("pg_vacuum_most_overdue_ratio", **reason) >= dead / 510
    assert page.value("pg_vacuum_disabled_tables", **ORDERS) == 1
    assert page.value("pg_autovacuum_workers_used") == 0
    assert page.value("pg_autovacuum_workers_limit") == float(sql.value("SHOW autovacuum_max_workers"))
    inserts = {**ITEMS, "reason": "inserts"}
    expected = float(sql.value("SELECT n_ins_since_vacuum / (1000 + 0.2 * greatest(reltuples, 0)) FROM pg_class c JOIN"
                               " pg_stat_user_tables s ON s.relid = c.oid WHERE c.relname = 'items'"))
    assert page.value("pg_vacuum_table_overdue_ratio", **inserts) == pytest.approx(expected)


def test_bloat_is_estimated_where_statistics_can_be_read(postgres_pool_binary, stack, postgres):
    sql = postgres.sql
    sql.rows("CREATE TABLE bloated AS SELECT i AS id, repeat('x', 100) AS text FROM generate_series(1, 40000) i;"
             "DELETE FROM bloated WHERE id % 2 = 0; ANALYZE bloated;")
    url = start(stack, postgres_pool_binary, postgres, "--collector.bloat", "--collector.bloat.keep=0s")
    page = scrape(url, "/metrics/bloat")
    labels = {**ITEMS, "relname": "bloated"}
    hidden = page.value("pg_bloat_unknown_tables", **ORDERS)
    assert hidden >= 1 and page.get("pg_bloat_table_estimate_ratio", **labels) is None
    sql.rows(f"GRANT SELECT ON bloated TO {MONITOR[0]}")
    page = scrape(url, "/metrics/bloat")
    assert page.value("pg_bloat_unknown_tables", **ORDERS) == hidden - 1
    size = float(sql.value("SELECT pg_relation_size('bloated')"))
    sql.rows("VACUUM FULL bloated")
    freed = size - float(sql.value("SELECT pg_relation_size('bloated')"))
    assert page.value("pg_bloat_table_estimate_bytes", **labels) == pytest.approx(freed, rel=0.05)
    assert page.value("pg_bloat_table_estimate_ratio", **labels) == pytest.approx(freed / size, rel=0.05)


def test_partitions(postgres, url):
    sql = postgres.sql
    sql.rows("CREATE TABLE events (at timestamptz) PARTITION BY RANGE (at); CREATE TABLE events_rest PARTITION OF events DEFAULT;"
             "CREATE TABLE ended (day date) PARTITION BY RANGE (day); CREATE TABLE ended_1 PARTITION OF ended FOR VALUES"
             " FROM (MINVALUE) TO ('2020-01-01'); CREATE TABLE endless (at timestamp) PARTITION BY RANGE (at);"
             "CREATE TABLE endless_1 PARTITION OF endless FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);"
             "CREATE TABLE hashed (id int) PARTITION BY HASH (id)")
    bound = sql.value("SELECT date_trunc('hour', now() + interval '3 days')")
    sql.rows(f"CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('{bound}')")
    sql.rows("INSERT INTO events SELECT now() + interval '1 year' FROM generate_series(1, 7)")
    wait_for(lambda: sql.value("SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'events_rest'") == "7",
             "the rows in the statistics")
    page = between(postgres, url, "/metrics/partitions",
                   f"SELECT extract(epoch FROM '{bound}'::timestamptz - clock_timestamp())",
                   lambda page: page.value("pg_partition_ahead_seconds", **{**ITEMS, "relname": "events"}))

    def of(name, table):
        return page.get("pg_partition_" + name, **{**ITEMS, "relname": table})
    assert (of("partitions", "events"), of("default_rows", "events"), of("now_covered", "events")) == (2, 7, 1)
    assert of("ahead_seconds", "ended") < -86400 * 365 and of("now_covered", "ended") == 0
    assert of("ahead_seconds", "endless") == float("inf") and of("now_covered", "endless") == 1
    assert of("partitions", "hashed") == 0
    assert [of(name, "hashed") for name in ("ahead_seconds", "now_covered", "default_rows")] == [None] * 3


def test_materialized_views(postgres, url):
    sql, labels = postgres.sql, {**ITEMS, "relname": "totals"}
    sql.rows("CREATE MATERIALIZED VIEW totals AS SELECT id % 3 AS part, max(text) AS top FROM items GROUP BY 1 WITH NO DATA;"
             "CREATE UNIQUE INDEX ON totals (part)")
    page = scrape(url, "/metrics/matviews")
    assert page.value("pg_matview_populated", **labels) == 0
    assert page.get("pg_matview_refreshed_timestamp_seconds", **labels) is None
    before = float(sql.value("SELECT extract(epoch FROM clock_timestamp())"))
    sql.rows("REFRESH MATERIALIZED VIEW totals")
    after = float(sql.value("SELECT extract(epoch FROM clock_timestamp())"))
    page = scrape(url, "/metrics/matviews")
    assert page.value("pg_matview_populated", **labels) == 1
    assert before <= page.value("pg_matview_refreshed_timestamp_seconds", **labels) <= after
    sql.rows("ANALYZE totals")
    assert scrape(url, "/metrics/matviews").value("pg_matview_refreshed_timestamp_seconds", **labels) <= after
    sql.rows("UPDATE items SET text = 'zz' WHERE id IN (3, 4, 5)")
    sql.rows("REFRESH MATERIALIZED VIEW CONCURRENTLY totals")

    def unknown():
        page = scrape(url, "/metrics/matviews")
        return page.get("pg_matview_refreshed_timestamp_seconds", **labels) is None
    wait_for(unknown, "the concurrent refresh in the statistics")


# statements

def test_slow_statements(postgres_pool_binary, stack, postgres):
    sql = postgres.sql
    url = start(stack, postgres_pool_binary, postgres, "--collector.slow_queries.threshold=200ms")
    sql.rows("SELECT pg_stat_statements_reset()")
    assert scrape(url, "/metrics/slow_queries").value("pg_slow_queries") == 0
    for _ in range(2):
        with sessions_inside(postgres, "SELECT pg_sleep(0.3), 'private' AS word;\n"
                             "COPY (SELECT pg_sleep(0.3), '4111-1111') TO STDOUT; SELECT 7;"):
            pass
    page = scrape(url, "/metrics/slow_queries")
    found = sql.rows("SELECT s.queryid, calls, total_exec_time / 1000 AS seconds, rows FROM pg_stat_statements s JOIN pg_roles r"
                     f" ON r.oid = userid WHERE rolname = '{APPLICATION[0]}' AND mean_exec_time >= 200", header=True)
    assert len(found) == 2
    for row in found:
        labels = {**ORDERS, "rolname": APPLICATION[0], "queryid": row["queryid"]}
        assert page.value("pg_slow_query_calls_total", **labels) == float(row["calls"]) == 2
        assert page.value("pg_slow_query_seconds_total", **labels) == pytest.approx(float(row["seconds"]))
        assert page.value("pg_slow_query_rows_total", **labels) == float(row["rows"])
    assert page.value("pg_slow_queries") == len(page.of("pg_slow_query_calls_total")) >= 2
    assert "pg_sleep" not in page.text
    answer = request(url + "/health/detailed?queries=1")
    texts = {query["queryid"]: query["query"] for query in answer.json()["slowQueries"][0]["queries"]}
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/health+json")
    assert sorted(texts[row["queryid"]] for row in found) == [
        "COPY (SELECT pg_sleep(?), ?) TO STDOUT", "SELECT pg_sleep($1), $2 AS word"]
    assert "private" not in answer.text and "4111" not in answer.text
    # Once in, a statement stays, slow or not: its counters must not vanish.
    with sessions_inside(postgres, "SELECT pg_sleep(0.0), 'private' AS word;\n" * 20):
        pass
    page = scrape(url, "/metrics/slow_queries")
    calls = {labels["queryid"]: value for labels, value in page.of("pg_slow_query_calls_total")}
    assert 22 in calls.values()
    assert page.value("pg_slow_queries") == len(calls) - 1


def test_no_extension_is_no_failure(postgres_pool_binary, stack, postgres):
    url = start(stack, postgres_pool_binary, postgres, dsn=postgres.dsn())
    page = scrape(url)
    for collector in ("slow_queries", "partitions", "matviews"):
        assert page.value("pg_scrape_collector_state", collector=collector, state="not_applicable") == 1
    assert "pg_stat_statements" in request(url + "/health/detailed?queries=1").json()["slowQueries"][0]["error"]


QUERIES = """
queries:
  - name: stock
    sql: SELECT id % 2 AS odd, count(*) AS items, sum(id) AS weight, NULL AS nothing FROM items GROUP BY 1
    labels: [odd]
    metrics:
      - {column: items, help: Items in stock.}
      - {column: weight, name: stock_weight_grams, type: counter, scale: 0.001}
      - {column: nothing}
  - {name: missing, sql: SELECT n FROM no_such_table, metrics: [{column: n}]}
  - {name: words, sql: "SELECT 'many' AS n", metrics: [{column: n}]}
  - {name: slow, sql: "SELECT pg_sleep(60), 1 AS n", timeout: 300ms, metrics: [{column: n}]}
  - {name: writes, sql: "WITH w AS (DELETE FROM items RETURNING 1) SELECT count(*) AS n FROM w", metrics: [{column: n}]}
  - {name: kept, sql: SELECT extract(epoch FROM now()) AS seconds, cache: 1h, metrics: [{column: seconds}]}
  - {name: old, sql: SELECT 1 AS n, max_version: 11, metrics: [{column: n}]}
  - {name: elsewhere, sql: SELECT 1 AS n, databases: [other], metrics: [{column: n}]}
  - {name: lists, kind: pgbouncer, sql: SHOW LISTS, labels: [list], metrics: [{column: items}]}
"""


def test_custom_queries(postgres_pool_binary, stack, postgres):
    sql = postgres.sql
    sql.rows(f"GRANT ALL ON items TO {MONITOR[0]}")
    config = stack.write("queries.yml", QUERIES)
    process, url = stack.start_exporter(postgres_pool_binary, f"--config.file={config}",
                                        env={"DATA_SOURCE_NAME": postgres.dsn(dbname="orders")})
    page = scrape(url)
    assert page.value("pg_up") == 1
    for odd, items, weight in sql.rows("SELECT id % 2, count(*), sum(id) FROM items GROUP BY 1"):
        assert page.value("stock_items", odd=odd) == float(items)
        assert page.value("stock_weight_grams", odd=odd) == pytest.approx(float(weight) / 1000)
    assert page.families["stock_items"].help == "Items in stock." and page.families["stock_items"].type == "gauge"
    assert page.families["stock_weight_grams"].type == "counter"
    assert not page.of("stock_nothing") and not page.of("words_n") and not page.of("old_n") and not page.of("elsewhere_n")
    success = {labels["query"]: value for labels, value in page.of("pg_custom_query_success")}
    assert success == {"stock": 1, "missing": 0, "words": 0, "slow": 0, "writes": 0, "kept": 1}
    assert sql.value("SELECT count(*) FROM items") == "40000"
    assert page.value("pg_scrape_collector_success", collector="custom_queries") == 1
    assert page.value("pg_custom_query_duration_seconds", query="slow") < 30
    assert sql.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active'"
                     " AND pid <> pg_backend_pid()") == "0"
    again = wait_for(lambda: (second := scrape(url)).value("pg_custom_query_age_seconds", query="kept") > 1 and second,
                     "the kept answer to be a second old")
    assert again.value("kept_seconds") == page.value("kept_seconds")
    log = process.log_text()
    assert log.count("no_such_table") == 1 and "column n holds what is no number" in log and "read-only" in log


def test_custom_queries_of_pgbouncer_and_a_reload(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres)
    config = stack.write("queries.yml", QUERIES)
    _, url = stack.start_exporter(postgres_pool_binary, f"--config.file={config}", f"--pgbouncer.dsn={pool.dsn()}")
    page = scrape(url)
    assert page.value("lists_items", list="databases") == float(
        {row[0]: row[1] for row in pool.sql.rows("SHOW LISTS")}["databases"])
    assert page.of("pgbouncer_custom_query_success") == [({"query": "lists"}, 1)]
    stack.write("queries.yml", "queries: [{name: lists, sql: SHOW LISTS, metrics: [{column: n}], targets: [nobody]}]")
    assert request(url + "/-/reload", method="POST").status != 200
    assert scrape(url).of("lists_items")
    stack.write("queries.yml", "")
    assert request(url + "/-/reload", method="POST").status == 200
    page = scrape(url)
    assert page.value("pgbouncer_up") == 1 and not page.of("lists_items")


# rights and poolers

def failed_collectors(page):
    return {labels["collector"] for labels, value in page.of("pg_scrape_collector_state")
            if labels["state"] in ("failed", "timeout") and value}


def test_a_role_without_rights_is_told_no_zeros(postgres_pool_binary, stack, postgres):
    postgres.sql.rows("CREATE ROLE plain LOGIN PASSWORD 'plain-secret'")
    process, url = stack.start_exporter(postgres_pool_binary, env={
        "DATA_SOURCE_NAME": postgres.dsn(("plain", "plain-secret"), "orders")})
    page = scrape(url)
    assert page.value("pg_up") == 1
    assert failed_collectors(page) >= {"saturation", "age", "slow_queries"}
    assert not page.of("pg_connections_used") and not page.of("pg_age_sessions")
    assert not page.of("pg_autovacuum_workers_used") and page.of("pg_vacuum_overdue_tables")
    assert page.value("pg_blocked_sessions", **ORDERS) == 0
    assert "GRANT pg_monitor" in process.log_text()


def test_all_collectors_work_through_a_pooler(postgres_pool_binary, stack, postgres):
    pool = start_pgbouncer(stack, postgres)
    url = start(stack, postgres_pool_binary, postgres, "--collector.bloat", dsn=pool.dsn(dbname="orders"))
    page = scrape(url)
    assert page.value("pg_up") == 1 and failed_collectors(page) == set()
    for name in ("pg_connections_used", "pg_blocked_sessions", "pg_age_sessions", "pg_vacuum_overdue_tables",
                 "pg_slow_queries", "pg_bloat_unknown_tables"):
        assert page.of(name), name

# SPDX-License-Identifier: Apache-2.0
"""A small shop's databases, for the demo, the golden page and the render suite: a PostgreSQL primary, its replica, a
PgBouncer before the primary, the exporter's config for all three, and a light load through the pool."""

import contextlib
import json
import os
import shlex
import signal

from postgres import APPLICATION, MONITOR, bin_folder, start_pgbouncer, start_postgres
from processes import Stack, StackError, wait_for
from replica import start_replica

DATABASE = "orders"
PRIMARY, REPLICA, POOL = "shop", "shop-replica", "shop-pool"  # the targets' names
CLIENTS = 8
RATE = 40  # transactions a second

SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements", "track_io_timing": "on", "track_commit_timestamp": "on",
    "autovacuum_naptime": "5s",
    "max_prepared_transactions": 4, "max_slot_wal_keep_size": "512MB", "archive_mode": "on", "archive_command": "true"}

# The days from yesterday to the day after tomorrow have partitions; what was ordered long ago is in the default one.
SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, credit numeric NOT NULL);
CREATE TABLE orders (id bigserial, customer int NOT NULL, ordered timestamptz NOT NULL, amount numeric NOT NULL)
  PARTITION BY RANGE (ordered);
CREATE TABLE orders_default PARTITION OF orders DEFAULT;
SELECT format('CREATE TABLE orders_%s PARTITION OF orders FOR VALUES FROM (%L) TO (%L)', to_char(day, 'YYYYMMDD'), day, day + 1)
  FROM (SELECT current_date + shift AS day FROM generate_series(-1, 2) shift) days \\gexec
CREATE INDEX ON orders (customer);
INSERT INTO customers SELECT i, 'customer ' || i, 100 FROM generate_series(0, 2000) i;
INSERT INTO orders (customer, ordered, amount) SELECT 1 + i % 2000, now() - '9 days'::interval, i % 90 FROM generate_series(1, 20) i;
INSERT INTO orders (customer, ordered, amount) SELECT 1 + i % 2000, now(), i % 90 FROM generate_series(1, 5000) i;
CREATE TABLE visits (id int PRIMARY KEY, customer int NOT NULL, page text NOT NULL)
  WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
INSERT INTO visits SELECT i, 1 + i % 2000, '/article/' || i FROM generate_series(1, 40000) i;
CREATE MATERIALIZED VIEW best_customers AS SELECT customer, sum(amount) AS total FROM orders GROUP BY customer;
VACUUM customers;
"""

# {name: (weight, script)} of pgbench. A slow report now and then makes others wait for a server connection.
SCRIPTS = {
    "order": (60, """\\set customer random(1, 2000)
\\set amount random(1, 90)
BEGIN;
INSERT INTO orders (customer, ordered, amount) VALUES (:customer, now(), :amount);
UPDATE customers SET credit = credit - 0.01 WHERE id = :customer;
COMMIT;
"""),
    "look": (36, """\\set customer random(1, 2000)
SELECT count(*), sum(amount) FROM orders WHERE customer = :customer AND ordered > now() - '1 day'::interval;
"""),
    "report": (2, """SELECT pg_sleep(0.6), count(*) FROM (SELECT customer, sum(amount) FROM orders GROUP BY customer
ORDER BY 2 DESC, 1) best;
"""),
    "give_up": (2, """BEGIN;
UPDATE customers SET credit = credit + 1 WHERE id = 1;
ROLLBACK;
"""),
}

QUERY = {
    "name": "orders", "targets": [PRIMARY], "cache": "5s",
    "sql": "SELECT count(*) AS today, sum(amount) AS revenue_today FROM orders WHERE ordered >= current_date",
    "metrics": [{"column": "today", "help": "Orders of today."},
                {"column": "revenue_today", "help": "What today's orders are worth."}],
}


# Each is kept open: a transaction that idles with a lock, two sessions that wait for it one behind the other, one that
# prepares a transaction, and one that vacuums very slowly, in vain because of the first. Customer 0 is not one of the load's.
TROUBLE = {
    "idler": "BEGIN; UPDATE customers SET credit = 0 WHERE id = 0;",
    "waiter": "BEGIN; UPDATE customers SET credit = 1 WHERE id = 0;",
    "second-waiter": "BEGIN; UPDATE customers SET credit = 2 WHERE id = 0;",
    "preparer": "BEGIN; INSERT INTO orders_default (customer, ordered, amount) VALUES (1, '2001-01-01', 1);"
                " PREPARE TRANSACTION 'undecided';",
    "vacuumer": "UPDATE visits SET customer = 1 WHERE id <= 100; SET vacuum_cost_delay = 50; SET vacuum_cost_limit = 1;"
                " VACUUM (DISABLE_PAGE_SKIPPING) visits \\watch 1",
}


class Orders:
    """The servers. `config` is the exporter's config file, for --config.file; `queries` are more of its custom queries."""

    def __init__(self, stack, queries=()):
        self.stack, self.queries = stack, [QUERY, *queries]
        self.primary = start_postgres(stack, PRIMARY, SETTINGS)
        self.add_schema()
        self.replica = start_replica(stack, self.primary, REPLICA.replace("-", "_"), SETTINGS)
        self.pool = start_pgbouncer(stack, self.primary, POOL, {"default_pool_size": 3, "query_wait_timeout": 60})
        # JSON is YAML too.
        self.config = stack.write("orders.yml", json.dumps(self.exporter_config()))

    def add_schema(self):
        sql, owner = self.primary.sql, APPLICATION[0]
        sql.rows("CREATE EXTENSION pg_stat_statements", dbname=DATABASE)
        session = sql.session(dbname=DATABASE, user=owner)
        output = session.communicate(SCHEMA)[0]
        if session.returncode != 0:
            raise StackError("psql: " + output.strip())
        sql.rows(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {MONITOR[0]}", dbname=DATABASE)
        sql.rows(f"ALTER ROLE {owner} CONNECTION LIMIT 30")
        sql.rows(f"ALTER DATABASE {DATABASE} CONNECTION LIMIT 40")

    def exporter_config(self):
        def credentials(name, role):
            return {"username": role[0], "password_file": self.stack.write(f"password-of-{name}", role[1])}

        def target(name, server, dbname, **more):
            return {"name": name, "credentials": "monitoring", **more,
                    "dsn": f"host=127.0.0.1 port={server.port} dbname={dbname} sslmode=disable"}

        checkout = {"database": DATABASE, "credentials": "shop", "interval": "1s"}
        return {
            "credentials": {"monitoring": credentials("monitoring", MONITOR), "shop": credentials("shop", APPLICATION)},
            "targets": [target(PRIMARY, self.primary, DATABASE), target(REPLICA, self.replica, DATABASE),
                        target(POOL, self.pool, "pgbouncer", checkout=checkout)],
            "queries": self.queries,
        }

    def start_load(self):
        """Transactions through the pool, until the stack ends."""
        scripts = []
        for name, (weight, text) in SCRIPTS.items():
            scripts += ["-f", f"{self.stack.write(name + '.sql', text)}@{weight}"]
        self.stack.start("load", [
            os.path.join(bin_folder(), "pgbench"), "-n", f"--client={CLIENTS}", f"--rate={RATE}", "--time=1000000",
            "--host=127.0.0.1", f"--port={self.pool.port}", f"--username={APPLICATION[0]}", *scripts, DATABASE],
            env={"PGPASSWORD": APPLICATION[1], "PGAPPNAME": "shop"})

    def start_trouble(self):
        """Sessions that wait, idle and never end, until the stack does."""
        sql = self.primary.sql
        for name, script in TROUBLE.items():
            psql = shlex.join(sql.command(DATABASE, APPLICATION[0]))
            self.stack.start(name, ["sh", "-c", f"(echo {shlex.quote(script)}; exec sleep 1000000) | {psql}"],
                             env={"PGAPPNAME": "shop"})
            if name == "waiter":
                wait_for(lambda: sql.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != "0",
                         "a session waits for a lock")


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Stack() as stack:
        shop = Orders(stack)
        shop.start_load()
        shop.start_trouble()
        print(f"--config.file={shop.config}\nEnd with Ctrl-C.", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()

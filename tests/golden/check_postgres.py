# SPDX-License-Identifier: Apache-2.0
"""The postgres-pool exporter on a private primary, replica and PgBouncer has exactly the families, types, help texts and
label names of tests/golden/postgres-pool.prom, where values are written as 0 and labels as *. docs/metrics.md follows.

check_postgres.py BINARY [--update]
"""

import os
import sys

import recorded

sys.path.insert(0, os.path.join(recorded.HERE, "../stack"))
from live import Shape, watch  # noqa: E402
from orders import Orders  # noqa: E402
from processes import Stack, StackError  # noqa: E402

# Those that are off by default.
COLLECTORS = ["bloat", "database_wraparound", "long_running_transactions", "stat_statements", "stat_user_indexes"]
# Two rows for one series: one is dropped.
TWICE = {"name": "twice", "sql": "SELECT i AS value FROM generate_series(1, 2) i", "metrics": [{"column": "value"}]}

# What promtool says of names that must stay as they are, since postgres_exporter has them.
INHERITED = [
    r'^pg_(stat|statio)_(archiver|database|user_tables|wal_receiver)_\w+ counter metrics should have "_total" suffix$',
    r'^pg_(locks|stat_activity|stat_archiver_\w+|stat_user_tables_\w+)_count non-histogram and non-summary metrics should'
    r' not have "_count" suffix$',
]


def main(binary, update):
    path, wanted = recorded.path_of("postgres-pool"), None
    if not update and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            wanted = Shape(file.read())
    with Stack() as stack:
        shop = Orders(stack, queries=[TWICE])
        shop.start_load()
        shop.start_trouble()
        process, url = stack.start_exporter(os.path.abspath(binary), "--config.file=" + shop.config,
                                            *[f"--collector.{name}" for name in COLLECTORS])
        page, seen = watch(url, wanted)
        log = process.log_text()
    return recorded.verdict("postgres-pool", page, seen, log, update, INHERITED, "postgres_exporter")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
    except StackError as error:
        sys.exit(f"golden: {error}")

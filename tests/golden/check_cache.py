# SPDX-License-Identifier: Apache-2.0
"""The cache exporter on a private Redis with a replica and a Sentinel, a Redis Cluster, a Memcached and an application that
sends StatsD has exactly the families, types, help texts and label names of tests/golden/cache.prom, where values are written
as 0 and labels as *. docs/metrics.md follows.

check_cache.py BINARY [--update]
"""

import os
import sys

import recorded

sys.path.insert(0, os.path.join(recorded.HERE, "../stack"))
from caches import PRIMARY, Caches  # noqa: E402
from live import Shape, watch  # noqa: E402
from processes import Stack, StackError  # noqa: E402

# Those that are off by default.
COLLECTORS = ["clients", "latency_histogram_usec"]
# A series that the primary has already: it is dropped.
TWICE = {"match": "cache.nobody_knows", "type": "counter", "name": "redis_commands_processed_total",
         "labels": {"target": PRIMARY}, "tags": []}

# What promtool says of names that must stay as they are, since redis_exporter or memcached_exporter has them.
INHERITED = [
    r'^redis_(keys|key_group)_count non-histogram and non-summary metrics should not have "_count" suffix$',
    r'^memcached_(slab_items_moves_\w+|uptime_seconds) counter metrics should have "_total" suffix$',
    r'^redis_(dump_payload_sanitizations|io_threaded_(reads|writes)_processed|total_(reads|writes)_processed'
    r'|(total|unexpected)_error_replies) counter metrics should have "_total" suffix$',
    r'^redis_(cluster_messages_(received|sent)|memory_used_vm|migrate_cached_sockets|rdb_saves)_total non-counter metrics'
    r' should not have "_total" suffix$',
    r"^redis_\w+_(sec|ms|ms_total) metric names should not contain abbreviated units$",
    r'^redis_sentinel_master_setting_down_after_milliseconds use base unit "seconds" instead of "milliseconds"$',
]


def main(binary, update):
    path, wanted = recorded.path_of("cache"), None
    if not update and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            wanted = Shape(file.read())
    with Stack() as stack:
        caches = Caches(stack, mappings=[TWICE])
        process, url = stack.start_exporter(os.path.abspath(binary), "--config.file=" + caches.config,
                                            *[f"--collector.{name}" for name in COLLECTORS])
        caches.start_load()
        page, seen = watch(url, wanted)
        log = process.log_text()
    return recorded.verdict("cache", page, seen, log, update, INHERITED, "redis_exporter or memcached_exporter")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
    except StackError as error:
        sys.exit(f"golden: {error}")

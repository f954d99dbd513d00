# SPDX-License-Identifier: Apache-2.0
"""postgres_exporter and ours on the same server: the same families, labels, types and values.

check_postgres.py BINARY [POSTGRES_EXPORTER]. The peer is Debian's prometheus-postgres-exporter unless another is named.
Each value of theirs must once stand between two of ours, taken right before and right after.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../golden"), os.path.join(HERE, "../stack")]
from exposition import parse  # noqa: E402
from postgres import start_postgres  # noqa: E402
from processes import Stack, answers, free_port, request, wait_for  # noqa: E402
from replica import start_replica  # noqa: E402

ROUNDS = 50

GONE = "it is of 0.11.1 only: later releases do not have it"
TIME = GONE + "; ours is in seconds, under another name"
OURS_SET = "what our own session sets for itself hides the server's value"

# What differs, and why. Every entry must still differ: one that no longer does is an error too.
KNOWN = {
    "pg_stat_activity_count": "the labels usename, application_name, backend_type, wait_event_type and wait_event came after 0.11.1",
    "pg_stat_activity_max_tx_duration": "the labels usename, application_name, backend_type, wait_event_type and wait_event came after 0.11.1",
    "pg_locks_count": "they count the locks of their own reading too",
    "pg_stat_database_active_time": TIME,
    "pg_stat_database_session_time": TIME,
    "pg_stat_database_idle_in_transaction_time": TIME,
    "pg_stat_database_sessions": GONE + "; ours ends with _total",
    "pg_stat_database_sessions_abandoned": GONE + "; ours ends with _total",
    "pg_stat_database_sessions_fatal": GONE + "; ours ends with _total",
    "pg_stat_database_sessions_killed": GONE + "; ours ends with _total",
    "pg_stat_replication_pg_current_wal_lsn_bytes": "their label slot_name holds the pid",
    "pg_stat_replication_pg_wal_lsn_diff": "their label slot_name holds the pid",
    "pg_stat_replication_reply_time": GONE,
    "pg_settings_extra_float_digits": "their own session sets it",
    **dict.fromkeys((f"pg_settings_{name}" for name in (
        "default_transaction_read_only", "idle_in_transaction_session_timeout_seconds", "jit", "lock_timeout_seconds",
        "max_parallel_workers_per_gather", "statement_timeout_seconds", "transaction_read_only")), OURS_SET),
}


def plain(families):
    """{family: (type, {labels: value})} without their label `server`, and without what is no number: ours is absent."""
    found = {}
    for name, family in families.items():
        samples = {key[1] - {label for label in key[1] if label[0] == "server"}: value
                   for key, value in family.samples.items() if value == value}
        # They have a row of the relations that all databases share, under the name of no database.
        samples = {labels: value for labels, value in samples.items() if ("datid", "0") not in labels}
        found[name] = (family.type, samples)
    return found


def compared(name):
    return name.startswith("pg_") and not name.startswith(("pg_exporter_", "pg_scrape_", "pg_up"))


class Comparison:
    def __init__(self):
        self.different, self.proven, self.unproven = {}, set(), {}

    def round(self, before, theirs, after):
        self.different, self.unproven = {}, {}
        for name, (kind, samples) in theirs.items():
            if not compared(name) or not samples:
                continue
            if name not in before or name not in after:
                self.different[name] = "we do not export it"
            elif before[name][0] != kind:
                self.different[name] = f"we say {before[name][0]}, they say {kind}"
            elif before[name][1].keys() != samples.keys() or after[name][1].keys() != samples.keys():
                self.different[name] = f"series of one side only: {[dict(one) for one in before[name][1].keys() ^ samples.keys()][:4]}"
            else:
                self.values(name, before[name][1], samples, after[name][1])

    def values(self, name, before, theirs, after):
        for labels, value in theirs.items():
            low, high = sorted((before[labels], after[labels]))
            if low - abs(low) * 1e-9 <= value <= high + abs(high) * 1e-9:
                self.proven.add((name, labels))
            elif (name, labels) not in self.proven:
                self.unproven[name] = f"{dict(labels)}: we say {before[labels]!r} and {after[labels]!r}, they say {value!r}"

    def unexpected(self):
        return {name: what for name, what in {**self.unproven, **self.different}.items() if name not in KNOWN}

    def stale(self):
        return KNOWN.keys() - self.different.keys() - self.unproven.keys()


def start_both(stack, cluster, binary, peer):
    _, ours = stack.start_exporter(binary, "--postgres.keep=0s", "--collector.settings.all", env={"DATA_SOURCE_NAME": cluster.dsn()})
    theirs = f"http://127.0.0.1:{free_port()}"
    process = stack.start("postgres_exporter", [peer, "--web.listen-address=" + theirs.removeprefix("http://")],
                          env={"DATA_SOURCE_NAME": cluster.dsn()})
    process.wait_until(lambda: answers(theirs + "/"), "answers")
    return ours, theirs


def compare(ours, theirs):
    comparison = Comparison()
    for _ in range(ROUNDS):
        before, peer, after = (plain(parse(request(url + "/metrics").text)) for url in (ours, theirs, ours))
        comparison.round(before, peer, after)
        if not comparison.unexpected():
            break
    return comparison


def report(comparison):
    for name, what in sorted(comparison.unexpected().items()):
        print(f"DIFFERS  {name}: {what}")
    for name in sorted(KNOWN.keys() - comparison.stale()):
        print(f"known    {name}: {KNOWN[name]}")
    for name in sorted(comparison.stale()):
        print(f"STALE    {name}: listed as different, and is equal")
    families = {name for name, _ in comparison.proven}
    print(f"{len(families)} families with {len(comparison.proven)} series are equal, {len(comparison.unexpected())} differ, "
          f"{len(KNOWN) - len(comparison.stale())} known differences")
    return 1 if comparison.unexpected() or comparison.stale() or not families else 0


def main(binary, peer="/usr/bin/prometheus-postgres-exporter"):
    if not os.access(peer, os.X_OK):
        print(f"{peer} is not installed: nothing to compare with")
        return 77  # Meson's "skipped"
    with Stack() as stack:
        cluster = start_postgres(stack, settings={"wal_level": "logical"})
        cluster.sql.rows("SELECT pg_create_logical_replication_slot('cdc', 'test_decoding')", dbname="orders")
        start_replica(stack, cluster)
        cluster.sql.rows("CHECKPOINT")
        with cluster.sql.session("BEGIN; SELECT 1;", dbname="orders") as session:
            wait_for(lambda: cluster.sql.rows("SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction'"), "an idle transaction")
            comparison = compare(*start_both(stack, cluster, binary, peer))
            session.communicate("COMMIT;\n", timeout=60)
    return report(comparison)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

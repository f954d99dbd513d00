# SPDX-License-Identifier: Apache-2.0
"""What psql says of a server, as the series that the postgres-pool exporter should have: {(name, labels): value}."""

ACTIVITY = ("datname", "state", "usename", "application_name", "backend_type", "wait_event_type", "wait_event")
TABLE = ("datname", "schemaname", "relname")
INDEX = ("schemaname", "relname", "indexrelname")
DATABASE = ("datid", "datname")
REPLICA = ("application_name", "client_addr", "state", "slot_name", "pid")
RECEIVER = ("upstream_host", "slot_name", "status")


def series(rows, labels, metrics):
    """`metrics` is {column: name, or (name, scale)}; a NULL makes no series."""
    found = {}
    for row in rows:
        own = frozenset((label, row[label]) for label in labels)
        for column, metric in metrics.items():
            name, scale = metric if isinstance(metric, tuple) else (metric, 1)
            if row[column] != "":
                found[(name, own)] = float(row[column]) * scale
    return found


def same_names(prefix, columns):
    return {column: prefix + column for column in columns.split()}


def stat_activity(sql):
    """Sessions as they are, and a 0 for each database and state without one."""
    rows = sql.rows("SELECT datname, state, usename, '' AS application_name, backend_type, wait_event_type, wait_event,"
                    " count(*) AS n, coalesce(extract(epoch FROM max(now() - xact_start)), 0) AS age FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND application_name <> 'postgres-pool-exporter'"
                    " AND datname IS NOT NULL AND state IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7", header=True)
    metrics = {"n": "pg_stat_activity_count", "age": "pg_stat_activity_max_tx_duration"}
    seen = {(row["datname"], row["state"]) for row in rows}
    for [datname] in sql.rows("SELECT datname FROM pg_database"):
        for state in ("active", "idle", "idle in transaction", "idle in transaction (aborted)", "fastpath function call", "disabled"):
            if (datname, state) not in seen:
                rows.append({**dict.fromkeys(ACTIVITY, ""), "datname": datname, "state": state, "n": "0", "age": "0"})
    return series(rows, ACTIVITY, metrics)


def locks(sql):
    modes = ("AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
             "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock", "SIReadLock")
    found = {("pg_locks_count", frozenset({("datname", datname), ("mode", mode.lower())})): 0.0
             for [datname] in sql.rows("SELECT datname FROM pg_database") for mode in modes}
    for datname, mode, count in sql.rows("SELECT datname, mode, count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                                         " WHERE l.pid <> pg_backend_pid() GROUP BY 1, 2"):
        found[("pg_locks_count", frozenset({("datname", datname), ("mode", mode.lower())}))] = float(count)
    return found


def database_conflicts(sql):
    rows = sql.rows("SELECT * FROM pg_stat_database_conflicts", header=True)
    return series(rows, DATABASE, same_names("pg_stat_database_conflicts_", "confl_tablespace confl_lock confl_snapshot confl_bufferpin confl_deadlock"))


def background(sql):
    rows = sql.rows("SELECT *, floor(extract(epoch FROM stats_reset)) AS reset FROM pg_stat_bgwriter", header=True)
    columns = ("checkpoints_timed checkpoints_req checkpoint_write_time checkpoint_sync_time buffers_checkpoint"
               " buffers_clean maxwritten_clean buffers_backend buffers_backend_fsync buffers_alloc").split()
    found = series(rows, (), {**{column: f"pg_stat_bgwriter_{column}_total" for column in columns}, "reset": "pg_stat_bgwriter_stats_reset_total"})
    rows = sql.rows("SELECT *, extract(epoch FROM now() - last_archived_time) AS age,"
                    " extract(epoch FROM last_failed_time) AS failed_at FROM pg_stat_archiver", header=True)
    found |= series(rows, (), {"archived_count": "pg_stat_archiver_archived_count", "failed_count": "pg_stat_archiver_failed_count",
                               "age": "pg_stat_archiver_last_archive_age", "failed_at": "pg_stat_archiver_last_failed_timestamp_seconds"})
    names = {"wal_records": "records_total", "wal_fpi": "full_page_images_total", "wal_bytes": "bytes_total",
             "wal_buffers_full": "buffers_full_total", "wal_write": "writes_total", "wal_sync": "syncs_total",
             "wal_write_time": ("write_seconds_total", 1e-3), "wal_sync_time": ("sync_seconds_total", 1e-3)}
    metrics = {column: (f"pg_stat_wal_{name[0]}", name[1]) if isinstance(name, tuple) else f"pg_stat_wal_{name}" for column, name in names.items()}
    return found | series(sql.rows("SELECT * FROM pg_stat_wal", header=True), (), metrics)


def replication_of_primary(sql):
    rows = sql.rows("SELECT 0 AS lag, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS lsn", header=True)
    return series(rows, (), {"lag": "pg_replication_lag_seconds", "lsn": "pg_wal_lsn_bytes"})


def replication_of_replica(sql):
    rows = sql.rows(
        "SELECT *, extract(epoch FROM now() - replayed) AS age, extract(epoch FROM replayed) AS at,"
        " CASE WHEN received = done THEN 0 ELSE extract(epoch FROM now() - replayed) END AS lag,"
        " pg_wal_lsn_diff(received, done) AS behind, pg_wal_lsn_diff(received, '0/0') AS received_bytes,"
        " pg_wal_lsn_diff(done, '0/0') AS done_bytes FROM (SELECT pg_last_xact_replay_timestamp() AS replayed,"
        " pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS done,"
        " pg_is_wal_replay_paused()::int AS paused, (SELECT count(*) FROM pg_stat_wal_receiver) AS streaming) s", header=True)
    found = series(rows, (), {
        "lag": "pg_replication_lag_seconds", "age": "pg_replication_last_replay_seconds",
        "at": "pg_replication_last_replay_timestamp_seconds", "behind": "pg_replication_replay_lag_bytes",
        "received_bytes": "pg_replication_receive_lsn_bytes", "done_bytes": "pg_replication_replay_lsn_bytes",
        "paused": "pg_replication_replay_paused", "streaming": "pg_replication_wal_receiver_streaming"})
    rows = sql.rows("SELECT sender_host AS upstream_host, slot_name, status, receive_start_tli, received_tli,"
                    " pg_wal_lsn_diff(receive_start_lsn, '0/0') AS receive_start_lsn, pg_wal_lsn_diff(flushed_lsn, '0/0') AS flushed_lsn,"
                    " pg_wal_lsn_diff(latest_end_lsn, '0/0') AS latest_end_lsn, extract(epoch FROM last_msg_send_time) AS last_msg_send_time,"
                    " extract(epoch FROM last_msg_receipt_time) AS last_msg_receipt_time, extract(epoch FROM latest_end_time) AS latest_end_time"
                    " FROM pg_stat_wal_receiver", header=True)
    return found | series(rows, RECEIVER, same_names("pg_stat_wal_receiver_", "receive_start_tli received_tli receive_start_lsn"
                                                     " flushed_lsn latest_end_lsn last_msg_send_time last_msg_receipt_time latest_end_time"))


def stat_replication(sql):
    rows = sql.rows("SELECT r.*, s.slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS position,"
                    " pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS replay, pg_wal_lsn_diff(pg_current_wal_lsn(), sent_lsn) AS sent,"
                    " pg_wal_lsn_diff(pg_current_wal_lsn(), write_lsn) AS write, pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn) AS flush,"
                    " extract(epoch FROM write_lag) AS write_seconds, extract(epoch FROM flush_lag) AS flush_seconds,"
                    " extract(epoch FROM replay_lag) AS replay_seconds, 1 AS one"
                    " FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid", header=True)
    names = {"position": "pg_current_wal_lsn_bytes", "replay": "pg_wal_lsn_diff", "sent": "sent_lag_bytes", "write": "write_lag_bytes",
             "flush": "flush_lag_bytes", "write_seconds": "write_lag_seconds", "flush_seconds": "flush_lag_seconds", "replay_seconds": "replay_lag_seconds"}
    return (series(rows, REPLICA, {column: f"pg_stat_replication_{name}" for column, name in names.items()}) |
            series(rows, ("application_name", "client_addr", "slot_name", "pid", "sync_state"), {"one": "pg_stat_replication_sync_state"}))


def replication_slots(sql):
    rows = sql.rows("SELECT *, active::int AS n, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS behind,"
                    " pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS position, age(xmin) AS xmin_age, age(catalog_xmin) AS catalog_age,"
                    " CASE WHEN active THEN pg_wal_lsn_diff(confirmed_flush_lsn, '0/0') END AS confirmed, CASE WHEN wal_status IS NOT NULL THEN 1 END AS one FROM pg_replication_slots", header=True)
    return (series(rows, ("slot_name", "database"), {"n": "pg_replication_slots_active", "behind": "pg_replication_slots_pg_wal_lsn_diff"}) |
            series(rows, ("slot_name", "slot_type"), {
                "n": "pg_replication_slots_slot_is_active", "position": "pg_replication_slots_slot_current_wal_lsn",
                "confirmed": "pg_replication_slots_slot_confirmed_flush_lsn", "safe_wal_size": "pg_replication_slots_safe_wal_size_bytes",
                "xmin_age": "pg_replication_slots_slot_xmin_age_transactions",
                "catalog_age": "pg_replication_slots_slot_catalog_xmin_age_transactions"}) |
            series(rows, ("slot_name", "slot_type", "wal_status"), {"one": "pg_replication_slots_wal_status"}))


def stat_progress_vacuum(sql):
    rows = sql.rows("SELECT *, relid::regclass AS relname, 1 AS one, 0 AS zero FROM pg_stat_progress_vacuum", header=True)
    phases = ("initializing", "scanning heap", "vacuuming indexes", "vacuuming heap", "cleaning up indexes", "truncating heap",
              "performing final cleanup")
    found = series(rows, ("datname", "relname"), {
        "heap_blks_total": "pg_stat_progress_vacuum_heap_blks", "index_vacuum_count": "pg_stat_progress_vacuum_index_vacuums",
        **same_names("pg_stat_progress_vacuum_", "heap_blks_scanned heap_blks_vacuumed max_dead_tuples num_dead_tuples")})
    for phase in phases:
        for row in rows:
            labels = frozenset({("datname", row["datname"]), ("relname", row["relname"]), ("phase", phase)})
            found[("pg_stat_progress_vacuum_phase", labels)] = float(row["phase"] == phase)
    return found


def wal(sql):
    rows = sql.rows("SELECT count(*) AS n, sum(size) AS size FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'", header=True)
    return series(rows, (), {"n": "pg_wal_segments", "size": "pg_wal_size_bytes"})


def roles(sql):
    rows = sql.rows("SELECT rolname, nullif(rolconnlimit, -1) AS n FROM pg_roles", header=True)
    return series(rows, ("rolname",), {"n": "pg_roles_connection_limit"})


def database_size(sql):
    rows = sql.rows("SELECT datname, nullif(datconnlimit, -1) AS n, pg_database_size(datname) AS size FROM pg_database", header=True)
    return series(rows, ("datname",), {"n": "pg_database_connection_limit", "size": "pg_database_size_bytes"})


def database_wraparound(sql):
    rows = sql.rows("SELECT datname, age(datfrozenxid) AS xid, mxid_age(datminmxid) AS mxid FROM pg_database WHERE datallowconn", header=True)
    name = "pg_database_wraparound_age_"
    return (series(rows, ("datname",), {"xid": name + "datfrozenxid_seconds", "mxid": name + "datminmxid_seconds"}) |
            series(rows, ("datname",), {"xid": name + "datfrozenxid_transactions", "mxid": name + "datminmxid_multixacts"}))


def long_running_transactions(sql):
    rows = sql.rows("SELECT count(*) AS n, coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0) AS age FROM pg_stat_activity"
                    " WHERE state IN ('active', 'idle in transaction') AND pid <> pg_backend_pid() AND xact_start IS NOT NULL", header=True)
    return series(rows, (), {"n": "pg_long_running_transactions", "age": "pg_long_running_transactions_oldest_timestamp_seconds"})


# To the base units, by what SHOW prints of a setting.
UNITS = {"ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400, "B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}


def shown(text):
    """"16MB" as 16777216.0, "on" as 1.0."""
    if text in ("on", "off"):
        return float(text == "on")
    number = text.rstrip("".join(set("".join(UNITS))))
    return float(number) * UNITS[text[len(number):]] if text != number and text != "-1" else float(text)


def settings(sql):
    """SHOW prints a setting with the largest unit that fits: another way to its value than the exporter's."""
    found = {}
    times = ("ms", "s", "min")
    own = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "jit", "max_parallel_workers_per_gather",
           "default_transaction_read_only", "transaction_read_only",
           "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")  # psql has no TCP
    for name, unit, value in sql.rows("SELECT name, unit, current_setting(name) FROM pg_settings WHERE vartype IN ('bool', 'integer', 'real')"):
        if name in own:  # of the session that asks
            continue
        suffix = "" if not unit else "_seconds" if unit in times else "_bytes"
        found[(f"pg_settings_{name.replace('.', '_')}{suffix}", frozenset())] = shown(value)
    return found


def stat_user_tables(sql):
    columns = ("seq_scan seq_tup_read idx_scan idx_tup_fetch n_tup_ins n_tup_upd n_tup_del n_tup_hot_upd n_live_tup n_dead_tup"
               " n_mod_since_analyze n_ins_since_vacuum vacuum_count autovacuum_count analyze_count autoanalyze_count")
    times = {f"{name}_at": f"pg_stat_user_tables_{name}" for name in ("last_vacuum", "last_autovacuum", "last_analyze", "last_autoanalyze")}
    asked = ", ".join(f"floor(extract(epoch FROM {column[:-3]})) AS {column}" for column in times)
    blocks = {f"{part}_blks_{how}": f"pg_statio_user_tables_{part}_blocks_{how}"
              for part in ("heap", "idx", "toast", "tidx") for how in ("read", "hit")}
    rows = sql.rows(f"SELECT current_database() AS datname, *, {asked}, pg_table_size(relid) AS size, pg_indexes_size(relid) AS indexes"
                    " FROM pg_stat_user_tables LEFT JOIN pg_statio_user_tables USING (relid, schemaname, relname)", header=True)
    return series(rows, TABLE, {**same_names("pg_stat_user_tables_", columns), **times, **blocks,
                                "size": "pg_stat_user_tables_table_size_bytes", "indexes": "pg_stat_user_tables_index_size_bytes"})


def stat_user_indexes(sql):
    rows = sql.rows("SELECT * FROM pg_stat_user_indexes JOIN pg_statio_user_indexes USING (indexrelid, schemaname, relname, indexrelname)", header=True)
    return series(rows, INDEX, {
        **{column: f"pg_stat_user_indexes_{column}_total" for column in ("idx_scan", "idx_tup_read", "idx_tup_fetch")},
        **{column: f"pg_statio_user_indexes_{column}_total" for column in ("idx_blks_read", "idx_blks_hit")}})


def stat_statements(sql):
    """The application's statements: psql's own change as it asks."""
    rows = sql.rows("SELECT rolname AS user, datname, queryid, calls, total_exec_time, rows, blk_read_time, blk_write_time"
                    " FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid JOIN pg_database d ON d.oid = s.dbid"
                    " WHERE rolname = 'app'", header=True)
    return series(rows, ("user", "datname", "queryid"), {
        "calls": "pg_stat_statements_calls_total", "total_exec_time": ("pg_stat_statements_seconds_total", 1e-3),
        "rows": "pg_stat_statements_rows_total", "blk_read_time": ("pg_stat_statements_block_read_seconds_total", 1e-3),
        "blk_write_time": ("pg_stat_statements_block_write_seconds_total", 1e-3)})

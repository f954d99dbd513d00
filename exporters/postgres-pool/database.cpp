// SPDX-License-Identifier: Apache-2.0
#include "database.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// All columns, since versions 12 to 18 differ in them. The row without a name is of relations that all databases
/// share.
constexpr std::string_view kSql =
    "SELECT *, floor(extract(epoch FROM stats_reset)) AS stats_reset_epoch FROM pg_stat_database"
    " WHERE datname IS NOT NULL";

constexpr std::array kLabels{ColumnLabel{"datid", "datid"}, ColumnLabel{"datname", "datname"}};

// Up to active_time the names, types and units are postgres_exporter's.
constexpr std::array kMetrics{
    ColumnMetric{"numbackends", "pg_stat_database_numbackends", kGauge, "Sessions connected to this database now."},
    ColumnMetric{"xact_commit", "pg_stat_database_xact_commit", kCounter, "Transactions committed."},
    ColumnMetric{"xact_rollback", "pg_stat_database_xact_rollback", kCounter, "Transactions rolled back."},
    ColumnMetric{"blks_read", "pg_stat_database_blks_read", kCounter, "Blocks read from outside of shared buffers."},
    ColumnMetric{"blks_hit", "pg_stat_database_blks_hit", kCounter, "Blocks found in shared buffers."},
    ColumnMetric{"tup_returned", "pg_stat_database_tup_returned", kCounter,
                 "Live rows read by sequential scans, and index entries by index scans."},
    ColumnMetric{"tup_fetched", "pg_stat_database_tup_fetched", kCounter, "Live rows fetched by index scans."},
    ColumnMetric{"tup_inserted", "pg_stat_database_tup_inserted", kCounter, "Rows inserted."},
    ColumnMetric{"tup_updated", "pg_stat_database_tup_updated", kCounter, "Rows updated."},
    ColumnMetric{"tup_deleted", "pg_stat_database_tup_deleted", kCounter, "Rows deleted."},
    ColumnMetric{"conflicts", "pg_stat_database_conflicts", kCounter,
                 "Queries cancelled on this replica because recovery needed them out of the way."},
    ColumnMetric{"temp_files", "pg_stat_database_temp_files", kCounter, "Temporary files that queries made."},
    ColumnMetric{"temp_bytes", "pg_stat_database_temp_bytes", kCounter, "Bytes that queries wrote to temporary files."},
    ColumnMetric{"deadlocks", "pg_stat_database_deadlocks", kCounter, "Deadlocks found."},
    ColumnMetric{"blk_read_time", "pg_stat_database_blk_read_time", kCounter,
                 "Milliseconds that reading data files took; counted while track_io_timing is on."},
    ColumnMetric{"blk_write_time", "pg_stat_database_blk_write_time", kCounter,
                 "Milliseconds that writing data files took; counted while track_io_timing is on."},
    ColumnMetric{"stats_reset_epoch", "pg_stat_database_stats_reset", kCounter,
                 "When these counters were last reset, in Unix seconds; absent when they never were."},
    ColumnMetric{"active_time", "pg_stat_database_active_time_seconds_total", kCounter,
                 "Time that sessions spent in statements, in seconds (PostgreSQL 14 on).", kFromMilliseconds},
    ColumnMetric{"session_time", "pg_stat_database_session_time_seconds_total", kCounter,
                 "Time that sessions were connected, in seconds (PostgreSQL 14 on).", kFromMilliseconds},
    ColumnMetric{"idle_in_transaction_time", "pg_stat_database_idle_in_transaction_time_seconds_total", kCounter,
                 "Time that sessions idled in a transaction, in seconds (PostgreSQL 14 on).", kFromMilliseconds},
    ColumnMetric{"sessions", "pg_stat_database_sessions_total", kCounter, "Sessions begun (PostgreSQL 14 on)."},
    ColumnMetric{"sessions_abandoned", "pg_stat_database_sessions_abandoned_total", kCounter,
                 "Sessions whose client vanished (PostgreSQL 14 on)."},
    ColumnMetric{"sessions_fatal", "pg_stat_database_sessions_fatal_total", kCounter,
                 "Sessions ended by a fatal error (PostgreSQL 14 on)."},
    ColumnMetric{"sessions_killed", "pg_stat_database_sessions_killed_total", kCounter,
                 "Sessions that an operator ended (PostgreSQL 14 on)."},
    ColumnMetric{"checksum_failures", "pg_stat_database_checksum_failures_total", kCounter,
                 "Data pages with a wrong checksum; absent when checksums are off."},
    ColumnMetric{"parallel_workers_to_launch", "pg_stat_database_parallel_workers_planned_total", kCounter,
                 "Parallel workers that queries planned to start (PostgreSQL 18 on)."},
    ColumnMetric{"parallel_workers_launched", "pg_stat_database_parallel_workers_launched_total", kCounter,
                 "Parallel workers that queries started (PostgreSQL 18 on)."},
};

}  // namespace

void add_database(const Rows& rows, Families& families) { add_columns(rows, kLabels, kMetrics, families); }

std::unique_ptr<Collector> make_database(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kSql, add_database);
}

}  // namespace binnacle::pgpool

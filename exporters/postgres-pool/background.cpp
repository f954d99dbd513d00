// SPDX-License-Identifier: Apache-2.0
#include "background.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

constexpr int kHasStatWal = 140'000;
constexpr int kHasCheckpointer = 170'000;

constexpr std::array kMetrics{
    // Up to 16, checkpoints and backends are in pg_stat_bgwriter too.
    ColumnMetric{"checkpoints_timed", "pg_stat_bgwriter_checkpoints_timed_total", kCounter,
                 "Checkpoints because checkpoint_timeout was over (up to PostgreSQL 16)."},
    ColumnMetric{"checkpoints_req", "pg_stat_bgwriter_checkpoints_req_total", kCounter,
                 "Checkpoints that were asked for, by WAL volume or by hand (up to PostgreSQL 16)."},
    ColumnMetric{"checkpoint_write_time", "pg_stat_bgwriter_checkpoint_write_time_total", kCounter,
                 "Milliseconds that checkpoints spent writing files (up to PostgreSQL 16)."},
    ColumnMetric{"checkpoint_sync_time", "pg_stat_bgwriter_checkpoint_sync_time_total", kCounter,
                 "Milliseconds that checkpoints spent syncing files (up to PostgreSQL 16)."},
    ColumnMetric{"buffers_checkpoint", "pg_stat_bgwriter_buffers_checkpoint_total", kCounter,
                 "Buffers written by checkpoints (up to PostgreSQL 16)."},
    ColumnMetric{"buffers_clean", "pg_stat_bgwriter_buffers_clean_total", kCounter,
                 "Buffers written by the background writer."},
    ColumnMetric{"maxwritten_clean", "pg_stat_bgwriter_maxwritten_clean_total", kCounter,
                 "Rounds that the background writer broke off, having written bgwriter_lru_maxpages."},
    ColumnMetric{"buffers_backend", "pg_stat_bgwriter_buffers_backend_total", kCounter,
                 "Buffers that backends wrote themselves (up to PostgreSQL 16)."},
    ColumnMetric{"buffers_backend_fsync", "pg_stat_bgwriter_buffers_backend_fsync_total", kCounter,
                 "Files that backends had to sync themselves (up to PostgreSQL 16)."},
    ColumnMetric{"buffers_alloc", "pg_stat_bgwriter_buffers_alloc_total", kCounter, "Buffers allocated."},
    ColumnMetric{"bgwriter_reset", "pg_stat_bgwriter_stats_reset_total", kCounter,
                 "When pg_stat_bgwriter was last reset, in Unix seconds."},
    ColumnMetric{"num_timed", "pg_stat_checkpointer_num_timed_total", kCounter,
                 "Checkpoints because checkpoint_timeout was over, skipped ones too (PostgreSQL 17 on)."},
    ColumnMetric{"num_requested", "pg_stat_checkpointer_num_requested_total", kCounter,
                 "Checkpoints that were asked for, by WAL volume or by hand (PostgreSQL 17 on)."},
    ColumnMetric{"num_done", "pg_stat_checkpointer_num_done_total", kCounter,
                 "Checkpoints carried out (PostgreSQL 18 on)."},
    ColumnMetric{"restartpoints_timed", "pg_stat_checkpointer_restartpoints_timed_total", kCounter,
                 "Restartpoints because of a timeout or after a failed attempt (PostgreSQL 17 on)."},
    ColumnMetric{"restartpoints_req", "pg_stat_checkpointer_restartpoints_req_total", kCounter,
                 "Restartpoints that were asked for (PostgreSQL 17 on)."},
    ColumnMetric{"restartpoints_done", "pg_stat_checkpointer_restartpoints_done_total", kCounter,
                 "Restartpoints carried out (PostgreSQL 17 on)."},
    ColumnMetric{"write_time", "pg_stat_checkpointer_write_time_total", kCounter,
                 "Milliseconds that checkpoints and restartpoints spent writing files (PostgreSQL 17 on)."},
    ColumnMetric{"sync_time", "pg_stat_checkpointer_sync_time_total", kCounter,
                 "Milliseconds that checkpoints and restartpoints spent syncing files (PostgreSQL 17 on)."},
    ColumnMetric{"buffers_written", "pg_stat_checkpointer_buffers_written_total", kCounter,
                 "Buffers written by checkpoints and restartpoints (PostgreSQL 17 on)."},
    ColumnMetric{"slru_written", "pg_stat_checkpointer_slru_written_total", kCounter,
                 "SLRU buffers written by checkpoints and restartpoints (PostgreSQL 18 on)."},
    ColumnMetric{"checkpointer_reset", "pg_stat_checkpointer_stats_reset_total", kCounter,
                 "When pg_stat_checkpointer was last reset, in Unix seconds (PostgreSQL 17 on)."},
    ColumnMetric{"archived_count", "pg_stat_archiver_archived_count", kCounter, "WAL files archived."},
    ColumnMetric{"failed_count", "pg_stat_archiver_failed_count", kCounter, "Failed attempts to archive a WAL file."},
    ColumnMetric{"last_archive_age", "pg_stat_archiver_last_archive_age", kGauge,
                 "Seconds since a WAL file was last archived; absent when none ever was."},
    ColumnMetric{"last_failed_time_epoch", "pg_stat_archiver_last_failed_timestamp_seconds", kGauge,
                 "When archiving a WAL file last failed, in Unix seconds; absent when it never did."},
    ColumnMetric{"wal_records", "pg_stat_wal_records_total", kCounter, "WAL records made (PostgreSQL 14 on)."},
    ColumnMetric{"wal_fpi", "pg_stat_wal_full_page_images_total", kCounter,
                 "Full page images put into the WAL (PostgreSQL 14 on)."},
    ColumnMetric{"wal_bytes", "pg_stat_wal_bytes_total", kCounter, "Bytes of WAL made (PostgreSQL 14 on)."},
    ColumnMetric{"wal_buffers_full", "pg_stat_wal_buffers_full_total", kCounter,
                 "Times that WAL was written because its buffers were full (PostgreSQL 14 on)."},
    ColumnMetric{"wal_write", "pg_stat_wal_writes_total", kCounter,
                 "Times that WAL was written to disk (PostgreSQL 14 to 17; then in pg_stat_io)."},
    ColumnMetric{"wal_sync", "pg_stat_wal_syncs_total", kCounter,
                 "Times that WAL was synced to disk (PostgreSQL 14 to 17; then in pg_stat_io)."},
    ColumnMetric{"wal_write_time", "pg_stat_wal_write_seconds_total", kCounter,
                 "Time that writing WAL took, in seconds; counted while track_wal_io_timing is on (PostgreSQL 14 to "
                 "17; then in pg_stat_io).",
                 kFromMilliseconds},
    ColumnMetric{"wal_sync_time", "pg_stat_wal_sync_seconds_total", kCounter,
                 "Time that syncing WAL took, in seconds; counted while track_wal_io_timing is on (PostgreSQL 14 to "
                 "17; then in pg_stat_io).",
                 kFromMilliseconds},
};

}  // namespace

std::string background_sql(int version) {
  std::string columns =
      "SELECT b.*, floor(extract(epoch FROM b.stats_reset)) AS bgwriter_reset, a.archived_count, a.failed_count,"
      " extract(epoch FROM now() - a.last_archived_time) AS last_archive_age,"
      " extract(epoch FROM a.last_failed_time) AS last_failed_time_epoch";
  std::string views = " FROM pg_stat_bgwriter b CROSS JOIN pg_stat_archiver a";
  if (version >= kHasStatWal) {
    columns += ", w.*";
    views += " CROSS JOIN pg_stat_wal w";
  }
  if (version >= kHasCheckpointer) {
    columns += ", c.*, floor(extract(epoch FROM c.stats_reset)) AS checkpointer_reset";
    views += " CROSS JOIN pg_stat_checkpointer c";
  }
  return columns + views;
}

void add_background(const Rows& rows, Families& families) { add_columns(rows, {}, kMetrics, families); }

std::unique_ptr<Collector> make_background(const CollectorParts& parts) {
  return make_statement_collector(parts.session, background_sql, add_background);
}

}  // namespace binnacle::pgpool

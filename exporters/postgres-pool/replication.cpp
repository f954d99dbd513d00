// SPDX-License-Identifier: Apache-2.0
#include "replication.h"

#include <algorithm>
#include <array>
#include <optional>

#include "collectors.h"
#include "column_metrics.h"
#include "lsn.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// Functions of the other role would fail. A server that was promoted still tells of its time as a replica.
constexpr std::string_view kSql =
    "SELECT r.in_recovery, CASE WHEN NOT r.in_recovery THEN pg_current_wal_lsn() END AS wal_lsn,"
    " CASE WHEN r.in_recovery THEN pg_last_wal_receive_lsn() END AS receive_lsn,"
    " CASE WHEN r.in_recovery THEN pg_last_wal_replay_lsn() END AS replay_lsn,"
    " CASE WHEN r.in_recovery THEN pg_is_wal_replay_paused() END AS replay_paused,"
    " CASE WHEN r.in_recovery THEN extract(epoch FROM pg_last_xact_replay_timestamp()) END AS replayed_at,"
    " CASE WHEN r.in_recovery THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END AS replay_age,"
    " extract(epoch FROM w.last_msg_send_time) AS sent_at, extract(epoch FROM w.last_msg_receipt_time) AS received_at,"
    " extract(epoch FROM w.latest_end_time) AS end_at, w.*"
    " FROM (SELECT pg_is_in_recovery() AS in_recovery) r LEFT JOIN pg_stat_wal_receiver w ON true";

// The columns of these two tables are positions in the WAL, read by lsn_bytes().
constexpr std::array kPositions{
    ColumnMetric{"wal_lsn", "pg_wal_lsn_bytes", kGauge,
                 "The primary's position in the WAL, in bytes from its start (pg_current_wal_lsn())."},
    ColumnMetric{"receive_lsn", "pg_replication_receive_lsn_bytes", kGauge,
                 "The last position that a replica received and synced, in bytes from the WAL's start."},
    ColumnMetric{"replay_lsn", "pg_replication_replay_lsn_bytes", kGauge,
                 "The last position that a replica replayed, in bytes from the WAL's start."},
};

constexpr std::array kReceiverPositions{
    ColumnMetric{"receive_start_lsn", "pg_stat_wal_receiver_receive_start_lsn", kCounter,
                 "Where receiving began, in bytes from the WAL's start."},
    ColumnMetric{"received_lsn", "pg_stat_wal_receiver_flushed_lsn", kCounter,
                 "The last position received and synced, in bytes from the WAL's start."},
    ColumnMetric{"flushed_lsn", "pg_stat_wal_receiver_flushed_lsn", kCounter,
                 "The last position received and synced, in bytes from the WAL's start."},
    ColumnMetric{"latest_end_lsn", "pg_stat_wal_receiver_latest_end_lsn", kCounter,
                 "The last position that the sender was told of, in bytes from the WAL's start."},
};

constexpr std::array kReceiverNumbers{
    ColumnMetric{"receive_start_tli", "pg_stat_wal_receiver_receive_start_tli", kGauge,
                 "The timeline where receiving began."},
    ColumnMetric{"received_tli", "pg_stat_wal_receiver_received_tli", kGauge, "The timeline received last."},
    ColumnMetric{"sent_at", "pg_stat_wal_receiver_last_msg_send_time", kCounter,
                 "When the sender sent its last message, by the sender's clock, in Unix seconds."},
    ColumnMetric{"received_at", "pg_stat_wal_receiver_last_msg_receipt_time", kCounter,
                 "When the sender's last message came, in Unix seconds."},
    ColumnMetric{"end_at", "pg_stat_wal_receiver_latest_end_time", kCounter,
                 "When the sender was last told of a position, in Unix seconds."},
};

/// Seconds behind: 0 when all that was received is replayed.
std::optional<double> lag_of(const Row& row) {
  const auto received = row.text("receive_lsn");
  if (received && received == row.text("replay_lsn")) return 0;
  const auto age = row.number("replay_age");
  if (!age) return std::nullopt;
  return std::max(0.0, *age);
}

Family lag_family(Families& families) {
  return families.gauge("pg_replication_lag_seconds",
                        "0 on a primary and where all that was received is replayed, even if nothing comes any more "
                        "(see pg_replication_wal_receiver_streaming); else the age of the last replayed transaction.");
}

void add_replica(const Row& row, Output& out) {
  auto& families = out.families;
  if (const auto lag = lag_of(row)) {
    lag_family(families).add(*lag);
  }
  if (const auto age = row.number("replay_age")) {
    families
        .gauge("pg_replication_last_replay_seconds",
               "Age of the last replayed transaction on a replica; it grows while the primary idles.")
        .add(std::max(0.0, *age));
  }
  if (const auto time = row.number("replayed_at")) {
    families
        .gauge("pg_replication_last_replay_timestamp_seconds",
               "When the last replayed transaction was committed on the primary, in Unix seconds.")
        .add(*time);
  }
  const auto received = lsn_bytes(row.text("receive_lsn").value_or(""));
  const auto replayed = lsn_bytes(row.text("replay_lsn").value_or(""));
  if (received && replayed) {
    families
        .gauge("pg_replication_replay_lag_bytes", "What a replica has received and not replayed yet, in bytes of WAL.")
        .add(std::max(0.0, *received - *replayed));
  }
  if (const auto paused = row.flag("replay_paused")) {
    families.gauge("pg_replication_replay_paused", "1 on a replica whose replay is paused, else 0.")
        .add(*paused ? 1 : 0);
  }
  if (row.text("pid") && !row.text("status")) return;  // there is a WAL receiver, and we may not see how it fares
  const bool streaming = row.text("status") == "streaming";
  families
      .gauge("pg_replication_wal_receiver_streaming",
             "1 on a replica whose WAL receiver streams from its primary, 0 where it does not.")
      .add(streaming ? 1 : 0);
  // Without a stream nothing is left to replay, however far the primary is by now.
  if (const auto behind = streaming ? lag_of(row) : row.number("replay_age")) {
    out.fact("replication_lag_seconds", *behind);
  }
}

void add_receiver(const Row& row, Families& families) {
  if (!row.text("status")) return;  // no WAL receiver, or no right to see it
  const std::array<LabelView, 3> labels{{{"upstream_host", row.text("sender_host").value_or("")},
                                         {"slot_name", row.text("slot_name").value_or("")},
                                         {"status", *row.text("status")}}};
  const auto add = [&](const ColumnMetric& metric, std::optional<double> value) {
    if (value) families.family(metric.metric, metric.help, metric.type).add(labels, *value);
  };
  for (const auto& metric : kReceiverPositions) add(metric, lsn_bytes(row.text(metric.column).value_or("")));
  for (const auto& metric : kReceiverNumbers) add(metric, row.number(metric.column));
}

}  // namespace

void add_replication(const Rows& rows, Output& out) {
  if (rows.empty()) return;
  auto& families = out.families;
  const auto row = rows[0];
  const auto in_recovery = row.flag("in_recovery");
  if (!in_recovery) return;
  for (const auto& position : kPositions) {
    if (const auto bytes = lsn_bytes(row.text(position.column).value_or(""))) {
      families.family(position.metric, position.help, position.type).add(*bytes);
    }
  }
  if (!*in_recovery) {
    lag_family(families).add(0);
    return;
  }
  add_replica(row, out);
  add_receiver(row, families);
}

std::unique_ptr<Collector> make_replication(const CollectorParts& parts) {
  return std::make_unique<StatementCollector>(parts.session,
                                              Statement{[](int) { return std::string{kSql}; }, add_replication});
}

}  // namespace binnacle::pgpool

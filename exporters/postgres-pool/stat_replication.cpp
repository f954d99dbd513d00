// SPDX-License-Identifier: Apache-2.0
#include "stat_replication.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// A replica may have replicas of its own: what it received is its position.
constexpr std::string_view kReplicationSql =
    "SELECT r.application_name, host(r.client_addr) AS client_addr, r.state, s.slot_name, r.pid, r.sync_state,"
    " n.lsn - '0/0' AS position, n.lsn - r.replay_lsn AS replay_behind, n.lsn - r.sent_lsn AS sent_behind,"
    " n.lsn - r.write_lsn AS write_behind, n.lsn - r.flush_lsn AS flush_behind,"
    " extract(epoch FROM r.write_lag) AS write_lag, extract(epoch FROM r.flush_lag) AS flush_lag,"
    " extract(epoch FROM r.replay_lag) AS replay_lag"
    " FROM (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS lsn) n"
    " CROSS JOIN pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid";

constexpr std::string_view kSlotsSql =
    "SELECT s.*, n.lsn - '0/0' AS position, n.lsn - s.restart_lsn AS behind,"
    " CASE WHEN s.active THEN s.confirmed_flush_lsn - '0/0' END AS confirmed, s.active::int AS is_active,"
    " age(s.xmin) AS xmin_age, age(s.catalog_xmin) AS catalog_xmin_age"
    " FROM (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS lsn) n"
    " CROSS JOIN pg_replication_slots s";

constexpr std::array kReplica{
    ColumnLabel{"application_name", "application_name"},
    ColumnLabel{"client_addr", "client_addr"},
    ColumnLabel{"state", "state"},
    ColumnLabel{"slot_name", "slot_name"},
    ColumnLabel{"pid", "pid"},
};

constexpr std::array kReplicaMetrics{
    ColumnMetric{"position", "pg_stat_replication_pg_current_wal_lsn_bytes", kGauge,
                 "This server's position in the WAL, in bytes from its start."},
    ColumnMetric{"replay_behind", "pg_stat_replication_pg_wal_lsn_diff", kGauge,
                 "Bytes of WAL that the replica has not replayed yet."},
    ColumnMetric{"sent_behind", "pg_stat_replication_sent_lag_bytes", kGauge,
                 "Bytes of WAL not sent to the replica yet."},
    ColumnMetric{"write_behind", "pg_stat_replication_write_lag_bytes", kGauge,
                 "Bytes of WAL that the replica has not written yet."},
    ColumnMetric{"flush_behind", "pg_stat_replication_flush_lag_bytes", kGauge,
                 "Bytes of WAL that the replica has not synced yet."},
    ColumnMetric{"write_lag", "pg_stat_replication_write_lag_seconds", kGauge,
                 "Time from syncing WAL here to the replica's word that it wrote it; absent when both idle."},
    ColumnMetric{"flush_lag", "pg_stat_replication_flush_lag_seconds", kGauge,
                 "Time from syncing WAL here to the replica's word that it synced it; absent when both idle."},
    ColumnMetric{"replay_lag", "pg_stat_replication_replay_lag_seconds", kGauge,
                 "Time from syncing WAL here to the replica's word that it replayed it; absent when both idle."},
};

constexpr std::array kSlotOfDatabase{ColumnLabel{"slot_name", "slot_name"}, ColumnLabel{"database", "database"}};
constexpr std::array kSlotOfType{ColumnLabel{"slot_name", "slot_name"}, ColumnLabel{"slot_type", "slot_type"}};

constexpr std::array kSlotOfDatabaseMetrics{
    ColumnMetric{"is_active", "pg_replication_slots_active", kGauge, "1 while the slot is in use, else 0."},
    ColumnMetric{"behind", "pg_replication_slots_pg_wal_lsn_diff", kGauge,
                 "Bytes of WAL that are kept for this slot; absent for a slot that was never used."},
};

constexpr std::array kSlotOfTypeMetrics{
    ColumnMetric{"position", "pg_replication_slots_slot_current_wal_lsn", kGauge,
                 "This server's position in the WAL, in bytes from its start."},
    ColumnMetric{"confirmed", "pg_replication_slots_slot_confirmed_flush_lsn", kGauge,
                 "What the user of an active logical slot has confirmed, in bytes from the WAL's start."},
    ColumnMetric{"is_active", "pg_replication_slots_slot_is_active", kGauge, "1 while the slot is in use, else 0."},
    ColumnMetric{"safe_wal_size", "pg_replication_slots_safe_wal_size_bytes", kGauge,
                 "Bytes of WAL that may still be written before the slot is in danger; absent without "
                 "max_slot_wal_keep_size (PostgreSQL 13 on)."},
    ColumnMetric{"xmin_age", "pg_replication_slots_slot_xmin_age_transactions", kGauge,
                 "Transactions since the oldest one whose rows this slot keeps from being vacuumed."},
    ColumnMetric{"catalog_xmin_age", "pg_replication_slots_slot_catalog_xmin_age_transactions", kGauge,
                 "As the xmin age, for rows of the catalogs only."},
};

}  // namespace

void add_stat_replication(const Rows& rows, Families& families) {
  add_columns(rows, kReplica, kReplicaMetrics, families);
  for (const auto row : rows) {
    const auto sync_state = row.text("sync_state");
    if (!sync_state) continue;
    families
        .gauge("pg_stat_replication_sync_state",
               "1; the label says whether commits wait for this replica: async, potential, sync or quorum.")
        .add({{"application_name", row.text("application_name").value_or("")},
              {"client_addr", row.text("client_addr").value_or("")},
              {"slot_name", row.text("slot_name").value_or("")},
              {"pid", row.text("pid").value_or("")},
              {"sync_state", *sync_state}},
             1);
  }
}

void add_replication_slots(const Rows& rows, Families& families) {
  add_columns(rows, kSlotOfDatabase, kSlotOfDatabaseMetrics, families);
  add_columns(rows, kSlotOfType, kSlotOfTypeMetrics, families);
  for (const auto row : rows) {
    const auto name = row.text("slot_name").value_or("");
    const auto type = row.text("slot_type").value_or("");
    if (const auto status = row.text("wal_status")) {
      families
          .gauge(
              "pg_replication_slots_wal_status",
              "1; the label says whether the slot's WAL is there: reserved, extended, unreserved or lost (PostgreSQL "
              "13 on).")
          .add({{"slot_name", name}, {"slot_type", type}, {"wal_status", *status}}, 1);
    }
    if (const auto reason = row.text("invalidation_reason")) {
      families
          .gauge("pg_replication_slots_invalidated",
                 "1 for a slot that can be used no more; the label says why (PostgreSQL 17 on).")
          .add({{"slot_name", name}, {"slot_type", type}, {"reason", *reason}}, 1);
    }
  }
}

std::unique_ptr<Collector> make_stat_replication(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kReplicationSql, add_stat_replication);
}

std::unique_ptr<Collector> make_replication_slots(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kSlotsSql, add_replication_slots);
}

}  // namespace binnacle::pgpool

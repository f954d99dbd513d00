// SPDX-License-Identifier: Apache-2.0
#include "database_conflicts.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

constexpr std::array kLabels{ColumnLabel{"datid", "datid"}, ColumnLabel{"datname", "datname"}};

constexpr std::array kMetrics{
    ColumnMetric{"confl_tablespace", "pg_stat_database_conflicts_confl_tablespace", kCounter,
                 "Queries that this replica cancelled because a tablespace was dropped."},
    ColumnMetric{"confl_lock", "pg_stat_database_conflicts_confl_lock", kCounter,
                 "Queries that this replica cancelled because recovery waited for their locks."},
    ColumnMetric{"confl_snapshot", "pg_stat_database_conflicts_confl_snapshot", kCounter,
                 "Queries that this replica cancelled because they needed rows that were vacuumed away."},
    ColumnMetric{"confl_bufferpin", "pg_stat_database_conflicts_confl_bufferpin", kCounter,
                 "Queries that this replica cancelled because they held a buffer that recovery needed."},
    ColumnMetric{"confl_deadlock", "pg_stat_database_conflicts_confl_deadlock", kCounter,
                 "Queries that this replica cancelled because of a deadlock with recovery."},
    ColumnMetric{"confl_active_logicalslot", "pg_stat_database_conflicts_confl_active_logicalslot", kCounter,
                 "Uses of logical slots that this replica cancelled (PostgreSQL 16 on)."},
};

}  // namespace

void add_database_conflicts(const Rows& rows, Families& families) { add_columns(rows, kLabels, kMetrics, families); }

std::unique_ptr<Collector> make_database_conflicts(const CollectorParts& parts) {
  return make_statement_collector(parts.session, "SELECT * FROM pg_stat_database_conflicts", add_database_conflicts);
}

}  // namespace binnacle::pgpool

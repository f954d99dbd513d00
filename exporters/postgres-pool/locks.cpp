// SPDX-License-Identifier: Apache-2.0
#include "locks.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// Each mode in each database, so that a count falls to 0 and does not vanish. The lock on pg_locks that this very
/// statement takes would be in all readings, and is left out with the others of our session.
constexpr std::string_view kSql =
    "SELECT d.datname, lower(m.mode) AS mode, count(l.mode) AS count FROM pg_database d"
    " CROSS JOIN unnest(ARRAY['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock',"
    " 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock', 'SIReadLock']) AS m(mode)"
    " LEFT JOIN pg_locks l ON l.database = d.oid AND l.mode = m.mode AND l.pid IS DISTINCT FROM pg_backend_pid()"
    " GROUP BY 1, 2";

constexpr std::array kLabels{ColumnLabel{"datname", "datname"}, ColumnLabel{"mode", "mode"}};
constexpr std::array kMetrics{
    ColumnMetric{"count", "pg_locks_count", kGauge,
                 "Locks in pg_locks, held or waited for, by database and mode; those of our own session are left out."},
};

}  // namespace

void add_locks(const Rows& rows, Families& families) { add_columns(rows, kLabels, kMetrics, families); }

std::unique_ptr<Collector> make_locks(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kSql, add_locks);
}

}  // namespace binnacle::pgpool

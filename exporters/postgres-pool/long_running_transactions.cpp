// SPDX-License-Identifier: Apache-2.0
#include "long_running_transactions.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "sessions_seen.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// Autovacuum's are told by the kind of process, where postgres_exporter looks at the statement's text.
constexpr std::string_view kSql =
    "SELECT count(*) AS transactions, coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) AS oldest,"
    " pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all"
    " FROM pg_stat_activity WHERE xact_start IS NOT NULL AND state IS DISTINCT FROM 'idle'"
    " AND backend_type IS DISTINCT FROM 'autovacuum worker' AND pid <> pg_backend_pid()";

constexpr std::array kMetrics{
    ColumnMetric{"transactions", "pg_long_running_transactions", kGauge,
                 "Open transactions of any age, without autovacuum's and our own."},
    ColumnMetric{"oldest", "pg_long_running_transactions_oldest_timestamp_seconds", kGauge,
                 "The age, not the time, of the oldest of these transactions, in seconds; 0 when there is none."},
};

}  // namespace

void add_long_running_transactions(const Rows& rows, Families& families) {
  require_sees_all(rows);
  add_columns(rows, {}, kMetrics, families);
}

std::unique_ptr<Collector> make_long_running_transactions(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kSql, add_long_running_transactions);
}

}  // namespace binnacle::pgpool

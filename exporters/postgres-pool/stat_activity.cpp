// SPDX-License-Identifier: Apache-2.0
#include "stat_activity.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "sessions_seen.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

constexpr std::array kLabels{
    ColumnLabel{"datname", "datname"},           ColumnLabel{"state", "state"},
    ColumnLabel{"usename", "usename"},           ColumnLabel{"application_name", "application_name"},
    ColumnLabel{"backend_type", "backend_type"}, ColumnLabel{"wait_event_type", "wait_event_type"},
    ColumnLabel{"wait_event", "wait_event"},
};

constexpr std::array kMetrics{
    ColumnMetric{"count", "pg_stat_activity_count", kGauge,
                 "Sessions of a database by state, role, kind of process and what they wait for; ours is left out."},
    ColumnMetric{"max_tx_duration", "pg_stat_activity_max_tx_duration", kGauge,
                 "Age of the oldest transaction among these sessions, in seconds; 0 where none has one."},
};

}  // namespace

std::string stat_activity_sql(bool application_names) {
  return std::string{
             "SELECT d.datname, s.state, a.usename, a.application_name, a.backend_type, a.wait_event_type,"
             " a.wait_event, count(a.pid) AS count,"
             " greatest(0, max(extract(epoch FROM now() - a.xact_start))) AS max_tx_duration,"
             " pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all"
             " FROM pg_database d CROSS JOIN unnest(ARRAY['active', 'idle', 'idle in transaction',"
             " 'idle in transaction (aborted)', 'fastpath function call', 'disabled']) AS s(state)"
             " LEFT JOIN (SELECT datid, state, usename, "} +
         (application_names ? "application_name" : "NULL::text AS application_name") +
         ", backend_type, wait_event_type, wait_event, pid, xact_start FROM pg_stat_activity"
         " WHERE pid <> pg_backend_pid()) a ON a.datid = d.oid AND a.state = s.state"
         " GROUP BY 1, 2, 3, 4, 5, 6, 7";
}

void add_stat_activity(const Rows& rows, Families& families) {
  require_sees_all(rows);
  add_columns(rows, kLabels, kMetrics, families);
}

std::unique_ptr<Collector> make_stat_activity(const CollectorParts& parts) {
  const auto& options = parts.options.drop_in;
  return std::make_unique<StatementCollector>(
      parts.session, Statement{[&options](int) { return stat_activity_sql(options.application_names); },
                               [](const Rows& rows, Output& out) { add_stat_activity(rows, out.families); }});
}

}  // namespace binnacle::pgpool

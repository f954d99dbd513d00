// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_stats.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "pgbouncer_show.h"

namespace binnacle::pgpool {

namespace {

constexpr std::array kLabels{ColumnLabel{"database", "database"}};

// All names but client_logins are pgbouncer_exporter's.
constexpr std::array kMetrics{
    ColumnMetric{"xact_count", "pgbouncer_stats_totals_sql_transactions_pooled_total", kCounter,
                 "Transactions that went through the pools."},
    ColumnMetric{"query_count", "pgbouncer_stats_totals_queries_pooled_total", kCounter,
                 "Queries that went through the pools."},
    ColumnMetric{"bytes_received", "pgbouncer_stats_totals_received_bytes_total", kCounter,
                 "Bytes that clients sent to PgBouncer."},
    ColumnMetric{"bytes_sent", "pgbouncer_stats_totals_sent_bytes_total", kCounter,
                 "Bytes that PgBouncer sent to clients."},
    ColumnMetric{"xact_time", "pgbouncer_stats_totals_server_in_transaction_seconds_total", kCounter,
                 "Time that clients held server connections in transactions, idle ones too, in seconds.",
                 kFromMicroseconds},
    ColumnMetric{"query_time", "pgbouncer_stats_totals_queries_duration_seconds_total", kCounter,
                 "Time that servers worked on queries, in seconds.", kFromMicroseconds},
    ColumnMetric{"wait_time", "pgbouncer_stats_totals_client_wait_seconds_total", kCounter,
                 "Time that clients waited for a server connection, in seconds; counted once their wait is over.",
                 kFromMicroseconds},
    ColumnMetric{"server_assignment_count", "pgbouncer_stats_totals_server_assignments_total", kCounter,
                 "How often a client was given a server connection (PgBouncer 1.23 on)."},
    ColumnMetric{"client_parse_count", "pgbouncer_stats_totals_client_parses_total", kCounter,
                 "Prepared statements that clients sent (PgBouncer 1.24 on)."},
    ColumnMetric{"server_parse_count", "pgbouncer_stats_totals_server_parses_total", kCounter,
                 "Prepared statements that PgBouncer prepared on servers (PgBouncer 1.24 on)."},
    ColumnMetric{"bind_count", "pgbouncer_stats_totals_binds_total", kCounter,
                 "Bind messages for prepared statements (PgBouncer 1.24 on)."},
    ColumnMetric{"client_login_count", "pgbouncer_stats_totals_client_logins_total", kCounter,
                 "Clients that logged in, where PgBouncer counts them."},
};

}  // namespace

void add_pgbouncer_stats(const Rows& rows, Families& families) { add_columns(rows, kLabels, kMetrics, families); }

std::unique_ptr<Collector> make_pgbouncer_stats(const CollectorParts& parts) {
  return make_show_collector(parts.session,
                             {.statement = "SHOW STATS_TOTALS",
                              .add = [](const Rows& rows, Output& out) { add_pgbouncer_stats(rows, out.families); }});
}

}  // namespace binnacle::pgpool

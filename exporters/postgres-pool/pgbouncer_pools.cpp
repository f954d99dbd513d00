// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_pools.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "pgbouncer_show.h"

namespace binnacle::pgpool {

namespace {

constexpr std::array kLabels{ColumnLabel{"database", "database"}, ColumnLabel{"user", "user"}};

// The names are pgbouncer_exporter's. sv_used and sv_tested are named for what they mean there.
constexpr std::array kMetrics{
    ColumnMetric{"cl_active", "pgbouncer_pools_client_active_connections", kGauge,
                 "Clients that have a server connection, or have nothing to ask."},
    ColumnMetric{"cl_waiting", "pgbouncer_pools_client_waiting_connections", kGauge,
                 "Clients that sent a query and wait for a server connection."},
    ColumnMetric{"cl_active_cancel_req", "pgbouncer_pools_client_active_cancel_connections", kGauge,
                 "Clients whose cancel request is with the server."},
    ColumnMetric{"cl_waiting_cancel_req", "pgbouncer_pools_client_waiting_cancel_connections", kGauge,
                 "Clients whose cancel request is not with the server yet."},
    ColumnMetric{"sv_active", "pgbouncer_pools_server_active_connections", kGauge,
                 "Server connections that a client has."},
    ColumnMetric{"sv_active_cancel", "pgbouncer_pools_server_active_cancel_connections", kGauge,
                 "Server connections that pass a cancel request on."},
    ColumnMetric{"sv_being_canceled", "pgbouncer_pools_server_being_canceled_connections", kGauge,
                 "Server connections that wait until cancel requests for them are through."},
    ColumnMetric{"sv_idle", "pgbouncer_pools_server_idle_connections", kGauge,
                 "Server connections that a client could have at once."},
    ColumnMetric{"sv_used", "pgbouncer_pools_server_used_connections", kGauge,
                 "Server connections idle for longer than server_check_delay, to be checked before use."},
    ColumnMetric{"sv_tested", "pgbouncer_pools_server_testing_connections", kGauge,
                 "Server connections in their reset or check query."},
    ColumnMetric{"sv_login", "pgbouncer_pools_server_login_connections", kGauge,
                 "Server connections that are logging in."},
};

/// The console's own pool: nobody waits there.
constexpr std::string_view kConsole = "pgbouncer";

/// In seconds. The column maxwait alone would hide every wait shorter than one.
std::optional<double> longest_wait(const Row& row) {
  const auto seconds = row.number("maxwait");
  if (!seconds) return std::nullopt;
  return *seconds + row.number("maxwait_us").value_or(0) * kFromMicroseconds;
}

void add_longest_waits(const Rows& rows, Families& families) {
  for (const auto row : rows) {
    const auto wait = longest_wait(row);
    if (!wait) continue;
    families
        .gauge("pgbouncer_pools_client_maxwait_seconds",
               "How long the first client in the queue has waited by now, in seconds (maxwait and maxwait_us).")
        .add({{"database", row.text("database").value_or("")}, {"user", row.text("user").value_or("")}}, *wait);
  }
}

/// Server connections that no further client could have.
double in_use(const Row& row) {
  double sum = 0;
  for (const auto* const column : {"sv_active", "sv_being_canceled", "sv_tested", "sv_login"}) {
    sum += row.number(column).value_or(0);
  }
  return sum;
}

}  // namespace

void add_pgbouncer_pools(const Rows& rows, Families& families) {
  add_columns(rows, kLabels, kMetrics, families);
  add_longest_waits(rows, families);
}

void add_pgbouncer_pool_facts(const Rows& rows, const PoolLimits& limits, Output& out) {
  const auto timeout = limits.query_wait_timeout();
  for (const auto row : rows) {
    const auto database = row.text("database").value_or("");
    const auto user = row.text("user").value_or("");
    if (database == kConsole) continue;
    const auto pool = std::string{database} + "/" + std::string{user};
    if (const auto size = limits.pool_size(database, user)) {
      out.families
          .gauge("pgbouncer_pools_server_max_connections",
                 "Server connections that the pool may have, without its reserve: the user's pool_size, else the "
                 "database's. Absent when there is no limit.")
          .add({{"database", database}, {"user", user}}, *size);
      out.fact("pool_saturation", in_use(row) / *size, pool);
      out.fact("pool_queue", row.number("cl_waiting").value_or(0) / *size, pool);
    }
    const auto wait = longest_wait(row);
    if (!wait) continue;
    out.fact("pool_wait_seconds", *wait, pool);
    if (timeout) out.fact("pool_wait_ratio", *wait / *timeout, pool);
  }
}

std::unique_ptr<Collector> make_pgbouncer_pools(const CollectorParts& parts) {
  return make_show_collector(parts.session,
                             {.statement = "SHOW POOLS", .add = [limits = parts.limits](const Rows& rows, Output& out) {
                                add_pgbouncer_pools(rows, out.families);
                                add_pgbouncer_pool_facts(rows, *limits, out);
                              }});
}

}  // namespace binnacle::pgpool

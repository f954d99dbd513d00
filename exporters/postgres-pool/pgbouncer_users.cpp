// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_users.h"

#include <array>

#include "collectors.h"
#include "limit_metrics.h"
#include "pgbouncer_show.h"
#include "pool_limits.h"

namespace binnacle::pgpool {

namespace {

constexpr std::array kLabels{ColumnLabel{"name", "user"}};

constexpr std::array kMetrics{
    ColumnMetric{"current_connections", "pgbouncer_users_current_connections", kGauge,
                 "Server connections of this user, over all its pools (PgBouncer 1.23 on)."},
    ColumnMetric{"current_client_connections", "pgbouncer_users_current_client_connections", kGauge,
                 "Clients of this user (PgBouncer 1.24 on)."},
};

constexpr std::array kLimits{
    ColumnMetric{"pool_size", "pgbouncer_users_pool_size", kGauge,
                 "Server connections that each pool of this user may have; absent when the database's size counts."},
    ColumnMetric{"reserve_pool_size", "pgbouncer_users_reserve_pool_size", kGauge,
                 "Server connections that each pool of this user may have beyond its size; absent when the database's "
                 "reserve counts."},
    ColumnMetric{"max_user_connections", "pgbouncer_users_max_connections", kGauge,
                 "Server connections that this user may have over all its pools; absent when there is no limit."},
    ColumnMetric{"max_user_client_connections", "pgbouncer_users_max_client_connections", kGauge,
                 "Clients that this user may have; absent when there is no limit."},
};

}  // namespace

void add_pgbouncer_users(const Rows& rows, Families& families) {
  add_limits(rows, kLabels, kLimits, families);
  add_columns(rows, kLabels, kMetrics, families);
  for (const auto row : rows) {
    const auto mode = row.text("pool_mode").value_or("");
    if (mode.empty()) continue;
    families.gauge("pgbouncer_users_info", "Always 1; its label pool_mode is the user's own, for those that have one.")
        .add({{"user", row.text("name").value_or("")}, {"pool_mode", mode}}, 1);
  }
}

std::unique_ptr<Collector> make_pgbouncer_users(const CollectorParts& parts) {
  return make_show_collector(parts.session,
                             {.statement = "SHOW USERS", .add = [limits = parts.limits](const Rows& rows, Output& out) {
                                limits->set_users(rows);
                                add_pgbouncer_users(rows, out.families);
                              }});
}

}  // namespace binnacle::pgpool

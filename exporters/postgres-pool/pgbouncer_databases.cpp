// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_databases.h"

#include <array>

#include "collectors.h"
#include "limit_metrics.h"
#include "pgbouncer_show.h"
#include "pool_limits.h"

namespace binnacle::pgpool {

namespace {

constexpr std::array kLabels{ColumnLabel{"name", "name"},
                             ColumnLabel{"host", "host"},
                             ColumnLabel{"port", "port"},
                             ColumnLabel{"database", "database"},
                             ColumnLabel{"force_user", "force_user"},
                             ColumnLabel{"pool_mode", "pool_mode"}};

// The names are pgbouncer_exporter's but for min_pool_size, server_lifetime and client connections.
constexpr std::array kMetrics{
    ColumnMetric{"reserve_pool", "pgbouncer_databases_reserve_pool", kGauge,
                 "Server connections that each pool may have beyond its size when clients wait for long."},
    ColumnMetric{"reserve_pool_size", "pgbouncer_databases_reserve_pool", kGauge,
                 "Server connections that each pool may have beyond its size when clients wait for long."},
    ColumnMetric{"min_pool_size", "pgbouncer_databases_min_pool_size", kGauge,
                 "Server connections that each pool keeps open (PgBouncer 1.16 on)."},
    ColumnMetric{"server_lifetime", "pgbouncer_databases_server_lifetime_seconds", kGauge,
                 "How old a server connection gets before it is replaced, in seconds (PgBouncer 1.23 on)."},
    ColumnMetric{"current_connections", "pgbouncer_databases_current_connections", kGauge,
                 "Server connections of this database, over all its pools."},
    ColumnMetric{"current_client_connections", "pgbouncer_databases_current_client_connections", kGauge,
                 "Clients of this database (PgBouncer 1.24 on)."},
    ColumnMetric{"paused", "pgbouncer_databases_paused", kGauge, "1 while the database is paused, else 0."},
    ColumnMetric{"disabled", "pgbouncer_databases_disabled", kGauge, "1 while no new client is let in, else 0."},
};

constexpr std::array kLimits{
    ColumnMetric{"pool_size", "pgbouncer_databases_pool_size", kGauge,
                 "Server connections that each pool of this database may have; absent when there is no limit."},
    ColumnMetric{"max_connections", "pgbouncer_databases_max_connections", kGauge,
                 "Server connections that this database may have over all its pools; absent when there is no limit."},
    ColumnMetric{"max_client_connections", "pgbouncer_databases_max_client_connections", kGauge,
                 "Clients that this database may have; absent when there is no limit (PgBouncer 1.24 on)."},
};

}  // namespace

void add_pgbouncer_databases(const Rows& rows, Families& families) {
  add_limits(rows, kLabels, kLimits, families);
  add_columns(rows, kLabels, kMetrics, families);
}

std::unique_ptr<Collector> make_pgbouncer_databases(const CollectorParts& parts) {
  return make_show_collector(
      parts.session, {.statement = "SHOW DATABASES", .add = [limits = parts.limits](const Rows& rows, Output& out) {
                        limits->set_databases(rows);
                        add_pgbouncer_databases(rows, out.families);
                      }});
}

}  // namespace binnacle::pgpool

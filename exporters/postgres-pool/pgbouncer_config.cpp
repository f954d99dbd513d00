// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_config.h"

#include <algorithm>
#include <array>

#include "collectors.h"
#include "limit_metrics.h"
#include "pgbouncer_show.h"
#include "pool_limits.h"

namespace binnacle::pgpool {

namespace {

enum class Zero { is_a_number, is_no_limit };

struct Setting {
  std::string_view key;
  std::string_view metric;
  Zero zero;
  std::string_view help;
};

constexpr std::string_view kQueryWaitTimeout = "query_wait_timeout";

// max_client_connections and max_user_connections are pgbouncer_exporter's names.
constexpr std::array kSettings{
    Setting{"max_client_conn", "pgbouncer_config_max_client_connections", Zero::is_a_number,
            "Clients that PgBouncer lets in."},
    Setting{"max_user_connections", "pgbouncer_config_max_user_connections", Zero::is_no_limit,
            "Server connections that a user may have; absent when there is no limit."},
    Setting{"max_user_client_connections", "pgbouncer_config_max_user_client_connections", Zero::is_no_limit,
            "Clients that a user may have; absent when there is no limit."},
    Setting{"max_db_connections", "pgbouncer_config_max_db_connections", Zero::is_no_limit,
            "Server connections that a database may have; absent when there is no limit."},
    Setting{"max_db_client_connections", "pgbouncer_config_max_db_client_connections", Zero::is_no_limit,
            "Clients that a database may have; absent when there is no limit."},
    Setting{"default_pool_size", "pgbouncer_config_default_pool_size", Zero::is_no_limit,
            "Server connections that a pool may have; absent when there is no limit."},
    Setting{"min_pool_size", "pgbouncer_config_min_pool_size", Zero::is_a_number,
            "Server connections that a pool keeps open."},
    Setting{"reserve_pool_size", "pgbouncer_config_reserve_pool_size", Zero::is_a_number,
            "Server connections that a pool may have beyond its size when clients wait for long."},
    Setting{"reserve_pool_timeout", "pgbouncer_config_reserve_pool_timeout_seconds", Zero::is_no_limit,
            "How long a client waits before the reserve is used, in seconds; absent when it never is."},
    Setting{"max_prepared_statements", "pgbouncer_config_max_prepared_statements", Zero::is_a_number,
            "Prepared statements that PgBouncer keeps on each server connection; 0 when it supports none."},
    Setting{kQueryWaitTimeout, "pgbouncer_config_query_wait_timeout_seconds", Zero::is_no_limit,
            "How long a client may wait for a server connection, in seconds; absent when it may wait for ever."},
    Setting{"query_timeout", "pgbouncer_config_query_timeout_seconds", Zero::is_no_limit,
            "How long a query may run, in seconds; absent when there is no limit."},
    Setting{"transaction_timeout", "pgbouncer_config_transaction_timeout_seconds", Zero::is_no_limit,
            "How long a transaction may take, in seconds; absent when there is no limit."},
    Setting{"idle_transaction_timeout", "pgbouncer_config_idle_transaction_timeout_seconds", Zero::is_no_limit,
            "How long a transaction may idle, in seconds; absent when there is no limit."},
    Setting{"client_idle_timeout", "pgbouncer_config_client_idle_timeout_seconds", Zero::is_no_limit,
            "How long a client may idle, in seconds; absent when there is no limit."},
    Setting{"client_login_timeout", "pgbouncer_config_client_login_timeout_seconds", Zero::is_no_limit,
            "How long a client may take to log in, in seconds; absent when there is no limit."},
    Setting{"server_idle_timeout", "pgbouncer_config_server_idle_timeout_seconds", Zero::is_no_limit,
            "How long a server connection idles before it is closed, in seconds; absent when it never is for that."},
    Setting{"server_lifetime", "pgbouncer_config_server_lifetime_seconds", Zero::is_a_number,
            "How old a server connection gets before it is replaced, in seconds."},
    Setting{"server_connect_timeout", "pgbouncer_config_server_connect_timeout_seconds", Zero::is_no_limit,
            "How long connecting to a server may take, in seconds; absent when there is no limit."},
    Setting{"server_login_retry", "pgbouncer_config_server_login_retry_seconds", Zero::is_a_number,
            "How long PgBouncer leaves a server alone that it could not log in to, in seconds."},
};

}  // namespace

void add_pgbouncer_config(const Rows& rows, Families& families) {
  for (const auto row : rows) {
    const auto key = row.text("key");
    if (key == "pool_mode") {
      families.gauge("pgbouncer_config_info", "Always 1; its label pool_mode is the one of pools without their own.")
          .add({{"pool_mode", row.text("value").value_or("")}}, 1);
      continue;
    }
    const auto* const setting =
        std::find_if(kSettings.begin(), kSettings.end(), [&](const auto& known) { return known.key == key; });
    if (setting == kSettings.end()) continue;
    const auto value = setting->zero == Zero::is_no_limit ? limit_of(row, "value") : row.number("value");
    if (value) families.gauge(setting->metric, setting->help).add(*value);
  }
}

std::optional<double> query_wait_timeout_of(const Rows& rows) {
  for (const auto row : rows) {
    if (row.text("key") == kQueryWaitTimeout) return limit_of(row, "value");
  }
  return std::nullopt;
}

std::unique_ptr<Collector> make_pgbouncer_config(const CollectorParts& parts) {
  return make_show_collector(
      parts.session, {.statement = "SHOW CONFIG", .add = [limits = parts.limits](const Rows& rows, Output& out) {
                        limits->set_query_wait_timeout(query_wait_timeout_of(rows));
                        add_pgbouncer_config(rows, out.families);
                      }});
}

}  // namespace binnacle::pgpool

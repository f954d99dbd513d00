// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_config.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("settings become metrics, whether their defaults are told or not", "[pgbouncer]") {
  const auto with_default = rows_of(  // 1.13 on
      "key|value|default|changeable\nmax_client_conn|200|100|no\ndefault_pool_size|5|20|yes\n"
      "query_wait_timeout|1.5|120|yes\npool_mode|transaction|session|yes\nlogfile|/x|\\N|yes\n");
  const auto without = rows_of(
      "key|value|changeable\nmax_client_conn|200|no\ndefault_pool_size|5|yes\n"
      "query_wait_timeout|1.5|yes\npool_mode|transaction|yes\nlogfile|/x|yes\n");
  for (const auto& rows : {with_default, without}) {
    Families families;
    add_pgbouncer_config(rows, families);
    CHECK(value_of(families, "pgbouncer_config_max_client_connections") == 200);
    CHECK(value_of(families, "pgbouncer_config_default_pool_size") == 5);
    CHECK(value_of(families, "pgbouncer_config_query_wait_timeout_seconds") == 1.5);
    CHECK(value_of(families, "pgbouncer_config_info", {{"pool_mode", "transaction"}}) == 1);
    CHECK(families.series() == 4);
    CHECK(query_wait_timeout_of(rows) == 1.5);
  }
}

TEST_CASE("of settings, a 0 that lifts a limit is absent, another is a number", "[pgbouncer]") {
  const auto rows = rows_of(
      "key|value|default|changeable\nmax_db_connections|0|0|yes\nmax_user_connections|0|0|yes\n"
      "query_wait_timeout|0|120|yes\nreserve_pool_timeout|0|5|yes\nmin_pool_size|0|0|yes\nreserve_pool_size|0|0|yes\n"
      "server_lifetime|0|3600|yes\nmax_prepared_statements|0|0|yes\n");
  Families families;
  add_pgbouncer_config(rows, families);
  CHECK(value_of(families, "pgbouncer_config_min_pool_size") == 0);
  CHECK(value_of(families, "pgbouncer_config_reserve_pool_size") == 0);
  CHECK(value_of(families, "pgbouncer_config_server_lifetime_seconds") == 0);
  CHECK(value_of(families, "pgbouncer_config_max_prepared_statements") == 0);
  CHECK(families.series() == 4);
  CHECK(query_wait_timeout_of(rows) == std::nullopt);
  CHECK(query_wait_timeout_of(rows_of("key|value\n")) == std::nullopt);
}

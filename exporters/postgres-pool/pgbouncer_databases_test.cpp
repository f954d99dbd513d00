// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_databases.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

const std::vector<std::pair<std::string, std::string>> kOrders{{"name", "orders"}, {"host", "10.0.0.1"},
                                                               {"port", "5432"},   {"database", "orders"},
                                                               {"force_user", ""}, {"pool_mode", ""}};

std::optional<double> of_orders(const Families& families, const std::string& name) {
  return value_of(families, "pgbouncer_databases_" + name, kOrders);
}

}  // namespace

TEST_CASE("databases as PgBouncer 1.8 to 1.15 tell them", "[pgbouncer]") {
  Families families;
  add_pgbouncer_databases(rows_of("name|host|port|database|force_user|pool_size|reserve_pool|pool_mode|max_connections|"
                                  "current_connections|paused|disabled\n"
                                  "orders|10.0.0.1|5432|orders|\\N|20|5|\\N|50|7|1|0\n"),
                          families);
  CHECK(of_orders(families, "pool_size") == 20);
  CHECK(of_orders(families, "reserve_pool") == 5);
  CHECK(of_orders(families, "max_connections") == 50);
  CHECK(of_orders(families, "current_connections") == 7);
  CHECK(of_orders(families, "paused") == 1);
  CHECK(of_orders(families, "disabled") == 0);
  CHECK(families.series() == 6);
}

TEST_CASE("databases as PgBouncer 1.16 to 1.22 tell them", "[pgbouncer]") {
  Families families;
  add_pgbouncer_databases(rows_of("name|host|port|database|force_user|pool_size|min_pool_size|reserve_pool|pool_mode|"
                                  "max_connections|current_connections|paused|disabled\n"
                                  "orders|10.0.0.1|5432|orders|\\N|20|3|5|\\N|0|7|0|1\n"
                                  "pgbouncer|\\N|6432|pgbouncer|pgbouncer|2|0|0|statement|0|0|0|0\n"),
                          families);
  CHECK(of_orders(families, "min_pool_size") == 3);
  CHECK(of_orders(families, "max_connections") == std::nullopt);  // 0: no limit
  CHECK(find_family(families, "pgbouncer_databases_max_connections") == nullptr);
  CHECK(of_orders(families, "disabled") == 1);
  CHECK(value_of(families, "pgbouncer_databases_pool_size",
                 {{"name", "pgbouncer"},
                  {"host", ""},
                  {"port", "6432"},
                  {"database", "pgbouncer"},
                  {"force_user", "pgbouncer"},
                  {"pool_mode", "statement"}}) == 2);
}

TEST_CASE("databases as PgBouncer 1.24 and 1.25 tell them", "[pgbouncer]") {
  Families families;
  add_pgbouncer_databases(
      rows_of("name|host|port|database|force_user|pool_size|min_pool_size|reserve_pool_size|server_lifetime|pool_mode|"
              "load_balance_hosts|max_connections|current_connections|max_client_connections|"
              "current_client_connections|paused|disabled\n"
              "orders|10.0.0.1|5432|orders|\\N|0|3|5|3600|\\N|\\N|50|7|90|60|0|0\n"),
      families);
  CHECK(of_orders(families, "pool_size") == std::nullopt);
  CHECK(of_orders(families, "reserve_pool") == 5);
  CHECK(of_orders(families, "server_lifetime_seconds") == 3600);
  CHECK(of_orders(families, "max_client_connections") == 90);
  CHECK(of_orders(families, "current_client_connections") == 60);
  for (const auto& family : families.all()) CHECK(family.type == prometheus::MetricType::Gauge);
}

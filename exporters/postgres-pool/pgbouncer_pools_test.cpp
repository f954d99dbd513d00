// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_pools.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

const std::vector<std::pair<std::string, std::string>> kOrders{{"database", "orders"}, {"user", "app"}};

}  // namespace

TEST_CASE("each pool has its clients and servers by state", "[pgbouncer]") {
  Families families;
  add_pgbouncer_pools(
      rows_of("database|user|cl_active|cl_waiting|cl_active_cancel_req|cl_waiting_cancel_req|sv_active|"
              "sv_active_cancel|sv_being_canceled|sv_idle|sv_used|sv_tested|sv_login|maxwait|maxwait_us|pool_mode\n"
              "orders|app|1|2|3|4|5|6|7|8|9|10|11|0|300000|transaction\n"
              "pgbouncer|pgbouncer|1|0|0|0|0|0|0|0|0|0|0|0|0|statement\n"),
      families);
  CHECK(value_of(families, "pgbouncer_pools_client_active_connections", kOrders) == 1);
  CHECK(value_of(families, "pgbouncer_pools_client_waiting_connections", kOrders) == 2);
  CHECK(value_of(families, "pgbouncer_pools_client_active_cancel_connections", kOrders) == 3);
  CHECK(value_of(families, "pgbouncer_pools_client_waiting_cancel_connections", kOrders) == 4);
  CHECK(value_of(families, "pgbouncer_pools_server_active_connections", kOrders) == 5);
  CHECK(value_of(families, "pgbouncer_pools_server_active_cancel_connections", kOrders) == 6);
  CHECK(value_of(families, "pgbouncer_pools_server_being_canceled_connections", kOrders) == 7);
  CHECK(value_of(families, "pgbouncer_pools_server_idle_connections", kOrders) == 8);
  CHECK(value_of(families, "pgbouncer_pools_server_used_connections", kOrders) == 9);
  CHECK(value_of(families, "pgbouncer_pools_server_testing_connections", kOrders) == 10);
  CHECK(value_of(families, "pgbouncer_pools_server_login_connections", kOrders) == 11);
  CHECK(value_of(families, "pgbouncer_pools_client_maxwait_seconds", kOrders) == Approx(0.3));
  CHECK(families.all().size() == 12);
  CHECK(families.series() == 24);
}

TEST_CASE("the longest wait has its microseconds where PgBouncer tells them", "[pgbouncer]") {
  Families families;
  add_pgbouncer_pools(rows_of("database|user|maxwait|maxwait_us\norders|app|2|250000\n"), families);
  CHECK(value_of(families, "pgbouncer_pools_client_maxwait_seconds", kOrders) == Approx(2.25));
  Families old;
  add_pgbouncer_pools(rows_of("database|user|maxwait\norders|app|2\n"), old);
  CHECK(value_of(old, "pgbouncer_pools_client_maxwait_seconds", kOrders) == 2);
  Families none;
  add_pgbouncer_pools(rows_of("database|user|cl_active\norders|app|2\n"), none);
  CHECK(none.all().size() == 1);
}

namespace {

std::optional<double> fact(const Output& out, const std::string& name, const std::string& pool) {
  for (const auto& fact : out.facts) {
    if (fact.name == name && fact.component == pool) return fact.value;
  }
  return std::nullopt;
}

const auto kBusy = rows_of(
    "database|user|cl_waiting|sv_active|sv_active_cancel|sv_being_canceled|sv_idle|sv_used|sv_tested|sv_login|maxwait|"
    "maxwait_us\n"
    "orders|app|6|1|9|1|5|5|1|1|1|500000\n"
    "pgbouncer|pgbouncer|1|1|0|0|0|0|0|0|9|0\n");

}  // namespace

TEST_CASE("a pool's health is its use against its limits", "[pgbouncer]") {
  PoolLimits limits;
  limits.set_databases(rows_of("name|pool_size\norders|4\npgbouncer|2\n"));
  limits.set_query_wait_timeout(30);
  Output out;
  add_pgbouncer_pool_facts(kBusy, limits, out);
  CHECK(fact(out, "pool_saturation", "orders/app") == Approx(1));
  CHECK(fact(out, "pool_queue", "orders/app") == Approx(1.5));
  CHECK(fact(out, "pool_wait_seconds", "orders/app") == Approx(1.5));
  CHECK(fact(out, "pool_wait_ratio", "orders/app") == Approx(0.05));
  CHECK(out.facts.size() == 4);
  CHECK(value_of(out.families, "pgbouncer_pools_server_max_connections", kOrders) == 4);
  CHECK(out.families.series() == 1);
}

TEST_CASE("what has no limit is not compared with it", "[pgbouncer]") {
  Output out;
  add_pgbouncer_pool_facts(kBusy, PoolLimits{}, out);
  CHECK(fact(out, "pool_wait_seconds", "orders/app") == Approx(1.5));
  CHECK(out.facts.size() == 1);
  CHECK(out.families.series() == 0);
}

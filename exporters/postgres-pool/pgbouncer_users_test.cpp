// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_users.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

const std::vector<std::pair<std::string, std::string>> kApp{{"user", "app"}};

}  // namespace

TEST_CASE("users before PgBouncer 1.23 have a pool mode at most", "[pgbouncer]") {
  Families families;
  add_pgbouncer_users(rows_of("name|pool_mode\napp|\\N\nbatch|session\nother|\n"), families);
  CHECK(value_of(families, "pgbouncer_users_info", {{"user", "batch"}, {"pool_mode", "session"}}) == 1);
  CHECK(families.series() == 1);
}

TEST_CASE("users of PgBouncer 1.23", "[pgbouncer]") {
  Families families;
  add_pgbouncer_users(rows_of("name|pool_size|pool_mode|max_user_connections|current_connections\n"
                              "app|        6|\\N|0|2\nbatch||session|9|0\n"),
                      families);
  CHECK(value_of(families, "pgbouncer_users_pool_size", kApp) == 6);
  CHECK(series_of(families, "pgbouncer_users_pool_size") == 1);
  CHECK(value_of(families, "pgbouncer_users_current_connections", kApp) == 2);
  CHECK(value_of(families, "pgbouncer_users_max_connections", kApp) == std::nullopt);
  CHECK(value_of(families, "pgbouncer_users_max_connections", {{"user", "batch"}}) == 9);
}

TEST_CASE("users of PgBouncer 1.24 and 1.25", "[pgbouncer]") {
  Families families;
  add_pgbouncer_users(rows_of("name|pool_size|reserve_pool_size|pool_mode|max_user_connections|current_connections|"
                              "max_user_client_connections|current_client_connections\n"
                              "app||        4|transaction|10|2|100|50\n"),
                      families);
  CHECK(value_of(families, "pgbouncer_users_reserve_pool_size", kApp) == 4);
  CHECK(value_of(families, "pgbouncer_users_max_client_connections", kApp) == 100);
  CHECK(value_of(families, "pgbouncer_users_current_client_connections", kApp) == 50);
  CHECK(families.series() == 6);
}

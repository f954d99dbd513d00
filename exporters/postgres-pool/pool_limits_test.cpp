// SPDX-License-Identifier: Apache-2.0
#include "pool_limits.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle::pgpool;

TEST_CASE("a pool is as large as its database says, or its user", "[pgbouncer]") {
  PoolLimits limits;
  CHECK(limits.pool_size("orders", "app") == std::nullopt);
  limits.set_databases(rows_of("name|pool_size\norders|20\nfree|0\n"));
  CHECK(limits.pool_size("orders", "app") == 20);
  CHECK(limits.pool_size("free", "app") == std::nullopt);
  CHECK(limits.pool_size("other", "app") == std::nullopt);
  // 1.23 on; without a size of its own a user has an empty text, else one padded with blanks.
  limits.set_users(rows_of("name|pool_size|pool_mode\napp||\nreports|        3|\nbatch|        0|\n"));
  CHECK(limits.pool_size("orders", "app") == 20);
  CHECK(limits.pool_size("orders", "reports") == 3);
  CHECK(limits.pool_size("orders", "batch") == std::nullopt);
  limits.set_databases(rows_of("name|pool_size\nother|5\n"));
  CHECK(limits.pool_size("orders", "app") == std::nullopt);
  CHECK(limits.pool_size("other", "app") == 5);
}

TEST_CASE("users of PgBouncer before 1.23 have no sizes", "[pgbouncer]") {
  PoolLimits limits;
  limits.set_databases(rows_of("name|pool_size\norders|20\n"));
  limits.set_users(rows_of("name|pool_mode\napp|\\N\n"));
  CHECK(limits.pool_size("orders", "app") == 20);
}

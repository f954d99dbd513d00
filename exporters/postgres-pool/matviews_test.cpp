// SPDX-License-Identifier: Apache-2.0
#include "matviews.h"

#include <catch2/catch.hpp>

#include "core/collector.h"
#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("a refresh is told where it is known", "[matviews]") {
  Families families;
  add_matviews(rows_of("datname|schemaname|relname|populated|refreshed\n"
                       "orders|public|daily|t|1700000000.5\n"
                       "orders|public|weekly|f|\\N\n"),
               families);
  const auto of = [&](const char* name, const char* view) {
    return value_of(families, name, {{"datname", "orders"}, {"schemaname", "public"}, {"relname", view}});
  };
  CHECK(of("pg_matview_populated", "daily") == 1);
  CHECK(of("pg_matview_populated", "weekly") == 0);
  CHECK(of("pg_matview_refreshed_timestamp_seconds", "daily") == 1'700'000'000.5);
  CHECK_FALSE(of("pg_matview_refreshed_timestamp_seconds", "weekly"));
}

TEST_CASE("a database without materialized views has nothing to tell", "[matviews]") {
  Families families;
  CHECK_THROWS_AS(add_matviews({}, families), NotApplicable);
}

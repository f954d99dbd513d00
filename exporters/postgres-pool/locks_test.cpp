// SPDX-License-Identifier: Apache-2.0
#include "locks.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("locks by database and mode", "[locks]") {
  Families families;
  add_locks(rows_of("datname|mode|count\norders|accesssharelock|4\norders|exclusivelock|0\n"), families);
  CHECK(value_of(families, "pg_locks_count", {{"datname", "orders"}, {"mode", "accesssharelock"}}) == 4);
  CHECK(value_of(families, "pg_locks_count", {{"datname", "orders"}, {"mode", "exclusivelock"}}) == 0);
  CHECK(find_family(families, "pg_locks_count")->type == prometheus::MetricType::Gauge);
}

// SPDX-License-Identifier: Apache-2.0
#include "long_running_transactions.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("open transactions", "[long_running_transactions]") {
  Families families;
  add_long_running_transactions(rows_of("transactions|oldest|sees_all\n2|61.5|t\n"), families);
  CHECK(value_of(families, "pg_long_running_transactions") == 2);
  CHECK(value_of(families, "pg_long_running_transactions_oldest_timestamp_seconds") == 61.5);
}

TEST_CASE("transactions that are hidden are not counted as none", "[long_running_transactions]") {
  Families families;
  CHECK_THROWS_AS(add_long_running_transactions(rows_of("transactions|oldest|sees_all\n0|0|f\n"), families),
                  std::runtime_error);
  CHECK(families.series() == 0);
}

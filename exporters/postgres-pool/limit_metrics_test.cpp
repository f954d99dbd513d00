// SPDX-License-Identifier: Apache-2.0
#include "limit_metrics.h"

#include <array>
#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("a limit of 0 is no limit", "[pgbouncer]") {
  constexpr std::array kLabels{ColumnLabel{"name", "user"}};
  constexpr std::array kMetrics{ColumnMetric{"most", "x_max", kGauge, "Most."},
                                ColumnMetric{"gone", "x_gone", kGauge, "Not there."}};
  Families families;
  add_limits(rows_of("name|most\na|5\nb|0\nc|\\N\nd|\ne|many\nf|-1\n"), kLabels, kMetrics, families);
  CHECK(value_of(families, "x_max", {{"user", "a"}}) == 5);
  CHECK(families.series() == 1);
}

TEST_CASE("blanks around a limit do not matter", "[pgbouncer]") {
  Rows rows{{"most"}};
  rows.add({"        7"});
  CHECK(limit_of(rows[0], "most") == 7);
  CHECK(limit_of(rows[0], "other") == std::nullopt);
}

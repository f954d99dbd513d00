// SPDX-License-Identifier: Apache-2.0
#include "column_metrics.h"

#include <array>
#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

constexpr std::array kLabels{ColumnLabel{"database", "datname"}};
constexpr std::array kMetrics{
    ColumnMetric{"calls", "test_calls_total", kCounter, "Calls."},
    ColumnMetric{"wait_ms", "test_wait_seconds", kGauge, "Wait.", 1e-3},
    ColumnMetric{"gone", "test_gone", kGauge, "A column that this version lacks."},
};

}  // namespace

TEST_CASE("columns become series of their own type and unit, labelled by other columns", "[columns]") {
  Families families;
  add_columns(rows_of("wait_ms|new|database|calls\n1500|7|orders|3\n0|7|users|4\n"), kLabels, kMetrics, families);
  CHECK(families.all().size() == 2);
  CHECK(value_of(families, "test_wait_seconds", {{"datname", "orders"}}) == 1.5);
  CHECK(value_of(families, "test_wait_seconds", {{"datname", "users"}}) == 0);
  CHECK(value_of(families, "test_calls_total", {{"datname", "users"}}) == 4);
  CHECK(find_family(families, "test_calls_total")->type == prometheus::MetricType::Counter);
}

TEST_CASE("a NULL cell makes no series, and a column of NULLs no family", "[columns]") {
  Families families;
  add_columns(rows_of("database|calls|wait_ms\n\\N|3|\\N\nusers|\\N|\\N\n"), kLabels, kMetrics, families);
  CHECK(families.all().size() == 1);
  CHECK(series_of(families, "test_calls_total") == 1);
  CHECK(value_of(families, "test_calls_total", {{"datname", ""}}) == 3);
}

// SPDX-License-Identifier: Apache-2.0
#include "checkout_record.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

const std::chrono::system_clock::time_point kNoon{std::chrono::seconds{1'700'000'000}};

CheckoutResult good(double connect, double wait, double query) {
  return {{connect, wait, query}, connect + wait + query, {}, {}};
}

CheckoutResult bad(const std::string& error_class) { return {{}, {}, error_class, "it failed"}; }

const prometheus::ClientMetric::Histogram& histogram(const Output& out, std::string_view phase) {
  const auto* const family = find_family(out.families, "pg_pool_checkout_duration_seconds");
  REQUIRE(family != nullptr);
  for (const auto& metric : family->series()) {
    if (metric.label.at(0).value == phase) return metric.histogram;
  }
  throw std::logic_error("no such phase");
}

std::optional<double> fact(const Output& out, std::string_view name) {
  for (const auto& fact : out.facts) {
    if (fact.name == name) return fact.value;
  }
  return std::nullopt;
}

std::optional<double> errors(const Output& out, const std::string& error_class) {
  return value_of(out.families, "pg_pool_checkout_errors_total", {{"sqlstate_class", error_class}});
}

}  // namespace

TEST_CASE("before the first checkout all is zero and nothing is judged", "[checkout]") {
  const CheckoutRecord record;
  Output out;
  record.add_to(out);
  CHECK(value_of(out.families, "pg_pool_checkout_attempts_total") == 0);
  CHECK(histogram(out, "total").sample_count == 0);
  CHECK(errors(out, "08") == 0);
  CHECK(series_of(out.families, "pg_pool_checkout_errors_total") == kCheckoutErrors.size());
  CHECK(find_family(out.families, "pg_pool_checkout_last_success_timestamp_seconds") == nullptr);
  CHECK(out.facts.empty());
}

TEST_CASE("phases are counted apart", "[checkout]") {
  CheckoutRecord record;
  record.add(good(0.002, 0.3, 0.0004), kNoon);
  record.add(good(0.002, 0.0004, 0.0004), kNoon);
  Output out;
  record.add_to(out);
  CHECK(histogram(out, "connect").sample_count == 2);
  CHECK(histogram(out, "connect").sample_sum == Approx(0.004));
  CHECK(histogram(out, "wait").sample_sum == Approx(0.3004));
  CHECK(histogram(out, "total").sample_sum == Approx(0.3052));
  for (const auto& bucket : histogram(out, "wait").bucket) {
    CHECK(bucket.cumulative_count == (bucket.upper_bound < 0.3 ? 1 : 2));
  }
  CHECK(histogram(out, "query").bucket.front().upper_bound == 0.0005);
  CHECK(histogram(out, "query").bucket.front().cumulative_count == 2);
  CHECK(value_of(out.families, "pg_pool_checkout_attempts_total") == 2);
  CHECK(value_of(out.families, "pg_pool_checkout_last_success_timestamp_seconds") == 1'700'000'000);
}

TEST_CASE("failures are counted by class, and those that ran out of time with their time", "[checkout]") {
  CheckoutRecord record;
  record.add(bad("28"), kNoon);
  record.add({{0.001, 9.9, std::nullopt}, 10.0, "timeout", "no answer"}, kNoon);
  Output out;
  record.add_to(out);
  CHECK(errors(out, "28") == 1);
  CHECK(errors(out, "timeout") == 1);
  CHECK(errors(out, "08") == 0);
  CHECK(histogram(out, "connect").sample_count == 1);
  CHECK(histogram(out, "wait").sample_sum == Approx(9.9));
  CHECK(histogram(out, "query").sample_count == 0);
  CHECK(histogram(out, "total").sample_count == 1);
  CHECK(find_family(out.families, "pg_pool_checkout_last_success_timestamp_seconds") == nullptr);
  CHECK(fact(out, "checkout_error_ratio") == 1);
  CHECK(fact(out, "checkout_seconds") == 10);
}

TEST_CASE("facts look back on the last twenty", "[checkout]") {
  CheckoutRecord record;
  for (int at = 0; at < 20; ++at) record.add(bad("08"), kNoon);
  Output failing;
  record.add_to(failing);
  CHECK(fact(failing, "checkout_error_ratio") == 1);
  CHECK(fact(failing, "checkout_seconds") == std::nullopt);
  for (int at = 0; at < 15; ++at) record.add(good(0, at < 5 ? 3 : 0.01, 0), kNoon);
  Output half;
  record.add_to(half);
  CHECK(fact(half, "checkout_error_ratio") == Approx(0.25));
  CHECK(fact(half, "checkout_seconds") == Approx(0.01));
  for (int at = 0; at < 5; ++at) record.add(good(0, 0.01, 0), kNoon);
  Output well;
  record.add_to(well);
  CHECK(fact(well, "checkout_error_ratio") == 0);
}

// SPDX-License-Identifier: Apache-2.0
#include "duration_histogram.h"

#include <catch2/catch.hpp>
#include <limits>

using binnacle::DurationHistogram;
using namespace std::chrono_literals;

TEST_CASE("a round trip counts in each bucket from its own on", "[histogram]") {
  DurationHistogram histogram;
  CHECK(histogram.empty());
  histogram.observe(50us);
  histogram.observe(51us);
  histogram.observe(11s);
  const auto metric = histogram.collect().histogram;
  REQUIRE(metric.bucket.size() == binnacle::kRoundTripBounds.size() + 1);
  CHECK(metric.bucket[0].cumulative_count == 1);
  CHECK(metric.bucket[1].cumulative_count == 2);
  CHECK(metric.bucket[16].cumulative_count == 2);
  CHECK(metric.bucket[17].cumulative_count == 3);
  CHECK(metric.bucket[17].upper_bound == std::numeric_limits<double>::infinity());
  CHECK(metric.sample_count == 3);
  CHECK(metric.sample_sum == Approx(11.000101));
}

TEST_CASE("a histogram takes bounds of its own", "[histogram]") {
  constexpr std::array kBounds{0.5, 1.0};
  DurationHistogram histogram{kBounds};
  histogram.observe(1s);
  const auto metric = histogram.collect().histogram;
  REQUIRE(metric.bucket.size() == 3);
  CHECK(metric.bucket[0].cumulative_count == 0);
  CHECK(metric.bucket[1].cumulative_count == 1);
  CHECK(metric.bucket[2].cumulative_count == 1);
}

// SPDX-License-Identifier: Apache-2.0
#include "log_histogram.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace binnacle;

TEST_CASE("a duration is in the bucket whose bounds hold it", "[log_histogram]") {
  CHECK(log_bucket(1) == 0);
  CHECK(log_bucket(1.0001) == 1);
  CHECK(log_bucket(std::exp2(1.0 / 8) - 1e-9) == 1);
  CHECK(log_bucket(std::exp2(1.0 / 8) + 1e-9) == 2);
  CHECK(log_bucket(1.9999) == 8);
  CHECK(log_bucket(2) == 8);
  CHECK(log_bucket(2.0001) == 9);
  CHECK(log_bucket(0.5) == -8);
  CHECK(log_bucket(0.25) == -16);
}

TEST_CASE("what is beyond the range, or no duration, is at its ends", "[log_histogram]") {
  CHECK(log_bucket(1e-12) == -160);
  CHECK(log_bucket(0) == -160);
  CHECK(log_bucket(-1) == -160);
  CHECK(log_bucket(std::numeric_limits<double>::quiet_NaN()) == -160);
  CHECK(log_bucket(std::numeric_limits<double>::denorm_min()) == -160);
  CHECK(log_bucket(1e9) == 96);
  CHECK(log_bucket(std::numeric_limits<double>::infinity()) == 96);
}

TEST_CASE("quantiles are within half a bucket of the true ones", "[log_histogram]") {
  std::mt19937_64 random{7};
  std::lognormal_distribution<double> durations{-4, 1};
  LogHistogram histogram;
  std::vector<double> all;
  for (int i = 0; i < 20'000; ++i) {
    all.push_back(durations(random));
    histogram.add(all.back());
  }
  std::sort(all.begin(), all.end());
  for (const double q : {0.01, 0.5, 0.95, 0.99, 1.0}) {
    const auto wanted = all[static_cast<std::size_t>(std::ceil(q * 20'000)) - 1];
    INFO(q);
    REQUIRE(histogram.quantile(q));
    CHECK(*histogram.quantile(q) / wanted > 0.955);
    CHECK(*histogram.quantile(q) / wanted < 1.045);
  }
}

TEST_CASE("an empty histogram has no quantiles, also when it was emptied", "[log_histogram]") {
  LogHistogram histogram;
  CHECK_FALSE(histogram.quantile(0.5));
  histogram.add(1);
  histogram.clear();
  CHECK(histogram.count() == 0);
  CHECK_FALSE(histogram.quantile(0.5));
}

TEST_CASE("added histograms are as one that has seen all", "[log_histogram]") {
  LogHistogram low;
  LogHistogram high;
  LogHistogram all;
  for (int i = 1; i <= 100; ++i) {
    auto& part = i <= 60 ? low : high;
    const double seconds = i <= 60 ? 0.001 * i : 1.0 * i;
    part.add(seconds, 3);
    all.add(seconds, 3);
  }
  high.add(low);
  high.add(LogHistogram{});
  CHECK(high.count() == 300);
  for (const double q : {0.0, 0.3, 0.6, 0.61, 0.99, 1.0}) CHECK(high.quantile(q) == all.quantile(q));
}

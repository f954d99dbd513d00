// SPDX-License-Identifier: Apache-2.0
#include "latency_trend.h"

#include <catch2/catch.hpp>

using namespace binnacle::gateway;
using namespace std::chrono_literals;

namespace {

LatencyTrend::Clock::time_point at(std::chrono::seconds time) { return LatencyTrend::Clock::time_point{1'000h + time}; }

void add(LatencyTrend& trend, int count, double seconds, std::chrono::seconds time) {
  for (int one = 0; one < count; ++one) trend.add(seconds, at(time));
}

}  // namespace

TEST_CASE("latency against its own past", "[latency_trend]") {
  LatencyTrend trend;
  add(trend, 100, 0.5, 0s);
  add(trend, 20, 1.5, 10min);
  REQUIRE(trend.ratio(at(10min)));
  CHECK(*trend.ratio(at(10min)) == Approx(3).epsilon(0.1));
}

TEST_CASE("nothing is said before there is enough of both", "[latency_trend]") {
  LatencyTrend trend;
  CHECK_FALSE(trend.ratio(at(0s)));
  add(trend, 20, 0.5, 0s);
  CHECK_FALSE(trend.ratio(at(0s)));
  add(trend, 19, 0.5, 5min);
  CHECK_FALSE(trend.ratio(at(5min)));
  add(trend, 1, 0.5, 5min);
  REQUIRE(trend.ratio(at(5min)));
  CHECK(*trend.ratio(at(5min)) == Approx(1));
  // Silence since.
  CHECK_FALSE(trend.ratio(at(10min)));
}

TEST_CASE("minutes are recent for five minutes, and past from then on, at whichever times they come",
          "[latency_trend]") {
  LatencyTrend trend;
  for (auto minute = 0; minute < 8; ++minute) add(trend, 10, minute < 3 ? 1.0 : 4.0, std::chrono::minutes{minute});
  // Past: minutes 0 to 2, recent: 3 to 7.
  REQUIRE(trend.ratio(at(7min + 59s)));
  CHECK(*trend.ratio(at(7min + 59s)) == Approx(4).epsilon(0.1));
  // One minute on, minute 3 is past too; the past's median is still 1.
  CHECK(*trend.ratio(at(8min)) == Approx(4).epsilon(0.1));
  // Past: minutes 0 to 5 half of each; the least of the middle counts.
  CHECK(trend.ratio(at(10min)));
  // Only minute 7 is recent.
  CHECK_FALSE(trend.ratio(at(11min)));
}

TEST_CASE("a median is not moved by a few outliers", "[latency_trend]") {
  LatencyTrend trend;
  add(trend, 50, 0.2, 0s);
  add(trend, 25, 0.2, 6min);
  add(trend, 10, 90.0, 6min);
  REQUIRE(trend.ratio(at(6min)));
  CHECK(*trend.ratio(at(6min)) == Approx(1));
}

TEST_CASE("what is more than a day old is forgotten", "[latency_trend]") {
  LatencyTrend trend;
  add(trend, 1'000, 10.0, 0s);
  add(trend, 100, 1.0, 10h);
  add(trend, 30, 2.0, 25h);
  REQUIRE(trend.ratio(at(25h)));
  CHECK(*trend.ratio(at(25h)) == Approx(2).epsilon(0.1));
  // The slot of an hour is taken by the same hour of the next day.
  add(trend, 30, 4.0, 34h + 30min);
  REQUIRE(trend.ratio(at(34h + 30min)));
  CHECK(*trend.ratio(at(34h + 30min)) == Approx(2).epsilon(0.1));
}

TEST_CASE("a minute that was left in its place for days is nobody's past", "[latency_trend]") {
  LatencyTrend trend;
  add(trend, 100, 1.0, 0s);
  CHECK_FALSE(trend.ratio(at(72h)));
  add(trend, 30, 8.0, 72h);
  CHECK_FALSE(trend.ratio(at(72h)));
  add(trend, 30, 8.0, 72h + 6min);
  REQUIRE(trend.ratio(at(72h + 6min)));
  CHECK(*trend.ratio(at(72h + 6min)) == Approx(1));
}

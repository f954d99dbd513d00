// SPDX-License-Identifier: Apache-2.0
#include "turnover.h"

#include <catch2/catch.hpp>

using binnacle::cache::Turnover;
using namespace std::chrono_literals;

namespace {

Turnover::Time at(std::chrono::seconds after) { return Turnover::Time{1h} + after; }

/// A scrape every 15 s, in each of which `per_scrape` are evicted.
void scrape(Turnover& turnover, double& evicted, std::chrono::seconds& now, int scrapes, double per_scrape) {
  for (int i = 0; i < scrapes; ++i) {
    now += 15s;
    evicted += per_scrape;
    turnover.add(evicted, at(now));
  }
}

}  // namespace

TEST_CASE("what is evicted is told as a share of what is there", "[turnover]") {
  Turnover turnover;
  double evicted = 7'000'000;  // of a server that has run for long
  auto now = 0s;
  turnover.add(evicted, at(now));
  scrape(turnover, evicted, now, 19, 10);
  CHECK_FALSE(turnover.per_hour(4800));  // too early
  scrape(turnover, evicted, now, 1, 10);
  CHECK(turnover.per_hour(4800).value() == Approx(0.5));
  CHECK(turnover.per_hour(1200).value() == Approx(2));
  CHECK_FALSE(turnover.per_hour(0));
}

TEST_CASE("evictions that ended are forgotten", "[turnover]") {
  Turnover turnover;
  double evicted = 0;
  auto now = 0s;
  scrape(turnover, evicted, now, 100, 10);
  const auto before = turnover.per_hour(1000).value();
  scrape(turnover, evicted, now, 40, 0);
  CHECK(turnover.per_hour(1000).value() == Approx(before / 2.718).epsilon(0.01));
}

TEST_CASE("a server that started again has evicted nothing yet", "[turnover]") {
  Turnover turnover;
  double evicted = 1000;
  auto now = 0s;
  scrape(turnover, evicted, now, 30, 100);
  REQUIRE(turnover.per_hour(1000));
  turnover.add(0, at(now + 15s));
  CHECK_FALSE(turnover.per_hour(1000));
}

TEST_CASE("two scrapes at one moment say nothing new", "[turnover]") {
  Turnover turnover;
  double evicted = 0;
  auto now = 0s;
  scrape(turnover, evicted, now, 30, 10);
  const auto before = turnover.per_hour(1000).value();
  turnover.add(evicted, at(now));
  CHECK(turnover.per_hour(1000).value() == Approx(before));
}

// SPDX-License-Identifier: Apache-2.0
#include "rate_limiter.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using binnacle::RateLimiter;

TEST_CASE("a burst passes at once, then one request an interval", "[rate_limiter]") {
  RateLimiter limiter(100ms, 3);
  const auto start = RateLimiter::Clock::now();
  CHECK(limiter.allow(start));
  CHECK(limiter.allow(start));
  CHECK(limiter.allow(start));
  CHECK_FALSE(limiter.allow(start));
  CHECK_FALSE(limiter.allow(start + 99ms));
  CHECK(limiter.allow(start + 101ms));
  CHECK_FALSE(limiter.allow(start + 102ms));
}

TEST_CASE("a long rest saves no more than the burst", "[rate_limiter]") {
  RateLimiter limiter(1ms, 2);
  const auto start = RateLimiter::Clock::now();
  CHECK(limiter.allow(start));
  CHECK(limiter.allow(start + 1h));
  CHECK(limiter.allow(start + 1h));
  CHECK_FALSE(limiter.allow(start + 1h));
}

TEST_CASE("a clock reading from before the last one takes nothing back", "[rate_limiter]") {
  RateLimiter limiter(10ms, 1);
  const auto start = RateLimiter::Clock::now();
  CHECK(limiter.allow(start + 10ms));
  CHECK_FALSE(limiter.allow(start));
  CHECK_FALSE(limiter.allow(start + 19ms));
  CHECK(limiter.allow(start + 21ms));
}

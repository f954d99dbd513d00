// SPDX-License-Identifier: Apache-2.0
#include "rate_limits.h"

#include <catch2/catch.hpp>
#include <deque>
#include <random>

using namespace binnacle::gateway;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

using Kind = RateLimit::Kind;

constexpr Clock::time_point kStart{1000s};

RateLimit requests(std::uint64_t amount, std::chrono::seconds per = 60s) { return {Kind::requests, amount, per}; }
RateLimit tokens(std::uint64_t amount, std::chrono::seconds per = 60s) { return {Kind::tokens, amount, per}; }

Reservation taken(RateLimits& limits, std::uint64_t wanted, Clock::time_point now) {
  const auto found = limits.reserve(wanted, now);
  REQUIRE(std::holds_alternative<Reservation>(found));
  return std::get<Reservation>(found);
}

LimitRefusal refused(RateLimits& limits, std::uint64_t wanted, Clock::time_point now) {
  const auto found = limits.reserve(wanted, now);
  REQUIRE(std::holds_alternative<LimitRefusal>(found));
  return std::get<LimitRefusal>(found);
}

}  // namespace

TEST_CASE("kinds of rate limits have names", "[rate_limits]") {
  CHECK(name_of(Kind::requests) == "requests");
  CHECK(name_of(Kind::tokens) == "tokens");
}

TEST_CASE("without limits everything may run", "[rate_limits]") {
  RateLimits limits{{}};
  for (int i = 0; i < 1000; ++i) taken(limits, 1'000'000, kStart);
}

TEST_CASE("so many requests in any time", "[rate_limits]") {
  RateLimits limits{{requests(3)}};
  taken(limits, 10, kStart);
  taken(limits, 10, kStart + 30s);
  taken(limits, 10, kStart + 59s);
  CHECK(limits.remaining(0, kStart + 59s) == 0);
  const auto refusal = refused(limits, 10, kStart + 59s);
  CHECK(refusal.limit == requests(3));
  CHECK(refusal.retry_after == 2s);  // slots of 1 s: the first one's has gone 61 s after it began
  refused(limits, 10, kStart + 59s + refusal.retry_after - 1ms);
  taken(limits, 10, kStart + 59s + refusal.retry_after);
  CHECK(refused(limits, 10, kStart + 61s).retry_after == 30s);
}

TEST_CASE("tokens are reserved, then settled", "[rate_limits]") {
  RateLimits limits{{tokens(1000)}};
  const auto first = taken(limits, 600, kStart);
  CHECK(first.tokens == 600);
  CHECK_FALSE(first.shared);
  refused(limits, 500, kStart + 1s);
  limits.settle(first, 100, kStart + 2s);
  CHECK(limits.remaining(0, kStart + 2s) == 900);
  const auto second = taken(limits, 900, kStart + 2s);
  limits.settle(second, 1500, kStart + 3s);
  CHECK(limits.remaining(0, kStart + 3s) == -600);
  CHECK(refused(limits, 1, kStart + 3s).retry_after == 60s);  // the second one's slot
  CHECK(refused(limits, 0, kStart + 3s).retry_after == 60s);  // there is nothing left for anybody
  taken(limits, 1000, kStart + 63s);
}

TEST_CASE("a refund gives all back", "[rate_limits]") {
  RateLimits limits{{requests(1), tokens(1000)}};
  const auto first = taken(limits, 600, kStart);
  CHECK(refused(limits, 100, kStart).limit == requests(1));
  limits.refund(first, kStart + 1s);
  CHECK(limits.remaining(0, kStart + 1s) == 1);
  CHECK(limits.remaining(1, kStart + 1s) == 1000);
  const auto second = taken(limits, 1000, kStart + 1s);
  limits.refund(second, kStart + 10min);  // long gone
  CHECK(limits.remaining(0, kStart + 10min) == 1);
  CHECK(limits.remaining(1, kStart + 10min) == 1000);
}

TEST_CASE("all limits must have room, and a refusal takes of none", "[rate_limits]") {
  RateLimits limits{{requests(100), tokens(1000), tokens(1500, 3600s)}};
  taken(limits, 1000, kStart);
  for (int i = 0; i < 10; ++i) refused(limits, 400, kStart);
  CHECK(limits.remaining(0, kStart) == 99);
  CHECK(limits.remaining(2, kStart) == 500);
  taken(limits, 400, kStart + 61s);
  // Of two limits that refuse, the one that lasts longer.
  const auto refusal = refused(limits, 700, kStart + 61s);
  CHECK(refusal.limit == tokens(1500, 3600s));
  CHECK(refusal.retry_after > 3500s);
}

TEST_CASE("who wants more than a whole limit runs alone", "[rate_limits]") {
  RateLimits limits{{tokens(100)}};
  const auto small = taken(limits, 1, kStart);
  CHECK(refused(limits, 101, kStart).retry_after == 61s);
  limits.settle(small, 0, kStart);
  taken(limits, 101, kStart);
  CHECK(limits.remaining(0, kStart) == -1);
  refused(limits, 101, kStart + 60s);
  taken(limits, 5000, kStart + 61s);
}

TEST_CASE("counts that no request can have do no harm", "[rate_limits]") {
  RateLimits limits{{tokens(UINT64_MAX), tokens(10, 1s)}};
  auto now = kStart;
  for (int i = 0; i < 1000; ++i, now += 2s) {
    const auto reservation = taken(limits, UINT64_MAX, now);
    CHECK(reservation.tokens == RateLimits::kMostTokens);
    limits.settle(reservation, UINT64_MAX, now);
  }
  CHECK(limits.remaining(0, now) > 0);
}

TEST_CASE("when enough has gone, of many slots", "[rate_limits]") {
  RateLimits limits{{tokens(100)}};
  for (int i = 0; i < 10; ++i) taken(limits, 10, kStart + i * 1s);
  const auto now = kStart + 20s;
  CHECK(refused(limits, 10, now).retry_after == 41s);
  CHECK(refused(limits, 11, now).retry_after == 42s);
  CHECK(refused(limits, 100, now).retry_after == 50s);
  CHECK(refused(limits, 1000, now).retry_after == 50s);
}

TEST_CASE("one second is cut into slots as well", "[rate_limits]") {
  RateLimits limits{{requests(1, 1s)}};
  taken(limits, 0, kStart);
  const auto wait = refused(limits, 0, kStart).retry_after;
  CHECK(wait == 1017ms);  // 61 slots of 16.7 ms
  refused(limits, 0, kStart + wait - 1ms);
  taken(limits, 0, kStart + wait);
}

TEST_CASE("limits that stay keep their counts", "[rate_limits]") {
  RateLimits limits{{requests(10), tokens(1000)}};
  const auto before = taken(limits, 600, kStart);
  limits.limits({tokens(2000), tokens(500, 3600s)});
  CHECK(limits.limits() == std::vector{tokens(2000), tokens(500, 3600s)});
  CHECK(limits.remaining(0, kStart + 1s) == 1400);
  CHECK(limits.remaining(1, kStart + 1s) == 500);
  const auto later = taken(limits, 500, kStart + 1s);
  limits.settle(before, 100, kStart + 2s);
  CHECK(limits.remaining(0, kStart + 2s) == 1400);
  // The new one has not counted what was reserved before it was there.
  CHECK(limits.remaining(1, kStart + 2s) == 0);
  limits.settle(later, 1, kStart + 2s);
  CHECK(limits.remaining(1, kStart + 2s) == 499);
}

TEST_CASE("what was reserved in Redis is not settled here", "[rate_limits]") {
  RateLimits limits{{requests(10), tokens(100)}};
  taken(limits, 50, kStart);
  const Reservation shared{.tokens = 50, .slot_ms = 1000'000, .shared = true};
  limits.settle(shared, 0, kStart);
  limits.refund(shared, kStart);
  CHECK(limits.remaining(0, kStart) == 9);
  CHECK(limits.remaining(1, kStart) == 50);
}

TEST_CASE("a clock that stands still, jumps or goes back", "[rate_limits]") {
  RateLimits limits{{tokens(100)}};
  taken(limits, 60, kStart);
  refused(limits, 60, kStart - 30s);
  taken(limits, 40, kStart - 30s);
  refused(limits, 1, kStart);
  taken(limits, 100, kStart + 1000h);
  RateLimits from_nothing{{tokens(100)}};
  taken(from_nothing, 60, Clock::time_point{});
  refused(from_nothing, 60, Clock::time_point{});
}

namespace {

struct Made {
  Clock::time_point at;       ///< let through
  Clock::time_point settled;  ///< and when its use is known
  std::uint64_t reserved;
  std::uint64_t used;
  Reservation reservation;
};

struct Load {
  std::uint64_t amount = 1000;
  std::chrono::seconds per{10};
  std::size_t together = 1;     ///< at most so many under way
  bool reserved_enough = true;  ///< no request uses more than was reserved
  std::uint64_t largest = 300;
  milliseconds longest{30'000};  ///< that one takes
};

/// Sends requests as fast as the limit lets them through, waiting as it says, and gives those that were made.
std::deque<Made> run(const Load& load, std::mt19937& random) {
  const auto upto = [&](std::uint64_t most) { return std::uniform_int_distribution<std::uint64_t>{0, most}(random); };
  RateLimits limits{{tokens(load.amount, load.per)}};
  std::deque<Made> made;
  std::vector<std::size_t> under_way;
  auto now = kStart;
  const auto settle_due = [&] {
    std::erase_if(under_way, [&](std::size_t one) {
      if (made[one].settled > now) return false;
      limits.settle(made[one].reservation, made[one].used, now);
      return true;
    });
  };
  while (made.size() < 200) {
    settle_due();
    const auto used = 1 + upto(load.largest - 1);
    const auto reserved = load.reserved_enough ? used + upto(200) : 1 + upto(load.largest - 1);
    if (under_way.size() >= load.together) {
      now += milliseconds{1 + upto(50)};
      continue;
    }
    const auto found = limits.reserve(reserved, now);
    if (const auto* const reservation = std::get_if<Reservation>(&found)) {
      const auto time = milliseconds{upto(static_cast<std::uint64_t>(load.longest.count()))};
      under_way.push_back(made.size());
      made.push_back({now, now + time, reserved, used, *reservation});
      if (upto(2) == 0) now += milliseconds{upto(2000)};
    } else {
      const auto wait = std::get<LimitRefusal>(found).retry_after;
      REQUIRE(wait >= 1ms);
      now += upto(1) == 0 ? wait : std::min(wait, milliseconds{1 + upto(500)});
    }
  }
  return made;
}

/// For each stretch of `per` that ends with a request: what was used in it beyond the amount, less what requests that
/// were under way with that one used beyond their reservations. `own`: how much of it is that one's.
void check_stretches(const std::deque<Made>& made, const Load& load) {
  for (std::size_t last = 0; last < made.size(); ++last) {
    std::uint64_t used = 0;
    std::uint64_t beyond = 0;
    std::size_t count = 0;
    for (std::size_t one = 0; one <= last; ++one) {
      if (made[last].at - made[one].at >= load.per) continue;
      ++count;
      used += made[one].used;
      const bool under_way = made[one].settled > made[last].at || one == last;
      if (under_way && made[one].used > made[one].reserved) beyond += made[one].used - made[one].reserved;
    }
    const bool alone = count == 1;  // and larger than the whole limit
    REQUIRE((alone || used <= load.amount + beyond));
    if (load.reserved_enough && !alone) REQUIRE(used <= load.amount);
    if (load.together == 1) REQUIRE(used <= load.amount + made[last].used);
  }
}

}  // namespace

TEST_CASE("no stretch of time has more than the limit when enough is reserved", "[rate_limits]") {
  std::mt19937 random{3};
  for (int round = 0; round < 20; ++round) {
    const Load load{.amount = round % 2 == 0 ? 1000U : 150U,
                    .per = std::chrono::seconds{1 + round % 60},
                    .together = 1 + static_cast<std::size_t>(round),
                    .reserved_enough = true};
    check_stretches(run(load, random), load);
  }
}

TEST_CASE("one at a time, the limit is passed by one request's own at most", "[rate_limits]") {
  std::mt19937 random{4};
  for (int round = 0; round < 20; ++round) {
    const Load load{.per = std::chrono::seconds{1 + round % 60}, .together = 1, .reserved_enough = false};
    check_stretches(run(load, random), load);
  }
}

TEST_CASE("many at a time, it is passed by what those under way used beyond their reservations", "[rate_limits]") {
  std::mt19937 random{5};
  for (int round = 0; round < 20; ++round) {
    const Load load{.per = std::chrono::seconds{1 + round % 60},
                    .together = 2 + static_cast<std::size_t>(round % 20),
                    .reserved_enough = false};
    check_stretches(run(load, random), load);
  }
}

TEST_CASE("who waits as told gets nearly all of the limit", "[rate_limits]") {
  RateLimits limits{{tokens(6000)}};
  auto now = kStart;
  std::uint64_t used = 0;
  while (now < kStart + 1h) {
    const auto found = limits.reserve(100, now);
    if (std::holds_alternative<Reservation>(found)) {
      used += 100;
    } else {
      now += std::get<LimitRefusal>(found).retry_after;
    }
  }
  CHECK(used >= 348'000);  // 58 of 60 times
  CHECK(used <= 366'000);
}

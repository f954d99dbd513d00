// SPDX-License-Identifier: Apache-2.0
#include "gobreaker.h"

#include <catch2/catch.hpp>

#include "core/timestamp.h"
#include "source.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;

namespace {

using States = std::vector<BreakerState>;
constexpr auto C = BreakerState::closed;
constexpr auto O = BreakerState::open;
constexpr auto H = BreakerState::half_open;

const WallTime kNoon = *parse_timestamp("2026-11-22T12:00:00Z");

GobreakerState held(BreakerState state, std::uint64_t generation, WallTime start,
                    std::optional<WallTime> expiry = std::nullopt, GobreakerCounts counts = {}) {
  return {state, generation, 0, counts, {counts}, start, expiry};
}

/// A breaker that is looked at once a second.
struct Watched {
  Gobreaker breaker{};
  WallTime wall = kNoon;
  std::uint64_t gaps = 0;

  Observation at(WallTime time, const GobreakerState& state) {
    wall = time;
    return breaker.observe("pay", state, time, gaps);
  }
};

States path(const Observation& breaker) {
  States states;
  for (const auto& step : breaker.path) states.push_back(step.state);
  return states;
}

std::optional<double> calls(const Observation& breaker, CallResult result) {
  return breaker.calls_total[index_of(result)];
}

}  // namespace

TEST_CASE("what Go writes is read", "[gobreaker]") {
  const auto state = parse_gobreaker(
      R"({"state":2,"generation":18446744073709551615,"age":0,"counts":{"Requests":9,"TotalSuccesses":3,"TotalFailures":4,
          "TotalExclusions":2,"ConsecutiveSuccesses":0,"ConsecutiveFailures":4},"buckets":[{"Requests":9}],
          "start":"2026-11-22T13:00:00.123456789+01:00","expiry":"2026-11-22T12:01:00Z"})");
  CHECK(state.state == O);
  CHECK(state.generation == 18446744073709551615U);
  CHECK(state.counts == GobreakerCounts{3, 4, 2, 4});
  CHECK(state.buckets.size() == 1);
  CHECK(state.start == kNoon + 123456789ns);
  CHECK(state.expiry == kNoon + 1min);
  const auto closed = parse_gobreaker(R"({"state":0,"start":"2026-11-22T12:00:00Z","expiry":"0001-01-01T00:00:00Z"})");
  CHECK(closed.state == C);
  CHECK_FALSE(closed.expiry);
  CHECK(parse_gobreaker(R"({"state":1})").state == H);
}

TEST_CASE("a rolling window has buckets", "[gobreaker]") {
  const auto state = parse_gobreaker(
      R"({"state":0,"age":7,"buckets":[{"TotalSuccesses":1},{"TotalFailures":2},7],"counts":{"TotalSuccesses":1}})");
  CHECK(state.age == 7);
  REQUIRE(state.buckets.size() == 3);
  CHECK(state.buckets[1].failures == 2);
}

TEST_CASE("what is no state of gobreaker's is refused", "[gobreaker]") {
  for (const auto* const text : {"", "open", "{}", "[]", R"({"state":3})", R"({"state":-1})", R"({"state":"2"})",
                                 R"({"state":1.0})", R"({"state":null})", R"({"state":2)"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_gobreaker(text), SourceError);
  }
  const auto odd = parse_gobreaker(R"({"state":2,"generation":-1,"counts":7,"buckets":{},"start":"noon","expiry":5})");
  CHECK(odd.generation == 0);
  CHECK_FALSE(odd.start);
  CHECK(odd.counts == GobreakerCounts{});
}

TEST_CASE("the way between two generations", "[gobreaker]") {
  CHECK(gobreaker_walk(C, O, 1, false) == States{O});
  CHECK(gobreaker_walk(O, C, 2, false) == States{H, C});
  CHECK(gobreaker_walk(O, O, 2, false) == States{H, O});
  CHECK(gobreaker_walk(C, C, 3, false) == States{O, H, C});
  CHECK(gobreaker_walk(C, C, 0, false) == States{});
  CHECK_FALSE(gobreaker_walk(C, C, 1, false));  // no way
  CHECK_FALSE(gobreaker_walk(O, C, 1, false));
  CHECK_FALSE(gobreaker_walk(O, O, 5, false));  // two ways
  CHECK(gobreaker_walk(C, C, 2, true) == States{});
  CHECK(gobreaker_walk(C, O, 2, true) == States{O});
  CHECK_FALSE(gobreaker_walk(C, C, 3, true));
  CHECK_FALSE(gobreaker_walk(C, C, 1'000'000, true));
}

TEST_CASE("the first sight tells since when", "[gobreaker]") {
  Watched pay;
  const auto open = pay.at(kNoon, held(O, 4, kNoon - 20s, kNoon + 40s));
  CHECK(open.id.breaker == "pay");
  CHECK(path(open) == States{O});
  CHECK(open.path[0].ago == 20s);
  CHECK(open.get(Number::half_open_pending) == 0);
  CHECK(calls(open, CallResult::failure) == 0);  // those before are history

  Watched closed;
  CHECK(closed.at(kNoon, held(C, 1, kNoon - 5s)).path.at(0).ago == 5s);
  Watched resets;  // its counts began 5 s ago, and it may be closed since yesterday
  CHECK_FALSE(resets.at(kNoon, held(C, 9, kNoon - 5s, kNoon + 5s)).path.at(0).ago);
  CHECK(pay.gaps + closed.gaps + resets.gaps == 0);
}

TEST_CASE("a whole cycle between two polls is seen", "[gobreaker]") {
  Watched pay;
  pay.at(kNoon, held(C, 1, kNoon - 1h));
  const auto closed = pay.at(kNoon + 1s, held(C, 4, kNoon + 800ms));
  CHECK(path(closed) == States{O, H, C});
  for (const auto& step : closed.path) CHECK(step.ago->count() == Approx(0.2));
  CHECK(pay.gaps == 0);
  CHECK(calls(closed, CallResult::failure) == 1);  // that which opened it
  CHECK(calls(closed, CallResult::success) == 1);  // that which closed it
}

TEST_CASE("an open breaker whose time has passed is half-open, pending, once", "[gobreaker]") {
  Watched pay;
  const auto open = held(O, 2, kNoon, kNoon + 2500ms);
  pay.at(kNoon + 1s, open);
  const auto before = pay.at(kNoon + 2s, open);
  CHECK(path(before) == States{O});
  CHECK(before.get(Number::half_open_pending) == 0);
  const auto expired = pay.at(kNoon + 3s, open);
  CHECK(path(expired) == States{H});
  CHECK(expired.path[0].ago->count() == Approx(0.5));
  CHECK(expired.get(Number::half_open_pending) == 1);
  CHECK(path(pay.at(kNoon + 4s, open)) == States{H});
  CHECK(path(pay.at(kNoon + 2s, open)) == States{H});  // a clock that was set back changes nothing
  // A failed probe: H is where it is already, then open again.
  const auto again = pay.at(kNoon + 5s, held(O, 4, kNoon + 4500ms, kNoon + 7s));
  CHECK(path(again) == States{H, O});
  CHECK(again.get(Number::half_open_pending) == 0);
  CHECK(calls(again, CallResult::failure) == 1);
  CHECK(path(pay.at(kNoon + 8s, held(H, 5, kNoon + 7500ms))) == States{H});
  CHECK(path(pay.at(kNoon + 9s, held(C, 6, kNoon + 8500ms))) == States{C});
  CHECK_FALSE(pay.at(kNoon + 9s, held(C, 6, kNoon + 8500ms)).get(Number::half_open_pending));
  CHECK(pay.gaps == 0);
}

TEST_CASE("the first sight of an expired one shows both states", "[gobreaker]") {
  Watched pay;
  const auto breaker = pay.at(kNoon, held(O, 2, kNoon - 70s, kNoon - 10s));
  CHECK(path(breaker) == States{O, H});
  CHECK(breaker.path[0].ago == 70s);
  CHECK(breaker.path[1].ago == 10s);
}

TEST_CASE("clocks of others bend no time", "[gobreaker]") {
  Watched pay;
  pay.at(kNoon, held(C, 1, kNoon + 1h));
  const auto late = pay.at(kNoon + 1s, held(O, 2, kNoon - 1h, kNoon + 1h));
  CHECK(late.path.at(0).ago == 1s);
  const auto early = pay.at(kNoon + 2s, held(H, 3, kNoon + 1h));
  CHECK(early.path.at(0).ago == 0s);
}

TEST_CASE("a closed breaker whose counts end by time stays closed", "[gobreaker]") {
  Watched pay;
  pay.at(kNoon, held(C, 10, kNoon, kNoon + 1s, {5, 1, 0, 0}));
  const auto next = pay.at(kNoon + 2s, held(C, 12, kNoon + 2s, kNoon + 3s, {2, 0, 0, 0}));
  CHECK(path(next) == States{C});
  CHECK(calls(next, CallResult::success) == 2);  // a lower bound
  CHECK(pay.gaps == 0);
  const auto far = pay.at(kNoon + 60s, held(C, 40, kNoon + 60s, kNoon + 61s));
  CHECK(path(far) == States{C});
  CHECK(pay.gaps == 1);
}

TEST_CASE("a key that was made anew is a gap", "[gobreaker]") {
  Watched pay;
  pay.at(kNoon, held(O, 7, kNoon - 10s, kNoon + 1h));
  const auto anew = pay.at(kNoon + 1s, held(C, 1, kNoon + 500ms, std::nullopt, {3, 0, 0, 0}));
  CHECK(path(anew) == States{C});
  CHECK(calls(anew, CallResult::success) == 3);
  CHECK(pay.gaps == 1);
  // The same generation in another state: somebody else wrote it.
  CHECK(path(pay.at(kNoon + 2s, held(O, 1, kNoon + 1500ms, kNoon + 1h))) == States{O});
  CHECK(pay.gaps == 2);
}

TEST_CASE("calls are counted across generations", "[gobreaker]") {
  Watched pay;
  pay.at(kNoon, held(C, 1, kNoon, std::nullopt, {10, 2, 1, 0}));
  auto breaker = pay.at(kNoon + 1s, held(C, 1, kNoon, std::nullopt, {15, 5, 2, 3}));
  CHECK(calls(breaker, CallResult::success) == 5);
  CHECK(calls(breaker, CallResult::failure) == 3);
  CHECK(calls(breaker, CallResult::ignored) == 1);
  CHECK(breaker.get(Number::window_calls) == 20);
  CHECK(breaker.get(Number::failure_ratio) == 0.25);
  CHECK(breaker.get(Number::consecutive_failures) == 3);
  breaker = pay.at(kNoon + 2s, held(O, 2, kNoon + 1500ms, kNoon + 1h));
  CHECK(calls(breaker, CallResult::failure) == 4);
  CHECK(breaker.get(Number::window_calls) == 0);
  CHECK_FALSE(breaker.get(Number::failure_ratio));
}

TEST_CASE("buckets of a rolling window are told apart by their age", "[gobreaker]") {
  Watched pay;
  auto state = held(C, 1, kNoon);
  state.age = 4;
  state.buckets = {{1, 0, 0, 0}, {5, 0, 0, 0}, {9, 0, 0, 0}};  // of ages 3, 4, 2
  pay.at(kNoon, state);
  state.age = 5;
  state.buckets = {{1, 0, 0, 0}, {7, 0, 0, 0}, {3, 0, 0, 0}};  // of ages 3, 4, 5
  auto breaker = pay.at(kNoon + 1s, state);
  CHECK(calls(breaker, CallResult::success) == 5);
  state.age = 50;
  breaker = pay.at(kNoon + 2s, state);
  CHECK(calls(breaker, CallResult::success) == 16);
  state.age = 0;
  state.generation = 2;
  breaker = pay.at(kNoon + 3s, state);
  CHECK(calls(breaker, CallResult::success) == 27);
}

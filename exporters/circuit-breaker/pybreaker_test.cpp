// SPDX-License-Identifier: Apache-2.0
#include "pybreaker.h"

#include <catch2/catch.hpp>
#include <vector>

#include "core/timestamp.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;

namespace {

using States = std::vector<BreakerState>;
constexpr auto C = BreakerState::closed;
constexpr auto O = BreakerState::open;
constexpr auto H = BreakerState::half_open;

constexpr int kNoonSeconds = 1'795'262'400;
const auto kNoon = *from_unix_seconds(kNoonSeconds);

/// `opened`: seconds after noon.
PybreakerKeys keys(const std::string& state, std::optional<int> opened = std::nullopt) {
  PybreakerKeys all{state, "0", std::nullopt};
  if (opened) all.opened_at = std::to_string(kNoonSeconds + *opened);
  return all;
}

States path(const Observation& breaker) {
  States states;
  for (const auto& step : breaker.path) states.push_back(step.state);
  return states;
}

}  // namespace

TEST_CASE("states of pybreaker", "[pybreaker]") {
  Pybreaker pay{std::nullopt};
  auto breaker = pay.observe("pay", keys("closed"), kNoon);
  CHECK(breaker.id.breaker == "pay");
  CHECK(path(breaker) == States{C});
  CHECK(breaker.get(Number::consecutive_failures) == 0);
  CHECK_FALSE(breaker.get(Number::half_open_pending));
  breaker = pay.observe("pay", {"open", "5", std::to_string(kNoonSeconds)}, kNoon + 1s);
  CHECK(path(breaker) == States{O});
  CHECK(breaker.path[0].ago == 1s);
  CHECK(breaker.get(Number::consecutive_failures) == 5);
  CHECK_FALSE(breaker.get(Number::half_open_pending));  // nobody knows its reset timeout
  breaker = pay.observe("pay", keys("half-open", 0), kNoon + 2s);
  CHECK(path(breaker) == States{H});
  CHECK(breaker.get(Number::half_open_pending) == 0);
  CHECK(path(pay.observe("pay", keys("closed", 0), kNoon + 3s)) == States{C});
}

TEST_CASE("the first sight tells since when it is open", "[pybreaker]") {
  CHECK(Pybreaker{std::nullopt}.observe("pay", keys("open", -30), kNoon).path.at(0).ago == 30s);
  CHECK_FALSE(Pybreaker{std::nullopt}.observe("pay", keys("open"), kNoon).path.at(0).ago);
  CHECK_FALSE(Pybreaker{std::nullopt}.observe("pay", keys("closed", -30), kNoon).path.at(0).ago);
}

TEST_CASE("a new opening time tells of what happened between two polls", "[pybreaker]") {
  Pybreaker pay{std::nullopt};
  pay.observe("pay", keys("closed", -100), kNoon);
  auto breaker = pay.observe("pay", keys("closed", 1), kNoon + 2s);
  CHECK(path(breaker) == States{O, C});
  CHECK(breaker.path[0].ago == 1s);
  CHECK(path(pay.observe("pay", keys("half-open", 3), kNoon + 4s)) == States{O, H});
  CHECK(path(pay.observe("pay", keys("open", 5), kNoon + 6s)) == States{O});
  CHECK(path(pay.observe("pay", keys("open", 7), kNoon + 8s)) == States{H, O});
  CHECK(path(pay.observe("pay", keys("closed", 9), kNoon + 10s)) == States{H, O, C});
  CHECK(path(pay.observe("pay", keys("closed", 9), kNoon + 11s)) == States{C});
}

TEST_CASE("with the reset timeout an expired open is half-open, pending", "[pybreaker]") {
  Pybreaker pay{10s};
  auto breaker = pay.observe("pay", keys("open", 0), kNoon + 9s);
  CHECK(path(breaker) == States{O});
  CHECK(breaker.get(Number::half_open_pending) == 0);
  breaker = pay.observe("pay", keys("open", 0), kNoon + 12s);
  CHECK(path(breaker) == States{H});
  CHECK(breaker.path[0].ago == 2s);
  CHECK(breaker.get(Number::half_open_pending) == 1);
  CHECK(path(pay.observe("pay", keys("open", 0), kNoon + 13s)) == States{H});
  // The probe failed.
  breaker = pay.observe("pay", keys("open", 13), kNoon + 14s);
  CHECK(path(breaker) == States{H, O});
  CHECK(breaker.get(Number::half_open_pending) == 0);
  CHECK(path(Pybreaker{10s}.observe("pay", keys("open", -30), kNoon)) == States{O, H});
}

TEST_CASE("odd texts are unknown, and clocks bend no time", "[pybreaker]") {
  Pybreaker pay{1s};
  CHECK(path(pay.observe("pay", {}, kNoon)) == States{BreakerState::unknown});
  CHECK(path(pay.observe("pay", {"OPENED", "x", "y"}, kNoon)) == States{BreakerState::unknown});
  CHECK(path(pay.observe("pay", {"forced_open", "", ""}, kNoon)) == States{BreakerState::unknown});
  CHECK_FALSE(pay.observe("pay", {"closed", "-1", "99999999999999999999"}, kNoon).get(Number::consecutive_failures));
  const auto future = pay.observe("pay", keys("open", 1000), kNoon + 1s);
  CHECK(path(future) == States{O});
  CHECK(future.path[0].ago == 0s);
}

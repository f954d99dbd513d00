// SPDX-License-Identifier: Apache-2.0
#include "call_window.h"

#include <catch2/catch.hpp>

using namespace binnacle;
using namespace std::chrono_literals;

namespace {

constexpr auto kSuccess = CallResult::success;
constexpr auto kFailure = CallResult::failure;

const Clock::time_point kStart{1'000s};

}  // namespace

TEST_CASE("ratios are of the calls that count", "[call_window]") {
  CallWindow window{{.calls = 100}};
  CHECK_FALSE(window.totals(kStart).failure_ratio());
  window.record(kSuccess, 0.1, kStart, 4);
  window.record(CallResult::slow, 2.0, kStart, 2);
  window.record(kFailure, 0.1, kStart);
  window.record(CallResult::timeout, 1.0, kStart);
  window.record(CallResult::ignored, 0.1, kStart, 5);
  window.record(CallResult::rejected, std::nullopt, kStart, 7);
  const auto totals = window.totals(kStart);
  CHECK(totals.counted() == 8);
  CHECK(totals.failure_ratio() == 0.25);
  CHECK(totals.slow_ratio() == 0.25);
  CHECK(totals.calls[index_of(CallResult::rejected)] == 7);
  CHECK(window.durations(kStart).count() == 13);
}

TEST_CASE("a window of calls has at most as many, and at least nine tenths", "[call_window]") {
  CallWindow window{{.calls = 100}};
  for (int call = 1; call <= 1'000; ++call) {
    window.record(kSuccess, 0.1, kStart);
    const auto counted = window.totals(kStart).counted();
    CHECK(counted <= 100);
    CHECK(counted >= static_cast<std::uint64_t>(std::min(call, 91)));
  }
}

TEST_CASE("a window of a few calls has exactly those", "[call_window]") {
  CallWindow window{{.calls = 3}};
  for (const auto result : {kFailure, kFailure, kSuccess, kSuccess, kFailure}) window.record(result, 0.1, kStart);
  CHECK(window.totals(kStart).counted() == 3);
  CHECK(window.totals(kStart).calls[index_of(kFailure)] == 1);
}

TEST_CASE("a window of calls does not age, and rejected calls do not move it on", "[call_window]") {
  CallWindow window{{.calls = 10}};
  for (int call = 0; call < 10; ++call) window.record(kFailure, 0.1, kStart);
  window.record(CallResult::rejected, std::nullopt, kStart + 1h, 1'000);
  CHECK(window.totals(kStart + 24h).calls[index_of(kFailure)] >= 9);
}

TEST_CASE("a window of time forgets what is older", "[call_window]") {
  CallWindow window{{.time = 10s}};
  window.record(kFailure, 0.1, kStart);
  window.record(kSuccess, 0.2, kStart + 5s);
  CHECK(window.totals(kStart + 5s).counted() == 2);
  CHECK(window.totals(kStart + 8s).counted() == 2);
  CHECK(window.totals(kStart + 11s).counted() == 1);
  CHECK(window.totals(kStart + 11s).failure_ratio() == 0);
  CHECK(window.totals(kStart + 16s).counted() == 0);
  CHECK_FALSE(window.durations(kStart + 16s).quantile(0.5));
  window.record(kSuccess, 0.3, kStart + 1h);
  CHECK(window.totals(kStart + 1h).counted() == 1);
}

TEST_CASE("a cleared window is empty, and fills again", "[call_window]") {
  for (const auto& size : {WindowSize{.calls = 20}, WindowSize{.time = 10s}}) {
    CallWindow window{size};
    window.record(kFailure, 0.1, kStart, 15);
    window.clear();
    CHECK(window.totals(kStart).counted() == 0);
    window.record(kSuccess, 0.1, kStart);
    CHECK(window.totals(kStart).counted() == 1);
    CHECK(window.totals(kStart).failure_ratio() == 0);
  }
}

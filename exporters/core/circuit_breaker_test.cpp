// SPDX-License-Identifier: Apache-2.0
#include "circuit_breaker.h"

#include <array>
#include <catch2/catch.hpp>
#include <thread>

using namespace binnacle;
using namespace std::chrono_literals;

namespace {

using State = BreakerState;

Moment at(std::chrono::milliseconds time) {
  return {Clock::time_point{1h + time}, std::chrono::system_clock::time_point{1h + time}};
}

/// Opens after two of four calls have failed, for 10 s, and tries with two.
CircuitBreaker::Settings quick() {
  CircuitBreaker::Settings settings;
  settings.window = {.calls = 8};
  settings.minimum_calls = 4;
  settings.slow_ratio = 0.75;
  settings.slow_call = 1s;
  settings.open_time = 10s;
  settings.half_open_calls = 2;
  return settings;
}

/// A call that must be permitted.
void call(CircuitBreaker& breaker, CallResult result, Moment now, std::chrono::duration<double> took = 10ms) {
  const auto permit = breaker.permit(now);
  REQUIRE(permit);
  breaker.record(*permit, result, took, now);
}

void open(CircuitBreaker& breaker, Moment now) {
  for (int i = 0; i < 4; ++i) call(breaker, CallResult::failure, now);
  REQUIRE(breaker.state(now) == State::open);
}

}  // namespace

TEST_CASE("a breaker opens at its ratio, and not before it has enough calls", "[circuit_breaker]") {
  CircuitBreaker breaker{quick(), at(0ms)};
  call(breaker, CallResult::success, at(0ms));
  call(breaker, CallResult::failure, at(1ms));
  call(breaker, CallResult::timeout, at(2ms));
  CHECK(breaker.state(at(3ms)) == State::closed);
  call(breaker, CallResult::success, at(4ms));
  CHECK(breaker.state(at(5ms)) == State::open);
  CHECK_FALSE(breaker.permit(at(6ms)));
  const auto snapshot = breaker.snapshot(at(7ms));
  CHECK(snapshot.history.transitions(State::closed, State::open) == 1);
  CHECK(snapshot.calls[index_of(CallResult::rejected)] == 1);
  CHECK(snapshot.calls[index_of(CallResult::success)] == 2);
  CHECK(snapshot.calls[index_of(CallResult::timeout)] == 1);
}

TEST_CASE("below its ratio a breaker stays closed", "[circuit_breaker]") {
  CircuitBreaker breaker{quick(), at(0ms)};
  for (int i = 0; i < 30; ++i) {
    call(breaker, i % 3 == 2 ? CallResult::failure : CallResult::success, at(0ms));
    call(breaker, CallResult::ignored, at(0ms));
  }
  CHECK(breaker.state(at(1ms)) == State::closed);
}

TEST_CASE("slow calls open a breaker too", "[circuit_breaker]") {
  CircuitBreaker breaker{quick(), at(0ms)};
  call(breaker, CallResult::success, at(0ms), 999ms);
  for (int i = 0; i < 3; ++i) call(breaker, CallResult::success, at(0ms), 1s);
  CHECK(breaker.state(at(1ms)) == State::open);
  CHECK(breaker.snapshot(at(1ms)).calls[index_of(CallResult::slow)] == 3);
}

TEST_CASE("after its time an open breaker lets a few calls decide", "[circuit_breaker]") {
  CircuitBreaker breaker{quick(), at(0ms)};
  open(breaker, at(0ms));
  CHECK(breaker.retry_after(at(4s)) == 6s);
  CHECK(breaker.state(at(9'999ms)) == State::open);
  CHECK(breaker.state(at(10s)) == State::half_open);
  CHECK(breaker.retry_after(at(10s)) == 0s);
  const auto first = breaker.permit(at(10s));
  const auto second = breaker.permit(at(10s));
  CHECK_FALSE(breaker.permit(at(10s)));
  REQUIRE((first && second));

  SECTION("that went well: closed") {
    breaker.record(*first, CallResult::success, 1ms, at(11s));
    CHECK(breaker.state(at(11s)) == State::half_open);
    breaker.record(*second, CallResult::success, 1ms, at(12s));
    CHECK(breaker.state(at(12s)) == State::closed);
    CHECK(breaker.snapshot(at(12s)).window.counted() == 0);
    CHECK(breaker.snapshot(at(12s)).history.time_in(State::half_open, at(12s)) == 2s);
  }
  SECTION("that failed: open again, for as long") {
    breaker.record(*first, CallResult::success, 1ms, at(11s));
    breaker.record(*second, CallResult::failure, 1ms, at(12s));
    CHECK(breaker.state(at(12s)) == State::open);
    CHECK(breaker.state(at(21'999ms)) == State::open);
    CHECK(breaker.state(at(22s)) == State::half_open);
    CHECK(breaker.snapshot(at(22s)).history.transitions(State::half_open, State::open) == 1);
  }
  SECTION("that say nothing: others may try") {
    breaker.record(*first, CallResult::ignored, 1ms, at(11s));
    CHECK(breaker.permit(at(11s)));
    CHECK_FALSE(breaker.permit(at(11s)));
  }
  SECTION("that never end: after a while others may try") {
    CHECK_FALSE(breaker.permit(at(19'999ms)));
    CHECK(breaker.permit(at(20s)));
    CHECK(breaker.state(at(20s)) == State::half_open);
  }
}

TEST_CASE("a call from before the breaker opened decides nothing after it", "[circuit_breaker]") {
  CircuitBreaker breaker{quick(), at(0ms)};
  const auto late = breaker.permit(at(0ms));
  REQUIRE(late);
  open(breaker, at(0ms));
  REQUIRE(breaker.state(at(10s)) == State::half_open);
  breaker.record(*late, CallResult::failure, 10s, at(10s));
  CHECK(breaker.snapshot(at(10s)).window.counted() == 0);
  CHECK(breaker.snapshot(at(10s)).calls[index_of(CallResult::failure)] == 5);
}

TEST_CASE("an operator's word holds until the next", "[circuit_breaker]") {
  CircuitBreaker breaker{quick(), at(0ms)};
  breaker.force(State::forced_open, at(0ms));
  CHECK_FALSE(breaker.permit(at(1h)));
  CHECK(breaker.retry_after(at(1h)) == std::nullopt);
  breaker.force(State::metrics_only, at(1h));
  for (int i = 0; i < 20; ++i) call(breaker, CallResult::failure, at(1h));
  CHECK(breaker.state(at(1h)) == State::metrics_only);
  CHECK(breaker.snapshot(at(1h)).window.failure_ratio() == 1);
  breaker.force(State::disabled, at(1h));
  for (int i = 0; i < 20; ++i) call(breaker, CallResult::failure, at(1h));
  CHECK(breaker.snapshot(at(1h)).window.counted() == 0);
  breaker.force(State::closed, at(2h));
  open(breaker, at(2h));
}

TEST_CASE("many threads at once lose no call", "[circuit_breaker]") {
  auto settings = quick();
  settings.failure_ratio = 2;
  CircuitBreaker breaker{settings};
  const auto make_calls = [&] {
    for (int i = 0; i < 1'000; ++i) {
      const auto permit = breaker.permit();
      if (permit) breaker.record(*permit, CallResult::failure, 1ms);
    }
  };
  std::array<std::thread, 4> threads;
  for (auto& thread : threads) thread = std::thread{make_calls};
  for (auto& thread : threads) thread.join();
  CHECK(breaker.snapshot().calls[index_of(CallResult::failure)] == 4'000);
}

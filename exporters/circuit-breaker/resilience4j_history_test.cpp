// SPDX-License-Identifier: Apache-2.0
#include "resilience4j_history.h"

#include <catch2/catch.hpp>

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;

namespace {

using Events = std::vector<Resilience4jEvent>;
using Seconds = std::chrono::duration<double>;

/// The application and the exporter, with clocks that the test moves.
class Scene {
 public:
  /// A call that took 10 ms, or a refused one.
  void call(CallResult result) {
    auto& event = add();
    event.call = result;
    if (result != CallResult::rejected) event.seconds = 0.01;
  }
  void move_to(BreakerState state) {
    breaker.state = state;
    add().to = state;
  }
  void wait(std::chrono::milliseconds time) { now_ = now_.earlier(-time); }

  Observation look() {
    last = history.update({breaker}, ring ? ring : std::nullopt, now_);
    REQUIRE(last.breakers.size() == 1);
    return last.breakers[0];
  }
  [[nodiscard]] double calls(CallResult result) const {
    return last.breakers.at(0).calls_total[index_of(result)].value_or(-1);
  }

  Resilience4jBreaker breaker{.name = "a", .state = BreakerState::closed};
  std::optional<Events> ring = Events{};
  std::chrono::milliseconds skew{0};  ///< of the application's clock
  Resilience4jHistory history;
  Reading last;

 private:
  Resilience4jEvent& add() {
    auto& event = ring->emplace_back();
    event.breaker = "a";
    event.time = now_.wall + skew;
    event.fingerprint = ++made_;
    return event;
  }

  Moment now_ = Moment::now();
  std::uint64_t made_ = 0;
};

std::vector<BreakerState> states_of(const Observation& observation) {
  std::vector<BreakerState> states;
  for (const auto& step : observation.path) states.push_back(step.state);
  return states;
}

double ago(const Observation& observation, std::size_t step) {
  const auto& age = observation.path.at(step).ago;
  return age ? age->count() : -1;
}

using States = std::vector<BreakerState>;
constexpr auto kClosed = BreakerState::closed;
constexpr auto kOpen = BreakerState::open;
constexpr auto kHalfOpen = BreakerState::half_open;

}  // namespace

TEST_CASE("what was there before the first look is history, but tells since when it is in its state") {
  Scene scene;
  scene.call(CallResult::failure);
  scene.move_to(kOpen);
  scene.wait(3s);
  const auto seen = scene.look();
  CHECK(states_of(seen) == States{kOpen});
  CHECK(ago(seen, 0) == Approx(3));
  CHECK(scene.calls(CallResult::failure) == 0);
  CHECK(scene.last.gaps == 0);
}

TEST_CASE("a last transition that does not fit the state tells nothing at the first look") {
  Scene scene;
  scene.move_to(kOpen);
  scene.breaker.state = kClosed;
  const auto seen = scene.look();
  CHECK(states_of(seen) == States{kClosed});
  CHECK(ago(seen, 0) == -1);
}

TEST_CASE("new events are counted once, and those that leave the ring change nothing") {
  Scene scene;
  scene.call(CallResult::success);
  scene.look();
  scene.call(CallResult::success);
  scene.call(CallResult::failure);
  scene.call(CallResult::timeout);
  scene.call(CallResult::ignored);
  scene.look();
  scene.look();
  scene.ring->erase(scene.ring->begin(), scene.ring->begin() + 3);
  scene.call(CallResult::success);
  scene.look();
  CHECK(scene.calls(CallResult::success) == 2);
  CHECK(scene.calls(CallResult::failure) == 1);
  CHECK(scene.calls(CallResult::timeout) == 1);
  CHECK(scene.calls(CallResult::ignored) == 1);
  CHECK(scene.calls(CallResult::rejected) == 0);
  CHECK_FALSE(scene.last.breakers[0].calls_total[index_of(CallResult::slow)]);
  CHECK(scene.last.gaps == 0);
}

TEST_CASE("events that are alike in all are as many as they are") {
  Scene scene;
  scene.call(CallResult::success);
  scene.look();
  scene.call(CallResult::failure);
  scene.ring->push_back(scene.ring->back());
  scene.look();
  CHECK(scene.calls(CallResult::failure) == 2);
  scene.ring->push_back(scene.ring->back());
  scene.look();
  CHECK(scene.calls(CallResult::failure) == 3);
}

TEST_CASE("a ring of which nothing is left is a gap, and what it holds is counted") {
  Scene scene;
  scene.call(CallResult::success);
  scene.look();
  scene.ring->clear();
  SECTION("overrun, or of an application that was started anew") {
    scene.call(CallResult::failure);
    scene.look();
    CHECK(scene.last.gaps == 1);
    CHECK(scene.calls(CallResult::failure) == 1);
  }
  SECTION("empty after a new start: a gap, once") {
    scene.look();
    CHECK(scene.last.gaps == 1);
    scene.look();
    CHECK(scene.last.gaps == 0);
    scene.call(CallResult::success);
    scene.look();
    CHECK(scene.last.gaps == 0);
    CHECK(scene.calls(CallResult::success) == 1);
  }
}

TEST_CASE("a ring that was empty and is full may have lost some") {
  Scene scene;
  scene.look();
  for (int call = 0; call < 99; ++call) scene.call(CallResult::success);
  scene.look();
  CHECK(scene.last.gaps == 0);
  Scene other;
  other.look();
  for (int call = 0; call < 100; ++call) other.call(CallResult::success);
  other.look();
  CHECK(other.last.gaps == 1);
}

TEST_CASE("all transitions between two looks are shown with their times") {
  Scene scene;
  scene.look();
  scene.wait(100ms);
  scene.move_to(kOpen);
  scene.wait(200ms);
  scene.move_to(kHalfOpen);
  scene.wait(300ms);
  scene.move_to(kOpen);
  scene.wait(400ms);
  const auto seen = scene.look();
  CHECK(states_of(seen) == States{kOpen, kHalfOpen, kOpen});
  CHECK(ago(seen, 0) == Approx(0.9));
  CHECK(ago(seen, 1) == Approx(0.7));
  CHECK(ago(seen, 2) == Approx(0.4));
  CHECK(states_of(scene.look()) == States{kOpen});
}

TEST_CASE("a wrong clock moves all transitions alike") {
  Scene scene;
  scene.skew = GENERATE(std::chrono::milliseconds{-1h}, std::chrono::milliseconds{1h}, 400ms);
  scene.look();
  scene.wait(500ms);
  scene.move_to(kOpen);
  scene.wait(300ms);
  scene.move_to(kHalfOpen);
  scene.wait(200ms);
  const auto seen = scene.look();
  CHECK(ago(seen, 0) - ago(seen, 1) == Approx(0.3));
  CHECK(ago(seen, 0) <= 1.0001);
  CHECK(ago(seen, 1) >= 0);
}

TEST_CASE("a clock that was set within the time leaves every age within it") {
  Scene scene;
  scene.look();
  scene.skew = -1h;
  scene.move_to(kOpen);
  scene.skew = 1h;
  scene.move_to(kHalfOpen);
  scene.wait(1s);
  const auto seen = scene.look();
  for (const auto& step : seen.path) CHECK((step.ago->count() >= 0 && step.ago->count() <= 1));
  Scene first;
  first.skew = 1h;
  first.move_to(kOpen);
  CHECK(ago(first.look(), 0) == 0);
}

TEST_CASE("the last new transition is the state, though the breakers were asked for just before") {
  Scene scene;
  scene.look();
  scene.move_to(kOpen);
  scene.breaker.state = kClosed;
  CHECK(states_of(scene.look()) == States{kOpen});
  scene.breaker.state = kOpen;
  CHECK(states_of(scene.look()) == States{kOpen});
}

TEST_CASE("a transition that was lost with its event is still seen") {
  Scene scene;
  scene.call(CallResult::success);
  scene.look();
  scene.move_to(kOpen);
  scene.ring->clear();
  scene.call(CallResult::rejected);
  CHECK(states_of(scene.look()) == States{kOpen});
  CHECK(scene.last.gaps == 1);
}

TEST_CASE("without events there are states and refused calls") {
  Scene scene;
  scene.ring.reset();
  scene.breaker.not_permitted_calls = 7;
  CHECK(states_of(scene.look()) == States{kClosed});
  CHECK(scene.calls(CallResult::rejected) == 0);
  CHECK_FALSE(scene.last.breakers[0].calls_total[index_of(CallResult::success)]);
  scene.breaker.not_permitted_calls = 9;
  scene.look();
  CHECK(scene.calls(CallResult::rejected) == 2);
  SECTION("counted anew in a new state") {
    scene.breaker.state = kOpen;
    scene.breaker.not_permitted_calls = 10;
    scene.look();
    CHECK(scene.calls(CallResult::rejected) == 12);
  }
  SECTION("counted anew in the same state, after others between") {
    scene.breaker.not_permitted_calls = 4;
    scene.look();
    CHECK(scene.calls(CallResult::rejected) == 6);
  }
  SECTION("not told any more") {
    scene.breaker.not_permitted_calls.reset();
    scene.look();
    CHECK_FALSE(scene.last.breakers[0].calls_total[index_of(CallResult::rejected)]);
  }
}

TEST_CASE("refused calls come from the counter or from events, never from both") {
  Scene scene;
  scene.breaker.not_permitted_calls = 0;
  scene.look();
  scene.call(CallResult::rejected);  // after the breakers were asked for, and before the events were
  scene.look();
  CHECK(scene.calls(CallResult::rejected) == 1);
  scene.breaker.not_permitted_calls = 1;
  scene.look();
  CHECK(scene.calls(CallResult::rejected) == 1);
  scene.breaker.not_permitted_calls = 50;  // of which the ring has forgotten most
  scene.call(CallResult::rejected);
  scene.look();
  CHECK(scene.calls(CallResult::rejected) == 50);
}

TEST_CASE("events that fail once are caught up with") {
  Scene scene;
  scene.call(CallResult::success);
  scene.look();
  scene.wait(1s);
  scene.move_to(kOpen);
  scene.wait(500ms);
  const auto ring = std::exchange(scene.ring, std::nullopt);
  CHECK(states_of(scene.look()) == States{kOpen});
  scene.wait(1s);
  scene.ring = ring;
  scene.call(CallResult::failure);
  const auto seen = scene.look();
  CHECK(states_of(seen) == States{kOpen});
  CHECK(ago(seen, 0) == Approx(1.5));
  CHECK(scene.calls(CallResult::failure) == 1);
  CHECK(scene.last.gaps == 0);
}

TEST_CASE("numbers, and the durations of the ring") {
  Scene scene;
  scene.breaker = {"a", kClosed, 0.25, std::nullopt, 0.5, 1, 40, std::nullopt};
  for (int call = 1; call <= 20; ++call) {
    scene.call(CallResult::success);
    scene.ring->back().seconds = call;
  }
  const auto seen = scene.look();
  CHECK(seen.get(Number::failure_ratio) == 0.25);
  CHECK_FALSE(seen.get(Number::slow_call_ratio));
  CHECK(seen.get(Number::failure_ratio_threshold) == 0.5);
  CHECK(seen.get(Number::slow_call_ratio_threshold) == 1);
  CHECK(seen.get(Number::window_calls) == 40);
  CHECK(seen.quantiles[0] == 10);
  CHECK(seen.quantiles[1] == 19);
  CHECK(seen.quantiles[2] == 20);
  scene.ring->clear();
  CHECK_FALSE(scene.look().quantiles[0]);
}

TEST_CASE("breakers that go are forgotten, and events of others are nobody's") {
  Scene scene;
  scene.call(CallResult::success);
  scene.look();
  scene.call(CallResult::success);
  CHECK(scene.history.update({}, scene.ring, Moment::now()).breakers.empty());
  scene.look();
  CHECK(scene.calls(CallResult::success) == 0);
  CHECK(scene.last.gaps == 0);
}

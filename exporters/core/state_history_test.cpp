// SPDX-License-Identifier: Apache-2.0
#include "state_history.h"

#include <catch2/catch.hpp>

using namespace binnacle;
using namespace std::chrono_literals;

namespace {

using State = BreakerState;

Moment at(std::chrono::seconds time) {
  return {Clock::time_point{time}, std::chrono::system_clock::time_point{1'000'000s + time}};
}

}  // namespace

TEST_CASE("transitions, times and the last change", "[state_history]") {
  StateHistory history{State::closed, at(0s)};
  history.move_to(State::open, at(10s));
  history.move_to(State::half_open, at(13s));
  history.move_to(State::closed, at(14s));
  history.move_to(State::closed, at(20s));
  CHECK(history.state() == State::closed);
  CHECK(history.transitions(State::closed, State::open) == 1);
  CHECK(history.transitions(State::open, State::half_open) == 1);
  CHECK(history.transitions(State::half_open, State::closed) == 1);
  CHECK(history.transitions(State::closed, State::closed) == 0);
  CHECK(history.time_in(State::closed, at(24s)) == 20s);
  CHECK(history.time_in(State::open, at(24s)) == 3s);
  CHECK(history.time_in(State::half_open, at(24s)) == 1s);
  CHECK(history.last_transition().wall == at(14s).wall);
}

TEST_CASE("nobody knowing is no transition", "[state_history]") {
  StateHistory history{State::closed, at(0s)};
  history.move_to(State::unknown, at(5s));
  CHECK(history.state() == State::unknown);
  CHECK(history.known_state() == State::closed);
  history.move_to(State::closed, at(8s));
  CHECK(history.time_in(State::unknown, at(8s)) == 3s);
  CHECK(history.last_transition().wall == at(0s).wall);
  history.move_to(State::unknown, at(9s));
  history.move_to(State::open, at(12s));
  CHECK(history.transitions(State::closed, State::open) == 1);
  CHECK(history.last_transition().wall == at(12s).wall);
  for (const auto state : kBreakerStates) {
    CHECK(history.transitions(state, State::unknown) == 0);
    CHECK(history.transitions(State::unknown, state) == 0);
  }
}

TEST_CASE("a breaker that nobody could read at first has come from nowhere", "[state_history]") {
  StateHistory history{State::unknown, at(0s)};
  history.move_to(State::open, at(2s));
  for (const auto state : kBreakerStates) CHECK(history.transitions(state, State::open) == 0);
  CHECK(history.last_transition().wall == at(2s).wall);
}

TEST_CASE("what is told late counts from the last change on", "[state_history]") {
  StateHistory history{State::closed, at(0s)};
  history.move_to(State::open, at(10s));
  history.move_to(State::closed, at(4s));
  CHECK(history.time_in(State::closed, at(12s)) == 12s);
  CHECK(history.time_in(State::open, at(12s)) == 0s);
  CHECK(history.transitions(State::open, State::closed) == 1);
}

TEST_CASE("a clock that is behind the last change makes no negative time", "[state_history]") {
  const StateHistory history{State::open, at(10s)};
  CHECK(history.time_in(State::open, at(9s)) == 0s);
}

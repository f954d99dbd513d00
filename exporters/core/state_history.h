// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "breaker_state.h"
#include "collector.h"

namespace binnacle {

/// A time by both clocks: the one that durations are measured with, and the one that people read.
struct Moment {
  Clock::time_point steady;
  std::chrono::system_clock::time_point wall;

  static Moment now() { return {Clock::now(), std::chrono::system_clock::now()}; }
  [[nodiscard]] Moment earlier(Clock::duration by) const {
    return {steady - by, wall - std::chrono::duration_cast<std::chrono::system_clock::duration>(by)};
  }
};

/// What a breaker's state was over time.
///
/// `unknown` is no state of the breaker but of the observer: going into it and out of it is no transition. A breaker
/// that comes out of it in another state than it went in counts one from the old state to the new.
class StateHistory {
 public:
  StateHistory(BreakerState state, Moment since) : state_(state), known_(state), since_(since), changed_(since) {}

  /// The breaker came into `state` at `when`; what lies before the last change counts as just after it.
  void move_to(BreakerState state, Moment when);

  [[nodiscard]] BreakerState state() const { return state_; }
  /// The last state that was not `unknown`.
  [[nodiscard]] BreakerState known_state() const { return known_; }
  /// When it came into its last known state; where it never changed, the time given first.
  [[nodiscard]] Moment last_transition() const { return changed_; }
  [[nodiscard]] std::uint32_t transitions(BreakerState from, BreakerState to) const {
    return transitions_[index_of(from)][index_of(to)];
  }
  /// How long it was in `state`, up to `now`.
  [[nodiscard]] std::chrono::duration<double> time_in(BreakerState state, Moment now) const;

 private:
  BreakerState state_;
  BreakerState known_;
  Moment since_;    // of state_
  Moment changed_;  // of known_
  std::array<std::chrono::duration<double>, kBreakerStateCount> times_{};
  std::array<std::array<std::uint32_t, kBreakerStateCount>, kBreakerStateCount> transitions_{};
};

}  // namespace binnacle

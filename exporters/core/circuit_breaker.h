// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "breaker_state.h"
#include "call_window.h"
#include "state_history.h"

namespace binnacle {

/// Keeps calls from what fails, for a while: closed; open after too many failures or slow calls; then half-open, to try
/// with a few calls whether it is well again. Safe to use from several threads.
class CircuitBreaker {
 public:
  struct Settings {
    WindowSize window{.calls = 100};
    std::uint32_t minimum_calls = 20;             ///< with fewer in the window it does not open
    double failure_ratio = 0.5;                   ///< opens from here on, 0 to 1
    double slow_ratio = 1;                        ///< likewise, for slow calls
    std::chrono::duration<double> slow_call{60};  ///< from here on a success is a slow one
    std::chrono::milliseconds open_time{60'000};  ///< until it is half-open
    /// Let through while it is half-open; how they end decides. Where some never end, as many more are let through
    /// after another open_time.
    std::uint32_t half_open_calls = 10;
  };
  explicit CircuitBreaker(Settings settings, Moment now = Moment::now());

  /// The right to make one call. It knows since which change of state it holds: how a call ends that began before the
  /// breaker opened says nothing to one that is half-open since.
  struct Permit {
    std::uint64_t generation = 0;
  };
  /// Nothing: the call may not be made, and is counted as rejected. Else it must be ended by record().
  [[nodiscard]] std::optional<Permit> permit(Moment now = Moment::now());
  /// A permitted call has ended so, after so long. A success becomes a slow call by its duration; `ignored` is for one
  /// of which nothing can be said.
  void record(Permit permit, CallResult result, std::chrono::duration<double> duration, Moment now = Moment::now());
  /// By an operator's hand: forced_open, disabled, metrics_only or open; closed has it work by itself again.
  void force(BreakerState state, Moment now = Moment::now());

  /// All there is to be exported of it.
  struct Snapshot {
    StateHistory history;
    WindowTotals window;
    LogHistogram durations;                               ///< of the calls in the window
    std::array<std::uint64_t, kCallResultCount> calls{};  ///< by result, since the start
  };
  [[nodiscard]] Snapshot snapshot(Moment now = Moment::now());
  [[nodiscard]] BreakerState state(Moment now = Moment::now());
  /// How long until calls may be let through again: 0 where they are now; nothing where an operator decides.
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after(Moment now = Moment::now());

 private:
  void begin_half_open_when_due(Moment now);
  void begin_trial(Moment now);
  void move_to(BreakerState state, Moment now);
  void judge(Moment now);
  [[nodiscard]] bool trips(const WindowTotals& totals) const;

  const Settings settings_;
  std::mutex mutex_;  // of all below
  StateHistory history_;
  CallWindow window_;
  std::array<std::uint64_t, kCallResultCount> calls_{};
  std::uint64_t generation_ = 0;
  // While it is half-open:
  Clock::time_point trial_began_;
  std::uint32_t trial_permits_ = 0;  // so many more calls may begin
};

}  // namespace binnacle

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observation.h"

namespace binnacle::breaker {

/// A breaker as GET /actuator/circuitbreakers tells of it.
struct Resilience4jBreaker {
  std::string name;
  BreakerState state = BreakerState::unknown;
  std::optional<double> failure_ratio{};  ///< 0 to 1, of the calls in the window; absent while there are too few
  std::optional<double> slow_call_ratio{};
  std::optional<double> failure_ratio_threshold{};
  std::optional<double> slow_call_ratio_threshold{};
  std::optional<double> window_calls{};
  std::optional<double> not_permitted_calls{};  ///< since it came into its state

  bool operator==(const Resilience4jBreaker&) const = default;
};

/// An event of GET /actuator/circuitbreakerevents.
struct Resilience4jEvent {
  std::string breaker;
  std::optional<CallResult> call{};                             ///< of a call that ended, or was refused
  std::optional<BreakerState> to{};                             ///< of a transition: where it went
  std::optional<std::chrono::system_clock::time_point> time{};  ///< by the application's clock
  std::optional<double> seconds{};                              ///< how long the call took, to the millisecond
  /// Of all that tells events of one breaker apart; the same at each reading.
  std::uint64_t fingerprint = 0;
};

/// Reads {"circuitBreakers": {"NAME": {"state": "CLOSED", "failureRate": "-1.0%", ...}}}; a list of names, as early
/// versions have it, gives breakers of state unknown. Fields may be missing. Throws SourceError.
std::vector<Resilience4jBreaker> parse_resilience4j_breakers(std::string_view text);

/// Reads {"circuitBreakerEvents": [...]}, in the order of the text. Events of a type that is not known are kept, and
/// say nothing. Throws SourceError.
std::vector<Resilience4jEvent> parse_resilience4j_events(std::string_view text);

}  // namespace binnacle::breaker

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>

#include "breaker_state.h"
#include "circuit_breaker.h"
#include "duration_histogram.h"
#include "labelled_series.h"
#include "log_histogram.h"
#include "state_history.h"

namespace binnacle {

/// Whether calls are refused.
bool refuses(BreakerState state);

/// The quantiles that are exported of a breaker's window of calls.
inline constexpr std::array kBreakerQuantiles{0.5, 0.95, 0.99};
using BreakerQuantiles = std::array<std::optional<double>, kBreakerQuantiles.size()>;
BreakerQuantiles quantiles_of(const LogHistogram& durations);

/// What is known of one breaker beside its state. What is not known has no series.
struct BreakerFacts {
  std::optional<double> failure_ratio;                          ///< 0 to 1, of the calls in its window
  std::optional<double> slow_call_ratio;                        ///< 0 to 1, likewise
  std::optional<double> window_calls;                           ///< that the two above are of
  std::optional<double> failure_ratio_threshold;                ///< 0 to 1: from here on it opens
  std::optional<double> slow_call_ratio_threshold;              ///< 0 to 1: likewise
  std::optional<double> slow_call_threshold_seconds;            ///< a call that takes longer is a slow one
  std::optional<double> minimum_calls;                          ///< of fewer calls in the window nothing is concluded
  BreakerQuantiles quantiles{};                                 ///< of durations in the window, in seconds
  std::array<std::optional<double>, kCallResultCount> calls{};  ///< counters, by result
  const DurationHistogram* durations = nullptr;                 ///< of all calls; null where there is none
};
BreakerFacts facts_of(const CircuitBreaker::Snapshot& breaker, const CircuitBreaker::Settings& settings);

/// Adds the circuit_breaker_* series of a breaker's states and transitions, with the labels that `series` has.
void add_breaker_states(const StateHistory& history, Moment now, LabelledSeries& series, Families& families);
/// Adds its other circuit_breaker_* series.
void add_breaker_facts(const BreakerFacts& facts, LabelledSeries& series, Families& families);

}  // namespace binnacle

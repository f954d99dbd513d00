// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/breaker_families.h"
#include "core/breaker_state.h"

namespace binnacle::breaker {

/// Which breaker, of those of one source.
struct BreakerId {
  std::string breaker;   ///< the label `breaker`: what the calls go to
  std::string instance;  ///< the label `instance`: whose breaker it is, or to which server; empty: the source's own

  bool operator==(const BreakerId&) const = default;
  bool operator<(const BreakerId& other) const {
    return std::tie(breaker, instance) < std::tie(other.breaker, other.instance);
  }
};

/// A state that a breaker came into.
struct Step {
  BreakerState state = BreakerState::unknown;
  /// How long ago, as far as the source tells. Nothing: just now, or for the first sight of a breaker, nobody knows.
  std::optional<std::chrono::duration<double>> ago{};
};

/// Numbers that a source may know of a breaker, each a gauge (but *_total: counters) of its own. The table in
/// breaker_families.cpp has their metric names.
enum class Number : std::uint8_t {
  failure_ratio,                ///< 0 to 1, of the calls in the source's window
  slow_call_ratio,              ///< 0 to 1, likewise
  window_calls,                 ///< calls that the two above are of
  failure_ratio_threshold,      ///< 0 to 1: from here on it opens
  slow_call_ratio_threshold,    ///< 0 to 1: likewise
  slow_call_threshold_seconds,  ///< a call that takes longer is a slow one
  minimum_calls,                ///< of fewer calls in the window nothing is concluded
  consecutive_failures,         ///< without a success between them
  half_open_pending,            ///< 1: still held as open, but the next call will be let through; 0: not so
  ejections_active,             ///< of an outlier detection: hosts that are out just now
  ejections_total,              ///< of an outlier detection: how often one was taken out
};
inline constexpr std::size_t kNumberCount = 11;

/// Something that a breaker bounds the use of: connections, pending requests.
struct Resource {
  std::string name;                 ///< the label `resource`
  std::optional<double> limit;      ///< nothing: unlimited, or unknown
  std::optional<double> remaining;  ///< how much more may be used, now
  std::optional<bool> exhausted;    ///< whether all is used, now
  std::optional<double> overflows;  ///< counter: how often something was refused for want of it
};

/// What a source tells of one breaker, at one time.
struct Observation {
  BreakerId id;
  /// The states that it came into since the last observation, the oldest first; the last one is its state now. What is
  /// the same as the one before it counts for nothing, so that a source which only knows the state now gives just that.
  std::vector<Step> path;
  std::array<std::optional<double>, kNumberCount> numbers{};
  /// Calls by result: counters, of the source itself or of what it told since it was first read.
  std::array<std::optional<double>, kCallResultCount> calls_total{};
  /// Durations of calls in the source's own window, in seconds.
  BreakerQuantiles quantiles{};
  std::vector<Resource> resources;

  void set(Number number, double value) { numbers[static_cast<std::size_t>(number)] = value; }
  [[nodiscard]] std::optional<double> get(Number number) const { return numbers[static_cast<std::size_t>(number)]; }
  void set_total(CallResult result, double count) { calls_total[index_of(result)] = count; }
};

/// An observation of a source that knows no more than the state now.
inline Observation observed(BreakerId id, BreakerState state) {
  Observation observation;
  observation.id = std::move(id);
  observation.path.push_back({state});
  return observation;
}

}  // namespace binnacle::breaker

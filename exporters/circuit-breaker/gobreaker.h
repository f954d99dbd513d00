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

using WallTime = std::chrono::system_clock::time_point;

/// Calls since the last change of the generation, or in one bucket of a rolling window.
struct GobreakerCounts {
  double successes = 0;
  double failures = 0;
  double exclusions = 0;
  double consecutive_failures = 0;

  bool operator==(const GobreakerCounts&) const = default;
};

/// What gobreaker v2 holds of a distributed breaker under gobreaker:state:NAME.
struct GobreakerState {
  BreakerState state = BreakerState::unknown;
  std::uint64_t generation =
      0;                  ///< rises at each change of the state, and each time that a closed breaker's counts end
  std::uint64_t age = 0;  ///< in buckets, of the generation
  GobreakerCounts counts{};
  std::vector<GobreakerCounts> buckets{};  ///< of `counts`, by age modulo their number; one or more
  std::optional<WallTime> start{};         ///< of the generation
  std::optional<WallTime> expiry{};        ///< of an open breaker, or of a closed one's counts; nothing: never
};

/// Reads the JSON that a key holds. Throws SourceError (bad_reply, too_large).
GobreakerState parse_gobreaker(std::string_view text);

/// The states that a breaker went through in `steps` generations, the first one (`from`) left out, if there is only one
/// way. Nothing when it may have gone several, or none. `resets`: a closed breaker may also begin a generation.
std::optional<std::vector<BreakerState>> gobreaker_walk(BreakerState from, BreakerState to, std::uint64_t steps,
                                                        bool resets);

/// One breaker over time.
///
/// An open breaker whose time has passed still stands as open in Redis until somebody calls: it is half-open, pending.
/// Counts end with their generation, so that what was counted between the last poll and its end is lost; but each
/// change of the state tells of the call that made it. Rejected calls are not counted by gobreaker.
class Gobreaker {
 public:
  /// `name` is the label `breaker`. `gaps` rises by one when the way from the last state to this one is not certain.
  Observation observe(const std::string& name, const GobreakerState& now, WallTime wall, std::uint64_t& gaps);

 private:
  void add_path(const GobreakerState& now, WallTime wall, Observation& breaker, std::uint64_t& gaps);
  void add_calls(const GobreakerState& now);
  void add_call_of(BreakerState from, BreakerState to);

  std::optional<GobreakerState> last_;
  WallTime seen_{};       // when last_ was
  bool resets_ = true;    // whether a closed breaker's counts end by time, as far as is known
  bool pending_ = false;  // whether last_ was half-open, pending
  double successes_ = 0;  // from the first sight on
  double failures_ = 0;
  double exclusions_ = 0;
};

}  // namespace binnacle::breaker

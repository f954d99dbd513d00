// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/state_history.h"
#include "resilience4j_replies.h"
#include "source.h"

namespace binnacle::breaker {

/// Makes readings of the replies of one application, each of which tells of the time since the one before.
///
/// The events are the newest of each breaker (100, unless it is configured otherwise), and each call is one: what was
/// not there last time is new. Where nothing is left of what was there last time, events were lost between, which is a
/// gap. What had happened before the first reply is no more than history, and is not counted.
class Resilience4jHistory {
 public:
  /// `breakers` must have been asked for before `events`, so that the last new transition is the state now. Without
  /// events, the states and numbers are all there is.
  Reading update(const std::vector<Resilience4jBreaker>& breakers,
                 const std::optional<std::vector<Resilience4jEvent>>& events, Moment now);

 private:
  using Events = std::vector<const Resilience4jEvent*>;

  struct Memory {
    std::optional<std::vector<std::uint64_t>> ring;  // fingerprints; nothing before the first events
    std::optional<double> not_permitted_calls;
    BreakerState state = BreakerState::unknown;  // which those are of
    std::array<double, kCallResultCount> calls{};
    // Both lack some: what a state counted after our last look, and what was lost with events. So neither is ever too
    // high, and the larger one is nearer to the truth.
    double refused_by_counter = 0;
    double refused_by_events = 0;
  };
  /// What its events tell of a breaker.
  struct News {
    bool first_sight = false;  ///< of its events, which are history then
    Events transitions;        ///< the new ones; at first sight all
    BreakerQuantiles quantiles{};
    bool gap = false;
  };

  static News take_events(Memory& memory, const Events& ring);
  static void count_refused(Memory& memory, const Resilience4jBreaker& breaker);
  static std::vector<Step> first_path(const Resilience4jBreaker& breaker, const Events& transitions, Moment now);
  static Observation observation_of(const Resilience4jBreaker& breaker, const Memory& memory);

  std::map<std::string, Memory> memory_;
  std::optional<Moment> last_events_;
};

}  // namespace binnacle::breaker

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/state_history.h"
#include "observation.h"

namespace binnacle::breaker {

/// A BreakerId, borrowed for the time of one call.
struct BreakerIdView {
  std::string_view breaker;
  std::string_view instance;
};

/// Takes what applications tell of their breakers, one thing at a time. Between lock() and unlock() only.
class PushTarget {
 public:
  PushTarget() = default;
  virtual ~PushTarget() = default;
  PushTarget(const PushTarget&) = delete;
  PushTarget& operator=(const PushTarget&) = delete;

  virtual void lock() = 0;
  virtual void unlock() = 0;

  virtual void state(const BreakerIdView& id, BreakerState state, Moment now) = 0;
  /// `count` calls that ended alike; `seconds`: the duration of each, if it is known.
  virtual void call(const BreakerIdView& id, CallResult result, std::optional<double> seconds, std::uint32_t count,
                    Moment now) = 0;
  virtual void setting(const BreakerIdView& id, Number number, double value, Moment now) = 0;
};

}  // namespace binnacle::breaker

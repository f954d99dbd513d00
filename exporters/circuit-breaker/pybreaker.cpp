// SPDX-License-Identifier: Apache-2.0
#include "pybreaker.h"

#include <algorithm>

#include "core/text.h"
#include "core/timestamp.h"

namespace binnacle::breaker {

namespace {

using Seconds = std::chrono::duration<double>;
using WallTime = std::chrono::system_clock::time_point;

BreakerState state_of(const PybreakerKeys& keys) {
  for (const auto state : {BreakerState::closed, BreakerState::open, BreakerState::half_open}) {
    if (keys.state && breaker_state_of(*keys.state) == state) return state;
  }
  return BreakerState::unknown;
}

std::optional<WallTime> opened_at(const PybreakerKeys& keys) {
  const auto seconds = keys.opened_at ? to_u64(*keys.opened_at) : std::nullopt;
  return seconds ? from_unix_seconds(static_cast<double>(*seconds)) : std::nullopt;
}

}  // namespace

Observation Pybreaker::observe(const std::string& name, const PybreakerKeys& keys, WallTime wall) {
  Observation breaker;
  breaker.id.breaker = name;
  const auto state = state_of(keys);
  const auto opened = opened_at(keys);
  // What is new happened after the last poll, whatever the clock of the application says.
  const auto ago = [&](WallTime when) {
    const Seconds since = std::max(Seconds{0}, Seconds{wall - when});
    return last_ ? std::min(since, Seconds{std::max(WallTime::duration{0}, wall - seen_)}) : since;
  };
  const bool reopened = last_ && opened && (!opened_ || *opened > *opened_);
  if (reopened) {
    // From open to open the way leads over half-open.
    if (*last_ == BreakerState::open) breaker.path.push_back({BreakerState::half_open, ago(*opened)});
    breaker.path.push_back({BreakerState::open, ago(*opened)});
  }
  const bool same = last_ && *last_ == state && !reopened;
  pending_ = same && pending_;
  if (state == BreakerState::open) {
    const auto timeout = opened && reset_timeout_ ? std::optional{*opened + *reset_timeout_} : std::nullopt;
    const bool expired = timeout && *timeout <= wall;
    if (!last_ || (*last_ != state && !reopened)) {
      breaker.path.push_back({state, opened ? std::optional{ago(*opened)} : std::nullopt});
    }
    if (pending_) {
      breaker.path.push_back({BreakerState::half_open});
    } else if (expired) {
      breaker.path.push_back({BreakerState::half_open, ago(*timeout)});
      pending_ = true;
    } else if (breaker.path.empty()) {
      breaker.path.push_back({state});
    }
    if (timeout) breaker.set(Number::half_open_pending, pending_ ? 1 : 0);
  } else {
    breaker.path.push_back({state});
    if (state == BreakerState::half_open) breaker.set(Number::half_open_pending, 0);
  }
  const auto failures = keys.fail_counter ? to_u64(*keys.fail_counter) : std::nullopt;
  if (failures) breaker.set(Number::consecutive_failures, static_cast<double>(*failures));
  if (state != BreakerState::unknown) last_ = state;
  if (opened) opened_ = opened;
  seen_ = wall;
  return breaker;
}

}  // namespace binnacle::breaker

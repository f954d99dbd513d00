// SPDX-License-Identifier: Apache-2.0
#include "rate_limiter.h"

#include <algorithm>

namespace binnacle {

bool RateLimiter::allow(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (now > last_) {
    if (last_ != Clock::time_point{}) tokens_ = std::min(burst_, tokens_ + (now - last_) / interval_);
    last_ = now;
  }
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace binnacle

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>

namespace binnacle {

/// A token bucket: `burst` requests at once, and one more every `interval`. Safe for use by several threads.
class RateLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  RateLimiter(std::chrono::milliseconds interval, int burst) : interval_(interval), burst_(burst), tokens_(burst) {}

  /// Takes a token; false when there is none.
  bool allow(Clock::time_point now = Clock::now());

 private:
  std::mutex mutex_;
  std::chrono::duration<double> interval_;
  double burst_;
  double tokens_;
  Clock::time_point last_{};
};

}  // namespace binnacle

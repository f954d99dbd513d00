// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "core/log_histogram.h"

namespace binnacle::gateway {

/// How an upstream's latency is just now against its own past. For one thread; the time is the caller's, and never goes
/// back. Memory is bounded: 29 histograms of at most 1 KiB each.
class LatencyTrend {
 public:
  using Clock = std::chrono::steady_clock;
  /// Nothing is said before both times have so many latencies.
  static constexpr std::uint64_t kEnough = 20;

  void add(double seconds, Clock::time_point now);
  /// The median of the last 5 minutes (the one under way and the 4 before it) divided by that of the 24 hours before
  /// them: 1 is as ever. Nothing while either has too few. Medians are right within 4.5 %.
  [[nodiscard]] std::optional<double> ratio(Clock::time_point now) const;

 private:
  /// A minute's or an hour's latencies, by its number since the clock's start.
  struct Slot {
    std::int64_t number = -1;
    LogHistogram latencies;

    void restart(std::int64_t as);
  };
  static constexpr std::int64_t kMinutes = 5;
  static constexpr std::int64_t kHours = 24;

  void move_to_past(const Slot& minute);

  std::array<Slot, kMinutes> minutes_;
  std::array<Slot, kHours> hours_;
};

}  // namespace binnacle::gateway

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/client_metric.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace binnacle {

/// Bounds for round trips to a server, in seconds: 50 us to 10 s.
inline constexpr std::array kRoundTripBounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                             0.05,    0.1,    0.25,    0.5,    1.0,   2.5,    5.0,   10.0};

/// A cumulative histogram of durations, in seconds. Its bounds are fixed, so that targets and versions can be added up.
class DurationHistogram {
 public:
  /// `bounds` rise, and live longer than this.
  explicit DurationHistogram(std::span<const double> bounds = kRoundTripBounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}

  void observe(std::chrono::duration<double> duration, std::uint64_t count = 1);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] prometheus::ClientMetric collect() const;

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;  // not cumulative; the last is that of +Inf
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

}  // namespace binnacle

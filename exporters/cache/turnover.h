// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace binnacle::cache {

/// How much of a cache is evicted, of late: some ten minutes, older ones counting less and less.
class Turnover {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `evicted` counts since the server started. One that went back makes it start again.
  void add(double evicted, Time now);

  /// The share of `entries` that goes within an hour at this rate; above 1 when more go than are there. Nothing while
  /// less than five minutes are known.
  [[nodiscard]] std::optional<double> per_hour(double entries) const;

 private:
  std::optional<double> last_;
  Time last_time_;
  Time first_time_;
  double per_second_ = 0;
};

}  // namespace binnacle::cache

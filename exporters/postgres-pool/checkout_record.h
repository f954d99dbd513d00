// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>

#include "checkout.h"
#include "core/duration_histogram.h"

namespace binnacle::pgpool {

/// What checkouts took: 0.5 ms to 30 s.
inline constexpr std::array kCheckoutBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                            0.25,   0.5,   1.0,    2.5,   5.0,  10.0,  30.0};

struct CheckoutHistogram : DurationHistogram {
  CheckoutHistogram() : DurationHistogram(kCheckoutBounds) {}
};

/// What all checkouts of one target came to since the start. Safe to use from several threads.
class CheckoutRecord {
 public:
  void add(const CheckoutResult& result, std::chrono::system_clock::time_point now);

  /// Adds pg_pool_checkout_*, and as facts of the last checkouts:
  ///   checkout_error_ratio  the share of them that failed
  ///   checkout_seconds      the median of what they took
  void add_to(Output& out) const;

 private:
  struct Recent {
    bool failed;
    std::optional<double> seconds;
  };
  void add_facts(Output& out) const;

  mutable std::mutex mutex_;
  std::array<CheckoutHistogram, kCheckoutPhases.size()> phases_;
  CheckoutHistogram total_;
  std::array<double, kCheckoutErrors.size()> errors_{};
  double attempts_ = 0;
  std::optional<double> last_success_;  // Unix seconds
  std::deque<Recent> recent_;
};

}  // namespace binnacle::pgpool

// SPDX-License-Identifier: Apache-2.0
#include "duration_histogram.h"

#include <algorithm>
#include <limits>

namespace binnacle {

void DurationHistogram::observe(std::chrono::duration<double> duration, std::uint64_t count) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), duration.count());
  counts_[static_cast<std::size_t>(bound - bounds_.begin())] += count;
  count_ += count;
  sum_ += duration.count() * static_cast<double>(count);
}

prometheus::ClientMetric DurationHistogram::collect() const {
  prometheus::ClientMetric metric;
  metric.histogram.bucket.reserve(counts_.size());
  std::uint64_t count = 0;
  for (std::size_t row = 0; row < counts_.size(); ++row) {
    count += counts_[row];
    const double bound = row < bounds_.size() ? bounds_[row] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({count, bound});
  }
  metric.histogram.sample_count = count_;
  metric.histogram.sample_sum = sum_;
  return metric;
}

}  // namespace binnacle

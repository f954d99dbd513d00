// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace binnacle {

/// Counts of durations in buckets of equal width on a log scale: eight to a power of two, with the bounds of a native
/// histogram of schema 3, from about 1 microsecond to 4096 seconds. What is beyond counts as the last bucket.
///
/// Memory is four bytes for each bucket between the shortest and the longest duration seen.
class LogHistogram {
 public:
  void add(double seconds, std::uint32_t count = 1);
  void add(const LogHistogram& other);
  /// Keeps its memory.
  void clear();

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// The duration, in seconds, that a share `q` (0 to 1) of all do not exceed, within 4.5 %. Nothing when it is empty.
  [[nodiscard]] std::optional<double> quantile(double q) const;

 private:
  std::uint32_t& bucket(int index);

  int first_ = 0;  // the index of counts_[0]
  std::vector<std::uint32_t> counts_;
  std::uint64_t count_ = 0;
};

/// The bucket of a duration: the least n with seconds <= 2^(n/8), within LogHistogram's range. Whatever is no number or
/// not above 0 is in the first.
int log_bucket(double seconds);

}  // namespace binnacle

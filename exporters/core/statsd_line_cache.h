// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "statsd_event.h"

namespace binnacle {

/// Where lines of the same name, tags and type went the last time, so that most lines need no mapping.
///
/// Of a fixed size: a line has two places, and takes that of the older one. Hands out references that hold until the
/// next call.
class StatsdLineCache {
 public:
  struct alignas(64) Entry {
    std::uint64_t hash = 0;
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;  ///< 0: an empty place
    double scale = 1;
    StatsdType type = StatsdType::counter;
    std::string key;
  };

  /// Longer names with tags are not kept: they would make the memory of a flood of them large.
  static constexpr std::size_t kLongestKey = 512;

  /// Forgets everything. From the first line on it has room for so many or some more.
  void reset(std::size_t lines);

  [[nodiscard]] static std::uint64_t hash(const StatsdMetric& metric);
  /// Null when it is not known.
  Entry* find(const StatsdMetric& metric, std::uint64_t hash);
  void put(const StatsdMetric& metric, std::uint64_t hash, std::uint32_t slot, std::uint32_t generation, double scale);

 private:
  std::size_t wanted_ = 64;
  std::vector<Entry> entries_;
  std::uint64_t mask_ = 0;
};

}  // namespace binnacle

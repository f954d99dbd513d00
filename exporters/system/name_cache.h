// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace binnacle::system {

/// Remembers a yes or no for each name, so that the patterns of a filter run once a name and not once a scrape.
class NameCache {
 public:
  /// The answer for `name`; asks `decide()` the first time.
  template <typename Decide>
  bool get(std::string_view name, const Decide& decide) {
    if (const auto known = answers_.find(name); known != answers_.end()) return known->second;
    // Names of short-lived devices (one for each container) would pile up for ever.
    if (answers_.size() >= kLimit) answers_.clear();
    return answers_.emplace(std::string{name}, decide()).first->second;
  }

 private:
  static constexpr std::size_t kLimit = 10'000;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  std::unordered_map<std::string, bool, Hash, std::equal_to<>> answers_;
};

}  // namespace binnacle::system

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

namespace binnacle::gateway {

/// Somebody's part of a sum of bytes in memory, given back when it goes. For one thread.
class HeldPart {
 public:
  explicit HeldPart(std::size_t& total) : total_(total) {}
  ~HeldPart() { total_ -= bytes_; }
  HeldPart(const HeldPart&) = delete;
  HeldPart& operator=(const HeldPart&) = delete;

  /// False, and nothing more is held, where all together would be more than `limit`.
  [[nodiscard]] bool hold(std::size_t more, std::size_t limit) {
    if (more > limit - std::min(limit, total_)) return false;
    bytes_ += more;
    total_ += more;
    return true;
  }

  /// It is so much now, which has to be counted in any case. False where all together are more than `limit`.
  bool set(std::size_t bytes, std::size_t limit) {
    total_ = total_ - bytes_ + bytes;
    bytes_ = bytes;
    return total_ <= limit;
  }

 private:
  std::size_t& total_;
  std::size_t bytes_ = 0;
};

}  // namespace binnacle::gateway

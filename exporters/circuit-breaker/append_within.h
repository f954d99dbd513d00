// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace binnacle::breaker {

/// Appends `bytes`, unless `text` would become longer than `limit`: then false. Its memory never becomes more than that
/// either, and grows in large steps.
inline bool append_within(std::string& text, std::string_view bytes, std::size_t limit) {
  if (text.size() > limit || bytes.size() > limit - text.size()) return false;
  const auto size = text.size() + bytes.size();
  if (size > text.capacity()) {
    // Another one, since a string that grows takes twice its memory, whatever reserve() is asked for.
    std::string grown;
    grown.reserve(std::min(limit, std::max(size, 2 * text.capacity())));
    grown = text;
    text.swap(grown);
  }
  text += bytes;
  return true;
}

}  // namespace binnacle::breaker

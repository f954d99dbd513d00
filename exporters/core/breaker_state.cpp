// SPDX-License-Identifier: Apache-2.0
#include "breaker_state.h"

#include <algorithm>

namespace binnacle {

namespace {

constexpr bool is_separator(char byte) { return byte == '_' || byte == '-' || byte == ' '; }

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; }

/// Whether they are the same letters, whatever their case and what stands between words.
bool same_words(std::string_view text, std::string_view name) {
  std::size_t at = 0;
  for (const char byte : text) {
    if (is_separator(byte)) continue;
    while (at < name.size() && is_separator(name[at])) ++at;
    if (at == name.size() || lower(byte) != name[at]) return false;
    ++at;
  }
  return at == name.size();
}

}  // namespace

std::optional<BreakerState> breaker_state_of(std::string_view text) {
  const auto found = std::find_if(kBreakerStates.begin(), kBreakerStates.end(),
                                  [&](auto state) { return same_words(text, name_of(state)); });
  return found == kBreakerStates.end() ? std::nullopt : std::optional{*found};
}

std::optional<CallResult> call_result_of(std::string_view text) {
  const auto found = std::find(kCallResultNames.begin(), kCallResultNames.end(), text);
  if (found == kCallResultNames.end()) return std::nullopt;
  return kCallResults[static_cast<std::size_t>(found - kCallResultNames.begin())];
}

}  // namespace binnacle

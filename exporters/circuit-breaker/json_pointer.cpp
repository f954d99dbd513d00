// SPDX-License-Identifier: Apache-2.0
#include "json_pointer.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/text.h"

namespace binnacle::breaker {

namespace {

/// "~1" stands for '/', and "~0" for '~'.
std::string unescaped(std::string_view step) {
  std::string plain;
  for (std::size_t at = 0; at < step.size(); ++at) {
    if (step[at] != '~') {
      plain += step[at];
      continue;
    }
    const char next = ++at < step.size() ? step[at] : '\0';
    if (next != '0' && next != '1') throw std::runtime_error("expected ~0 or ~1 for a ~ or / in a name");
    plain += next == '1' ? '/' : '~';
  }
  return plain;
}

/// Null where the array has no such index. An index has no zeros before it.
const Json* element(const Json& array, const std::string& step) {
  const auto index = to_u64(step);
  if (!index || *index >= array.size() || (step.size() > 1 && step.front() == '0')) return nullptr;
  return &array[static_cast<std::size_t>(*index)];
}

}  // namespace

JsonPointer::JsonPointer(std::string_view text) {
  if (text.empty()) return;
  if (text.front() != '/') throw std::runtime_error("expected a JSON pointer: /name/name, or nothing");
  text.remove_prefix(1);
  for (;;) {
    const auto end = text.find('/');
    steps_.push_back(unescaped(text.substr(0, end)));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

const Json* JsonPointer::find(const Json& document) const {
  const Json* at = &document;
  for (const auto& step : steps_) {
    at = at->is_array() ? element(*at, step) : find_member(*at, step);
    if (at == nullptr) return nullptr;
  }
  return at->is_null() ? nullptr : at;
}

}  // namespace binnacle::breaker

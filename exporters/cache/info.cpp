// SPDX-License-Identifier: Apache-2.0
#include "info.h"

#include <cmath>
#include <utility>

#include "core/text.h"

namespace binnacle::cache {

Info::Info(std::string text) : text_(std::move(text)) {
  std::string_view rest = text_;
  std::string_view section;
  while (const auto raw = next_line(rest)) {
    const auto line = trim(*raw);
    if (line.starts_with("# ")) {
      section = trim(line.substr(2));
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) continue;
    const InfoField field{section, line.substr(0, colon), line.substr(colon + 1)};
    by_key_.emplace(field.key, fields_.size());
    fields_.push_back(field);
  }
}

std::string_view Info::get(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? std::string_view{} : fields_[found->second].value;
}

std::optional<double> Info::number(std::string_view key) const { return info_number(get(key)); }

std::optional<std::string_view> part_of(std::string_view value, std::string_view key) {
  while (!value.empty()) {
    auto part = take_until(value, ',');
    const auto name = take_until(part, '=');
    if (name == key) return part;
  }
  return std::nullopt;
}

std::optional<double> number_part(std::string_view value, std::string_view key) {
  const auto part = part_of(value, key);
  return part ? info_number(*part) : std::nullopt;
}

std::optional<std::string_view> after_prefix(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix) || key.size() == prefix.size()) return std::nullopt;
  return key.substr(prefix.size());
}

std::optional<double> info_number(std::string_view value) {
  if (value == "ok" || value == "true") return 1;
  if (value == "err" || value == "fail" || value == "false") return 0;
  const auto number = to_double(value);
  if (!number || !std::isfinite(*number)) return std::nullopt;
  return number;
}

}  // namespace binnacle::cache

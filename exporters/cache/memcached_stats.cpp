// SPDX-License-Identifier: Apache-2.0
#include "memcached_stats.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/text.h"

namespace binnacle::cache {

namespace {

struct StatLine {
  std::string_view name;
  std::string_view value;
};

/// The next line "STAT name value", other lines skipped; nothing at the end.
std::optional<StatLine> next_stat(std::string_view& rest) {
  while (auto line = next_line(rest)) {
    if (next_field(*line) != "STAT") continue;
    const auto name = next_field(*line);
    if (!name.empty()) return StatLine{name, trim(*line)};
  }
  return std::nullopt;
}

constexpr std::array<std::string_view, 3> kErrors{"ERROR", "CLIENT_ERROR", "SERVER_ERROR"};

}  // namespace

std::optional<std::string_view> Stats::find(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<double> Stats::number(std::string_view name) const {
  const auto text = find(name);
  if (!text) return std::nullopt;
  if (*text == "yes" || *text == "on") return 1;
  if (*text == "no" || *text == "off") return 0;
  const auto value = to_double(*text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

Stats parse_stats(std::string_view reply) {
  Stats stats;
  while (const auto line = next_stat(reply)) stats.add(line->name, line->value);
  return stats;
}

ClassStats parse_class_stats(std::string_view reply, std::string_view prefix) {
  ClassStats classes;
  while (const auto line = next_stat(reply)) {
    auto name = line->name;
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    const auto number = to_u64(take_until(name, ':'));
    // What has no class, as "active_slabs", is of all of them.
    constexpr unsigned kMostClasses = 1024;  // Memcached has 64 at most
    if (!number || *number >= kMostClasses || name.empty()) continue;
    classes[static_cast<unsigned>(*number)].add(name, line->value);
  }
  return classes;
}

ReplyEnd find_stats_end(std::string_view received, std::size_t searched) {
  // The last line looked at may have been a part of one.
  const auto before = searched == 0 ? std::string_view::npos : received.rfind('\n', searched - 1);
  std::size_t start = before == std::string_view::npos ? 0 : before + 1;
  for (;;) {
    const auto end = received.find('\n', start);
    if (end == std::string_view::npos) return {};
    const auto line = trim(received.substr(start, end - start));
    if (line == "END") return {end + 1, false, received.substr(0, start)};
    const bool is_error = std::any_of(kErrors.begin(), kErrors.end(), [&](auto word) {
      return line == word || (line.starts_with(word) && line[word.size()] == ' ');
    });
    if (is_error) return {end + 1, true, line};
    start = end + 1;
  }
}

}  // namespace binnacle::cache

// SPDX-License-Identifier: Apache-2.0
#include "statsd_line_cache.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace binnacle {

namespace {

constexpr std::size_t kLeastLines = 64;
constexpr std::size_t kMostLines = 65'536;
constexpr char kSeparator = '\n';  // stands in no line

bool same(const StatsdLineCache::Entry& entry, const StatsdMetric& metric, std::uint64_t hash) {
  if (entry.hash != hash || entry.generation == 0 || entry.type != metric.type) return false;
  const std::string_view key = entry.key;
  const auto name = metric.name.size();
  return key.size() == name + 1 + metric.tags.size() && key[name] == kSeparator && key.starts_with(metric.name) &&
         key.ends_with(metric.tags);
}

}  // namespace

// The memory comes with the first line: exporters whose listener nobody uses stay small.
void StatsdLineCache::reset(std::size_t lines) {
  wanted_ = std::bit_ceil(std::clamp(lines, kLeastLines, kMostLines));
  entries_ = {};
}

std::uint64_t StatsdLineCache::hash(const StatsdMetric& metric) {
  const std::hash<std::string_view> hash_text;
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;
  const std::uint64_t tags = metric.tags.empty() ? 0 : hash_text(metric.tags);
  return hash_text(metric.name) + kOdd * (std::rotl(tags, 23) + static_cast<std::uint64_t>(metric.type));
}

StatsdLineCache::Entry* StatsdLineCache::find(const StatsdMetric& metric, std::uint64_t hash) {
  if (entries_.empty()) return nullptr;
  auto& first = entries_[hash & mask_];
  if (same(first, metric, hash)) return &first;
  auto& second = entries_[(hash & mask_) ^ 1U];
  return same(second, metric, hash) ? &second : nullptr;
}

void StatsdLineCache::put(const StatsdMetric& metric, std::uint64_t hash, std::uint32_t slot, std::uint32_t generation,
                          double scale) {
  if (metric.name.size() + metric.tags.size() > kLongestKey) return;
  if (entries_.empty()) {
    entries_.resize(wanted_);
    mask_ = wanted_ - 1;
  }
  auto& place = entries_[hash & mask_];
  if (place.generation != 0 && !same(place, metric, hash)) std::swap(place, entries_[(hash & mask_) ^ 1U]);
  place.hash = hash;
  place.slot = slot;
  place.generation = generation;
  place.scale = scale;
  place.type = metric.type;
  place.key.assign(metric.name).append(1, kSeparator).append(metric.tags);
}

}  // namespace binnacle

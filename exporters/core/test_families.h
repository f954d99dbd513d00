// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/collector.h"

namespace binnacle {

/// Nothing when nobody asked for a family of this name.
inline const CollectedFamily* find_family(const Families& families, std::string_view name) {
  const auto all = families.all();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& family) { return family.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// The value of the series with exactly these labels, in this order; nothing when there is no such series.
inline std::optional<double> value_of(const Families& families, std::string_view name,
                                      const std::vector<std::pair<std::string, std::string>>& labels = {}) {
  const auto* family = find_family(families, name);
  if (family == nullptr) return std::nullopt;
  for (const auto& metric : family->series()) {
    const bool same = std::equal(metric.label.begin(), metric.label.end(), labels.begin(), labels.end(),
                                 [](const auto& label, const auto& wanted) {
                                   return label.name == wanted.first && label.value == wanted.second;
                                 });
    if (!same) continue;
    switch (family->type) {
      case prometheus::MetricType::Counter:
        return metric.counter.value;
      case prometheus::MetricType::Gauge:
        return metric.gauge.value;
      default:
        return metric.untyped.value;
    }
  }
  return std::nullopt;
}

/// The number of series of a family.
inline std::size_t series_of(const Families& families, std::string_view name) {
  const auto* family = find_family(families, name);
  return family == nullptr ? 0 : family->series().size();
}

inline const CollectedFamily* find_family(const Output& out, std::string_view name) {
  return find_family(out.families, name);
}

inline std::optional<double> value_of(const Output& out, std::string_view name,
                                      const std::vector<std::pair<std::string, std::string>>& labels = {}) {
  return value_of(out.families, name, labels);
}

inline std::size_t series_of(const Output& out, std::string_view name) { return series_of(out.families, name); }

}  // namespace binnacle

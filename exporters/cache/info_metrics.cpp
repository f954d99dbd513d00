// SPDX-License-Identifier: Apache-2.0
#include "info_metrics.h"

#include <initializer_list>
#include <unordered_map>

namespace binnacle::cache {

namespace {

using Index = std::unordered_map<std::string_view, const InfoMetric*>;

Index index_of(std::initializer_list<std::span<const InfoMetric>> tables) {
  Index index;
  for (const auto table : tables) {
    for (const auto& metric : table) index.emplace(metric.field, &metric);
  }
  return index;
}

const InfoMetric* find(const Index& index, std::string_view field) {
  const auto found = index.find(field);
  return found == index.end() ? nullptr : found->second;
}

bool is_unknown(Unknown unknown, double value) {
  switch (unknown) {
    case Unknown::negative:
      return value < 0;
    case Unknown::zero:
      return value <= 0;
    case Unknown::none:
      break;
  }
  return false;
}

}  // namespace

const InfoMetric* find_info_metric(std::string_view field) {
  static const Index index = index_of({info_server_metrics(), info_memory_metrics(), info_persistence_metrics(),
                                       info_stats_metrics(), info_replication_metrics()});
  return find(index, field);
}

const InfoMetric* find_module_metric(std::string_view field) {
  static const Index index = index_of({info_module_metrics()});
  return find(index, field);
}

void add_info_metric(const InfoMetric& metric, std::string_view value, Families& families) {
  const auto number = info_number(value);
  if (!number || is_unknown(metric.unknown, *number)) return;
  families.family(metric.metric, metric.help, metric.type).add(*number * metric.scale);
}

}  // namespace binnacle::cache

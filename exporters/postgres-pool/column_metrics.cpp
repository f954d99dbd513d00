// SPDX-License-Identifier: Apache-2.0
#include "column_metrics.h"

#include <optional>
#include <vector>

namespace binnacle::pgpool {

namespace {

struct FoundMetric {
  const ColumnMetric* metric;
  std::size_t column;
  std::optional<Family> family;  // asked for with its first value, so that none is left without series
};

std::vector<FoundMetric> find_columns(const Rows& rows, std::span<const ColumnMetric> metrics) {
  std::vector<FoundMetric> found;
  found.reserve(metrics.size());
  for (const auto& metric : metrics) {
    if (const auto column = rows.column(metric.column)) found.push_back({&metric, *column, std::nullopt});
  }
  return found;
}

}  // namespace

void add_columns(const Rows& rows, std::span<const ColumnLabel> labels, std::span<const ColumnMetric> metrics,
                 Families& families) {
  auto found = find_columns(rows, metrics);
  std::vector<LabelView> values;
  for (const auto row : rows) {
    values.clear();
    for (const auto& label : labels) values.emplace_back(label.label, row.text(label.column).value_or(""));
    for (auto& [metric, column, family] : found) {
      const auto value = row.number_at(column);
      if (!value) continue;
      if (!family) family = families.family(metric->metric, metric->help, metric->type);
      family->add(values, *value * metric->scale);
    }
  }
}

}  // namespace binnacle::pgpool

// SPDX-License-Identifier: Apache-2.0
#include "limit_metrics.h"

#include <vector>

#include "core/text.h"

namespace binnacle::pgpool {

std::optional<double> limit_of(const Row& row, std::string_view column) {
  const auto text = row.text(column);
  const auto value = text ? to_double(trim(*text)) : std::nullopt;
  return value && *value > 0 ? value : std::nullopt;
}

void add_limits(const Rows& rows, std::span<const ColumnLabel> labels, std::span<const ColumnMetric> metrics,
                Families& families) {
  std::vector<LabelView> values;
  for (const auto row : rows) {
    values.clear();
    for (const auto& label : labels) values.emplace_back(label.label, row.text(label.column).value_or(""));
    for (const auto& metric : metrics) {
      if (const auto limit = limit_of(row, metric.column)) {
        families.family(metric.metric, metric.help, metric.type).add(values, *limit * metric.scale);
      }
    }
  }
}

}  // namespace binnacle::pgpool

// SPDX-License-Identifier: Apache-2.0
#include "custom_query.h"

#include <optional>
#include <stdexcept>

namespace binnacle::pgpool {

namespace {

constexpr std::size_t kMostRows = 10'000;

std::size_t required_column(const Rows& rows, const std::string& name) {
  if (const auto column = rows.column(name)) return *column;
  throw std::runtime_error("the result has no column " + name);
}

/// Nothing for NULL.
std::optional<double> metric_value(const Row& row, std::size_t column, const CustomMetric& metric) {
  const auto text = row.text_at(column);
  if (!text) return std::nullopt;
  if (const auto number = row.number_at(column)) return *number * metric.scale;
  if (text == "t") return 1;
  if (text == "f") return 0;
  throw std::runtime_error("column " + metric.column + " holds what is no number");
}

/// A metric's value in each row.
using Values = std::vector<std::optional<double>>;

Values read_values(const Rows& rows, const CustomMetric& metric) {
  const auto column = required_column(rows, metric.column);
  Values values;
  values.reserve(rows.size());
  for (const auto row : rows) values.push_back(metric_value(row, column, metric));
  return values;
}

}  // namespace

void add_custom_query(const CustomQuery& query, const Rows& rows, Families& families) {
  if (rows.size() > kMostRows) {
    throw std::runtime_error("the result has " + std::to_string(rows.size()) + " rows, more than " +
                             std::to_string(kMostRows));
  }
  std::vector<std::size_t> label_columns;
  label_columns.reserve(query.labels.size());
  for (const auto& label : query.labels) label_columns.push_back(required_column(rows, label));
  std::vector<Values> values;
  values.reserve(query.metrics.size());
  for (const auto& metric : query.metrics) values.push_back(read_values(rows, metric));

  std::vector<LabelView> labels;
  for (std::size_t metric = 0; metric < query.metrics.size(); ++metric) {
    const auto& [column, name, type, help, scale] = query.metrics[metric];
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (!values[metric][row]) continue;
      labels.clear();
      for (std::size_t label = 0; label < label_columns.size(); ++label) {
        labels.emplace_back(query.labels[label], rows[row].text_at(label_columns[label]).value_or(""));
      }
      families.family(name, help, type).add(labels, *values[metric][row]);
    }
  }
}

}  // namespace binnacle::pgpool

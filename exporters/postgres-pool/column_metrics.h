// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_type.h>

#include <span>
#include <string_view>

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// A column of a view that becomes a metric: one row of a collector's table.
struct ColumnMetric {
  std::string_view column;
  std::string_view metric;
  prometheus::MetricType type;
  std::string_view help;
  double scale = 1;  ///< from the column's unit to the metric's
};

/// A column that becomes a label.
struct ColumnLabel {
  std::string_view column;
  std::string_view label;
};

/// Scales of columns whose metric is in seconds.
inline constexpr double kFromMilliseconds = 1e-3;
inline constexpr double kFromMicroseconds = 1e-6;

inline constexpr auto kGauge = prometheus::MetricType::Gauge;
inline constexpr auto kCounter = prometheus::MetricType::Counter;

/// Adds a series for each row and each column of the table that the result has and that is no NULL. A label whose
/// column is NULL or absent is empty.
void add_columns(const Rows& rows, std::span<const ColumnLabel> labels, std::span<const ColumnMetric> metrics,
                 Families& families);

}  // namespace binnacle::pgpool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_type.h>

#include <span>
#include <string_view>

#include "core/families.h"
#include "info.h"

namespace binnacle::cache {

/// Which of a field's values say that there is nothing to know: no such time yet, no limit.
enum class Unknown { none, negative, zero };

/// A plain field of INFO that becomes a metric: one row of a table.
struct InfoMetric {
  std::string_view field;
  std::string_view metric;
  prometheus::MetricType type;
  std::string_view help;
  double scale = 1;  ///< from the field's unit to the metric's: 1e-6 for microseconds to seconds
  Unknown unknown = Unknown::none;
};

inline constexpr auto kGauge = prometheus::MetricType::Gauge;
inline constexpr auto kCounter = prometheus::MetricType::Counter;

// The tables, by INFO's sections.
std::span<const InfoMetric> info_server_metrics();  ///< Server, Clients, CPU
std::span<const InfoMetric> info_memory_metrics();
std::span<const InfoMetric> info_persistence_metrics();
std::span<const InfoMetric> info_stats_metrics();
std::span<const InfoMetric> info_replication_metrics();
std::span<const InfoMetric> info_module_metrics();

/// The row of a field in the tables of the server's own sections; null where there is none.
const InfoMetric* find_info_metric(std::string_view field);
/// The row of a field in the modules' table.
const InfoMetric* find_module_metric(std::string_view field);

/// Adds the field, unless its value is no number or says that there is nothing to know.
void add_info_metric(const InfoMetric& metric, std::string_view value, Families& families);

}  // namespace binnacle::cache

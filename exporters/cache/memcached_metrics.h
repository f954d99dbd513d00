// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_type.h>

#include <span>
#include <string_view>

#include "core/families.h"
#include "memcached_stats.h"

namespace binnacle::cache {

/// A statistic that becomes a metric: one row of a collector's table.
struct StatMetric {
  std::string_view stat;
  std::string_view metric;
  prometheus::MetricType type;
  std::string_view help;
  double scale = 1;  ///< from the statistic's unit to the metric's
};

inline constexpr auto kStatGauge = prometheus::MetricType::Gauge;
inline constexpr auto kStatCounter = prometheus::MetricType::Counter;

/// Adds a series for each row of the table that the server told a number for.
void add_stats(const Stats& stats, std::span<const StatMetric> metrics, std::span<const LabelView> labels,
               Families& families);

/// A statistic that counts one outcome of one command.
struct CommandStat {
  std::string_view stat;
  std::string_view command;
  std::string_view status;
};

/// Adds the outcomes of commands to `family`, each with `labels` before its own: the hits and misses, and `set`, which
/// Memcached does not count alone: what it calls cmd_set has the cas commands in it. `cas_misses` tells whether this
/// cmd_set has those that missed as well.
void add_commands(const Stats& stats, bool cas_misses, std::span<const LabelView> labels, Family family);

}  // namespace binnacle::cache

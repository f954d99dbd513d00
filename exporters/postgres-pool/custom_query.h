// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_type.h>

#include <chrono>
#include <string>
#include <vector>

#include "core/families.h"
#include "rows.h"
#include "targets.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::pgpool {

/// A column of a custom query that becomes a metric.
struct CustomMetric {
  std::string column;
  std::string name;
  prometheus::MetricType type = prometheus::MetricType::Gauge;
  std::string help;
  double scale = 1;

  bool operator==(const CustomMetric&) const = default;
};

/// A row of the config's section `queries`.
struct CustomQuery {
  std::string name;
  std::string sql;
  Kind kind = Kind::postgres;
  std::vector<std::string> targets;    ///< by name; empty: all
  std::vector<std::string> databases;  ///< that a target is connected to; empty: all
  std::vector<std::string> labels;     ///< columns
  std::vector<CustomMetric> metrics;
  std::chrono::milliseconds timeout{1'000};
  std::chrono::milliseconds keep{0};  ///< how long an answer serves
  int min_version = 0;                ///< major versions, both included
  int max_version = 9'999;

  bool operator==(const CustomQuery&) const = default;
};

/// The section `queries` of the config file. Throws ConfigError.
std::vector<CustomQuery> parse_custom_queries(YamlMap& config);

/// Those of the queries that are for a target.
std::vector<CustomQuery> queries_for(const std::vector<CustomQuery>& queries, const TargetSpec& target);

/// Adds a query's answer. Throws std::runtime_error, with nothing added, when a column is missing, when a value is no
/// number, or when there are too many rows. NULL is absent; a truth value is 1 or 0.
void add_custom_query(const CustomQuery& query, const Rows& rows, Families& families);

}  // namespace binnacle::pgpool

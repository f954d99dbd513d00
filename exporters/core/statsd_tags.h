// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statsd_event.h"

namespace binnacle {

/// Labels by name, in the order of their names, each name once.
using StatsdLabels = std::vector<std::pair<std::string, std::string>>;

/// A metric's name without tags, and its tags as labels.
struct StatsdIdentity {
  std::string_view name;  ///< borrowed from the metric
  /// Set when the name has text on both sides of SignalFx tags; `name` is this then.
  std::string joined_name;
  StatsdLabels labels;
};

/// Reads the tags of all four forms: `|#k:v,k2:v2` (DogStatsD), `name#k=v,k2=v2` (Librato), `name,k=v,k2=v2` (Influx),
/// `name[k=v,k2=v2]` (SignalFx). A tag without a value has the value "true". Of two tags of one name the first counts.
/// Names become names that Prometheus takes, values valid UTF-8.
void read_statsd_tags(const StatsdMetric& metric, StatsdIdentity& identity);

/// Puts a label in its place, or replaces its value.
void set_label(StatsdLabels& labels, std::string_view name, std::string_view value);
[[nodiscard]] const std::string* find_label(const StatsdLabels& labels, std::string_view name);

/// Letters, digits and underscores only, no digit first, and no two underscores first: those are Prometheus' own, and
/// so is `le`, which becomes `le_`.
std::string statsd_label_name(std::string_view text);
/// Letters, digits, ':' and underscores only, no digit first: my.app-x becomes my_app_x.
std::string statsd_metric_name(std::string_view text);

}  // namespace binnacle

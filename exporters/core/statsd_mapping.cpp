// SPDX-License-Identifier: Apache-2.0
#include "statsd_mapping.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <stdexcept>

#include "text.h"

namespace binnacle {

namespace {

/// Timers come in milliseconds, and Prometheus' base unit is the second.
constexpr double kMillisecond = 0.001;

constexpr std::size_t kMaxBuckets = 100;

using Buckets = std::shared_ptr<const std::vector<double>>;

Buckets default_buckets() {
  return std::make_shared<const std::vector<double>>(std::begin(kStatsdBuckets), std::end(kStatsdBuckets));
}

bool rise(const std::vector<double>& bounds) {
  const bool finite = std::all_of(bounds.begin(), bounds.end(), [](double bound) { return std::isfinite(bound); });
  return finite && std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>{}) == bounds.end();
}

void check(const StatsdMapping& mapping, const StatsdGlob& glob) {
  const auto check_captures = [&](const std::string& text) {
    if (highest_capture(text) > glob.stars()) {
      throw std::runtime_error(quoted(text) + ": pattern " + quoted(mapping.match) + " has fewer stars");
    }
  };
  check_captures(mapping.name);
  for (const auto& [name, value] : mapping.labels) check_captures(value);
  if (mapping.name.empty() && !mapping.drop) throw std::runtime_error("a name is missing");
  if (!std::isfinite(mapping.scale)) throw std::runtime_error("the scale must be a finite number");
  if (mapping.buckets.size() > kMaxBuckets || !rise(mapping.buckets)) {
    throw std::runtime_error("buckets must be at most 100 finite numbers that rise");
  }
}

}  // namespace

StatsdKind kind_of(StatsdType type) {
  switch (type) {
    case StatsdType::counter:
      return StatsdKind::counter;
    case StatsdType::gauge:
      return StatsdKind::gauge;
    case StatsdType::set:
      return StatsdKind::set;
    default:
      return StatsdKind::histogram;
  }
}

StatsdMapper::StatsdMapper(const std::vector<StatsdMapping>& mappings, Settings settings)
    : settings_(std::move(settings)), default_buckets_(default_buckets()) {
  rows_.reserve(mappings.size());
  for (const auto& mapping : mappings) {
    StatsdGlob glob{mapping.match};
    check(mapping, glob);
    auto buckets =
        mapping.buckets.empty() ? default_buckets_ : std::make_shared<const std::vector<double>>(mapping.buckets);
    rows_.push_back({mapping, std::move(glob), std::move(buckets)});
  }
}

StatsdMapper::Decision StatsdMapper::resolve(const StatsdMetric& metric, StatsdSeries& series) const {
  StatsdIdentity identity;
  read_statsd_tags(metric, identity);
  if (identity.name.starts_with(settings_.prefix)) identity.name.remove_prefix(settings_.prefix.size());
  series.kind = kind_of(metric.type);
  series.scale = metric.type == StatsdType::timer ? kMillisecond : 1;
  series.ttl = settings_.ttl;
  StatsdGlob::Captures captures;
  for (const auto& row : rows_) {
    const auto& types = row.mapping.types;
    if (!types.empty() && std::find(types.begin(), types.end(), metric.type) == types.end()) continue;
    if (!row.glob.match(identity.name, captures)) continue;
    if (row.mapping.drop) return Decision::dropped;
    apply(row, captures, identity, series);
    return Decision::taken;
  }
  if (settings_.unmapped == StatsdUnmapped::drop) return Decision::unmapped;
  series.family = statsd_metric_name(identity.name);
  series.labels = std::move(identity.labels);
  series.buckets = default_buckets_;
  return Decision::taken;
}

void StatsdMapper::apply(const Row& row, const StatsdGlob::Captures& captures, StatsdIdentity& identity,
                         StatsdSeries& series) const {
  const auto& mapping = row.mapping;
  series.family = statsd_metric_name(expand_captures(mapping.name, captures));
  series.help = mapping.help;
  series.labels = std::move(identity.labels);
  if (mapping.tags) {
    const auto unwanted = [&](const auto& label) {
      return std::find(mapping.tags->begin(), mapping.tags->end(), label.first) == mapping.tags->end();
    };
    series.labels.erase(std::remove_if(series.labels.begin(), series.labels.end(), unwanted), series.labels.end());
  }
  for (const auto& [name, value] : mapping.defaults) {
    if (find_label(series.labels, name) == nullptr) set_label(series.labels, name, value);
  }
  for (const auto& [name, value] : mapping.labels) {
    set_label(series.labels, name, to_utf8(expand_captures(value, captures)));
  }
  series.scale *= mapping.scale;
  series.buckets = row.buckets;
  if (mapping.ttl) series.ttl = *mapping.ttl;
}

}  // namespace binnacle

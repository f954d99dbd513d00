// SPDX-License-Identifier: Apache-2.0
#include "envoy_stats.h"

#include <nlohmann/json.hpp>

#include "envoy_number.h"
#include "source.h"

namespace binnacle::breaker {

namespace {

using Number = std::optional<double>;

/// Where a stat is kept, by the last part of its name.
struct PriorityStat {
  std::string_view name;
  EnvoyResourceNumbers EnvoyPriorityStats::*numbers;
  std::size_t resource;
};
constexpr std::array<PriorityStat, 10> kPriorityStats{{
    {"cx_open", &EnvoyPriorityStats::open, 0},
    {"rq_pending_open", &EnvoyPriorityStats::open, 1},
    {"rq_open", &EnvoyPriorityStats::open, 2},
    {"rq_retry_open", &EnvoyPriorityStats::open, 3},
    {"cx_pool_open", &EnvoyPriorityStats::open, 4},
    {"remaining_cx", &EnvoyPriorityStats::remaining, 0},
    {"remaining_pending", &EnvoyPriorityStats::remaining, 1},
    {"remaining_rq", &EnvoyPriorityStats::remaining, 2},
    {"remaining_retries", &EnvoyPriorityStats::remaining, 3},
    {"remaining_cx_pools", &EnvoyPriorityStats::remaining, 4},
}};

struct ResourceStat {
  std::string_view name;
  EnvoyResourceNumbers EnvoyClusterStats::*numbers;
  std::size_t resource;
};
constexpr std::array<ResourceStat, 8> kResourceStats{{
    {"upstream_cx_overflow", &EnvoyClusterStats::overflows, 0},
    {"upstream_rq_pending_overflow", &EnvoyClusterStats::overflows, 1},
    {"upstream_rq_active_overflow", &EnvoyClusterStats::overflows, 2},
    {"upstream_rq_retry_overflow", &EnvoyClusterStats::overflows, 3},
    {"upstream_cx_pool_overflow", &EnvoyClusterStats::overflows, 4},
    {"upstream_cx_active", &EnvoyClusterStats::active, 0},
    {"upstream_rq_pending_active", &EnvoyClusterStats::active, 1},
    {"upstream_rq_active", &EnvoyClusterStats::active, 2},
}};

constexpr std::array<std::string_view, 4> kAnswerStats{"upstream_rq_2xx", "upstream_rq_3xx", "upstream_rq_4xx",
                                                       "upstream_rq_5xx"};

struct PlainStat {
  std::string_view name;
  Number EnvoyClusterStats::*number;
};
constexpr std::array<PlainStat, 3> kPlainStats{{
    {"upstream_rq_timeout", &EnvoyClusterStats::timeouts},
    {"outlier_detection.ejections_enforced_total", &EnvoyClusterStats::ejections},
    {"outlier_detection.ejections_active", &EnvoyClusterStats::ejected_hosts},
}};

/// A name in its parts. A cluster's name may hold dots, so it is what stands before the parts that are known.
struct StatName {
  std::string_view cluster;
  std::string_view priority{};  ///< of stats of circuit_breakers
  std::string_view leaf;
};

/// Takes what stands behind the last dot off the end of `rest`.
std::string_view take_last(std::string_view& rest) {
  const auto dot = rest.rfind('.');
  if (dot == std::string_view::npos) return {};
  const auto last = rest.substr(dot + 1);
  rest = rest.substr(0, dot);
  return last;
}

std::optional<StatName> parse_name(std::string_view name) {
  constexpr std::string_view kPrefix = "cluster.";
  constexpr std::string_view kOutlier = ".outlier_detection";
  constexpr std::string_view kBreakers = ".circuit_breakers";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  const auto all = name;
  StatName parts;
  parts.leaf = take_last(name);
  if (name.ends_with(kOutlier)) {
    name.remove_suffix(kOutlier.size());
    parts.leaf = all.substr(name.size() + 1);
  } else if (!parts.leaf.starts_with("upstream_")) {
    parts.priority = take_last(name);
    if (!name.ends_with(kBreakers)) return std::nullopt;
    name.remove_suffix(kBreakers.size());
  }
  parts.cluster = name;
  if (parts.cluster.empty()) return std::nullopt;
  return parts;
}

/// Null where the stat is none that is known.
Number* find_in(EnvoyPriorityStats& priority, std::string_view leaf) {
  for (const auto& stat : kPriorityStats) {
    if (stat.name == leaf) return &(priority.*stat.numbers)[stat.resource];
  }
  return nullptr;
}

Number* find_in(EnvoyClusterStats& cluster, const StatName& name) {
  if (name.priority == "default") return find_in(cluster.default_priority, name.leaf);
  if (name.priority == "high") return find_in(cluster.high_priority, name.leaf);
  if (!name.priority.empty()) return nullptr;
  for (const auto& stat : kResourceStats) {
    if (stat.name == name.leaf) return &(cluster.*stat.numbers)[stat.resource];
  }
  for (std::size_t at = 0; at < kAnswerStats.size(); ++at) {
    if (kAnswerStats[at] == name.leaf) return &cluster.answers[at];
  }
  for (const auto& stat : kPlainStats) {
    if (stat.name == name.leaf) return &(cluster.*stat.number);
  }
  return nullptr;
}

}  // namespace

const char* const kEnvoyStatsFilter =
    R"(^cluster\..+\.(circuit_breakers\.(default|high)\..+|upstream_(cx|rq|cx_pool|rq_pending|rq_active|rq_retry)_overflow|)"
    R"(upstream_(cx|rq|rq_pending)_active|upstream_rq_([2345]xx|timeout)|outlier_detection\.ejections_(active|enforced_total))$)";

EnvoyStats parse_envoy_stats(std::string_view text) {
  const auto page = read_json(text);
  const auto* const stats = find_member(page, "stats");
  if (stats == nullptr || !stats->is_array()) {
    throw SourceError(Failure::bad_reply, "expected an object with a list \"stats\"");
  }
  EnvoyStats clusters;
  for (const auto& stat : *stats) {
    const auto* const name = find_member(stat, "name");
    const auto value = envoy_number(find_member(stat, "value"));
    if (name == nullptr || !name->is_string() || !value) continue;
    const auto parts = parse_name(name->get_ref<const std::string&>());
    if (!parts) continue;
    auto cluster = clusters.find(parts->cluster);
    if (cluster == clusters.end()) cluster = clusters.try_emplace(std::string{parts->cluster}).first;
    if (auto* const number = find_in(cluster->second, *parts)) *number = value;
  }
  return clusters;
}

}  // namespace binnacle::breaker

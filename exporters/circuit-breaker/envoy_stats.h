// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::breaker {

/// What Envoy bounds the use of, for each cluster and priority.
inline constexpr std::size_t kEnvoyResourceCount = 5;
/// As they stand in the label `resource`.
inline constexpr std::array<std::string_view, kEnvoyResourceCount> kEnvoyResources{
    "connections", "pending_requests", "requests", "retries", "connection_pools"};

/// A number of each resource, where it is known.
using EnvoyResourceNumbers = std::array<std::optional<double>, kEnvoyResourceCount>;

/// cluster.NAME.circuit_breakers.PRIORITY.
struct EnvoyPriorityStats {
  EnvoyResourceNumbers open;       ///< 1: all of it is used, just now
  EnvoyResourceNumbers remaining;  ///< only of clusters with track_remaining
};

/// cluster.NAME.
struct EnvoyClusterStats {
  EnvoyPriorityStats default_priority;
  EnvoyPriorityStats high_priority;
  EnvoyResourceNumbers overflows;                  ///< counters: what was refused for want of it, of both priorities
  EnvoyResourceNumbers active;                     ///< in use now, of both priorities; not known of all
  std::array<std::optional<double>, 4> answers{};  ///< counters: upstream_rq_2xx to 5xx
  std::optional<double> timeouts{};                ///< counter: upstream_rq_timeout
  std::optional<double> ejections{};               ///< counter: outlier_detection.ejections_enforced_total
  std::optional<double> ejected_hosts{};           ///< outlier_detection.ejections_active
};

/// By the cluster's name, as it stands in the names of stats: with '_' where the cluster has ':'.
using EnvoyStats = std::map<std::string, EnvoyClusterStats, std::less<>>;

/// The stats that are read, as a regular expression for the admin interface's `filter`.
extern const char* const kEnvoyStatsFilter;

/// Reads what /stats?format=json answers. Stats that are not known, also histograms, are left out. Numbers may be
/// texts. Throws SourceError (bad_reply, too_large).
EnvoyStats parse_envoy_stats(std::string_view text);

}  // namespace binnacle::breaker

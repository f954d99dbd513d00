// SPDX-License-Identifier: Apache-2.0
#include "envoy_clusters.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "envoy_number.h"
#include "source.h"

namespace binnacle::breaker {

namespace {

/// By kEnvoyResources.
constexpr std::array<const char*, kEnvoyResourceCount> kLimits{"max_connections", "max_pending_requests",
                                                               "max_requests", "max_retries", "max_connection_pools"};
/// How Envoy writes "unlimited": all of 32 bits.
constexpr double kUnlimited = 4294967295;

const Json* find_list(const Json& value, const char* key) {
  const auto* const list = find_member(value, key);
  return list != nullptr && list->is_array() ? list : nullptr;
}

std::string text_or_empty(const Json& value, const char* key) { return text_of(find_member(value, key)).value_or(""); }

EnvoyResourceNumbers parse_limits(const Json& threshold) {
  EnvoyResourceNumbers limits;
  for (std::size_t at = 0; at < limits.size(); ++at) {
    const auto limit = envoy_number(find_member(threshold, kLimits[at]));
    if (limit && *limit < kUnlimited) limits[at] = limit;
  }
  return limits;
}

void parse_thresholds(const Json& status, EnvoyCluster& cluster) {
  const auto* const breakers = find_member(status, "circuit_breakers");
  const auto* const thresholds = breakers == nullptr ? nullptr : find_list(*breakers, "thresholds");
  if (thresholds == nullptr) return;
  for (const auto& threshold : *thresholds) {
    const bool high = text_or_empty(threshold, "priority") == "HIGH";  // what is absent is DEFAULT
    (high ? cluster.high_limits : cluster.default_limits) = parse_limits(threshold);
  }
}

/// Empty where it is of no kind that is known.
std::string parse_address(const Json& address) {
  if (const auto* const socket = find_member(address, "socket_address")) {
    const auto host = text_or_empty(*socket, "address");
    const auto port = envoy_number(find_member(*socket, "port_value")).value_or(0);
    if (host.empty() || port > 65'535) return {};
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(static_cast<int>(port));
  }
  if (const auto* const pipe = find_member(address, "pipe")) return text_or_empty(*pipe, "path");
  const auto* const internal = find_member(address, "envoy_internal_address");
  return internal == nullptr ? std::string{} : text_or_empty(*internal, "server_listener_name");
}

bool is_true(const Json& value, const char* key) {
  const auto* const flag = find_member(value, key);
  return flag != nullptr && flag->is_boolean() && flag->get<bool>();
}

/// One address may be in several localities: it is out when it is out in any.
std::vector<EnvoyHost> parse_hosts(const Json& status) {
  std::map<std::string, bool> ejected;
  if (const auto* const hosts = find_list(status, "host_statuses")) {
    for (const auto& host : *hosts) {
      const auto* const address = find_member(host, "address");
      auto name = address == nullptr ? std::string{} : parse_address(*address);
      if (name.empty()) continue;
      const auto* const health = find_member(host, "health_status");
      ejected[std::move(name)] |= health != nullptr && is_true(*health, "failed_outlier_check");
    }
  }
  std::vector<EnvoyHost> found;
  found.reserve(ejected.size());
  for (const auto& [address, out] : ejected) found.push_back({address, out});
  return found;
}

}  // namespace

std::vector<EnvoyCluster> parse_envoy_clusters(std::string_view text) {
  const auto page = read_json(text);
  if (!page.is_object()) throw SourceError(Failure::bad_reply, "expected an object with a list \"cluster_statuses\"");
  std::vector<EnvoyCluster> clusters;
  const auto* const statuses = find_list(page, "cluster_statuses");
  if (statuses == nullptr) return clusters;  // an Envoy without clusters
  for (const auto& status : *statuses) {
    EnvoyCluster cluster;
    cluster.name = text_or_empty(status, "name");
    if (cluster.name.empty()) continue;
    cluster.stat_name = text_or_empty(status, "observability_name");
    if (cluster.stat_name.empty()) cluster.stat_name = cluster.name;
    std::replace(cluster.stat_name.begin(), cluster.stat_name.end(), ':', '_');
    parse_thresholds(status, cluster);
    cluster.hosts = parse_hosts(status);
    clusters.push_back(std::move(cluster));
  }
  return clusters;
}

}  // namespace binnacle::breaker

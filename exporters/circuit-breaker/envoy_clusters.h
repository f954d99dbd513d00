// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "envoy_stats.h"

namespace binnacle::breaker {

/// A server of a cluster.
struct EnvoyHost {
  std::string address;   ///< "10.0.0.1:80", "[::1]:80", or the path of a unix socket
  bool ejected = false;  ///< taken out by the outlier detection
};

/// What /clusters tells of one cluster.
struct EnvoyCluster {
  std::string name;
  std::string stat_name;                  ///< what its stats are called by
  EnvoyResourceNumbers default_limits{};  ///< nothing: unlimited, or not told
  EnvoyResourceNumbers high_limits{};
  std::vector<EnvoyHost> hosts{};  ///< each address once
};

/// Reads what /clusters?format=json answers. Throws SourceError (bad_reply, too_large).
std::vector<EnvoyCluster> parse_envoy_clusters(std::string_view text);

}  // namespace binnacle::breaker

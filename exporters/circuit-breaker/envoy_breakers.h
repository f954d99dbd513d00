// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "envoy_clusters.h"
#include "envoy_stats.h"
#include "source.h"

namespace binnacle::breaker {

/// Makes breakers of what an Envoy tells at each poll, and remembers what it told at the last one.
///
/// A cluster is a breaker, and its priority "high" another, NAME/high. It is open while any of its *_open gauges is 1.
/// Those are 1 only at the very moment at which all of a resource is used, so that requests are refused while each look
/// finds 0. The overflow counters miss nothing: one that rose since the last poll, while no gauge of the cluster is 1,
/// means that the breaker was open in between. They are of both priorities together; such an opening counts for the
/// default one.
class EnvoyBreakers {
 public:
  /// `hosts`: whether each host of a cluster with an outlier detection is a breaker too.
  explicit EnvoyBreakers(bool hosts) : hosts_(hosts) {}

  Reading observe(const EnvoyStats& stats, const std::vector<EnvoyCluster>& clusters);

 private:
  struct Memory {
    BreakerState state = BreakerState::unknown;
    EnvoyResourceNumbers overflows;
    std::optional<double> ejections;
    std::set<std::string, std::less<>> ejected;
    double server_errors = 0;  // upstream_rq_5xx
    double not_failures = 0;   // of those, what are timeouts and rejections
    double failures = 0;       // what was made of the two: only ever rises, until Envoy restarts
  };

  void add_cluster(const std::string& name, const EnvoyClusterStats& stats, const EnvoyCluster* status,
                   Reading& reading);
  void add_hosts(const EnvoyCluster& cluster, const Memory* before, Memory& now, Reading& reading) const;

  const bool hosts_;
  std::map<std::string, Memory, std::less<>> last_;  // by the cluster's name
  std::map<std::string, Memory, std::less<>> next_;
};

}  // namespace binnacle::breaker

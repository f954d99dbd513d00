// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster_view.h"
#include "core/exporter.h"
#include "core/statsd.h"
#include "options.h"
#include "targets.h"

namespace binnacle::cache {

/// Redis (and what speaks its protocol) and Memcached, under redis_exporter's and memcached_exporter's names, and the
/// applications' own caches, of which they tell by StatsD.
class CacheExporter final : public Exporter {
 public:
  CacheExporter();
  [[nodiscard]] ExporterInfo info() const override;
  [[nodiscard]] std::vector<CollectorKind> collectors() const override;
  [[nodiscard]] std::vector<HealthRule> health_rules() const override;
  void add_flags(Flags& flags) override;
  void start(const std::function<bool(const std::string& collector)>& enabled) override;
  std::function<void()> load(YamlMap& config) override;
  std::vector<std::shared_ptr<Target>> targets() override;
  void serve() override;

 private:
  using TargetsByName = std::map<std::string, std::shared_ptr<Target>>;
  struct Running {
    TargetSpec spec;
    std::shared_ptr<Target> target;
    std::shared_ptr<ClusterView> cluster;        // null where its other nodes are not read
    std::shared_ptr<TargetsByName> other_nodes;  // of the cluster; targets() alone uses it
  };
  [[nodiscard]] Running run_target(const TargetSpec& spec) const;
  [[nodiscard]] std::shared_ptr<Target> make_target(const TargetSpec& spec,
                                                    const std::shared_ptr<ClusterView>& cluster) const;
  [[nodiscard]] std::shared_ptr<Target> make_node(const Running& named, const std::string& name,
                                                  const Address& address) const;
  void add_other_nodes(const Running& running, std::set<std::string>& read,
                       std::vector<std::shared_ptr<Target>>& targets) const;
  [[nodiscard]] std::vector<Running> with_unchanged(const std::vector<TargetSpec>& specs) const;

  TargetFlags flags_;
  std::vector<std::string> statsd_addresses_;
  Options options_;
  std::vector<TargetSpec> given_;  // by flags and environment, for the life of the process
  std::vector<Running> running_;
  const std::shared_ptr<Statsd> statsd_;
  const std::shared_ptr<Target> applications_;  // what they send by StatsD
  bool listens_ = false;
  bool finds_nodes_ = true;  // whether the collector that does runs
};

}  // namespace binnacle::cache

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/exporter.h"
#include "core/statsd.h"
#include "push.h"
#include "watched_sources.h"

namespace binnacle::breaker {

/// Circuit breakers of many sources under one set of names, circuit_breaker_*.
class CircuitBreakerExporter final : public Exporter {
 public:
  CircuitBreakerExporter();
  [[nodiscard]] ExporterInfo info() const override;
  [[nodiscard]] std::vector<CollectorKind> collectors() const override;
  [[nodiscard]] std::vector<HealthRule> health_rules() const override;
  void add_flags(Flags& flags) override;
  void start(const std::function<bool(const std::string& collector)>& enabled) override;
  std::function<void()> load(YamlMap& config) override;
  std::vector<std::shared_ptr<Target>> targets() override { return {target_}; }
  void serve() override;
  std::string not_ready() override { return sources_->not_ready(); }

 private:
  const std::shared_ptr<WatchedSources> sources_;
  const std::shared_ptr<PushSink> push_;
  const std::shared_ptr<Statsd> statsd_;
  const std::shared_ptr<Target> target_;
  std::vector<std::vector<std::string>> addresses_;  // by source_kinds()
  std::vector<std::string> statsd_addresses_;
  std::vector<SourceSpec> given_;  // by flags, for the life of the process
};

}  // namespace binnacle::breaker

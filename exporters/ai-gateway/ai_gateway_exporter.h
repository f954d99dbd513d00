// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/exporter.h"
#include "gateway.h"
#include "gateway_metrics.h"

namespace binnacle::gateway {

/// A proxy for LLM providers, and all that it counts, aigw_*.
class AiGatewayExporter final : public Exporter {
 public:
  AiGatewayExporter();
  [[nodiscard]] ExporterInfo info() const override;
  [[nodiscard]] std::vector<CollectorKind> collectors() const override;
  [[nodiscard]] std::vector<HealthRule> health_rules() const override;
  void add_flags(Flags& flags) override;
  std::function<void()> load(YamlMap& config) override;
  std::vector<std::shared_ptr<Target>> targets() override { return {target_}; }
  void serve() override;
  void stop() override;
  std::string not_ready() override { return stopping_ ? "stopping" : ""; }

 private:
  const std::shared_ptr<GatewayMetrics> metrics_;
  const std::shared_ptr<Gateway> gateway_;
  const std::shared_ptr<std::atomic<bool>> otel_ = std::make_shared<std::atomic<bool>>(false);
  const std::shared_ptr<Target> target_;
  std::vector<std::string> flag_addresses_;
  std::vector<std::string> addresses_;  // that serve() binds
  bool serving_ = false;
  std::atomic<bool> stopping_ = false;
};

}  // namespace binnacle::gateway

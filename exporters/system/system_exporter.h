// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/exporter.h"
#include "paths.h"
#include "process_groups.h"

namespace binnacle::system {

/// The host and the container that it runs in, under node_exporter's names.
class SystemExporter final : public Exporter {
 public:
  SystemExporter();

  [[nodiscard]] ExporterInfo info() const override;
  [[nodiscard]] std::vector<CollectorKind> collectors() const override;
  [[nodiscard]] std::vector<HealthRule> health_rules() const override;
  void add_flags(Flags& flags) override;
  void start(const std::function<bool(const std::string& collector)>& enabled) override;
  std::function<void()> load(YamlMap& config) override;
  std::vector<std::shared_ptr<Target>> targets() override;

 private:
  Paths paths_;
  ProcessGroups process_groups_;
  std::vector<CollectorKind> kinds_;
  std::shared_ptr<Target> host_ = std::make_shared<Target>();
};

}  // namespace binnacle::system

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "checkout_probe.h"
#include "core/exporter.h"
#include "custom_query.h"
#include "deadline_guard.h"
#include "options.h"
#include "slow_queries.h"
#include "targets.h"

namespace binnacle::pgpool {

/// PostgreSQL servers and PgBouncers, under postgres_exporter's and pgbouncer_exporter's names.
class PostgresPoolExporter final : public Exporter {
 public:
  [[nodiscard]] ExporterInfo info() const override;
  [[nodiscard]] std::vector<CollectorKind> collectors() const override;
  [[nodiscard]] std::vector<HealthRule> health_rules() const override;
  void add_flags(Flags& flags) override;
  void start(const std::function<bool(const std::string& collector)>& enabled) override;
  std::function<void()> load(YamlMap& config) override;
  std::vector<std::shared_ptr<Target>> targets() override;
  /// With ?queries=1: the slow statements of PostgreSQL targets with their text, as `slowQueries`.
  std::map<std::string, std::string> health_details(const HttpRequest& request) override;

 private:
  struct Running {
    TargetSpec spec;
    std::vector<CustomQuery> queries;
    std::shared_ptr<Target> target;
    std::shared_ptr<SlowQueries> slow_queries;  ///< null for a PgBouncer
  };
  /// Null where the target has no checkout probe.
  [[nodiscard]] std::shared_ptr<CheckoutProbe> make_probe(const TargetSpec& spec) const;
  [[nodiscard]] Running make_target(const TargetSpec& spec, std::vector<CustomQuery> queries) const;
  [[nodiscard]] std::vector<Running> with_unchanged(const std::vector<TargetSpec>& specs,
                                                    const std::vector<CustomQuery>& queries) const;
  void apply(std::vector<Running> running);

  DsnFlags dsns_;
  Options options_;
  bool checkouts_ = true;  // whether the collector is on
  std::shared_ptr<DeadlineGuard> guard_ = std::make_shared<DeadlineGuard>();
  std::vector<TargetSpec> given_;  // by flags and environment, for the life of the process
  std::vector<Running> running_;
  bool shows_queries_ = true;  // whether the collector of slow queries is on
  std::mutex queries_mutex_;   // these are asked while a reload may be under way
  std::vector<std::pair<std::string, std::shared_ptr<SlowQueries>>> slow_queries_;
};

}  // namespace binnacle::pgpool

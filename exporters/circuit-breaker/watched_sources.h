// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "breaker_policy.h"
#include "breaker_table.h"
#include "core/collector.h"
#include "poller.h"
#include "sources.h"

namespace binnacle::breaker {

/// All sources of the exporter: those that are polled, and what is pushed. Safe to use from several threads.
class WatchedSources {
 public:
  /// The source of what applications push.
  static constexpr const char* kPush = "push";

  WatchedSources();

  /// Gives what makes these the sources, and this the policy. Sources that stay as they were keep all they know.
  [[nodiscard]] std::function<void()> load(std::vector<SourceSpec> specs, BreakerPolicy policy);
  /// Begins to poll, also what later loads add. Throws std::runtime_error when no descriptor is left.
  void start();

  /// What applications push goes here; never null.
  [[nodiscard]] const std::shared_ptr<BreakerTable>& pushed() const { return pushed_; }

  /// Adds all breakers. Sources that were never read yet are waited for, until the deadline.
  void add_breakers(Clock::time_point deadline, Output& out);
  /// Adds how the sources fare. `pushes`: whether anything listens, and `push_gaps`: what got lost on the way.
  void add_sources(bool pushes, std::uint64_t push_gaps, Clock::time_point deadline, Output& out);
  /// The open breakers for which the config says `readiness: true`, in one line; empty: none.
  [[nodiscard]] std::string not_ready() const;

 private:
  struct Watched {
    SourceSpec spec;
    std::shared_ptr<BreakerTable> table;
    std::shared_ptr<Poller> poller;  // null before start()
  };
  [[nodiscard]] std::vector<Watched> watched() const;
  [[nodiscard]] std::vector<std::shared_ptr<BreakerTable>> tables() const;
  void replace(const std::vector<SourceSpec>& specs, const std::shared_ptr<const BreakerPolicy>& policy);

  const std::shared_ptr<BreakerCount> count_ = std::make_shared<BreakerCount>(0);
  const std::shared_ptr<BreakerTable> pushed_;
  mutable std::mutex mutex_;  // of all below
  std::vector<Watched> watched_;
  bool started_ = false;
};

}  // namespace binnacle::breaker

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector.h"
#include "job_runner.h"
#include "output_pool.h"

namespace binnacle {

/// What is collected together: a host, a database server. Its collectors run one after another.
struct Target {
  /// Empty where an exporter has one target only; else unique, and the value of the label `target`.
  std::string name;
  /// The target that led to this one, by name; empty: the config names it itself. /probe knows it by that name.
  std::string found_by;
  /// The first word of this target's `_up`; empty: the exporter's own.
  std::string metric_namespace;
  /// The collector whose success means that the target is up; empty: any of them.
  std::string up_collector;
  struct Entry {
    std::string name;
    std::shared_ptr<Collector> collector;
    std::shared_ptr<OutputPool> outputs = std::make_shared<OutputPool>();
  };
  std::vector<Entry> collectors;
};

enum class CollectorState { ok, failed, timeout, not_applicable };

std::string_view state_name(CollectorState state);
inline constexpr std::array kCollectorStates{CollectorState::ok, CollectorState::failed, CollectorState::timeout,
                                             CollectorState::not_applicable};

/// How one collector fared in one scrape.
struct CollectorResult {
  std::string target;
  std::string metric_namespace;  ///< the target's; empty: the exporter's own
  std::string collector;
  bool decides_up = true;  ///< its success means that the target is up
  CollectorState state = CollectorState::timeout;
  /// How long it ran; up to the deadline for one that overran it.
  std::chrono::duration<double> duration{0};
  /// One line for people, empty when ok. For logs and /health/detailed, never for a label.
  std::string message;
  std::shared_ptr<const Output> output;  ///< null unless ok
  std::chrono::system_clock::time_point finished;
};

using ScrapeResult = std::vector<CollectorResult>;

/// The results of one target, which stand together in a ScrapeResult.
using TargetResults = std::span<const CollectorResult>;

/// A scrape's results target by target.
std::vector<TargetResults> by_target(const ScrapeResult& results);

/// Whether the collector failed or timed out; one that is not applicable has not.
bool has_failed(const CollectorResult& result);

/// Whether the target of these results is up: its deciding collector worked, or any where that one did not run.
bool is_up(TargetResults results);

/// Runs collectors under a deadline, so that each scrape is answered in time whatever its collectors do.
///
/// Scrapes that ask for the same collectors at the same time share one run of them. A collector that is still blocked
/// from an earlier scrape is reported `timeout` at once, until it comes back.
class ScrapeRunner {
 public:
  struct Settings {
    /// How long a collector may hold up the others of its target before they go on without it.
    std::chrono::milliseconds stall{250};
    std::size_t series_cap = Families::kDefaultSeriesCap;
  };
  ScrapeRunner() : ScrapeRunner(Settings{}) {}
  explicit ScrapeRunner(Settings settings);

  /// What to run: the targets, and which of their collectors by name.
  struct Request {
    std::vector<std::shared_ptr<Target>> targets;
    std::function<bool(const std::string& collector)> wants;
    Clock::time_point deadline;
  };

  /// Returns at the deadline at the latest. One result a collector, in the targets' order. Shared by all who asked for
  /// it.
  std::shared_ptr<const ScrapeResult> scrape(const Request& request);

  /// Collectors that have started and not come back.
  [[nodiscard]] std::size_t running() const { return jobs_.running(); }

 private:
  struct Run;
  using Runs = std::list<std::shared_ptr<Run>>;

  std::shared_ptr<const ScrapeResult> lead(const std::shared_ptr<Run>& run, Clock::time_point deadline);
  std::shared_ptr<const ScrapeResult> follow(const std::shared_ptr<Run>& run, Clock::time_point deadline);

  Settings settings_;
  JobRunner jobs_;
  std::mutex mutex_;
  std::condition_variable run_ended_;
  Runs under_way_;
};

}  // namespace binnacle

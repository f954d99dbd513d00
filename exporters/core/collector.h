// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "families.h"

namespace binnacle {

class Flags;

using Clock = std::chrono::steady_clock;

/// What a collector may know of the scrape that it runs for.
struct ScrapeContext {
  /// When the scrape is answered, with or without this collector. Network calls must not outlast it.
  Clock::time_point deadline;
};

/// A number that health rules judge, in base units. `component` tells several of one name apart (a mount point).
struct Fact {
  std::string name;
  std::string component;
  double value = 0;
};

/// What one run of a collector hands back.
struct Output {
  Families families;
  std::vector<Fact> facts;

  void fact(std::string_view name, double value, std::string_view component = {}) {
    facts.push_back({std::string{name}, std::string{component}, value});
  }
};

/// Thrown by a collector whose source does not exist here: a kernel without PSI, a host without RAID.
/// The scrape shows the state `not_applicable`, which is no failure.
class NotApplicable : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Turns one source of facts into metric families.
///
/// Core makes sure that collect() never runs twice at once for one collector. Any exception marks this
/// collector failed for this scrape, and touches nothing else.
class Collector {
 public:
  Collector() = default;
  virtual ~Collector() = default;
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Declares this collector's own flags, bound to its members. Called once, before the command line is read.
  virtual void add_flags(Flags& /*flags*/) {}

  /// Checks the flags' values once they are read. Throws std::runtime_error with one line that names the flag.
  virtual void start() {}

  virtual void collect(const ScrapeContext& scrape, Output& out) = 0;
};

/// A row of an exporter's table of collectors.
struct CollectorEntry {
  std::string name;
  bool enabled_by_default = true;
  std::string help;
  std::unique_ptr<Collector> collector;
};

}  // namespace binnacle

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "collector.h"
#include "statsd.h"

namespace binnacle {

/// Adds the series of a snapshot. Pure.
void add_statsd_series(const StatsdSnapshot& snapshot, Families& families);

/// Adds what the listener tells of itself, as `<ns>_statsd_*`. Pure.
void add_statsd_state(const std::string& ns, const std::vector<Statsd::SocketState>& sockets,
                      const StatsdCounts& counts, const StatsdSnapshot& snapshot, Families& families);

/// Shows what came over StatsD, and all that was lost on the way. Not applicable where nothing listens.
class StatsdCollector : public Collector {
 public:
  /// `ns` is the first word of the self metrics.
  StatsdCollector(std::string ns, std::shared_ptr<Statsd> statsd) : ns_(std::move(ns)), statsd_(std::move(statsd)) {}

  void collect(const ScrapeContext& scrape, Output& out) override;

 private:
  std::string ns_;
  std::shared_ptr<Statsd> statsd_;
  StatsdSnapshot snapshot_;
};

}  // namespace binnacle

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/collector.h"
#include "custom_query.h"
#include "session.h"

namespace binnacle::pgpool {

/// The config's own queries for one target, each with its own time, its own cache and its own failure.
///
/// A query that ran out of its time is not tried again for half a minute, or for as long as its answers are kept, so
/// that it does not take the time of others at each scrape.
class CustomQueriesCollector final : public Collector {
 public:
  CustomQueriesCollector(std::shared_ptr<Session> session, std::string target, std::vector<CustomQuery> queries);

  void collect(const ScrapeContext& scrape, Output& out) override;

 private:
  struct State {
    CustomQuery query;
    std::optional<Rows> rows;
    Clock::time_point read_at;
    Clock::time_point not_before = Clock::time_point::min();
    double seconds = 0;  // that the last run took
    std::string failure;
  };

  void collect_one(State& state, Clock::time_point deadline, Families& families);
  void update(State& state, Clock::time_point deadline);
  void read(State& state, Clock::time_point deadline);
  void note(State& state, const std::string& failure) const;
  void add_self_metrics(const State& state, Families& families) const;

  const std::shared_ptr<Session> session_;
  const std::string target_;  // for the log
  std::vector<State> states_;
};

}  // namespace binnacle::pgpool

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/exporter.h"
#include "core/statsd_collector.h"
#include "hit_ratio.h"
#include "turnover.h"

namespace binnacle::cache {

/// Turns what applications told of their caches into facts, each by cache and tier ("users/l1"):
///   cache_hit_ratio_drop   see HitRatio; of op="get"
///   cache_error_ratio      the share of requests since the scrape before that failed
///   cache_get_seconds      the mean of op="get" since the scrape before
///   cache_evicted_per_hour see Turnover; where the number of entries is told
class ApplicationFacts {
 public:
  /// Reads the families of a scrape, and adds the facts. Caches that are not there any more are forgotten.
  void add(std::chrono::steady_clock::time_point now, Output& out);

 private:
  struct Counters {
    double hits = 0;
    double misses = 0;
    double errors = 0;
    double requests = 0;
    double gets = 0;
    double get_seconds = 0;
    std::optional<double> evicted;
    std::optional<double> entries;
  };
  struct Cache {
    std::optional<Counters> last;
    HitRatio hit_ratio;
    Turnover turnover;
  };
  using ByName = std::map<std::string, Counters>;
  static ByName read(const Families& families);
  static void add_changes(const std::string& name, const Counters& now, const Counters& before, Output& out);

  std::map<std::string, Cache> caches_;
};

/// What applications send by StatsD, with these facts. Not applicable where nothing listens.
class Applications final : public StatsdCollector {
 public:
  explicit Applications(std::shared_ptr<Statsd> statsd) : StatsdCollector("cache", std::move(statsd)) {}
  void collect(const ScrapeContext& scrape, Output& out) override;

 private:
  ApplicationFacts facts_;
};

/// What is judged of the applications' caches; `collector` is Applications' name.
std::vector<HealthRule> application_health_rules(const std::string& collector);

}  // namespace binnacle::cache

// SPDX-License-Identifier: Apache-2.0
#include "applications.h"

#include <algorithm>
#include <string_view>

namespace binnacle::cache {

namespace {

std::string_view label(const prometheus::ClientMetric& series, std::string_view name) {
  const auto& labels = series.label;
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const auto& one) { return one.name == name; });
  return found == labels.end() ? std::string_view{} : std::string_view{found->value};
}

std::string cache_name(const prometheus::ClientMetric& series) {
  return std::string{label(series, "cache")}.append("/").append(label(series, "tier"));
}

}  // namespace

ApplicationFacts::ByName ApplicationFacts::read(const Families& families) {
  ByName caches;
  for (const auto& family : families.all()) {
    for (const auto& series : family.series()) {
      const bool is_get = label(series, "op") == "get";
      if (family.name == "cache_requests_total") {
        auto& cache = caches[cache_name(series)];
        const auto result = label(series, "result");
        cache.requests += series.counter.value;
        if (result == "error") cache.errors += series.counter.value;
        if (is_get && result == "hit") cache.hits += series.counter.value;
        if (is_get && result == "miss") cache.misses += series.counter.value;
      } else if (family.name == "cache_operation_duration_seconds" && is_get) {
        auto& cache = caches[cache_name(series)];
        cache.gets += static_cast<double>(series.histogram.sample_count);
        cache.get_seconds += series.histogram.sample_sum;
      } else if (family.name == "cache_evictions_total") {
        auto& evicted = caches[cache_name(series)].evicted;
        evicted = evicted.value_or(0) + series.counter.value;
      } else if (family.name == "cache_entries") {
        caches[cache_name(series)].entries = series.gauge.value;
      }
    }
  }
  return caches;
}

void ApplicationFacts::add_changes(const std::string& name, const Counters& now, const Counters& before, Output& out) {
  const double requests = now.requests - before.requests;
  if (requests > 0) {
    out.fact("cache_error_ratio", std::clamp((now.errors - before.errors) / requests, 0.0, 1.0), name);
  }
  const double gets = now.gets - before.gets;
  if (gets > 0) out.fact("cache_get_seconds", std::max(0.0, (now.get_seconds - before.get_seconds) / gets), name);
}

void ApplicationFacts::add(std::chrono::steady_clock::time_point now, Output& out) {
  const auto found = read(out.families);
  std::erase_if(caches_, [&](const auto& cache) { return !found.contains(cache.first); });
  for (const auto& [name, counters] : found) {
    auto& cache = caches_[name];
    if (cache.last) add_changes(name, counters, *cache.last, out);
    cache.last = counters;
    cache.hit_ratio.add(counters.hits, counters.misses);
    if (const auto drop = cache.hit_ratio.drop()) out.fact("cache_hit_ratio_drop", *drop, name);
    if (!counters.evicted || !counters.entries) continue;
    cache.turnover.add(*counters.evicted, now);
    if (const auto evicted = cache.turnover.per_hour(*counters.entries)) {
      out.fact("cache_evicted_per_hour", *evicted, name);
    }
  }
}

void Applications::collect(const ScrapeContext& scrape, Output& out) {
  StatsdCollector::collect(scrape, out);
  facts_.add(std::chrono::steady_clock::now(), out);
}

std::vector<HealthRule> application_health_rules(const std::string& collector) {
  return {
      // fact, collector, warn, critical, weight
      {"cache_hit_ratio_drop", collector, 0.1, 0.4, 1},
      {"cache_error_ratio", collector, 0.01, 0.2, 2},
      {"cache_get_seconds", collector, 0.05, 0.5, 1},
      {"cache_evicted_per_hour", collector, 0.5, 10, 1},
  };
}

}  // namespace binnacle::cache

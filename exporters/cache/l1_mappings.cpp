// SPDX-License-Identifier: Apache-2.0
#include "l1_mappings.h"

#include <initializer_list>
#include <string>
#include <utility>

namespace binnacle::cache {

namespace {

using Types = std::vector<StatsdType>;
using Texts = StatsdMapping::Texts;

const Types kCounter{StatsdType::counter};
const Types kGauge{StatsdType::gauge};
const Types kTimes{StatsdType::timer, StatsdType::histogram, StatsdType::distribution};

constexpr const char* kRequests = "cache_requests_total";
constexpr const char* kRequestsHelp =
    "Requests to a cache by tier, operation and result (hit, miss, error), as the application counts them over StatsD.";
constexpr const char* kDuration = "cache_operation_duration_seconds";
constexpr const char* kDurationHelp =
    "How long operations on a cache took, loading what was missing (op load) included, as the application times them "
    "over StatsD.";

/// From 10 microseconds, which a cache in the process needs, to 10 s, which loading may take.
const std::vector<double> kSeconds{0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                   0.025,   0.05,     0.1,     0.25,   0.5,     1,      2.5,   5,      10};

/// A row of the table below.
struct Row {
  const char* match;
  const Types& types;
  const char* name;
  const char* help;
  std::vector<std::string> tags{};  ///< beside `cache` and `tier`
  Texts labels{};
  Texts defaults{};
};

StatsdMapping make(const Row& row) {
  StatsdMapping mapping;
  mapping.match = row.match;
  mapping.types = row.types;
  mapping.name = row.name;
  mapping.help = row.help;
  mapping.labels = row.labels;
  mapping.defaults = {{"cache", "default"}, {"tier", "l1"}};
  mapping.defaults.insert(mapping.defaults.end(), row.defaults.begin(), row.defaults.end());
  mapping.tags = row.tags;
  mapping.tags->insert(mapping.tags->end(), {"cache", "tier"});
  if (&row.types == &kTimes) mapping.buckets = kSeconds;
  return mapping;
}

}  // namespace

std::vector<StatsdMapping> l1_mappings() {
  const Texts get{{"op", "get"}};
  const Texts hit{{"result", "hit"}};
  const Texts miss{{"result", "miss"}};
  const std::initializer_list<Row> rows{
      {"cache.requests",
       kCounter,
       kRequests,
       kRequestsHelp,
       {"op", "result"},
       {},
       {{"op", "get"}, {"result", "unknown"}}},
      {"cache.hits", kCounter, kRequests, kRequestsHelp, {"op"}, hit, get},
      {"cache.hit", kCounter, kRequests, kRequestsHelp, {"op"}, hit, get},
      {"cache.misses", kCounter, kRequests, kRequestsHelp, {"op"}, miss, get},
      {"cache.miss", kCounter, kRequests, kRequestsHelp, {"op"}, miss, get},
      {"cache.errors", kCounter, kRequests, kRequestsHelp, {"op"}, {{"result", "error"}}, get},
      {"cache.operation", kTimes, kDuration, kDurationHelp, {"op"}, {}, get},
      {"cache.load", kTimes, kDuration, kDurationHelp, {}, {{"op", "load"}}},
      {"cache.evictions",
       kCounter,
       "cache_evictions_total",
       "Entries that a cache threw out to make room, by the reason that the application gives, over StatsD.",
       {"reason"},
       {},
       {{"reason", "size"}}},
      {"cache.expirations", kCounter, "cache_expirations_total",
       "Entries whose time to live ended, as the application counts them over StatsD."},
      {"cache.size", kGauge, "cache_size_bytes", "Size of a cache in bytes, as the application says over StatsD."},
      {"cache.max_size", kGauge, "cache_max_size_bytes",
       "Size that a cache may reach in bytes, as the application says over StatsD."},
      {"cache.entries", kGauge, "cache_entries", "Entries in a cache, as the application says over StatsD."},
      {"cache.max_entries", kGauge, "cache_max_entries",
       "Entries that a cache may have, as the application says over StatsD."},
      {"cache.compression.in", kCounter, "cache_compression_input_bytes_total",
       "Bytes of values before a cache compressed them, as the application counts them over StatsD."},
      {"cache.compression.out", kCounter, "cache_compression_output_bytes_total",
       "Bytes of values after a cache compressed them, as the application counts them over StatsD."},
  };
  std::vector<StatsdMapping> mappings;
  for (const auto& row : rows) mappings.push_back(make(row));
  return mappings;
}

}  // namespace binnacle::cache

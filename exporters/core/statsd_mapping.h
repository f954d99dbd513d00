// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "statsd_event.h"
#include "statsd_glob.h"
#include "statsd_tags.h"

namespace binnacle {

/// What becomes of StatsD metrics whose names match: a row of an exporter's table or of the config's list.
struct StatsdMapping {
  using Texts = std::vector<std::pair<std::string, std::string>>;

  std::string match;                               ///< see StatsdGlob
  std::vector<StatsdType> types{};                 ///< only these; empty: all
  bool drop = false;                               ///< matched metrics are left out
  std::string name{};                              ///< of the family; $1 to $9 stand for what the stars matched
  std::string help{};                              ///< empty: says that clients send it
  Texts labels{};                                  ///< set whatever the tags say; $1 to $9 as above
  Texts defaults{};                                ///< set where no tag of that name is
  std::optional<std::vector<std::string>> tags{};  ///< those that become labels; nothing: all of them
  double scale = 1;                                ///< what values are multiplied with; timers come in seconds already
  std::vector<double> buckets{};                   ///< upper bounds, rising; empty: kStatsdBuckets
  std::optional<std::chrono::milliseconds> ttl{};  ///< how long a series stays without a new value; 0: for ever
};

/// In seconds: from half a millisecond, as a local cache needs, to 10 s.
inline constexpr double kStatsdBuckets[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                            0.1,    0.25,  0.5,    1,     2.5,  5,     10};

/// How values are kept.
enum class StatsdKind : std::uint8_t { counter, gauge, histogram, set };
[[nodiscard]] StatsdKind kind_of(StatsdType type);

/// Where a metric's values go.
struct StatsdSeries {
  std::string family;
  std::string_view help;  ///< borrowed from the mapper; empty: there is none
  StatsdLabels labels;
  StatsdKind kind = StatsdKind::counter;
  double scale = 1;
  std::shared_ptr<const std::vector<double>> buckets;  ///< never null
  std::chrono::milliseconds ttl{0};
};

/// What a metric that no mapping matches becomes.
enum class StatsdUnmapped { drop, keep };

/// Decides by name, type and tags where a metric goes: the first mapping that matches counts.
class StatsdMapper {
 public:
  struct Settings {
    std::string prefix{};  ///< left out in front of names
    StatsdUnmapped unmapped = StatsdUnmapped::drop;
    std::chrono::milliseconds ttl{std::chrono::hours{1}};
  };
  /// Throws std::runtime_error with one line for a mapping that cannot be.
  StatsdMapper(const std::vector<StatsdMapping>& mappings, Settings settings);

  enum class Decision { taken, dropped, unmapped };
  Decision resolve(const StatsdMetric& metric, StatsdSeries& series) const;

 private:
  struct Row {
    StatsdMapping mapping;
    StatsdGlob glob;
    std::shared_ptr<const std::vector<double>> buckets;
  };
  void apply(const Row& row, const StatsdGlob::Captures& captures, StatsdIdentity& identity,
             StatsdSeries& series) const;

  std::vector<Row> rows_;
  Settings settings_;
  std::shared_ptr<const std::vector<double>> default_buckets_;
};

}  // namespace binnacle

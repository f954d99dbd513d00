// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "statsd_event.h"
#include "statsd_line_cache.h"
#include "statsd_mapping.h"

namespace binnacle {

/// Why values of lines that could be read were not kept.
enum class StatsdLoss : std::uint8_t {
  unmapped,    ///< no mapping matches
  dropped,     ///< a mapping says so
  series_cap,  ///< would have made one series too many
  set_cap,     ///< would have made one set member too many
  conflict,    ///< the family is of another kind
  negative,    ///< a counter cannot fall
  overflow,    ///< the sum would be no finite number any more
  too_long     ///< name and tags are longer than kStatsdLongestKey
};
inline constexpr std::size_t kStatsdLosses = 8;
std::string_view statsd_loss_name(StatsdLoss loss);

/// Name and tags of a line may be so long, in bytes.
inline constexpr std::size_t kStatsdLongestKey = 1024;

/// What a sign in front of a gauge's value means: StatsD changes the gauge by it, the Datadog agent sets it.
enum class StatsdGaugeSign : std::uint8_t { delta, absolute };

/// What is the same for all series of a family.
struct StatsdFamily {
  std::string name;
  std::string help;
  StatsdKind kind = StatsdKind::counter;
  std::shared_ptr<const std::vector<double>> buckets;
};

/// A copy of all series at one moment. Used again and again, so that copying allocates nothing.
struct StatsdSnapshot {
  struct Series {
    std::uint32_t family;  ///< index into `families`
    double value;          ///< of a histogram: the sum; of a set: the different members
    std::size_t counts;    ///< of a histogram: index of its first bucket in `counts`
    std::shared_ptr<const StatsdLabels> labels;
  };
  std::vector<std::shared_ptr<const StatsdFamily>> families;  ///< null where there is none any more
  std::vector<Series> series;
  std::vector<double> counts;  ///< events by bucket, not cumulative; the last of a series is that of +Inf
  std::array<std::uint64_t, kStatsdLosses> losses{};
  std::uint64_t expired = 0;
  std::size_t series_cap = 0;
  std::size_t set_members = 0;
};

/// Keeps the series that mapped metrics make: counters, gauges, histograms and sets, bounded in number and memory.
///
/// One thread writes, in batches; others take snapshots. Neither waits for longer than one batch or one copy.
class StatsdStore : public EventSink {
 public:
  struct Settings {
    std::size_t series_cap = 10'000;
    std::size_t set_cap = 100'000;                                  ///< different members of all sets together
    std::chrono::milliseconds set_window{std::chrono::minutes{5}};  ///< a member counts so long after it was last sent
    StatsdGaugeSign gauge_sign = StatsdGaugeSign::delta;
  };

  /// Takes new rules and bounds; series that are there stay until they expire.
  void configure(std::shared_ptr<const StatsdMapper> mapper, const Settings& settings);

  void begin_batch(std::chrono::steady_clock::time_point now) override;
  void end_batch() override;
  /// Only between begin_batch() and end_batch().
  void metric(const StatsdMetric& metric) override;

  void snapshot(StatsdSnapshot& out, std::chrono::steady_clock::time_point now);

 private:
  using Clock = std::chrono::steady_clock;
  using Members = std::unordered_map<std::uint64_t, Clock::time_point>;  // hashes of members, and when last sent

  // What most lines touch is first, and in one line of the processor's cache.
  struct alignas(64) Slot {
    std::uint32_t generation = 1;  // another one for each series that has the slot
    std::uint32_t family = 0;
    StatsdKind kind = StatsdKind::counter;
    bool used = false;
    double value = 0;
    const std::vector<double>* bounds = nullptr;
    std::vector<double> counts;
    Clock::time_point last_value;
    std::chrono::milliseconds ttl{0};
    std::shared_ptr<const StatsdLabels> labels;
    std::unique_ptr<Members> members;
    std::string key;
  };
  struct FamilyUse {
    std::shared_ptr<const StatsdFamily> family;
    std::size_t series = 0;
  };

  void lose(StatsdLoss loss, std::size_t values) { losses_.at(static_cast<std::size_t>(loss)) += values; }
  void lose(StatsdLoss loss, const StatsdMetric& metric) { lose(loss, metric.values.size()); }
  bool add_finite(double& sum, double more);
  StatsdLineCache::Entry* resolve(const StatsdMetric& metric, std::uint64_t hash);
  std::uint32_t find_or_make(const StatsdMetric& metric, const StatsdSeries& series);
  bool find_or_make_family(const StatsdSeries& series, std::uint32_t& index);
  void update(Slot& slot, const StatsdMetric& metric, double scale);
  void add_member(Slot& slot, const StatsdMetric& metric);
  void sweep(Clock::time_point now);
  void release(std::uint32_t index);

  // Taken in this order. Whoever waits for data_ holds turn_, so that the writer cannot overtake a waiting reader.
  std::mutex turn_;
  std::mutex data_;

  std::shared_ptr<const StatsdMapper> mapper_;
  Settings settings_;
  StatsdLineCache cache_;
  StatsdLineCache::Entry passing_;  // for lines that are too long for the cache
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<std::string, std::uint32_t> by_key_;
  std::vector<FamilyUse> families_;
  std::vector<std::uint32_t> free_families_;
  std::unordered_map<std::string, std::uint32_t> family_by_name_;
  std::size_t used_slots_ = 0;
  std::size_t members_ = 0;
  Clock::time_point now_;
  Clock::time_point last_sweep_;
  std::string key_;
  std::array<std::uint64_t, kStatsdLosses> losses_{};
  std::uint64_t expired_ = 0;
};

}  // namespace binnacle

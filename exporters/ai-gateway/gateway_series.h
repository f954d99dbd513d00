// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/duration_histogram.h"
#include "fault.h"
#include "gateway_metrics.h"
#include "prices.h"
#include "protocol.h"
#include "response_meter.h"

namespace binnacle::gateway {

/// Bounds of requests and attempts, in seconds: answers of models take long.
inline constexpr std::array kRequestBounds{0.05, 0.1,  0.25, 0.5,  1.0,   2.5,   5.0,
                                           10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0};
inline constexpr std::array kFirstTokenBounds{0.01, 0.025, 0.05, 0.1,  0.25, 0.5,  1.0,
                                              2.0,  5.0,   10.0, 20.0, 30.0, 60.0, 120.0};
/// OpenTelemetry's for the time per output token.
inline constexpr std::array kOutputTokenBounds{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5};
inline constexpr std::array kOverheadBounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                            0.01,    0.025,  0.05,    0.1,    0.25,  0.5,    1.0};
inline constexpr std::array kQueueWaitBounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0};

inline constexpr const char* kOtherLabel = "other";
inline constexpr const char* kNoUpstream = "none";

/// A count that stays at its highest value, so that a provider that tells absurd numbers cannot make it wrap to 0.
class Count {
 public:
  void add(std::uint64_t more = 1) { count_ += std::min(more, std::numeric_limits<std::uint64_t>::max() - count_); }
  [[nodiscard]] double value() const { return static_cast<double>(count_); }
  [[nodiscard]] bool any() const { return count_ > 0; }

 private:
  std::uint64_t count_ = 0;
};

/// Times between chunks, added up.
struct ChunkSeries {
  std::array<std::uint64_t, kChunkBounds.size() + 1> counts{};
  std::uint64_t count = 0;
  double sum_seconds = 0;

  void add(const ChunkTimes& times);
  [[nodiscard]] prometheus::ClientMetric collect() const;
};

/// What is counted of one operation of a model at an upstream.
struct OperationSeries {
  struct Ended {
    std::uint16_t code = 0;  ///< 0: the client left before; kOtherCode: too many codes
    Outcome outcome = Outcome::ok;
    Count count;
  };
  static constexpr std::uint16_t kOtherCode = 1;
  std::vector<Ended> requests;
  DurationHistogram duration{kRequestBounds};
  DurationHistogram upstream_duration{kRequestBounds};
  DurationHistogram first_token{kFirstTokenBounds};
  DurationHistogram upstream_first_token{kFirstTokenBounds};
  DurationHistogram per_output_token{kOutputTokenBounds};
  Count request_bytes;
  Count response_bytes;
};

/// What is counted of a model at an upstream.
struct TargetSeries {
  bool tried = false;    ///< attempts are shown
  bool metered = false;  ///< tokens are shown
  bool priced = false;   ///< its cost is shown
  std::array<Count, kFaultCount> attempts;
  Count retries;
  std::array<Count, kStreamEndCount> streams;
  Count input;
  Count output;
  Count cached_input;
  Count cache_write_5m;
  Count cache_write_1h;
  Count reasoning;
  Count estimated_input;
  Count estimated_output;
  Count unpriced;
  Count nano_usd;
  std::array<Count, 3> usage_sources;
  ChunkSeries chunks;
  std::array<std::optional<OperationSeries>, kOperationCount> operations;
};

/// What is counted of a model.
struct ModelSeries {
  enum class Rejected : std::uint8_t { full, timeout, canceled };
  bool counted = false;  ///< its counters are shown
  std::array<Count, kPriceStatusCount> price_lookups;
  std::array<Count, 3> queue_rejected;  ///< by Rejected
  Count limited_here;
  Count limited_upstream;
  Count client_retries;
  DurationHistogram queue_wait{kQueueWaitBounds};
};

struct UpstreamSeries {
  Count new_connections;
  Count reused_connections;
  Count drained;
  Count given_up;
};

/// All series of the gateway, by their labels. Nothing ever goes, so that no counter vanishes; once there are
/// kMostLabelSets sets of labels, what would be a new one is counted as model and upstream "other". Not safe to use
/// from several threads at once; but references and iterators stay good.
class GatewaySeries {
 public:
  /// A set has up to 28 series, a model and its target have 38: all have room in a scrape
  /// (Families::kDefaultSeriesCap).
  static constexpr std::size_t kMostLabelSets = 2'500;
  static constexpr std::size_t kMostCodes = 64;                           ///< of one operation
  using FallbackKey = std::tuple<std::string, std::string, std::string>;  ///< model, from, to
  using FallbackReasons = std::map<std::string_view, Count>;

  struct Model {
    ModelSeries own;
    std::map<std::string, TargetSeries, std::less<>> targets;  ///< by upstream
  };

  Model& model(std::string_view name);
  TargetSeries& target(std::string_view model, std::string_view upstream);
  OperationSeries& operation(TargetSeries& target, Operation operation);
  static Count& ended(OperationSeries& series, int status, Outcome outcome);
  UpstreamSeries& upstream(std::string_view name);
  /// `reason`: one of a few, each of which lives for ever.
  Count& fallback(std::string_view model, std::string_view from, std::string_view to, std::string_view reason);
  Count& refused(std::string_view reason);

  std::map<std::string, Model, std::less<>> models;
  std::map<std::string, UpstreamSeries, std::less<>> upstreams;
  std::map<FallbackKey, FallbackReasons> fallbacks;
  std::map<std::string, Count, std::less<>> refusals;
  std::array<DurationHistogram, kOperationCount> overhead;
  Count folded;  ///< times that "other" was taken for want of room

  GatewaySeries() { overhead.fill(DurationHistogram{kOverheadBounds}); }

 private:
  bool take_label_set();

  std::size_t label_sets_ = 0;
};

}  // namespace binnacle::gateway

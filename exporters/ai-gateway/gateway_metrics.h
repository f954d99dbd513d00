// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/families.h"
#include "fault.h"
#include "gateway_state.h"
#include "prices.h"
#include "protocol.h"
#include "response_meter.h"
#include "usage.h"

namespace binnacle::gateway {

/// How a request ended for the client. The label `outcome`.
enum class Outcome : std::uint8_t {
  ok,
  client_error,      ///< 4xx by the upstream, or by the gateway for what it cannot read
  rate_limited,      ///< 429 of a limit of the config
  upstream_limited,  ///< 429 by the upstream
  queue_full,
  queue_timeout,
  upstream_error,
  timeout,
  canceled,  ///< the client left before its answer was whole
  breaker_open,
  overloaded,  ///< the gateway had no room, or was stopping
};
inline constexpr std::size_t kOutcomeCount = 11;
std::string_view name_of(Outcome outcome);

/// How a stream that had begun ended. The label `end`.
enum class StreamEnd : std::uint8_t { complete, client_cancel, client_slow, upstream_error, idle_timeout, shutdown };
inline constexpr std::size_t kStreamEndCount = 6;
std::string_view name_of(StreamEnd end);

/// Whose request it was: indexes make labels of the config's names only.
struct RequestLabels {
  std::string model;     ///< a configured name, or "other"
  std::string upstream;  ///< a configured name; "none" where no upstream was tried
  Operation operation = Operation::other;
  bool operator==(const RequestLabels&) const = default;
};

/// All that is told of one request when it has ended.
struct RequestRecord {
  RequestLabels labels;
  int status = 0;  ///< that the client got; 0: it left before
  Outcome outcome = Outcome::ok;
  bool streaming = false;
  std::optional<StreamEnd> stream_end;  ///< of streams that had begun
  double duration_seconds = 0;          ///< from its last header byte to its answer's last byte
  double queue_seconds = 0;
  bool queued = false;
  std::optional<double> upstream_seconds;  ///< of the last attempt
  /// What the gateway itself took: duration without queue, waits for upstreams, clients and back-off.
  std::optional<double> overhead_seconds;
  std::optional<double> first_token_seconds;           ///< from its arrival; streams only
  std::optional<double> dispatch_first_token_seconds;  ///< from the last attempt's dispatch; streams only
  std::optional<double> per_output_token_seconds;      ///< (end - first token) / (output tokens - 1); streams only
  ChunkTimes chunk_times;
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  std::optional<Usage> usage;
  UsageSource usage_source = UsageSource::missing;
  /// An answer of a model was due, and an upstream began one (2xx): usage_source counts.
  bool metered = false;
  std::optional<Price> price;  ///< where its usage was looked up in the price table
  std::string provider;        ///< the upstream's dialect; gen_ai_* have their own names for it
  int client_retry = 0;        ///< x-stainless-retry-count
};

struct GatewayConfig;

/// The counters of all that has happened. Safe to use from several threads; record() takes well under a microsecond,
/// and a scrape stops it for no longer than it takes to read one model's series at one upstream.
///
/// A counter that appears at 1 has no increase. So these are there at 0 from configure() on: for each model its
/// queue_rejected, rate_limited, client_retries and price_lookups; for each of its targets its attempts and streams
/// (those that end in the usual ways), retries, tokens, usage_source and unpriced_tokens, cost where its tokens have a
/// price, and fallbacks from each target to the next for the usual reasons; for each upstream connections and drains;
/// and refused by reason. All else (requests, bytes, histograms) appears with its first request: their operation and
/// code cannot be known before.
class GatewayMetrics {
 public:
  GatewayMetrics();
  ~GatewayMetrics();
  GatewayMetrics(const GatewayMetrics&) = delete;
  GatewayMetrics& operator=(const GatewayMetrics&) = delete;

  /// Makes the counters that are to begin at 0. Those of an earlier config stay.
  void configure(const GatewayConfig& config);

  void record(const RequestRecord& record);
  /// One attempt at an upstream has ended, after so long.
  void attempt(const RequestLabels& labels, Fault result, double seconds, bool retry);
  /// A request went to another target, since the one before failed so, or could not be tried. `reason`: the name of a
  /// fault, or of GatewayError::breaker_open or cooling_down.
  void fallback(std::string_view model, std::string_view from, std::string_view to, std::string_view reason);
  /// Made at the end: a client's stream that was read on to its usage, or not.
  void drained(std::string_view upstream, bool to_the_end);
  void connection(std::string_view upstream, bool reused);
  /// A request that was refused before it had labels: bad HTTP, too large, unknown path or model, unauthorized.
  void refused(std::string_view reason);

  /// Adds every family. `otel`: gen_ai_*, too; they are always counted.
  void collect(Families& families, bool otel) const;

 private:
  struct State;
  mutable std::mutex mutex_;
  std::unique_ptr<State> state_;
};

}  // namespace binnacle::gateway

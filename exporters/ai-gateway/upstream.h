// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attempt_plan.h"
#include "core/circuit_breaker.h"
#include "gateway_config.h"
#include "gateway_metrics.h"
#include "latency_trend.h"
#include "upstream_connection.h"
#include "upstream_limits.h"

namespace binnacle::gateway {

/// An upstream at run time: its connections, its breaker, and what its replies told last. For the proxy's thread. It
/// stays when the config is read again, with what it has learnt.
class Upstream {
 public:
  /// Throws std::runtime_error where its CA file cannot be used.
  explicit Upstream(const UpstreamConfig& config);

  /// Takes over what the one of the same name has learnt that this one replaces, unless it is at another address. The
  /// breaker begins anew where its settings are others.
  void inherit(const Upstream& old);
  [[nodiscard]] const UpstreamConfig& config() const { return config_; }

  /// The key to send, as its file has it now; empty where the client's own passes. A file whose new text no header can
  /// carry leaves the old key, and one line in the log.
  std::string key();

  /// An idle connection that still is good; null where there is none.
  std::unique_ptr<UpstreamConnection> take_idle(Clock::time_point now);
  std::unique_ptr<UpstreamConnection> make_connection(asio::io_context& loop) const;
  /// A connection whose last reply was read to its end.
  void give_back(std::unique_ptr<UpstreamConnection> connection, Clock::time_point now);
  void drop_idle(Clock::time_point now);

  /// Waits, since a reply said 429.
  void cool_down(std::optional<std::chrono::milliseconds> wait, Clock::time_point now);
  [[nodiscard]] std::chrono::milliseconds cooling_down(Clock::time_point now) const;
  /// A call may be made now: no cool-down, and the breaker would let one through.
  [[nodiscard]] bool usable(Clock::time_point now);
  /// Until it may be used again; nothing where that is not known.
  [[nodiscard]] std::optional<std::chrono::milliseconds> usable_in(Clock::time_point now);

  CircuitBreaker& breaker() { return *learnt_->breaker; }
  RetryBudget& retry_budget() { return learnt_->retry_budget; }
  UpstreamLimits& limits() { return learnt_->limits; }
  LatencyTrend& trend() { return learnt_->trend; }
  [[nodiscard]] GatewayState::Upstream state(Clock::time_point now);

  // Counted by those who use it.
  struct Use {
    std::size_t in_flight = 0;
    std::size_t draining = 0;
    std::optional<bool> probe_ok;
  };
  Use& use() { return learnt_->use; }

 private:
  struct Learnt {
    std::unique_ptr<CircuitBreaker> breaker;
    RetryBudget retry_budget;
    UpstreamLimits limits;
    LatencyTrend trend;
    Clock::time_point cool_until{};
    Use use;
  };

  UpstreamConfig config_;
  UpstreamConnection::Address address_;
  std::shared_ptr<Learnt> learnt_;  // shared with the one that replaces this, for requests that still use this
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;
  std::string good_key_;
  bool bad_key_told_ = false;
};

}  // namespace binnacle::gateway

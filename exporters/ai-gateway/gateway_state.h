// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/circuit_breaker.h"
#include "core/collector.h"
#include "core/health.h"
#include "protocol.h"
#include "rate_limits.h"
#include "shared_limits.h"
#include "upstream_limits.h"

namespace binnacle::gateway {

/// How all is just now: read on the proxy's thread, exported by the scrape's.
struct GatewayState {
  struct Model {
    std::string name;
    std::size_t in_flight = 0;
    std::size_t queued = 0;
    std::size_t concurrency = 0;   ///< 0: no limit
    std::size_t queue_length = 0;  ///< its bound
    struct Limit {
      RateLimit limit;
      std::optional<std::int64_t> remaining;  ///< nothing: Redis counts it
    };
    std::vector<Limit> limits;
    bool available = true;  ///< some target may be tried
    bool fallback = false;  ///< its first may not
  };
  struct Upstream {
    std::string name{};
    Dialect dialect = Dialect::openai;
    std::size_t in_flight = 0;
    std::size_t idle_connections = 0;
    std::size_t draining = 0;
    bool cooling_down = false;
    double cool_down_seconds = 0;  ///< left
    UpstreamLimits limits{};
    CircuitBreaker::Snapshot breaker;
    CircuitBreaker::Settings breaker_settings{};
    std::optional<bool> probe_ok{};
    std::optional<double> latency_ratio{};  ///< of the last minutes against its own past: 1 is as ever
  };
  std::vector<Model> models;
  std::vector<Upstream> upstreams;
  std::size_t connections = 0;
  std::size_t max_connections = 0;
  std::size_t held_bytes = 0;
  std::size_t max_held_bytes = 0;
  bool shared_configured = false;
  bool shared_up = false;
  SharedLimits::Counts shared;
  std::size_t price_rows = 0;
  std::optional<double> daily_budget_usd;
  std::uint64_t connections_refused = 0;
};

/// Adds the gauges of now, the breakers' circuit_breaker_* series (source "ai-gateway", the upstream as the breaker),
/// and the facts that health judges.
void add_state(const GatewayState& state, Moment now, Output& out);

/// The collector whose facts the rules below are of: the one that calls add_state().
inline constexpr const char* kStateCollector = "state";
/// The rows of the table of health checks. Unhealthy are only: a model none of whose targets can be tried, and a
/// gateway that is full. What is an upstream's fault alone lowers the score.
std::vector<HealthRule> gateway_health_rules();

}  // namespace binnacle::gateway

// SPDX-License-Identifier: Apache-2.0
#include "gateway_state.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::gateway;
using namespace std::chrono_literals;

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

Moment at(std::chrono::seconds time) {
  return {std::chrono::steady_clock::time_point{1h + time}, std::chrono::system_clock::time_point{1'000'000s + time}};
}

GatewayState::Upstream upstream(CircuitBreaker& breaker, const std::string& name = "main") {
  GatewayState::Upstream state{.breaker = breaker.snapshot(at(10s))};
  state.name = name;
  state.breaker_settings = {.minimum_calls = 4};
  return state;
}

void call(CircuitBreaker& breaker, CallResult result, int count) {
  for (int one = 0; one < count; ++one) {
    const auto permit = breaker.permit(at(5s));
    REQUIRE(permit);
    breaker.record(*permit, result, 1s, at(5s));
  }
}

GatewayState::Model model(const std::string& name = "fast") {
  GatewayState::Model state;
  state.name = name;
  return state;
}

Output show(const GatewayState& state) {
  Output out;
  add_state(state, at(10s), out);
  return out;
}

std::optional<double> fact_of(const Output& out, std::string_view name, std::string_view component = {}) {
  for (const auto& fact : out.facts) {
    if (fact.name == name && fact.component == component) return fact.value;
  }
  return std::nullopt;
}

/// The verdict on this state alone.
HealthReport judged(const GatewayState& state) {
  ScrapeResult results;
  CollectorResult result;
  result.collector = kStateCollector;
  result.state = CollectorState::ok;
  result.output = std::make_shared<Output>(show(state));
  results.push_back(std::move(result));
  return judge(gateway_health_rules(), results);
}

const Labels kFast{{"model", "fast"}};
const Labels kMain{{"upstream", "main"}};

Labels operator+(Labels labels, const Labels& more) {
  labels.insert(labels.end(), more.begin(), more.end());
  return labels;
}

}  // namespace

TEST_CASE("a model without limits: what is not limited has no limit", "[gateway_state]") {
  GatewayState state;
  state.models = {model()};
  state.models[0].in_flight = 3;
  const auto out = show(state);
  CHECK(value_of(out, "aigw_in_flight_requests", kFast) == 3);
  CHECK(value_of(out, "aigw_queue_length", kFast) == 0);
  CHECK(find_family(out, "aigw_concurrency_limit") == nullptr);
  CHECK(find_family(out, "aigw_queue_limit") == nullptr);
  CHECK(find_family(out, "aigw_rate_limit") == nullptr);
  CHECK(value_of(out, "aigw_model_available", kFast) == 1);
  CHECK(value_of(out, "aigw_model_fallback_active", kFast) == 0);
  CHECK(fact_of(out, "model_unavailable", "fast") == 0);
  CHECK_FALSE(fact_of(out, "queue_fill", "fast"));
}

TEST_CASE("a model's queue, limits and fallback", "[gateway_state]") {
  GatewayState state;
  state.models = {model()};
  auto& fast = state.models[0];
  fast.concurrency = 10;
  fast.queue_length = 20;
  fast.queued = 5;
  fast.fallback = true;
  fast.limits = {{{RateLimit::Kind::requests, 60, 60s}, 12}, {{RateLimit::Kind::tokens, 90'000, 3600s}, -5}};
  auto out = show(state);
  CHECK(value_of(out, "aigw_concurrency_limit", kFast) == 10);
  CHECK(value_of(out, "aigw_queue_limit", kFast) == 20);
  CHECK(value_of(out, "aigw_queue_length", kFast) == 5);
  CHECK(value_of(out, "aigw_model_fallback_active", kFast) == 1);
  CHECK(value_of(out, "aigw_rate_limit", kFast + Labels{{"kind", "requests"}, {"seconds", "60"}}) == 60);
  CHECK(value_of(out, "aigw_rate_limit_remaining", kFast + Labels{{"kind", "requests"}, {"seconds", "60"}}) == 12);
  CHECK(value_of(out, "aigw_rate_limit", kFast + Labels{{"kind", "tokens"}, {"seconds", "3600"}}) == 90'000);
  CHECK(value_of(out, "aigw_rate_limit_remaining", kFast + Labels{{"kind", "tokens"}, {"seconds", "3600"}}) == -5);
  CHECK(fact_of(out, "queue_fill", "fast") == 0.25);

  // Redis counts them.
  for (auto& row : fast.limits) row.remaining.reset();
  fast.available = false;
  out = show(state);
  CHECK(value_of(out, "aigw_rate_limit", kFast + Labels{{"kind", "requests"}, {"seconds", "60"}}) == 60);
  CHECK(find_family(out, "aigw_rate_limit_remaining") == nullptr);
  CHECK(value_of(out, "aigw_model_available", kFast) == 0);
  CHECK(value_of(out, "aigw_model_fallback_active", kFast) == 0);
  CHECK(fact_of(out, "model_unavailable", "fast") == 1);
}

TEST_CASE("an upstream: what it has not told is absent", "[gateway_state]") {
  CircuitBreaker breaker{{.minimum_calls = 4}, at(0s)};
  GatewayState state;
  state.upstreams.push_back(upstream(breaker));
  const auto out = show(state);
  CHECK(value_of(out, "aigw_upstream_in_flight_requests", kMain) == 0);
  CHECK(value_of(out, "aigw_upstream_cool_down_seconds", kMain) == 0);
  for (const auto* const name : {"aigw_upstream_rate_limit", "aigw_upstream_rate_limit_remaining",
                                 "aigw_upstream_rate_limit_reset_timestamp_seconds", "aigw_upstream_error_ratio",
                                 "aigw_upstream_latency_ratio", "aigw_upstream_probe_success"}) {
    INFO(name);
    CHECK(find_family(out, name) == nullptr);
  }
  CHECK(value_of(out, "circuit_breaker_state", {{"source", "ai-gateway"}, {"breaker", "main"}, {"state", "closed"}}) ==
        1);
  CHECK(value_of(out, "circuit_breaker_minimum_calls", {{"source", "ai-gateway"}, {"breaker", "main"}}) == 4);
  CHECK(fact_of(out, "upstream_open", "main") == 0);
  CHECK_FALSE(fact_of(out, "upstream_error_ratio", "main"));
}

TEST_CASE("an upstream: its connections, limits, probe and latency", "[gateway_state]") {
  CircuitBreaker breaker{{.minimum_calls = 4}, at(0s)};
  GatewayState state;
  state.upstreams.push_back(upstream(breaker));
  auto& main = state.upstreams[0];
  main.in_flight = 4;
  main.idle_connections = 5;
  main.draining = 6;
  main.cooling_down = true;
  main.cool_down_seconds = 7.5;
  main.probe_ok = false;
  main.latency_ratio = 25;
  main.limits.kinds[0] = {500.0, 499.0, std::chrono::system_clock::time_point{1'700'000'000s}};
  main.limits.kinds[3].remaining = 8;
  const auto out = show(state);
  CHECK(value_of(out, "aigw_upstream_in_flight_requests", kMain) == 4);
  CHECK(value_of(out, "aigw_upstream_idle_connections", kMain) == 5);
  CHECK(value_of(out, "aigw_upstream_draining", kMain) == 6);
  CHECK(value_of(out, "aigw_upstream_cool_down_seconds", kMain) == 7.5);
  CHECK(value_of(out, "aigw_upstream_probe_success", kMain) == 0);
  CHECK(value_of(out, "aigw_upstream_latency_ratio", kMain) == 25);
  const auto requests = kMain + Labels{{"kind", "requests"}};
  CHECK(value_of(out, "aigw_upstream_rate_limit", requests) == 500);
  CHECK(value_of(out, "aigw_upstream_rate_limit_remaining", requests) == 499);
  CHECK(value_of(out, "aigw_upstream_rate_limit_reset_timestamp_seconds", requests) == 1'700'000'000);
  CHECK(value_of(out, "aigw_upstream_rate_limit_remaining", kMain + Labels{{"kind", "output_tokens"}}) == 8);
  CHECK(series_of(out, "aigw_upstream_rate_limit") == 1);
  CHECK(fact_of(out, "upstream_open", "main") == 1);
  CHECK(fact_of(out, "upstream_latency_ratio", "main") == 10);
}

TEST_CASE("an upstream's errors are judged once there are enough calls", "[gateway_state]") {
  CircuitBreaker breaker{{.minimum_calls = 100}, at(0s)};
  call(breaker, CallResult::failure, 1);
  call(breaker, CallResult::success, 2);
  GatewayState state;
  state.upstreams.push_back(upstream(breaker));
  auto out = show(state);
  CHECK(value_of(out, "aigw_upstream_error_ratio", kMain).value() == Approx(1.0 / 3));
  CHECK_FALSE(fact_of(out, "upstream_error_ratio", "main"));
  call(breaker, CallResult::timeout, 1);
  state.upstreams = {};
  state.upstreams.push_back(upstream(breaker));
  out = show(state);
  CHECK(value_of(out, "aigw_upstream_error_ratio", kMain) == 0.5);
  CHECK(fact_of(out, "upstream_error_ratio", "main") == 0.5);
}

TEST_CASE("the front, shared limits, prices and budget", "[gateway_state]") {
  GatewayState state;
  state.connections = 50;
  state.max_connections = 200;
  state.connections_refused = 3;
  state.held_bytes = 1'000;
  state.max_held_bytes = 4'000;
  state.price_rows = 12;
  auto out = show(state);
  CHECK(value_of(out, "aigw_connections") == 50);
  CHECK(value_of(out, "aigw_connections_limit") == 200);
  CHECK(value_of(out, "aigw_connections_refused_total") == 3);
  CHECK(value_of(out, "aigw_held_bytes") == 1'000);
  CHECK(value_of(out, "aigw_held_bytes_limit") == 4'000);
  CHECK(value_of(out, "aigw_price_table_rows") == 12);
  CHECK(fact_of(out, "connections_used") == 0.25);
  CHECK(fact_of(out, "held_memory") == 0.25);
  CHECK(find_family(out, "aigw_shared_limits_up") == nullptr);
  CHECK(find_family(out, "aigw_budget_usd_per_day") == nullptr);

  state.shared_configured = true;
  state.shared = {.asked = 10, .failed = 2, .dropped = 1};
  state.daily_budget_usd = 99.5;
  out = show(state);
  CHECK(value_of(out, "aigw_shared_limits_up") == 0);
  CHECK(value_of(out, "aigw_shared_limits_requests_total") == 10);
  CHECK(value_of(out, "aigw_shared_limits_failures_total") == 2);
  CHECK(value_of(out, "aigw_shared_limits_dropped_total") == 1);
  CHECK(value_of(out, "aigw_budget_usd_per_day") == 99.5);
}

TEST_CASE("health: an upstream's trouble lowers the score and is never critical", "[gateway_state]") {
  CircuitBreaker breaker{{.minimum_calls = 4}, at(0s)};
  GatewayState state;
  state.max_connections = state.max_held_bytes = 100;
  state.models = {model()};
  state.upstreams.push_back(upstream(breaker));
  state.upstreams.push_back(upstream(breaker, "spare"));
  CHECK(judged(state).status == HealthStatus::healthy);
  CHECK(judged(state).score == 100);

  call(breaker, CallResult::failure, 4);
  breaker.force(BreakerState::forced_open, at(9s));
  state.upstreams = {};
  state.upstreams.push_back(upstream(breaker));
  state.upstreams[0].cooling_down = true;
  state.upstreams[0].latency_ratio = 1'000;
  state.models[0].fallback = true;
  const auto degraded = judged(state);
  CHECK(degraded.status == HealthStatus::degraded);
  CHECK(degraded.score.value() < 90);

  state.models[0].available = false;
  const auto unhealthy = judged(state);
  CHECK(unhealthy.status == HealthStatus::unhealthy);
  CHECK(unhealthy.score.value() < 50);
}

TEST_CASE("health: a full queue degrades, a full gateway is unhealthy", "[gateway_state]") {
  GatewayState state;
  state.max_connections = state.max_held_bytes = 100;
  state.models = {model()};
  state.models[0].concurrency = 1;
  state.models[0].queue_length = state.models[0].queued = 10;
  CHECK(judged(state).status == HealthStatus::degraded);
  state.models[0].queued = 7;
  CHECK(judged(state).status == HealthStatus::healthy);
  state.connections = 85;
  CHECK(judged(state).status == HealthStatus::degraded);
  state.connections = 99;
  CHECK(judged(state).status == HealthStatus::unhealthy);
  state.connections = 0;
  state.held_bytes = 100;
  CHECK(judged(state).status == HealthStatus::unhealthy);
}

// SPDX-License-Identifier: Apache-2.0
#include "gateway_state.h"

#include <algorithm>
#include <chrono>

#include "core/breaker_families.h"
#include "core/labelled_series.h"

namespace binnacle::gateway {

namespace {

constexpr const char* kModelUnavailable = "model_unavailable";
constexpr const char* kUpstreamOpen = "upstream_open";
constexpr const char* kUpstreamErrorRatio = "upstream_error_ratio";
constexpr const char* kUpstreamLatencyRatio = "upstream_latency_ratio";
constexpr const char* kQueueFill = "queue_fill";
constexpr const char* kHeldMemory = "held_memory";
constexpr const char* kConnectionsUsed = "connections_used";

/// The highest value of the fact upstream_latency_ratio, so that a rule can be made that it never passes.
constexpr double kWorstLatencyRatio = 10;

double number(std::size_t count) { return static_cast<double>(count); }

double share(std::size_t part, std::size_t whole) { return number(part) / number(whole); }

void add_limits(const GatewayState::Model& model, LabelledSeries& series, Families& families) {
  auto limit = families.gauge("aigw_rate_limit",
                              "Requests or tokens that the config lets the model use in any time of so many seconds.");
  for (const auto& row : model.limits) {
    const auto seconds = std::to_string(row.limit.per.count());
    const LabelView kind{"kind", name_of(row.limit.kind)};
    const LabelView per{"seconds", seconds};
    series.add(limit, {kind, per}, static_cast<double>(row.limit.amount));
    if (!row.remaining) continue;
    series.add(families.gauge("aigw_rate_limit_remaining",
                              "What is left of the config's limit just now; below 0 where answers were longer than "
                              "what was reserved for them. Absent while Redis keeps the limits."),
               {kind, per}, static_cast<double>(*row.remaining));
  }
}

void add_model(const GatewayState::Model& model, Output& out) {
  auto& families = out.families;
  LabelledSeries series{{"model", model.name}};
  series.add(families.gauge("aigw_in_flight_requests",
                            "Requests of the model that are past its queue and whose answer has not ended."),
             number(model.in_flight));
  series.add(families.gauge("aigw_queue_length", "Requests that wait for one of the model's slots."),
             number(model.queued));
  if (model.concurrency > 0) {
    series.add(families.gauge("aigw_concurrency_limit",
                              "Requests of the model that may be in flight at once, as the config says; absent where "
                              "it sets no limit."),
               number(model.concurrency));
    series.add(families.gauge("aigw_queue_limit",
                              "Requests that may wait for one of the model's slots, as the config says; absent where "
                              "none ever has to."),
               number(model.queue_length));
    if (model.queue_length > 0) out.fact(kQueueFill, share(model.queued, model.queue_length), model.name);
  }
  series.add(families.gauge("aigw_model_available",
                            "1: some target of the model may be tried; 0: all are open by their breakers or cooling "
                            "down, and requests are refused."),
             model.available ? 1 : 0);
  series.add(families.gauge("aigw_model_fallback_active",
                            "1: the model's first target may not be tried, and another takes its requests; 0: the "
                            "first is in use, or none is."),
             model.available && model.fallback ? 1 : 0);
  if (!model.limits.empty()) add_limits(model, series, families);
  out.fact(kModelUnavailable, model.available ? 0 : 1, model.name);
}

void add_told_limits(const UpstreamLimits& limits, LabelledSeries& series, Families& families) {
  for (const auto kind : kLimitKinds) {
    const auto& told = limits.kinds[static_cast<std::size_t>(kind)];
    const LabelView label{"kind", name_of(kind)};
    if (told.limit) {
      series.add(families.gauge("aigw_upstream_rate_limit",
                                "The provider's own rate limit, as the headers of its last reply told."),
                 {label}, *told.limit);
    }
    if (told.remaining) {
      series.add(families.gauge("aigw_upstream_rate_limit_remaining",
                                "What the provider's own rate limit has left, as the headers of its last reply told."),
                 {label}, *told.remaining);
    }
    if (told.reset) {
      series.add(families.gauge("aigw_upstream_rate_limit_reset_timestamp_seconds",
                                "When the provider's own rate limit is whole again, in Unix time, as the headers of "
                                "its last reply told."),
                 {label}, std::chrono::duration<double>{told.reset->time_since_epoch()}.count());
    }
  }
}

void add_upstream_health(const GatewayState::Upstream& upstream, LabelledSeries& series, Output& out) {
  auto& families = out.families;
  const auto& window = upstream.breaker.window;
  const auto error_ratio = window.failure_ratio();
  if (error_ratio) {
    series.add(families.gauge("aigw_upstream_error_ratio",
                              "Share of the upstream's last calls that failed or timed out (0 to 1), in the window of "
                              "its breaker; absent without calls. A 429 is no failure."),
               *error_ratio);
    // One failure of two calls tells nothing.
    if (window.counted() >= upstream.breaker_settings.minimum_calls) {
      out.fact(kUpstreamErrorRatio, *error_ratio, upstream.name);
    }
  }
  if (upstream.latency_ratio) {
    series.add(families.gauge("aigw_upstream_latency_ratio",
                              "The upstream's median latency (time to first token of streams, duration of others) of "
                              "the last 5 minutes divided by its median of the day before: 1 is as ever. Absent "
                              "before there are 20 calls of each."),
               *upstream.latency_ratio);
    out.fact(kUpstreamLatencyRatio, std::min(*upstream.latency_ratio, kWorstLatencyRatio), upstream.name);
  }
  if (upstream.probe_ok) {
    series.add(families.gauge("aigw_upstream_probe_success",
                              "1: the last probe of the upstream got an answer below 500; 0: it did not. Absent "
                              "without a probe."),
               *upstream.probe_ok ? 1 : 0);
  }
  const bool open = refuses(upstream.breaker.history.state()) || upstream.cooling_down;
  out.fact(kUpstreamOpen, open ? 1 : 0, upstream.name);
}

void add_upstream(const GatewayState::Upstream& upstream, Moment now, Output& out) {
  auto& families = out.families;
  LabelledSeries series{{"upstream", upstream.name}};
  series.add(families.gauge("aigw_upstream_in_flight_requests", "Attempts at the upstream that have not ended."),
             number(upstream.in_flight));
  series.add(families.gauge("aigw_upstream_idle_connections",
                            "Connections to the upstream that are kept for further requests."),
             number(upstream.idle_connections));
  series.add(
      families.gauge("aigw_upstream_draining", "Streams of clients that have left which are read on to their usage."),
      number(upstream.draining));
  series.add(families.gauge("aigw_upstream_cool_down_seconds",
                            "How long the upstream is left alone from now on, since it said 429; 0: it is not."),
             upstream.cooling_down ? upstream.cool_down_seconds : 0);
  add_told_limits(upstream.limits, series, families);
  add_upstream_health(upstream, series, out);

  LabelledSeries breaker{{"source", "ai-gateway"}, {"breaker", upstream.name}};
  add_breaker_states(upstream.breaker.history, now, breaker, families);
  add_breaker_facts(facts_of(upstream.breaker, upstream.breaker_settings), breaker, families);
}

void add_front(const GatewayState& state, Output& out) {
  auto& families = out.families;
  families.gauge("aigw_connections", "Connections of clients that are open just now.").add(number(state.connections));
  families.gauge("aigw_connections_limit", "Connections of clients that may be open at once, as the config says.")
      .add(number(state.max_connections));
  families
      .counter("aigw_connections_refused_total",
               "Connections of clients that were closed at once, since too many were open.")
      .add(static_cast<double>(state.connections_refused));
  families.gauge("aigw_held_bytes", "Bytes of requests' bodies and of held-back answers in memory just now.")
      .add(number(state.held_bytes));
  families
      .gauge("aigw_held_bytes_limit",
             "Bytes of requests' bodies and of held-back answers that may be in memory, as the config says.")
      .add(number(state.max_held_bytes));
  if (state.max_connections > 0) out.fact(kConnectionsUsed, share(state.connections, state.max_connections));
  if (state.max_held_bytes > 0) out.fact(kHeldMemory, share(state.held_bytes, state.max_held_bytes));
}

void add_shared(const GatewayState& state, Families& families) {
  families.gauge("aigw_shared_limits_up", "1: the Redis that keeps the shared limits answers; 0: local limits decide.")
      .add(state.shared_up ? 1 : 0);
  families
      .counter("aigw_shared_limits_requests_total", "Times that the shared limits were asked for a request's share.")
      .add(static_cast<double>(state.shared.asked));
  families
      .counter("aigw_shared_limits_failures_total",
               "Times that the shared limits gave no answer in time, and local limits decided.")
      .add(static_cast<double>(state.shared.failed));
  families
      .counter("aigw_shared_limits_dropped_total",
               "Settlements of what requests really used that never reached the shared limits.")
      .add(static_cast<double>(state.shared.dropped));
}

}  // namespace

void add_state(const GatewayState& state, Moment now, Output& out) {
  for (const auto& model : state.models) add_model(model, out);
  for (const auto& upstream : state.upstreams) add_upstream(upstream, now, out);
  add_front(state, out);
  if (state.shared_configured) add_shared(state, out.families);
  out.families.gauge("aigw_price_table_rows", "Rows of the price table: the config's and the price file's.")
      .add(number(state.price_rows));
  if (state.daily_budget_usd) {
    out.families
        .gauge("aigw_budget_usd_per_day",
               "US dollars that a day may cost, as the config says. Nothing is refused for it.")
        .add(*state.daily_budget_usd);
  }
}

std::vector<HealthRule> gateway_health_rules() {
  return {
      // fact, collector, warn, critical, weight. Ratios end at 1 and the latency's at 10: a `critical` above that is
      // never reached.
      {kModelUnavailable, kStateCollector, 0.5, 1, 3},   {kUpstreamOpen, kStateCollector, 0.5, 2, 2},
      {kUpstreamErrorRatio, kStateCollector, 0.1, 2, 2}, {kUpstreamLatencyRatio, kStateCollector, 3, 20, 1},
      {kQueueFill, kStateCollector, 0.8, 2, 1},          {kHeldMemory, kStateCollector, 0.8, 0.98, 1},
      {kConnectionsUsed, kStateCollector, 0.8, 0.98, 1},
  };
}

}  // namespace binnacle::gateway

// SPDX-License-Identifier: Apache-2.0
#include "gateway_metrics.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "errors.h"
#include "gateway_config.h"
#include "gateway_families.h"
#include "gateway_series.h"
#include "otel_metrics.h"

namespace binnacle::gateway {

namespace {

constexpr std::array<std::string_view, kOutcomeCount> kOutcomeNames{
    "ok",      "client_error", "rate_limited", "upstream_limited", "queue_full", "queue_timeout", "upstream_error",
    "timeout", "canceled",     "breaker_open", "overloaded"};
constexpr std::array<std::string_view, kStreamEndCount> kStreamEndNames{
    "complete", "client_cancel", "client_slow", "upstream_error", "idle_timeout", "shutdown"};

/// Why a request may be refused before it has labels.
constexpr std::array kEarlyErrors{
    GatewayError::bad_request, GatewayError::unauthorized, GatewayError::unknown_path, GatewayError::unknown_model,
    GatewayError::method,      GatewayError::too_large,    GatewayError::overloaded,   GatewayError::headers_too_large};
constexpr int kFirstError = 400;

void observe(DurationHistogram& histogram, const std::optional<double>& seconds) {
  if (seconds) histogram.observe(std::chrono::duration<double>{*seconds});
}

void count_usage(const RequestRecord& record, ModelSeries& model, TargetSeries& target) {
  // A stream that began with an error told its usage to nobody: none is missed.
  const bool due = record.metered && (record.usage || record.status < kFirstError);
  if (due || record.usage) target.metered = true;
  if (due) target.usage_sources[static_cast<std::size_t>(record.usage_source)].add();
  if (!record.usage) return;
  const auto& usage = *record.usage;
  if (record.usage_source != UsageSource::reported) {
    target.estimated_input.add(usage.input);
    target.estimated_output.add(usage.output);
    return;
  }
  target.input.add(usage.input);
  target.output.add(usage.output);
  target.cached_input.add(usage.cached_input);
  target.cache_write_5m.add(usage.cache_write_5m);
  target.cache_write_1h.add(usage.cache_write_1h);
  target.reasoning.add(usage.reasoning);
  if (!record.price) return;
  const auto& price = *record.price;
  model.price_lookups[static_cast<std::size_t>(price.status)].add();
  if (price.nano_usd && *price.nano_usd >= 0) {
    target.priced = true;
    target.nano_usd.add(static_cast<std::uint64_t>(*price.nano_usd));
  } else {
    target.unpriced.add(usage.input);
    target.unpriced.add(usage.output);
  }
}

void count_waits(const RequestRecord& record, ModelSeries& model) {
  using Rejected = ModelSeries::Rejected;
  const auto rejected = [&](Rejected why) { model.queue_rejected[static_cast<std::size_t>(why)].add(); };
  if (record.queued) observe(model.queue_wait, record.queue_seconds);
  switch (record.outcome) {
    case Outcome::queue_full:
      return rejected(Rejected::full);
    case Outcome::queue_timeout:
      return rejected(Rejected::timeout);
    case Outcome::rate_limited:
      return model.limited_here.add();
    case Outcome::upstream_limited:
      return model.limited_upstream.add();
    case Outcome::canceled:
      if (record.queued && record.labels.upstream == kNoUpstream) rejected(Rejected::canceled);
      return;
    default:
      return;
  }
}

void count_operation(const RequestRecord& record, OperationSeries& series) {
  GatewaySeries::ended(series, record.status, record.outcome).add();
  observe(series.duration, record.duration_seconds);
  observe(series.first_token, record.first_token_seconds);
  observe(series.upstream_first_token, record.dispatch_first_token_seconds);
  observe(series.per_output_token, record.per_output_token_seconds);
  series.request_bytes.add(record.request_bytes);
  series.response_bytes.add(record.response_bytes);
}

/// Whether tokens of the model have a price there, as far as can be told before there are any.
bool has_price(const PriceTable& prices, const std::string& upstream_model, const std::string& model) {
  return prices.price({}, upstream_model, model, Usage{}, {}).nano_usd.has_value();
}

}  // namespace

std::string_view name_of(Outcome outcome) { return kOutcomeNames[static_cast<std::size_t>(outcome)]; }
std::string_view name_of(StreamEnd end) { return kStreamEndNames[static_cast<std::size_t>(end)]; }

struct GatewayMetrics::State {
  GatewaySeries series;
  OtelMetrics otel;

  TargetSeries& show_target(std::string_view model, std::string_view upstream) {
    auto& target = series.target(model, upstream);
    target.tried = target.metered = true;
    return target;
  }
};

GatewayMetrics::GatewayMetrics() : state_(std::make_unique<State>()) {}
GatewayMetrics::~GatewayMetrics() = default;

void GatewayMetrics::configure(const GatewayConfig& config) {
  const std::scoped_lock locked{mutex_};
  auto& series = state_->series;
  for (const auto error : kEarlyErrors) series.refused(name_of(error));
  for (const auto& upstream : config.upstreams) series.upstream(upstream.name);
  for (const auto& model : config.models) {
    series.model(model.name).own.counted = true;
    const std::string* before = nullptr;
    for (const auto& place : model.targets) {
      const auto& upstream = config.upstreams[place.upstream].name;
      auto& target = state_->show_target(model.name, upstream);
      target.priced = target.priced || has_price(config.prices, place.model, model.name);
      if (before != nullptr) {
        for (const auto fault : kUsualFaults) {
          if (fault != Fault::none) series.fallback(model.name, *before, upstream, name_of(fault));
        }
        for (const auto error : {GatewayError::breaker_open, GatewayError::cooling_down}) {
          series.fallback(model.name, *before, upstream, name_of(error));
        }
      }
      before = &upstream;
    }
  }
  for (const auto& [dialect, upstream] : config.unknown_models) {
    series.model(kOtherLabel).own.counted = true;
    state_->show_target(kOtherLabel, config.upstreams[upstream].name);
  }
}

void GatewayMetrics::record(const RequestRecord& record) {
  const std::scoped_lock locked{mutex_};
  auto& series = state_->series;
  auto& model = series.model(record.labels.model).own;
  auto& target = series.target(record.labels.model, record.labels.upstream);
  model.counted = true;
  count_operation(record, series.operation(target, record.labels.operation));
  count_waits(record, model);
  count_usage(record, model, target);
  if (record.stream_end) {
    target.tried = true;
    target.streams[static_cast<std::size_t>(*record.stream_end)].add();
  }
  target.chunks.add(record.chunk_times);
  if (record.client_retry > 0) model.client_retries.add();
  observe(series.overhead[static_cast<std::size_t>(record.labels.operation)], record.overhead_seconds);
  state_->otel.record(record);
}

void GatewayMetrics::attempt(const RequestLabels& labels, Fault result, double seconds, bool retry) {
  const std::scoped_lock locked{mutex_};
  auto& series = state_->series;
  auto& target = series.target(labels.model, labels.upstream);
  target.tried = true;
  target.attempts[static_cast<std::size_t>(result)].add();
  if (retry) target.retries.add();
  if (result != Fault::connect) observe(series.operation(target, labels.operation).upstream_duration, seconds);
}

void GatewayMetrics::fallback(std::string_view model, std::string_view from, std::string_view to,
                              std::string_view reason) {
  const std::scoped_lock locked{mutex_};
  state_->series.fallback(model, from, to, reason).add();
}

void GatewayMetrics::drained(std::string_view upstream, bool to_the_end) {
  const std::scoped_lock locked{mutex_};
  auto& series = state_->series.upstream(upstream);
  (to_the_end ? series.drained : series.given_up).add();
}

void GatewayMetrics::connection(std::string_view upstream, bool reused) {
  const std::scoped_lock locked{mutex_};
  auto& series = state_->series.upstream(upstream);
  (reused ? series.reused_connections : series.new_connections).add();
}

void GatewayMetrics::refused(std::string_view reason) {
  const std::scoped_lock locked{mutex_};
  state_->series.refused(reason).add();
}

void GatewayMetrics::collect(Families& families, bool otel) const {
  // Each part is copied under the lock and made into families without it, so that requests do not wait for a scrape.
  // Nothing is ever taken out of these maps: where the walk is stays good meanwhile.
  const auto each = [this](const auto& map, auto&& add) {
    std::unique_lock locked{mutex_};
    for (auto at = map.begin(); at != map.end(); ++at) {
      const auto copy = at->second;
      locked.unlock();
      add(at->first, copy);
      locked.lock();
    }
  };
  const auto& series = state_->series;
  std::unique_lock locked{mutex_};
  for (auto at = series.models.begin(); at != series.models.end(); ++at) {
    const auto own = at->second.own;
    locked.unlock();
    add_model_series(at->first, own, families);
    each(at->second.targets, [&](const std::string& upstream, const TargetSeries& target) {
      add_target_series(at->first, upstream, target, families);
    });
    locked.lock();
  }
  add_common_series(series, families);
  locked.unlock();
  each(series.upstreams,
       [&](const std::string& name, const UpstreamSeries& one) { add_upstream_series(name, one, families); });
  each(series.fallbacks, [&](const auto& key, const auto& reasons) { add_fallback(key, reasons, families); });
  if (!otel) return;
  each(state_->otel.sets(),
       [&](const auto& key, const OtelMetrics::Set& set) { OtelMetrics::collect(key, set, families); });
}

}  // namespace binnacle::gateway

// SPDX-License-Identifier: Apache-2.0
#include "upstream.h"

#include <algorithm>
#include <utility>

#include "config_values.h"
#include "core/log.h"
#include "tls_client.h"

namespace binnacle::gateway {

namespace {

bool same(const CircuitBreaker::Settings& a, const CircuitBreaker::Settings& b) {
  return a.window == b.window && a.minimum_calls == b.minimum_calls && a.failure_ratio == b.failure_ratio &&
         a.slow_ratio == b.slow_ratio && a.slow_call == b.slow_call && a.open_time == b.open_time &&
         a.half_open_calls == b.half_open_calls;
}

}  // namespace

Upstream::Upstream(const UpstreamConfig& config)
    : config_(config),
      address_{config.host, config.port, config.server_name, config.tls ? make_tls_context(config.ca_file) : nullptr},
      learnt_(std::make_shared<Learnt>()) {
  learnt_->breaker = std::make_unique<CircuitBreaker>(config.breaker);
  learnt_->retry_budget = RetryBudget{config.retry_ratio};
}

void Upstream::inherit(const Upstream& old) {
  const auto& before = old.config_;
  if (config_.host != before.host || config_.port != before.port || config_.path != before.path) return;
  auto breaker = std::move(learnt_->breaker);
  learnt_ = old.learnt_;
  if (!same(config_.breaker, before.breaker)) learnt_->breaker = std::move(breaker);
  learnt_->retry_budget = RetryBudget{config_.retry_ratio};
}

std::string Upstream::key() {
  if (!config_.key) return {};
  auto key = config_.key->reveal();
  const bool good = is_header_value(key);
  if (!good && !bad_key_told_) {
    log::error("an upstream's key file has characters that no header can carry: the old key stays",
               {{"upstream", config_.name}});
  }
  bad_key_told_ = !good;
  if (good) good_key_ = std::move(key);
  return good_key_;
}

std::unique_ptr<UpstreamConnection> Upstream::take_idle(Clock::time_point now) {
  // The newest first: old ones get their chance to end.
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (now - connection->idle_since() < config_.idle_connection_time && connection->quiet()) return connection;
  }
  return nullptr;
}

std::unique_ptr<UpstreamConnection> Upstream::make_connection(asio::io_context& loop) const {
  return std::make_unique<UpstreamConnection>(loop, address_);
}

void Upstream::give_back(std::unique_ptr<UpstreamConnection> connection, Clock::time_point now) {
  if (idle_.size() >= config_.idle_connections) return;
  connection->rest(now);
  idle_.push_back(std::move(connection));
}

void Upstream::drop_idle(Clock::time_point now) {
  std::erase_if(idle_, [&](const auto& connection) {
    return now - connection->idle_since() >= config_.idle_connection_time || !connection->quiet();
  });
}

void Upstream::cool_down(std::optional<std::chrono::milliseconds> wait, Clock::time_point now) {
  learnt_->cool_until = std::max(learnt_->cool_until, now + wait.value_or(config_.cool_down));
}

std::chrono::milliseconds Upstream::cooling_down(Clock::time_point now) const {
  return std::chrono::ceil<std::chrono::milliseconds>(std::max(learnt_->cool_until - now, Clock::duration::zero()));
}

bool Upstream::usable(Clock::time_point now) {
  const auto wait = usable_in(now);
  return wait && wait->count() == 0;
}

std::optional<std::chrono::milliseconds> Upstream::usable_in(Clock::time_point now) {
  const auto breaker = learnt_->breaker->retry_after(Moment::now());
  if (!breaker) return std::nullopt;
  return std::max(*breaker, cooling_down(now));
}

GatewayState::Upstream Upstream::state(Clock::time_point now) {
  const auto cool_down = cooling_down(now);
  const auto breaker = learnt_->breaker->snapshot(Moment::now());
  return {
      .name = config_.name,
      .dialect = config_.dialect,
      .in_flight = learnt_->use.in_flight,
      .idle_connections = idle_.size(),
      .draining = learnt_->use.draining,
      .cooling_down = cool_down.count() > 0,
      .cool_down_seconds = std::chrono::duration<double>{cool_down}.count(),
      .limits = learnt_->limits,
      .breaker = breaker,
      .breaker_settings = config_.breaker,
      .probe_ok = learnt_->use.probe_ok,
      .latency_ratio = learnt_->trend.ratio(now),
  };
}

}  // namespace binnacle::gateway

// SPDX-License-Identifier: Apache-2.0
#include "gateway.h"

#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>

#include "core/log.h"
#include "probe.h"
#include "waker.h"

namespace binnacle::gateway {

namespace {

constexpr std::chrono::seconds kSweep{5};
constexpr std::chrono::milliseconds kLookAgain{20};
/// Requests that were told to end, after the grace.
constexpr std::chrono::seconds kLastMoment{2};

/// A stream holds two sockets; the usual soft limit of 1024 would be 500 of them.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

struct Gateway::Asked {
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<GatewayState> state;
};

Gateway::Gateway(GatewayMetrics& metrics) : proxy_{loop_, metrics, nullptr} {}

Gateway::~Gateway() {
  stop();
  // With it go connections that wait to be used again, and the thread of shared limits: both need the loop.
  proxy_.setup.reset();
}

void Gateway::replace_setup(const std::shared_ptr<Setup>& setup) {
  if (proxy_.setup) {
    setup->inherit(*proxy_.setup, Clock::now());
  } else {
    setup->inherit(Setup{}, Clock::now());
  }
  proxy_.setup = setup;
}

void Gateway::apply(const std::shared_ptr<Setup>& setup) {
  if (!thread_.joinable()) return replace_setup(setup);
  asio::post(loop_, [this, setup] { replace_setup(setup); });
}

void Gateway::start(const std::vector<std::string>& addresses) {
  raise_descriptor_limit();
  front_ = std::make_unique<Front>(proxy_, addresses);
  for (const auto& address : front_->addresses()) log::info("taking requests", {{"address", address}});
  front_->start();
  asio::co_spawn(loop_.get_executor(), sweep(), asio::detached);
  asio::co_spawn(loop_.get_executor(), probe_upstreams(proxy_), asio::detached);
  thread_ = std::thread{[this] { run(); }};
}

void Gateway::run() {
  while (!loop_.stopped()) {
    try {
      loop_.run();
    } catch (const std::exception& error) {
      log::error("an error in the proxy's loop", {{"error", error.what()}});
    }
  }
}

void Gateway::stop() {
  if (!thread_.joinable()) return;
  const auto deadline = Clock::now() + proxy_.setup->config->front.shutdown_grace;
  asio::post(loop_, [this, deadline] {
    front_->stop();
    asio::co_spawn(loop_.get_executor(), wait_for_the_last(deadline), asio::detached);
  });
  thread_.join();
}

Task<void> Gateway::wait_for_the_last(Clock::time_point deadline) {
  Waker pause{loop_};
  while (!front_->empty() && Clock::now() < deadline) co_await pause.wait(Clock::now() + kLookAgain);
  if (!front_->empty()) {
    log::warn("requests were cut off, since their time was over",
              {{"connections", std::to_string(proxy_.connections)}});
    front_->stop_now();
    const auto last = Clock::now() + kLastMoment;
    while (!front_->empty() && Clock::now() < last) co_await pause.wait(Clock::now() + kLookAgain);
  }
  loop_.stop();
}

Task<void> Gateway::sweep() {
  Waker pause{loop_};
  while (true) {
    co_await pause.wait(Clock::now() + kSweep);
    for (const auto& upstream : proxy_.setup->upstreams) upstream->drop_idle(Clock::now());
  }
}

std::optional<GatewayState> Gateway::state(Clock::time_point deadline) {
  if (!thread_.joinable()) return read_state();
  const auto asked = std::make_shared<Asked>();
  asio::post(loop_, [this, asked] {
    auto state = read_state();
    const std::scoped_lock locked{asked->mutex};
    asked->state = std::move(state);
    asked->answered.notify_one();
  });
  std::unique_lock locked{asked->mutex};
  asked->answered.wait_until(locked, deadline, [&] { return asked->state.has_value(); });
  return std::move(asked->state);
}

GatewayState Gateway::read_state() {
  GatewayState state;
  const auto now = Clock::now();
  const auto& setup = *proxy_.setup;
  const bool shared_up = setup.shared && setup.shared->up();
  for (const auto& model : setup.models) {
    GatewayState::Model one;
    one.name = model->config.name;
    one.in_flight = model->gate->in_flight();
    one.queued = model->gate->queued();
    one.concurrency = model->config.gate.concurrency;
    one.queue_length = model->config.gate.queue_length;
    for (std::size_t at = 0; at < model->config.limits.size(); ++at) {
      GatewayState::Model::Limit limit{model->config.limits[at], std::nullopt};
      if (!shared_up) limit.remaining = model->limits->remaining(at, now);
      one.limits.push_back(limit);
    }
    one.available = false;
    for (const auto& target : model->config.targets) {
      if (setup.upstreams[target.upstream]->usable(now)) one.available = true;
    }
    one.fallback = one.available && !setup.upstreams[model->config.targets.front().upstream]->usable(now);
    state.models.push_back(std::move(one));
  }
  for (const auto& upstream : setup.upstreams) state.upstreams.push_back(upstream->state(now));
  state.connections = proxy_.connections;
  state.max_connections = setup.config->front.max_connections;
  state.connections_refused = proxy_.connections_refused;
  state.held_bytes = proxy_.held_bytes;
  state.max_held_bytes = setup.config->front.max_held_bytes;
  state.price_rows = setup.config->prices.size();
  state.daily_budget_usd = setup.config->daily_budget_usd;
  if (setup.shared) {
    state.shared_configured = true;
    state.shared_up = shared_up;
    state.shared = setup.shared->counts();
  }
  return state;
}

}  // namespace binnacle::gateway

// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "core/log.h"
#include "exchange.h"

namespace binnacle::gateway {

namespace {

Outcome outcome_of(GatewayError error) {
  switch (error) {
    case GatewayError::rate_limited:
      return Outcome::rate_limited;
    case GatewayError::queue_full:
      return Outcome::queue_full;
    case GatewayError::queue_timeout:
      return Outcome::queue_timeout;
    case GatewayError::breaker_open:
      return Outcome::breaker_open;
    case GatewayError::cooling_down:
      return Outcome::upstream_limited;
    case GatewayError::upstream_error:
      return Outcome::upstream_error;
    case GatewayError::upstream_timeout:
      return Outcome::timeout;
    case GatewayError::overloaded:
    case GatewayError::shutting_down:
      return Outcome::overloaded;
    default:
      return Outcome::client_error;
  }
}

/// For a path that does not take the request's method.
std::string allowed_methods(std::string_view target) {
  std::string allowed;
  for (const std::string_view method : {"GET", "POST"}) {
    if (route(method, target, false).kind == Route::Kind::bad_method) continue;
    allowed.append(allowed.empty() ? "" : ", ").append(method);
  }
  return allowed;
}

/// An SDK that waits for longer than this hangs, as its user sees it.
constexpr std::chrono::seconds kLongWait{60};

}  // namespace

Task<void> Exchange::refuse(GatewayError error, std::string_view detail,
                            std::optional<std::chrono::milliseconds> retry_after) {
  record_.outcome = outcome_of(error);
  if (record_.outcome == Outcome::client_error) record_.metered = false;
  if (!model_ && targets_.empty()) proxy_.metrics.refused(name_of(error));
  OwnReply own;
  own.status = status_of(error);
  const auto& target = request_.head->target();
  const auto kind = error == GatewayError::method ? route("GET", target, false).kind : route_.kind;
  const bool plain = kind == Route::Kind::process || kind == Route::Kind::process_list;
  if (plain) {
    auto message = std::string{sentence_of(error)};
    if (!detail.empty()) message += ": " + std::string{detail};
    own.body = process_error(name_of(error), message);
  } else {
    own.body = error_body(route_.dialect, error, detail);
  }
  own.retry_after = retry_after;
  own.no_retry = retry_after && *retry_after > kLongWait;
  if (error == GatewayError::method) own.allow = allowed_methods(target);
  if (model_ && !setup_->config->via.empty()) {
    own.model = record_.labels.model;
    own.upstream = record_.labels.upstream;
    own.attempts = attempts_;
  }
  co_await reply(std::move(own));
}

Task<void> Exchange::reply(OwnReply own) {
  if (client_gone_) co_return;
  own.keep_alive = keep_alive_;
  own.head_only = request_.head->method() == "HEAD";
  record_.status = own.status;
  record_.response_bytes = own.body.size();
  committed_ = true;
  const auto text = own_reply(own);
  const std::array buffers{asio::buffer(text)};
  if (co_await write(buffers)) client_gone_ = true;
}

Task<error_code> Exchange::write(std::span<const asio::const_buffer> buffers) {
  const auto began = Clock::now();
  const auto error = co_await client_.write(buffers, began + setup_->config->front.write_time);
  waited_ += Clock::now() - began;
  co_return error;
}

void Exchange::record() {
  if (!counted_) return;
  const auto now = Clock::now();
  const std::chrono::duration<double> took = now - request_.arrived;
  record_.duration_seconds = took.count();
  const std::chrono::duration<double> own = took - waited_;
  record_.overhead_seconds = std::max(0.0, own.count());
  if (client_gone_) {
    record_.outcome = Outcome::canceled;
    if (!committed_) record_.status = 0;
  }
  proxy_.metrics.record(record_);
  log_end();
}

void Exchange::log_end() const {
  const bool failed = record_.outcome != Outcome::ok && record_.outcome != Outcome::client_error &&
                      record_.outcome != Outcome::canceled;
  const auto level = failed ? log::Level::warn : log::Level::debug;
  if (!log::enabled(level) || (failed && !proxy_.failure_logs.allow())) return;
  const log::Fields fields{{"model", record_.labels.model},
                           {"upstream", record_.labels.upstream},
                           {"operation", std::string{name_of(record_.labels.operation)}},
                           {"outcome", std::string{name_of(record_.outcome)}},
                           {"status", std::to_string(record_.status)},
                           {"attempts", std::to_string(attempts_)},
                           {"seconds", std::to_string(record_.duration_seconds)}};
  if (failed) {
    log::warn("request failed", fields);
  } else {
    log::debug("request", fields);
  }
}

}  // namespace binnacle::gateway

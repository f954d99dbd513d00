// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/post.hpp>

#include "exchange.h"

namespace binnacle::gateway {

std::uint64_t Exchange::estimated_tokens() const {
  const auto output = facts_.max_output.value_or(model_->config.output_reserve);
  return facts_.bytes / kBytesPerToken + (answers(route_.operation) ? output * facts_.choices : 0);
}

Task<bool> Exchange::reserve_limits() {
  if (model_->config.limits.empty()) co_return true;
  const auto tokens = estimated_tokens();
  std::optional<std::variant<Reservation, LimitRefusal>> answer;
  if (setup_->shared) answer = co_await ask_shared_limits(tokens);
  if (!answer) answer = model_->limits->reserve(tokens, Clock::now());
  if (const auto* const refusal = std::get_if<LimitRefusal>(&*answer); refusal != nullptr) {
    co_await refuse(GatewayError::rate_limited, name_of(refusal->limit.kind), refusal->retry_after);
    co_return false;
  }
  reservation_ = std::get<Reservation>(*answer);
  if (client_gone_) settle_limits();
  co_return !client_gone_;
}

Task<std::optional<std::variant<Reservation, LimitRefusal>>> Exchange::ask_shared_limits(std::uint64_t tokens) {
  // Outlives this request, where Redis answers later than its thread promises.
  struct Asked {
    explicit Asked(asio::io_context& loop) : done(loop) {}
    Waker done;
    SharedLimits::Answer answer;
  };
  const auto asked = std::make_shared<Asked>(proxy_.loop);
  const auto began = Clock::now();
  setup_->shared->reserve(model_->config.name, model_->config.limits, tokens,
                          [asked, &loop = proxy_.loop](SharedLimits::Answer answer) {
                            asio::post(loop, [asked, answer] {
                              asked->answer = answer;
                              asked->done.wake();
                            });
                          });
  co_await asked->done.wait(began + 2 * setup_->shared->settings().timeout);
  waited_ += Clock::now() - began;
  co_return asked->answer;
}

Task<bool> Exchange::wait_for_slot() {
  const auto began = Clock::now();
  auto& gate = *model_->gate;
  const auto entry = gate.enter(
      place_, [this] { waker_.wake(); }, began);
  if (entry == ModelGate::Entry::admitted) co_return true;
  if (entry == ModelGate::Entry::full) {
    co_await refuse(GatewayError::queue_full, {}, gate.retry_after(began));
    co_return false;
  }
  record_.queued = true;
  const auto deadline = std::min(began + gate.settings().queue_wait, request_.arrived + setup_->config->front.deadline);
  co_await waker_.wait(deadline);
  waker_.reset();
  const auto now = Clock::now();
  waited_ += now - began;
  record_.queue_seconds = std::chrono::duration<double>{now - began}.count();
  if (client_gone_) co_return false;
  if (place_.admitted()) co_return true;
  place_.leave(now);
  co_await refuse(GatewayError::queue_timeout, {}, gate.retry_after(now));
  co_return false;
}

void Exchange::settle_limits() {
  if (!reservation_) return;
  const auto reservation = *std::exchange(reservation_, std::nullopt);
  // Nobody has worked on it: the request is given back, too. What is unknown stays as it was reserved.
  const bool untouched = attempts_ == 0;
  const auto used = record_.usage ? record_.usage->input + record_.usage->output
                    : record_.outcome == Outcome::ok || record_.outcome == Outcome::canceled ? reservation.tokens
                                                                                             : 0;
  if (reservation.shared) {
    if (untouched) {
      setup_->shared->refund(model_->config.name, model_->config.limits, reservation);
    } else {
      setup_->shared->settle(model_->config.name, model_->config.limits, reservation, used);
    }
  } else if (untouched) {
    model_->limits->refund(reservation, Clock::now());
  } else {
    model_->limits->settle(reservation, used, Clock::now());
  }
}

}  // namespace binnacle::gateway

// SPDX-License-Identifier: Apache-2.0
#include "circuit_breaker.h"

#include <algorithm>

namespace binnacle {

namespace {

bool lets_all_through(BreakerState state) {
  return state == BreakerState::closed || state == BreakerState::disabled || state == BreakerState::metrics_only;
}

}  // namespace

CircuitBreaker::CircuitBreaker(Settings settings, Moment now)
    : settings_(settings), history_(BreakerState::closed, now), window_(settings.window) {}

void CircuitBreaker::begin_half_open_when_due(Moment now) {
  const auto state = history_.state();
  if (state == BreakerState::open && now.steady - history_.last_transition().steady >= settings_.open_time) {
    move_to(BreakerState::half_open, now);
    begin_trial(now);
  } else if (state == BreakerState::half_open && trial_permits_ == 0 &&
             now.steady - trial_began_ >= settings_.open_time) {
    begin_trial(now);
  }
}

void CircuitBreaker::begin_trial(Moment now) {
  trial_began_ = now.steady;
  trial_permits_ = std::max(settings_.half_open_calls, std::uint32_t{1});
}

void CircuitBreaker::move_to(BreakerState state, Moment now) {
  history_.move_to(state, now);
  window_.clear();
  ++generation_;
}

std::optional<CircuitBreaker::Permit> CircuitBreaker::permit(Moment now) {
  const std::scoped_lock locked{mutex_};
  begin_half_open_when_due(now);
  if (lets_all_through(history_.state())) return Permit{generation_};
  if (history_.state() == BreakerState::half_open && trial_permits_ > 0) {
    --trial_permits_;
    return Permit{generation_};
  }
  ++calls_[index_of(CallResult::rejected)];
  return std::nullopt;
}

void CircuitBreaker::record(Permit permit, CallResult result, std::chrono::duration<double> duration, Moment now) {
  if (result == CallResult::success && duration >= settings_.slow_call) result = CallResult::slow;
  const std::scoped_lock locked{mutex_};
  ++calls_[index_of(result)];
  if (permit.generation != generation_ || history_.state() == BreakerState::disabled) return;
  window_.record(result, duration.count(), now.steady);
  if (result == CallResult::ignored && history_.state() == BreakerState::half_open) ++trial_permits_;
  judge(now);
}

void CircuitBreaker::judge(Moment now) {
  const auto state = history_.state();
  if (state != BreakerState::closed && state != BreakerState::half_open) return;
  const auto totals = window_.totals(now.steady);
  const auto enough = state == BreakerState::closed ? settings_.minimum_calls : settings_.half_open_calls;
  if (totals.counted() < std::max(enough, std::uint32_t{1})) return;
  if (trips(totals)) {
    move_to(BreakerState::open, now);
  } else if (state == BreakerState::half_open) {
    move_to(BreakerState::closed, now);
  }
}

bool CircuitBreaker::trips(const WindowTotals& totals) const {
  return totals.failure_ratio().value_or(0) >= settings_.failure_ratio ||
         totals.slow_ratio().value_or(0) >= settings_.slow_ratio;
}

void CircuitBreaker::force(BreakerState state, Moment now) {
  const std::scoped_lock locked{mutex_};
  if (state == history_.state()) return;
  move_to(state, now);
  if (state == BreakerState::half_open) begin_trial(now);
}

CircuitBreaker::Snapshot CircuitBreaker::snapshot(Moment now) {
  const std::scoped_lock locked{mutex_};
  begin_half_open_when_due(now);
  return {history_, window_.totals(now.steady), window_.durations(now.steady), calls_};
}

BreakerState CircuitBreaker::state(Moment now) {
  const std::scoped_lock locked{mutex_};
  begin_half_open_when_due(now);
  return history_.state();
}

std::optional<std::chrono::milliseconds> CircuitBreaker::retry_after(Moment now) {
  const std::scoped_lock locked{mutex_};
  begin_half_open_when_due(now);
  const auto state = history_.state();
  if (state == BreakerState::forced_open) return std::nullopt;
  if (lets_all_through(state) || (state == BreakerState::half_open && trial_permits_ > 0)) {
    return std::chrono::milliseconds{0};
  }
  const auto since = state == BreakerState::open ? history_.last_transition().steady : trial_began_;
  return std::chrono::ceil<std::chrono::milliseconds>(since + settings_.open_time - now.steady);
}

}  // namespace binnacle

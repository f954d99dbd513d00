// SPDX-License-Identifier: Apache-2.0
#include "attempt_plan.h"

#include <algorithm>
#include <cmath>

namespace binnacle::gateway {

namespace {

using std::chrono::milliseconds;

constexpr double kAlmostOne = 1 - 1e-9;  // five times 0.2 may be a little less than one

/// `retries`: how many there were at this target before.
milliseconds backoff(const AttemptPolicy& policy, int retries, double chance) {
  constexpr double kLeast = 0.8;
  constexpr double kSpread = 0.4;
  const double base = std::ldexp(static_cast<double>(policy.backoff.count()), std::clamp(retries, 0, 30));
  const double limit = static_cast<double>(policy.backoff_limit.count());
  const double jitter = kLeast + kSpread * std::clamp(chance, 0.0, 1.0);
  return milliseconds{std::llround(std::clamp(std::min(base, limit) * jitter, 0.0, limit))};
}

/// Waiting there again costs too much, or is what the upstream asked us not to do.
bool prefers_other(Fault fault) {
  return fault == Fault::rate_limited || fault == Fault::header_timeout || fault == Fault::content_timeout;
}

}  // namespace

void RetryBudget::request() { left_ = std::min(limit_, left_ + ratio_); }

bool RetryBudget::take() {
  if (left_ < kAlmostOne) return false;
  left_ = std::max(0.0, left_ - 1);
  return true;
}

AttemptPlan::AttemptPlan(AttemptPolicy policy, std::size_t targets, bool bound, Clock::time_point deadline)
    : policy_(policy), targets_(targets), bound_(bound), deadline_(deadline) {}

std::optional<AttemptPlan::Step> AttemptPlan::first(const Usable& usable) {
  const auto last = bound_ ? std::min<std::size_t>(targets_, 1) : targets_;
  for (std::size_t target = 0; target < last; ++target) {
    if (usable(target)) return go_to(target);
  }
  return std::nullopt;
}

std::optional<AttemptPlan::Step> AttemptPlan::next(Fault fault, std::optional<milliseconds> retry_after,
                                                   Clock::time_point now, double chance, const Usable& usable,
                                                   const MayRetry& may_retry) {
  const auto verdict = verdict_on(fault);
  // An attempt of which nothing was sent is not the one more that is allowed after what may be billed.
  const bool was_last = maybe_billed_ && fault != Fault::connect;
  maybe_billed_ = maybe_billed_ || verdict.maybe_billed;
  if (was_last || attempts_ == 0 || attempts_ >= policy_.attempts || now >= deadline_) return std::nullopt;
  const bool other_first = prefers_other(fault);
  if (other_first && verdict.fallback) {
    if (const auto step = fall_back(usable)) return step;
  }
  if (verdict.retry) {
    if (const auto step = retry(fault, retry_after, now, chance, usable, may_retry)) return step;
  }
  return verdict.fallback && !other_first ? fall_back(usable) : std::nullopt;
}

std::optional<AttemptPlan::Step> AttemptPlan::retry(Fault fault, std::optional<milliseconds> retry_after,
                                                    Clock::time_point now, double chance, const Usable& usable,
                                                    const MayRetry& may_retry) {
  if (at_target_ > policy_.retries) return std::nullopt;
  if (bound_ && (fault != Fault::connect || attempts_ > 1)) return std::nullopt;
  if (retry_after && *retry_after > policy_.retry_after_limit) return std::nullopt;
  const auto wait = std::max(backoff(policy_, at_target_ - 1, chance), retry_after.value_or(milliseconds{0}));
  if (now + wait >= deadline_) return std::nullopt;
  // After a 429 that says until when, it is not usable now, but will be.
  const bool told_when = fault == Fault::rate_limited && retry_after;
  if (!told_when && !usable(target_)) return std::nullopt;
  if (!may_retry(target_)) return std::nullopt;
  ++attempts_;
  ++at_target_;
  return Step{.target = target_, .wait = wait, .retry = true, .fallback = target_ != 0};
}

std::optional<AttemptPlan::Step> AttemptPlan::fall_back(const Usable& usable) {
  if (bound_) return std::nullopt;
  for (std::size_t target = target_ + 1; target < targets_; ++target) {
    if (usable(target)) return go_to(target);
  }
  return std::nullopt;
}

AttemptPlan::Step AttemptPlan::go_to(std::size_t target) {
  target_ = target;
  at_target_ = 1;
  ++attempts_;
  return {.target = target, .wait = {}, .retry = false, .fallback = target != 0};
}

bool retry_is_useless(Fault fault, std::optional<milliseconds> retry_after) {
  constexpr milliseconds kLongestWait{60'000};  // SDKs sleep as long as they are told to
  if (retry_after && *retry_after > kLongestWait) return true;
  return fault == Fault::quota || fault == Fault::unauthorized || fault == Fault::context_length;
}

}  // namespace binnacle::gateway

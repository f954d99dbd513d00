// SPDX-License-Identifier: Apache-2.0
#include "rate_limits.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace binnacle::gateway {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kCounts = RateLimits::kSlots + 1;

std::int64_t ms_of(Clock::time_point now) { return std::chrono::floor<milliseconds>(now.time_since_epoch()).count(); }

std::int64_t count_of(std::uint64_t tokens) {
  return static_cast<std::int64_t>(std::min(tokens, RateLimits::kMostTokens));
}

std::int64_t per_ms(const RateLimit& limit) { return milliseconds{limit.per}.count(); }

/// Far from overflow, together with what is used.
std::int64_t amount_of(const RateLimit& limit) {
  constexpr std::uint64_t kMost = 1'000'000'000'000'000'000;
  return static_cast<std::int64_t>(std::min(limit.amount, kMost));
}

}  // namespace

std::string_view name_of(RateLimit::Kind kind) { return kind == RateLimit::Kind::requests ? "requests" : "tokens"; }

std::int64_t RateLimits::Window::slot_of(std::int64_t time) const { return time * kSlots / per_ms(limit_); }

std::int64_t RateLimits::Window::count(std::int64_t slot) const {
  return slot < 0 ? 0 : counts_[static_cast<std::size_t>(slot) % kCounts];
}

void RateLimits::Window::advance(std::int64_t now) {
  begun_ = std::min(begun_.value_or(now), now);
  const auto slot = slot_of(now);
  if (slot <= newest_) return;
  for (auto gone = std::max(newest_ + 1, slot - kSlots); gone <= slot; ++gone) {
    counts_[static_cast<std::size_t>(gone) % kCounts] = 0;
  }
  newest_ = slot;
}

std::int64_t RateLimits::Window::used() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

std::int64_t RateLimits::Window::wait(std::int64_t much, std::int64_t now) const {
  auto slot = newest_ - kSlots;
  for (; slot < newest_; ++slot) {
    much -= count(slot);
    if (much <= 0) break;
  }
  // It has gone when the slot after the 60 that follow it begins.
  const auto begins = ((slot + kSlots + 1) * per_ms(limit_) + kSlots - 1) / kSlots;
  return std::max<std::int64_t>(1, begins - now);
}

void RateLimits::Window::add(std::int64_t count, std::int64_t time) {
  if (time < begun_.value_or(0)) return;  // of limits that were there before this one
  auto slot = slot_of(time);
  if (slot < newest_ - kSlots) {
    if (count <= 0) return;
    slot = newest_;
  }
  auto& held = counts_[static_cast<std::size_t>(std::min(slot, newest_)) % kCounts];
  held = std::max<std::int64_t>(0, held + count);
}

RateLimits::RateLimits(std::vector<RateLimit> limits) { this->limits(std::move(limits)); }

void RateLimits::limits(std::vector<RateLimit> limits) {
  std::vector<Window> windows;
  windows.reserve(limits.size());
  for (const auto& limit : limits) {
    const auto same = std::find_if(windows_.begin(), windows_.end(), [&](const Window& window) {
      return window.limit().kind == limit.kind && window.limit().per == limit.per;
    });
    if (same == windows_.end()) {
      windows.emplace_back(limit);
    } else {
      windows.push_back(*same);
      windows.back().amount(limit.amount);
    }
  }
  windows_ = std::move(windows);
  limits_ = std::move(limits);
}

const std::vector<RateLimit>& RateLimits::limits() const { return limits_; }

std::variant<Reservation, LimitRefusal> RateLimits::reserve(std::uint64_t tokens, Clock::time_point now) {
  const auto time = ms_of(now);
  const auto wanted = count_of(tokens);
  std::optional<LimitRefusal> refusal;  // the one that lasts longest
  for (auto& window : windows_) {
    window.advance(time);
    const auto used = window.used();
    const auto amount = amount_of(window.limit());
    // Of a limit that is spent there is nothing left for a request that wants no tokens either.
    const auto want = window.limit().kind == RateLimit::Kind::requests ? 1 : std::max<std::int64_t>(wanted, 1);
    if (used == 0 || used + want <= amount) continue;
    const milliseconds wait{window.wait(std::min(used, used + want - amount), time)};
    if (!refusal || wait > refusal->retry_after) refusal = LimitRefusal{window.limit(), wait};
  }
  if (refusal) return *refusal;
  for (auto& window : windows_) window.add(window.limit().kind == RateLimit::Kind::requests ? 1 : wanted, time);
  return Reservation{.tokens = static_cast<std::uint64_t>(wanted), .slot_ms = time, .shared = false};
}

void RateLimits::settle(const Reservation& reservation, std::uint64_t tokens, Clock::time_point now) {
  if (reservation.shared) return;  // on Redis' clock
  for (auto& window : windows_) {
    if (window.limit().kind != RateLimit::Kind::tokens) continue;
    window.advance(ms_of(now));
    window.add(count_of(tokens) - count_of(reservation.tokens), reservation.slot_ms);
  }
}

void RateLimits::refund(const Reservation& reservation, Clock::time_point now) {
  if (reservation.shared) return;
  settle(reservation, 0, now);
  for (auto& window : windows_) {
    if (window.limit().kind != RateLimit::Kind::requests) continue;
    window.advance(ms_of(now));
    window.add(-1, reservation.slot_ms);
  }
}

std::int64_t RateLimits::remaining(std::size_t limit, Clock::time_point now) const {
  auto window = windows_.at(limit);
  window.advance(ms_of(now));
  return amount_of(window.limit()) - window.used();
}

}  // namespace binnacle::gateway

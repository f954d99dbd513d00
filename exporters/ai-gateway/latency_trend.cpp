// SPDX-License-Identifier: Apache-2.0
#include "latency_trend.h"

namespace binnacle::gateway {

namespace {

constexpr std::int64_t kMinutesPerHour = 60;

std::int64_t minute_of(LatencyTrend::Clock::time_point time) {
  return std::chrono::floor<std::chrono::minutes>(time.time_since_epoch()).count();
}

}  // namespace

void LatencyTrend::Slot::restart(std::int64_t as) {
  number = as;
  latencies.clear();
}

void LatencyTrend::add(double seconds, Clock::time_point now) {
  const auto minute = minute_of(now);
  auto& slot = minutes_[static_cast<std::size_t>(minute % kMinutes)];
  if (slot.number != minute) {
    move_to_past(slot);
    slot.restart(minute);
  }
  slot.latencies.add(seconds);
}

void LatencyTrend::move_to_past(const Slot& minute) {
  if (minute.latencies.count() == 0) return;
  const auto hour = minute.number / kMinutesPerHour;
  auto& slot = hours_[static_cast<std::size_t>(hour % kHours)];
  // A minute that nothing came after for a day is older than what has taken its hour's place.
  if (slot.number > hour) return;
  if (slot.number < hour) slot.restart(hour);
  slot.latencies.add(minute.latencies);
}

std::optional<double> LatencyTrend::ratio(Clock::time_point now) const {
  const auto minute = minute_of(now);
  const auto oldest_hour = minute / kMinutesPerHour - kHours;
  LogHistogram recent;
  LogHistogram past;
  for (const auto& slot : minutes_) {
    if (slot.number > minute - kMinutes) {
      recent.add(slot.latencies);
    } else if (slot.number / kMinutesPerHour > oldest_hour) {
      past.add(slot.latencies);
    }
  }
  if (recent.count() < kEnough) return std::nullopt;
  for (const auto& slot : hours_) {
    if (slot.number > oldest_hour) past.add(slot.latencies);
  }
  if (past.count() < kEnough) return std::nullopt;
  return *recent.quantile(0.5) / *past.quantile(0.5);
}

}  // namespace binnacle::gateway

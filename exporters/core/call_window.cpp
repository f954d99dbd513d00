// SPDX-License-Identifier: Apache-2.0
#include "call_window.h"

#include <algorithm>

namespace binnacle {

namespace {

constexpr std::uint32_t kSlots = 10;

bool fills(CallResult result) { return result != CallResult::ignored && result != CallResult::rejected; }

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::uint64_t WindowTotals::counted() const {
  std::uint64_t sum = 0;
  for (const auto result : kCallResults) {
    if (fills(result)) sum += calls[index_of(result)];
  }
  return sum;
}

std::optional<double> WindowTotals::failure_ratio() const {
  return ratio(calls[index_of(CallResult::failure)] + calls[index_of(CallResult::timeout)], counted());
}

std::optional<double> WindowTotals::slow_ratio() const { return ratio(calls[index_of(CallResult::slow)], counted()); }

void CallWindow::Slot::clear() {
  moved = 0;
  calls = {};
  durations.clear();
}

CallWindow::CallWindow(WindowSize size) : size_(size) {
  const auto slots = size_.calls == 0 ? kSlots : std::min(size_.calls, kSlots);
  slots_.resize(slots);
  slot_calls_ = size_.calls / slots;
  if (size_.time.count() <= 0) size_.time = std::chrono::milliseconds{1};
}

std::int64_t CallWindow::number_at(Clock::time_point now) const {
  if (size_.calls > 0) return newest_;
  return now.time_since_epoch() / std::max<Clock::duration>(size_.time / kSlots, std::chrono::microseconds{1});
}

CallWindow::Slot& CallWindow::current(Clock::time_point now) {
  if (size_.calls > 0 && slots_[static_cast<std::size_t>(newest_) % slots_.size()].moved >= slot_calls_) ++newest_;
  const auto number = number_at(now);
  auto& slot = slots_[static_cast<std::size_t>(number) % slots_.size()];
  if (slot.number != number) {
    slot.clear();
    slot.number = number;
  }
  return slot;
}

void CallWindow::record(CallResult result, std::optional<double> seconds, Clock::time_point now, std::uint32_t count) {
  auto& slot = current(now);
  slot.calls[index_of(result)] += count;
  if (fills(result)) slot.moved += count;
  if (seconds) slot.durations.add(*seconds, count);
}

bool CallWindow::holds(const Slot& slot, Clock::time_point now) const {
  const auto newest = number_at(now);
  return slot.number <= newest && slot.number > newest - static_cast<std::int64_t>(slots_.size());
}

WindowTotals CallWindow::totals(Clock::time_point now) const {
  WindowTotals totals;
  for (const auto& slot : slots_) {
    if (!holds(slot, now)) continue;
    for (std::size_t result = 0; result < kCallResultCount; ++result) totals.calls[result] += slot.calls[result];
  }
  return totals;
}

LogHistogram CallWindow::durations(Clock::time_point now) const {
  LogHistogram durations;
  for (const auto& slot : slots_) {
    if (holds(slot, now)) durations.add(slot.durations);
  }
  return durations;
}

void CallWindow::clear() {
  for (auto& slot : slots_) slot.clear();
}

}  // namespace binnacle
